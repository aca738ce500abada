//! The connection that only one client uses, and what needs it: transactions, blocking commands,
//! Pub/Sub, MONITOR, CLIENT TRACKING, WAIT, large requests and large replies.

pub(in crate::client) mod blocked_read;
pub(in crate::client) mod lease;
pub(in crate::client) mod listener;
pub(in crate::client) mod own_connection;
pub(in crate::client) mod reads_apart;
pub(in crate::client) mod tracking;
pub(in crate::client) mod transaction;
pub(in crate::client) mod unasked;
