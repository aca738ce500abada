//! Tidegate, a replication-aware proxy for Redis and Valkey.
//!
//! The modules and their layers. Each module uses only its own layer and those below it;
//! `tests/architecture/layers.rs` checks this.
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 1 | [`consistency`] | which data a read must include; the last writes of all clients |
//! | 1 | [`topology`] | which server is master, which replicate; evidence in, snapshots out |
//! | 1 | [`sentinel`] | what Sentinels report, and what a majority of them says |
//! | 1 | [`session`] | one client's state and what each command does to it |
//! | 2 | [`routing`] | the plan for a request, from topology, session and request |
//! | 3 | [`config`] | proxy.toml: parse, validate, diff |
//! | 3 | [`net`] | listening and connecting |
//! | 3 | [`tls`] | certificates and keys from files; what is trusted |
//! | 3 | [`telemetry`] | every metric, declared once; the set-up of the log |
//! | 3 | [`recorder`] | the last ten minutes and the last events, from samples |
//! | 3 | [`view`] | `/status` as an operator is shown it: types and human units |
//! | 3 | [`registry`] | the clients of a port: CLIENT LIST, KILL, PAUSE |
//! | 3 | [`tasks`] | long-running tasks: their state, their restarts |
//! | 4 | [`backend`] | connections to servers: shared pipelines and leased ones |
//! | 4 | [`engine`] | a server in this process: a replica of a master, or a master |
//! | 4 | [`monitor`] | probes the servers and publishes the topology |
//! | 4 | [`worker`] | the clients and connections of one thread, and what all workers share |
//! | 4 | [`client`] | one task per client, replies in order |
//! | 4 | [`admin`] | HTTP: the operator's page, `/metrics`, `/healthz`, `/readyz`, `/status` |
//! | 5 | [`check`] | `tidegate check` |
//! | 5 | [`embedded`] | the servers in this process, where the configuration names no others |
//! | 5 | [`rdb_tool`] | `tidegate rdb` |
//! | 5 | [`top`] | `tidegate top` |
//! | 5 | [`switchover`] | planned failovers: PROXY FAILOVER, PROXY HOLD |
//! | 5 | [`proxy`] | start, reload, shutdown |
//!
//! Below them are the crates of `crates/`; cargo keeps each to those that it names:
//!
//! | crate | uses | what it is |
//! |---|---|---|
//! | [`tidegate_wire`] | | frames, requests, replies; one row per command; sizes, addresses, offsets |
//! | [`tidegate_rdb`] | | RDB and DUMP payloads: read, every version; written for those in use |
//! | [`tidegate_replication`] | wire | the replica's side of replication: handshake, identity, stream, backlog |
//! | [`tidegate_store`] | wire, rdb | the engine's data: keys, values, every command on them |
//!
//! The crates and layers 1 and 2 hold no socket, no task and no clock.

pub mod admin;
pub mod backend;
pub mod check;
pub mod client;
pub mod config;
pub mod consistency;
pub mod embedded;
pub mod engine;
pub mod monitor;
pub mod net;
pub mod proxy;
pub mod rdb_tool;
pub mod recorder;
pub mod registry;
pub mod routing;
pub mod sentinel;
pub mod session;
pub mod switchover;
pub mod tasks;
pub mod telemetry;
pub mod tls;
pub mod top;
pub mod topology;
pub mod view;
pub mod worker;
