//! Tidegate, a replication-aware proxy for Redis and Valkey.
//!
//! The map of the house; each floor uses only the floors below it.
//!
//! | floor | module | what it is |
//! |---|---|---|
//! | 0 | [`resp`] | where a frame ends, what a request says, how a reply is written |
//! | 0 | [`units`] | sizes |
//! | 1 | [`command`] | one row per command: access, keys, session effect |
//! | 1 | [`topology`] | who is master, who replicates; facts in, snapshots out |
//! | 1 | [`session`] | one client's state and what each command does to it |
//! | 2 | [`routing`] | (topology, session, request) to backend: the read/write split |
//! | 3 | [`config`] | proxy.toml: parse, validate, diff |
//! | 4 | [`monitor`] | asks the servers and keeps the topology true |
//! | 4 | [`admin`] | HTTP: `/metrics` |
//! | 5 | [`check`] | `tidegate check` |
//!
//! Floors 0 to 2 hold no socket, no task and no clock.

pub mod admin;
pub mod backend;
pub mod check;
pub mod client;
pub mod command;
pub mod config;
pub mod monitor;
pub mod net;
pub mod proxy;
pub mod resp;
pub mod routing;
pub mod session;
pub mod telemetry;
pub mod topology;
pub mod units;
