//! Requests that wait until the servers let them pass.

pub(in crate::client) mod hold;
