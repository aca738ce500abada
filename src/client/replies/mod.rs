//! Replies: those that are changed before they are passed on, those that wait for the replicas, their
//! order where several servers answer, and how many may wait for a client.

pub(in crate::client) mod order;
pub(in crate::client) mod output;
pub(in crate::client) mod parked;
pub(in crate::client) mod transform;
pub(in crate::client) mod unread;
