//! The side that faces the clients: one task per client, replies in order.
//!
//! A worker is one thread with its own clients and its own connections to the servers; nothing
//! on a request's way crosses threads. What clients of different workers have to know of each
//! other (`CLIENT LIST`, `KILL`, `PAUSE`) stands in the [`registry`](crate::registry).

mod acceptor;
mod acknowledger;
mod answers;
mod batch;
mod blocked_read;
#[expect(clippy::module_inception, reason = "a file is one noun, and this one is the client")]
mod client;
mod client_command;
mod describe;
mod dispatch;
mod explain;
mod flow;
mod forward;
mod handle;
mod held;
mod info;
mod lease;
mod listener;
mod local_reader;
mod lockout;
mod mark;
mod once;
mod order;
mod outcome;
mod output;
mod overview;
mod parked;
mod paused;
mod proxy_command;
mod record;
mod recover;
mod reloads;
mod requests;
mod samples;
mod scan;
mod scripts;
mod select;
mod shared;
mod shebang;
mod streams;
mod task;
mod topology_table;
mod toucher;
mod tracking;
mod transaction;
mod transform;
mod worker;

pub use acceptor::accept;
pub use held::HeldWrites;
pub use overview::Overview;
pub use reloads::{Outcome as ReloadOutcome, Reloads};
pub use scripts::Scripts;
pub use shared::Shared;
pub use worker::{Worker, read_policy};
