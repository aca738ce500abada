//! One master and its replicas.

use std::sync::Arc;

use super::{Backend, BackendId, Failovers, Hold, Role, ServerVersion, WriteGate};
use crate::consistency::History;

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
    /// The failovers since the start, and what they have lost.
    pub failovers: Failovers,
    /// Why the evidence does not decide which server is master, in words; `None` if it does.
    pub undecided: Option<String>,
    /// The replication history of the master that was known last.
    pub history: History,
    /// Requests that need the master wait, if it is being replaced or out of reach.
    pub hold: Option<Hold>,
}

impl Shard {
    /// Whether requests that need the master wait at `now_ms`. A hold that lasts for longer than
    /// requests may wait refuses them.
    #[must_use]
    pub fn is_held(&self, now_ms: u64) -> bool {
        self.hold.is_some_and(|hold| now_ms < hold.gives_up_ms())
    }

    /// The master, if requests may be sent to it.
    #[must_use]
    pub fn open_master(&self) -> Option<&Backend> {
        self.master().filter(|_| self.hold.is_none())
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
