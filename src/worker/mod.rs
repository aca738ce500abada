//! What belongs to a worker, one thread with its own clients and its own connections to the servers,
//! and what all workers share. Nothing on a request's way crosses threads.
//!
//! [`Worker`] has the pool of connections, the balancer and the counts; its tick, ten times a second,
//! sees to time-outs and to what is reported. [`Shared`] is what all workers hold in common.

pub(crate) mod acknowledger;
pub(crate) mod function_list;
pub(crate) mod handle;
pub(crate) mod held_writes;
pub(crate) mod offset_marker;
pub(crate) mod reloads;
pub(crate) mod samples;
pub(crate) mod scripts;
mod shared;
pub(crate) mod shebang;
pub(crate) mod toucher;
pub(crate) mod wait_check;
#[expect(clippy::module_inception, reason = "a file is one noun, and this one is the worker")]
pub(crate) mod worker;

pub use held_writes::HeldWrites;
pub use reloads::{Outcome as ReloadOutcome, Reloads};
pub use scripts::Scripts;
pub use shared::Shared;
pub use worker::{Worker, read_policy};
