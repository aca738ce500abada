//! Requests that wait until the servers let them pass.

pub(in crate::client) mod hold;
pub(in crate::client) mod own_time;
