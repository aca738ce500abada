//! Requests on their way to a server: which one, over which connection, and in which order.

pub(in crate::client) mod batch;
pub(in crate::client) mod embedded_reads;
pub(in crate::client) mod forward;
pub(in crate::client) mod local_reader;
pub(in crate::client) mod order;
pub(in crate::client) mod passage;
pub(in crate::client) mod plain;
pub(in crate::client) mod run;
pub(in crate::client) mod shared;
