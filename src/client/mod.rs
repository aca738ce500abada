//! The side that faces the clients: one task per client, replies in order.
//!
//! A worker is one thread with its own clients and its own connections to the servers; nothing
//! on a request's way crosses threads. What clients of different workers have to know of each
//! other (`CLIENT LIST`, `KILL`, `PAUSE`) stands in the [`Registry`].

mod acceptor;
mod batch;
mod client_command;
mod dispatch;
mod entry;
mod info;
mod kill_filter;
mod lease;
mod once;
mod outcome;
mod pause;
mod pinned;
mod recover;
mod registry;
mod scan;
mod shared;
mod task;
mod transform;
mod worker;

pub use acceptor::accept;
pub use pause::Pause;
pub use registry::Registry;
pub use shared::Shared;
pub use worker::Worker;
