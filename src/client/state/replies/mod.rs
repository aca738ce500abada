//! The state of a client's replies: changes, those that wait for replicas, those that it has not read.

pub(in crate::client) mod parked;
pub(in crate::client) mod rewrites;
pub(in crate::client) mod scan_step;
pub(in crate::client) mod transform;
pub(in crate::client) mod unread;
