//! Keeps the topology up to date: asks every known server for its role and its replication offset,
//! and publishes what follows.
//!
//! The monitor runs on a control thread. It has a connection of its own to each known server. It
//! asks all of them at once, and a slow server delays no other: its last answer holds until it
//! expires. The monitor sends no client's request, and changes no server.
//!
//! | room | what it is |
//! |---|---|
//! | `asking` | questions and answers: connections, probes, what the replies mean |
//! | `roster` | the known servers: which are named, their connections, their last answers |
//! | `sentinels` | the Sentinels: polls, events, what a majority of them says |
//! | `judging` | what follows: the elected master, fresh replicas, the write gate |
//! | `reporting` | what others get to see: the topology, the log, the board of tasks |
//!
//! `watched` joins the last four: answers in, topologies out. [`Monitor`] asks: `schedule` and
//! `beat` say when, `questions` has the tasks that are under way.

mod asking;
mod beat;
mod judging;
#[expect(clippy::module_inception, reason = "a file is one noun, and this one is the monitor")]
mod monitor;
mod questions;
mod reporting;
mod roster;
mod schedule;
mod sentinels;
mod watched;

pub(crate) use asking::commands::ask_catalog;
pub(crate) use asking::link::{Dial, Link, LinkError};
pub(crate) use asking::role::role_of;
pub(crate) use asking::watchers::{warning as warning_of_watchers, watchers};
pub(crate) use asking::words::brief as server_text;
pub use monitor::Monitor;
pub use reporting::liveness::Liveness;
