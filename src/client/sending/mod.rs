//! Requests on their way to a server, in an order in which none sees less than it must.

pub(in crate::client) mod batch;
pub(in crate::client) mod forward;
pub(in crate::client) mod local_reader;
pub(in crate::client) mod order;
pub(in crate::client) mod passage;
pub(in crate::client) mod plain;
pub(in crate::client) mod shared;
