//! The requests of one read, and the replies that the proxy and its engine make in place.

#[expect(clippy::module_inception, reason = "a file is one noun, and this one is the batch")]
pub(in crate::client) mod batch;
pub(in crate::client) mod embedded_reads;
pub(in crate::client) mod local_reader;
pub(in crate::client) mod local_reply;
pub(in crate::client) mod need;
pub(in crate::client) mod run;
pub(in crate::client) mod server;
