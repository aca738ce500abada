//! A server in the topology.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{FallbackRank, Health};
use tidegate_wire::units::HostPort;

/// The identity of a server within this process: the same address keeps the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendId(pub u32);

/// The role of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It takes writes.
    Master,
    /// It replicates from the master.
    Replica,
    /// It does not answer, or its answer is of no use. It gets no requests.
    Unknown,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Master => "master",
            Self::Replica => "replica",
            Self::Unknown => "unknown",
        })
    }
}

/// A server: identity, role, and whether it may serve reads.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Its identity.
    pub id: BackendId,
    /// Where it listens, as it is named.
    pub addr: HostPort,
    /// The address to which its name led when it was proven: all connections go there. `None`
    /// before it was reached.
    pub endpoint: Option<SocketAddr>,
    /// Its role.
    pub role: Role,
    /// Its share of reads, 0 to 1000. A server of weight 0 serves only if no other one can.
    pub weight: u32,
    /// The tag of its process's scan cursors; 0 while it is not known.
    pub scan_tag: u32,
    /// The engine's [`Observation::data_epoch`](super::Observation::data_epoch) at the time of the
    /// snapshot: no other data were judged.
    pub data_epoch: u64,
    /// Why it serves no reads, in words; `None` if it may.
    pub excluded: Option<String>,
    /// Whether it is the engine of this process, which answers reads without a connection.
    pub is_local: bool,
    /// The epoch of its [`super::Fence`] at the time of the snapshot, with which connections are
    /// opened.
    pub pass: u32,
    /// Its state that changes all the time.
    pub health: Arc<Health>,
}

/// Why a server is excluded that reports `role:master` and is not the elected master.
pub(super) const CLAIMS_MASTER: &str = "says it is a master too";

impl Backend {
    /// Whether it reports `role:master` and is not the elected master.
    #[must_use]
    pub fn claims_master(&self) -> bool {
        self.excluded.as_deref() == Some(CLAIMS_MASTER)
    }

    /// Whether it may serve reads at `now_ms` (see [`Health`] for the clock). A replica may only
    /// while its data is proven to be fresh.
    #[must_use]
    pub fn can_read(&self, now_ms: u64) -> bool {
        let is_fresh = || self.role != Role::Replica || self.health.progress.is_fresh(now_ms);
        self.may_read(now_ms) && is_fresh()
    }

    /// Whether it may serve reads at `now_ms`, a replica if its data is fresh enough besides.
    #[must_use]
    pub fn may_read(&self, now_ms: u64) -> bool {
        self.role != Role::Unknown && self.excluded.is_none() && !self.health.is_resting(now_ms)
    }

    /// Why it serves no reads at `now_ms`, in words; `None` if it does.
    #[must_use]
    pub fn why_not(&self, now_ms: u64) -> Option<String> {
        if let Some(excluded) = &self.excluded {
            return Some(excluded.clone());
        }
        let stale_reason =
            self.health.progress.stale_reason(now_ms).filter(|_| self.role == Role::Replica);
        let stale_reason = stale_reason
            .map(|stale_reason| format!("{}: {stale_reason}", stale_reason.freshness()));
        stale_reason.or_else(|| {
            self.health.is_resting(now_ms).then(|| "resting after a failure".to_owned())
        })
    }

    /// Whether it may serve reads while the master cannot be reached, and how good a substitute it
    /// is.
    #[must_use]
    pub fn fallback_rank(&self, now_ms: u64) -> FallbackRank {
        let out = self.role != Role::Replica || self.health.is_resting(now_ms);
        if out { FallbackRank::None } else { self.health.progress.fallback_rank(now_ms) }
    }

    /// Whether it has not answered the monitor for `silence_ms`.
    #[must_use]
    pub fn is_silent(&self, now_ms: u64, silence_ms: u64) -> bool {
        self.health.progress.silence_ms(now_ms).is_none_or(|silence| silence >= silence_ms)
    }
}
