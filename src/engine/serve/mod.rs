//! The engine's own port: a Redis server to every client that connects, be it `redis-cli`,
//! Sentinel, an exporter or an application.
//!
//! | room or file | what it is |
//! |---|---|
//! | `listen` | its addresses and its thread |
//! | `port_context` | what its clients share |
//! | `task` | one client: its socket |
//! | `client` | one client: its state |
//! | `requests` | finds requests in the bytes |
//! | `dispatch` | whether a request may be run, in Redis's order |
//! | `stale` | which commands are answered while the link is down |
//! | `call` | a request that is run, and what it has at hand |
//! | `held` | the lock of the data, taken once for many requests |
//! | `handlers` | the function of each command |
//! | `transaction` | what a client has queued since MULTI, and the keys that it watches |
//! | `tracking` | CLIENT TRACKING, as one client has it |
//! | `blocked` | clients that wait in a command |
//! | `stats` | what the port counts |
//! | `leading` | what concerns all clients of an engine that leads |
//! | `commands` | the commands that the port answers itself |
//! | `config` | CONFIG |
//! | `info` | INFO |
//!
//! One thread runs all clients, a task for each. The store is read under its lock, and no task
//! holds the lock while it waits for its client: a client that reads slowly delays no other one.

mod ahead;
mod blocked;
mod call;
mod client;
mod commands;
mod config;
mod dispatch;
mod handlers;
mod held;
mod info;
mod leading;
mod listen;
mod port_clock;
mod port_context;
mod requests;
mod rights;
mod stale;
mod stats;
mod task;
mod tracking;
mod transaction;

pub(super) use listen::{Listeners, serve};
