//! One server as the topology sees it.

use std::fmt;
use std::sync::Arc;

use super::{FallbackRank, Health};
use tidegate_wire::units::HostPort;

/// A server's identity within this process: the same address keeps the same id for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendId(pub u32);

/// What a server is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Takes writes.
    Master,
    /// Follows the master.
    Replica,
    /// Does not answer, or answers what we cannot use: serves nothing.
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
    /// Where it listens; names are resolved on every connect.
    pub addr: HostPort,
    /// What it is.
    pub role: Role,
    /// Its share of reads, 0 to 1000; 0 serves only when nobody else can.
    pub weight: u32,
    /// Marks the scan cursors of this run of the server process; 0 while it is not known.
    pub scan_tag: u32,
    /// Why it serves no reads, for people; `None` when it may.
    pub excluded: Option<String>,
    /// The engine of this very process: its data are read in place, over no connection.
    pub is_local: bool,
    /// The epoch of its [`super::Fence`] when this was written: what connections are opened with.
    pub pass: u32,
    /// The numbers that change all the time.
    pub health: Arc<Health>,
}

impl Backend {
    /// Whether it may be asked for reads at `now_ms` (see [`Health`] for the clock): a replica only
    /// while its data is proven to be fresh.
    #[must_use]
    pub fn can_read(&self, now_ms: u64) -> bool {
        let serves = match self.role {
            Role::Master => true,
            Role::Replica => self.health.progress.is_fresh(now_ms),
            Role::Unknown => false,
        };
        serves && self.excluded.is_none() && !self.health.is_resting(now_ms)
    }

    /// Why it serves no reads at `now_ms`, for people; `None` if it does.
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

    /// Whether it may serve reads while the master cannot be reached, and how well.
    #[must_use]
    pub fn fallback_rank(&self, now_ms: u64) -> FallbackRank {
        let out = self.role != Role::Replica || self.health.is_resting(now_ms);
        if out { FallbackRank::None } else { self.health.progress.fallback_rank(now_ms) }
    }

    /// Whether it, a master, has not answered for `silence_ms`.
    #[must_use]
    pub fn is_silent(&self, now_ms: u64, silence_ms: u64) -> bool {
        self.health.progress.silence_ms(now_ms).is_none_or(|silence| silence >= silence_ms)
    }
}
