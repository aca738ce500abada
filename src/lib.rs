//! Tidegate, a replication-aware proxy for Redis and Valkey.
//!
//! The map of the house; each module uses only its own floor and those below it, as
//! `tests/floors.rs` sees to.
//!
//! | floor | module | what it is |
//! |---|---|---|
//! | 0 | [`resp`] | where a frame ends, what a request says, how a reply is written |
//! | 0 | [`units`] | sizes, addresses, secrets, places in a history |
//! | 1 | [`command`] | one row per command: access, keys, session effect |
//! | 1 | [`rdb`] | RDB and DUMP payloads: read, every version; written for those in use |
//! | 1 | [`replication`] | the replica's side of replication: handshake, identity, stream, backlog |
//! | 1 | [`store`] | the engine's data: keys, values, every command on them |
//! | 1 | [`topology`] | who is master, who replicates; facts in, snapshots out |
//! | 1 | [`session`] | one client's state and what each command does to it |
//! | 2 | [`routing`] | (topology, session, request) to backend: the read/write split |
//! | 3 | [`config`] | proxy.toml: parse, validate, diff |
//! | 3 | [`net`] | listening and connecting |
//! | 3 | [`telemetry`] | every metric, declared once; the log's set-up |
//! | 3 | [`registry`] | who is connected to a port: CLIENT LIST, KILL, PAUSE |
//! | 3 | [`tasks`] | long-running tasks: which of them run, and what starts them again |
//! | 4 | [`backend`] | connections to servers: shared pipelines and leased ones |
//! | 4 | [`engine`] | the embedded replica: follows a master, holds its data, answers reads |
//! | 4 | [`monitor`] | asks the servers and keeps the topology true |
//! | 4 | [`client`] | one task per client, replies in order |
//! | 4 | [`admin`] | HTTP: `/metrics`, `/healthz`, `/readyz`, `/status` |
//! | 5 | [`check`] | `tidegate check` |
//! | 5 | [`rdb_tool`] | `tidegate rdb` |
//! | 5 | [`proxy`] | assembly, reload, shutdown |
//!
//! Floors 0 to 2 hold no socket, no task and no clock.

pub mod admin;
pub mod backend;
pub mod check;
pub mod client;
pub mod command;
pub mod config;
pub mod engine;
pub mod monitor;
pub mod net;
pub mod proxy;
pub mod rdb;
pub mod rdb_tool;
pub mod registry;
pub mod replication;
pub mod resp;
pub mod routing;
pub mod session;
pub mod store;
pub mod tasks;
pub mod telemetry;
pub mod topology;
pub mod units;
