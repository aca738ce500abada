//! The engine feeds: other replicas attach to its own port and follow it.
//!
//! | file | what it is |
//! |---|---|
//! | `attach` | the answer to PSYNC and SYNC |
//! | `format` | the version of the RDB format that a replica reads |
//! | `feeder` | the feeding thread |
//! | `replica_task` | one replica: the order in which it gets all |
//! | `connection` | one replica: its socket |
//! | `payload`, `payloads` | snapshots on their way to replicas |
//! | `maker` | writes a snapshot |
//! | `settings` | the keys of `[replica]` that concern sub-replicas |
//!
//! The rules are those of [`tidegate_replication::Source`], which the link fills. A thread of its own
//! runs all replicas, a task for each, so a long read at the port keeps no replica waiting. A
//! snapshot is written by a thread of its own, too.

mod attach;
mod connection;
mod feeder;
mod format;
mod maker;
mod payload;
mod payloads;
mod replica_task;
mod settings;

pub(super) use attach::{Asked, attach};
pub(super) use feeder::feed;
