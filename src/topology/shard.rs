//! One master and its replicas.

use std::sync::Arc;

use super::{Backend, BackendId, Failovers, Role, ServerVersion, WriteGate};

/// The identity of a shard within this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardId(pub u16);

/// One master and its replicas at one moment, as the monitor published them.
#[derive(Clone, Debug, Default)]
pub struct Shard {
    /// Its identity.
    pub id: ShardId,
    /// All its servers, the master first if one is known.
    pub backends: Vec<Backend>,
    /// The name and version that the last known master reports.
    pub server: ServerVersion,
    /// The master's `maxmemory-policy`, if it evicts the keys that are used least (`*-lru`,
    /// `*-lfu`) and its memory is limited.
    pub eviction: Option<String>,
    /// Whether the master may be sent writes; all snapshots share it.
    pub gate: Arc<WriteGate>,
    /// Why the shard has no master, as far as the monitor knows.
    pub vacancy: Vacancy,
    /// The failovers since the start, and what they have lost.
    pub failovers: Failovers,
}

/// Why a shard has no master, as far as the monitor knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vacancy {
    /// Why the evidence does not decide which server is master, in words.
    pub undecided: Option<String>,
    /// Until when another master is expected because the last one has just been demoted;
    /// milliseconds of the process's clock.
    pub handover_until_ms: Option<u64>,
}

impl Shard {
    /// Whether another master is expected at `now_ms`, because the last one was just demoted.
    #[must_use]
    pub fn expects_master(&self, now_ms: u64) -> bool {
        self.vacancy.handover_until_ms.is_some_and(|until| now_ms < until)
    }

    /// The master, if one is known.
    #[must_use]
    pub fn master(&self) -> Option<&Backend> {
        self.backends.first().filter(|backend| backend.role == Role::Master)
    }

    /// All replicas, whether or not they may serve reads.
    pub fn replicas(&self) -> impl Iterator<Item = &Backend> {
        self.backends.iter().filter(|backend| backend.role == Role::Replica)
    }

    /// The server with this id, if it belongs to the shard.
    #[must_use]
    pub fn backend(&self, id: BackendId) -> Option<&Backend> {
        self.backends.iter().find(|backend| backend.id == id)
    }

    /// Whether a server other than `id` is master.
    #[must_use]
    pub fn has_other_master(&self, id: BackendId) -> bool {
        self.master().is_some_and(|master| master.id != id)
    }
}
