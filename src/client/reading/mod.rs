//! From bytes to requests, and from there into batches that leave for a server together, or that the
//! engine of this process answers.

pub(in crate::client) mod batch;
pub(in crate::client) mod forward;
pub(in crate::client) mod local_reader;
pub(in crate::client) mod progress;
pub(in crate::client) mod requests;
pub(in crate::client) mod scan;
pub(in crate::client) mod select;
pub(in crate::client) mod window;
