//! Requests on their way to a server: which one, over which connection, and in which order.

pub(in crate::client) mod anew;
pub(in crate::client) mod engine_lag;
pub(in crate::client) mod forward;
pub(in crate::client) mod lease;
pub(in crate::client) mod minimum;
pub(in crate::client) mod order;
pub(in crate::client) mod passage;
pub(in crate::client) mod plain;
pub(in crate::client) mod reads_apart;
pub(in crate::client) mod shared;
