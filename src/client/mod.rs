//! The side that faces the clients: one task per client, replies in order.
//!
//! A worker is one thread with its own clients and its own connections to the servers; nothing
//! on a request's way crosses threads. What clients of different workers have to know of each
//! other (`CLIENT LIST`, `KILL`, `PAUSE`) stands in the [`registry`](crate::registry).

mod acceptor;
mod answers;
mod batch;
mod blocked_read;
#[expect(clippy::module_inception, reason = "a file is one noun, and this one is the client")]
mod client;
mod client_command;
mod describe;
mod dispatch;
mod drain;
mod explain;
mod forward;
mod held;
mod info;
mod lease;
mod listener;
mod local_reader;
mod lockout;
mod once;
mod order;
mod outcome;
mod output;
mod overview;
mod parked;
mod paused;
mod presence;
mod proxy_command;
mod reading;
mod reads_apart;
mod record;
mod recover;
mod requests;
mod scan;
mod select;
mod streams;
mod task;
mod topology_table;
mod tracking;
mod transaction;
mod transform;
mod unread;
mod window;

pub use acceptor::accept;
pub use overview::Overview;
