//! Requests that need a plan: made when their turn has come, then carried out, held or refused.

pub(in crate::client) mod answers;
#[expect(clippy::module_inception, reason = "a file is one noun, and this one is the dispatch")]
pub(in crate::client) mod dispatch;
pub(in crate::client) mod execution;
pub(in crate::client) mod paused;
pub(in crate::client) mod permission;
pub(in crate::client) mod precedence;
pub(in crate::client) mod shebang;
