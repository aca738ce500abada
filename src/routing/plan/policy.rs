//! What the configuration says about requests.

use crate::routing::{NoRoute, OnStale, ReadPolicy};
use crate::topology::Shard;

/// What the configuration says about requests, for one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Where reads may go.
    pub reads: ReadPolicy,
    /// Whether writes wait at a closed gate (`writes.on-closed = "hold"`).
    pub holds_writes: bool,
    /// Whether operators' commands are denied (`admin.commands = "deny"`).
    pub denies_operators: bool,
}

impl Policy {
    /// What a request waits for if it finds no server for this reason; `None` if it is refused at
    /// once.
    #[must_use]
    pub fn hold(&self, error: NoRoute, shard: &Shard, now_ms: u64) -> Option<HoldUntil> {
        match error {
            NoRoute::Stale if self.reads.on_stale == OnStale::Wait => Some(HoldUntil::ReplicaFresh),
            NoRoute::NoMaster | NoRoute::NoReader if shard.is_held(now_ms) => {
                Some(HoldUntil::MasterOpen)
            }
            NoRoute::GateClosed if self.holds_writes => Some(HoldUntil::GateOpen),
            _ => None,
        }
    }
}

/// What a request waits for before it is planned again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldUntil {
    /// The write gate opens, for `writes.hold-timeout` at most.
    GateOpen,
    /// Requests may be sent to the master, the last one or another one; for `writes.failover-hold`
    /// at most.
    MasterOpen,
    /// A replica is proven fresh, for `reads.wait-timeout` at most.
    ReplicaFresh,
}

impl HoldUntil {
    /// Why the request is refused if that does not happen in time.
    #[must_use]
    pub const fn refusal(self) -> NoRoute {
        match self {
            Self::GateOpen => NoRoute::GateClosed,
            Self::MasterOpen => NoRoute::NoMaster,
            Self::ReplicaFresh => NoRoute::Stale,
        }
    }
}
