//! A snapshot: what it has to be like, and when it begins.

use super::replica::Needs;
use crate::identity::Position;

/// How snapshots are sent, by redis.conf's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `repl-diskless-sync`: snapshots are sent while they are written.
    pub is_diskless: bool,
    /// `repl-diskless-sync-delay`, in milliseconds: how long a diskless snapshot waits for further
    /// replicas.
    pub delay_ms: u64,
    /// `repl-diskless-sync-max-replicas`: with so many that wait, it begins at once; 0 means that
    /// it waits in any case.
    pub max_replicas: usize,
}

/// A snapshot that is to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it has to be like.
    pub needs: Needs,
    /// Whether its end is marked and it is sent while it is written.
    pub is_marked: bool,
}

/// The snapshot that is being written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    pub(super) plan: Plan,
    pub(super) position: Position,
    pub(super) number: u64,
}

/// A snapshot that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Its number. No other snapshot of this source has it.
    pub number: u64,
    /// The replicas for which it is.
    pub ids: Vec<u64>,
}
