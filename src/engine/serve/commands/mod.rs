//! The commands that the port answers itself, a file for each group.
//!
//! | file | what it is |
//! |---|---|
//! | `clients` | CLIENT LIST, KILL, PAUSE ... |
//! | `command` | COMMAND |
//! | `connection` | SELECT, RESET, QUIT, CLIENT REPLY ... |
//! | `pubsub` | SUBSCRIBE, PUBLISH, MONITOR |
//! | `replication` | REPLICAOF, ROLE, and what a replica refuses |
//! | `saving` | SAVE, BGSAVE, LASTSAVE |
//! | `scripting` | EVAL, FCALL, SCRIPT, FUNCTION |
//! | `shutdown` | SHUTDOWN |
//! | `server` | TIME, DEBUG SLEEP, and what monitoring tools ask for |
//! | `tracking` | CLIENT TRACKING, CACHING, TRACKINGINFO, GETREDIR |
//! | `transaction` | MULTI, EXEC, WATCH |
//! | `wait` | WAIT, WAITAOF |

pub(super) mod clients;
pub(super) mod command;
pub(super) mod connection;
pub(super) mod pubsub;
pub(super) mod replication;
pub(super) mod saving;
pub(super) mod scripting;
pub(super) mod server;
pub(super) mod shutdown;
mod tracking;
pub(super) mod transaction;
pub(super) mod wait;
