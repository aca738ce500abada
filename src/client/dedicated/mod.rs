//! The connection that only one client uses, for as long as its session or a request needs one.

pub(in crate::client) mod dedicated_connection;
pub(in crate::client) mod lease;
pub(in crate::client) mod lost;
pub(in crate::client) mod reads_apart;
