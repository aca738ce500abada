//! Replies: changes on their way, waiting for the replicas, and how many may wait for a client.

pub(in crate::client) mod acknowledge;
pub(in crate::client) mod local_reply;
pub(in crate::client) mod output;
pub(in crate::client) mod parked;
pub(in crate::client) mod rewrite;
pub(in crate::client) mod rewrites;
pub(in crate::client) mod scan_step;
pub(in crate::client) mod transform;
pub(in crate::client) mod unread;
