//! The side that faces the clients: one task per client, replies in order.
//!
//! A worker is one thread with its own clients and its own connections to the servers; nothing
//! on a request's way crosses threads. What clients of different workers have to know of each
//! other (`CLIENT LIST`, `KILL`, `PAUSE`) stands in the [`registry`](crate::registry).

mod acceptor;
#[expect(clippy::module_inception, reason = "a file is one noun, and this one is the client")]
mod client;
mod dedicated;
mod drain;
mod introspection;
mod planning;
mod reading;
mod recover;
mod recovery;
mod replies;
mod task;

pub use acceptor::accept;
pub use introspection::overview::Overview;
