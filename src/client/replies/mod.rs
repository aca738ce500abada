//! Replies on their way: changed, held until the replicas have the write, limited.

pub(in crate::client) mod acknowledge;
pub(in crate::client) mod output;
pub(in crate::client) mod rewrite;
