//! From a client's bytes to its requests.

pub(in crate::client) mod large;
pub(in crate::client) mod requests;
