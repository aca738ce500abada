//! A worker is one thread with its own clients and its dedicated connections to the servers. No
//! request crosses threads.
//!
//! [`Worker`] has the pool of connections, the balancer and the counts; its tick, ten times a
//! second, ends what has timed out and reports the counts. [`Shared`] is the state that all workers
//! share.

pub(crate) mod acknowledger;
mod compiled_rules;
pub(crate) mod function_list;
pub(crate) mod handle;
pub(crate) mod held_writes;
pub(crate) mod offset_marker;
pub mod operations;
pub(crate) mod reloads;
pub(crate) mod samples;
pub(crate) mod scripts;
mod shared;
pub(crate) mod toucher;
pub(crate) mod unblocker;
pub(crate) mod wait_check;
#[expect(clippy::module_inception, reason = "a file is one noun, and this one is the worker")]
pub(crate) mod worker;

pub use held_writes::HeldWrites;
pub use reloads::{Outcome as ReloadOutcome, Reloads};
pub use scripts::Scripts;
pub use shared::Shared;
pub use worker::Worker;
