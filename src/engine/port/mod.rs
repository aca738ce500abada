//! The engine's own port: a Redis replica to whoever connects, be it `redis-cli`, Sentinel, an
//! exporter or an application.
//!
//! | file | what it is |
//! |---|---|
//! | `listen` | its addresses and its thread |
//! | `desk` | what its clients share |
//! | `task` | one client: its socket |
//! | `client` | one client: its state |
//! | `requests` | from bytes to requests |
//! | `dispatch` | whether a request may be run, in Redis's order |
//! | `call` | a request that is run, and what it has at hand |
//! | `held` | the data, locked as seldom as possible |
//! | `handlers` | which command is run by what |
//! | `transaction` | MULTI, EXEC, WATCH |
//! | `connection` | SELECT, RESET, QUIT, CLIENT REPLY ... |
//! | `clients` | CLIENT LIST, KILL, PAUSE ... |
//! | `waiting` | XREAD BLOCK |
//! | `pubsub`, `mailbox` | SUBSCRIBE, PUBLISH, MONITOR; what waits for a client |
//! | `config_command`, `config_keys`, `config_value`, `rewrite` | CONFIG |
//! | `replication` | REPLICAOF, ROLE and their kin |
//! | `commands` | COMMAND |
//! | `server` | TIME, SHUTDOWN, DEBUG SLEEP and what monitors ask for |
//! | `saving` | SAVE, BGSAVE, LASTSAVE |
//! | `info` | INFO |
//!
//! One thread, one task per client. The store is read under its lock, which is never held while
//! a client is waited for; whoever reads slowly is slow alone.

mod call;
mod client;
mod clients;
mod commands;
mod config_command;
mod config_keys;
mod config_value;
mod connection;
mod desk;
mod dispatch;
mod handlers;
mod held;
mod info;
mod listen;
mod mailbox;
mod pubsub;
mod replication;
mod requests;
mod rewrite;
mod saving;
mod server;
mod stale;
mod stats;
mod task;
mod transaction;
mod waiting;

pub(super) use listen::{Listeners, serve};
pub(super) use mailbox::Mailbox;
