//! From a client's bytes to its requests, and how many of them may be in flight.

pub(in crate::client) mod large;
pub(in crate::client) mod progress;
pub(in crate::client) mod requests;
pub(in crate::client) mod window;
