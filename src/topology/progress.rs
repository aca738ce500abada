//! A replica's place in the replication stream, and whether it is fresh: written by the monitor,
//! read by every thread without a lock.

use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// Whether a replica's data is proven to be recent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// It is proven. Only a fresh replica serves reads.
    Fresh,
    /// It is older than the limits allow, or may be.
    Stale,
    /// Its age cannot be measured.
    Unknown,
    /// The data is that of another master.
    Foreign,
}

impl Freshness {
    /// Every state, for metrics.
    pub const ALL: [Self; 4] = [Self::Fresh, Self::Stale, Self::Unknown, Self::Foreign];

    /// Its name, in metrics and for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Foreign => "foreign",
        }
    }
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a replica is not fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum StaleReason {
    /// It has not been asked yet, or there is no master to compare it with.
    Unmeasured = 1,
    /// Its data may be older than `reads.max-lag`.
    Lag,
    /// It is further behind than `reads.max-lag-bytes`.
    LagBytes,
    /// It was stale, and has not been within the limits for long enough since.
    Rejoining,
    /// The master has not answered for `reads.max-lag`: nothing newer can be proven.
    MasterSilent,
    /// No answer within `topology.probe-timeout`.
    NoAnswer,
    /// Its link to its master is down.
    LinkDown,
    /// It is receiving a snapshot.
    Syncing,
    /// It is loading its data.
    Loading,
    /// Its data has another history (replid) than the master's.
    Foreign,
    /// It reports another role than that of a replica.
    NotAReplica,
}

impl StaleReason {
    /// Every reason, for metrics.
    pub const ALL: [Self; 11] = [
        Self::Unmeasured,
        Self::Lag,
        Self::LagBytes,
        Self::Rejoining,
        Self::MasterSilent,
        Self::NoAnswer,
        Self::LinkDown,
        Self::Syncing,
        Self::Loading,
        Self::Foreign,
        Self::NotAReplica,
    ];

    /// Its name, in metrics and `/status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unmeasured => "unmeasured",
            Self::Lag => "lag",
            Self::LagBytes => "lag-bytes",
            Self::Rejoining => "rejoining",
            Self::MasterSilent => "master-silent",
            Self::NoAnswer => "no-answer",
            Self::LinkDown => "link-down",
            Self::Syncing => "syncing",
            Self::Loading => "loading",
            Self::Foreign => "foreign",
            Self::NotAReplica => "not-a-replica",
        }
    }

    /// The state of a replica for this reason.
    #[must_use]
    pub const fn freshness(self) -> Freshness {
        match self {
            Self::Lag | Self::LagBytes | Self::Rejoining | Self::MasterSilent => Freshness::Stale,
            Self::Foreign => Freshness::Foreign,
            _ => Freshness::Unknown,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|stale_reason| *stale_reason as u8 == code)
    }
}

impl fmt::Display for StaleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a replica may serve reads while the master cannot be reached
/// (`replica-serve-stale-data`), and how good a substitute it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum FallbackRank {
    /// It may not: it does not answer, or has not the master's data.
    None,
    /// It has the master's data, of any age.
    Behind,
    /// It has all data that the master had when the master last answered.
    Current,
}

/// What the tracker found out about one server. Times are milliseconds of the process's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its replication offset.
    pub offset: Option<u64>,
    /// How far it is behind the master, in bytes of the replication stream.
    pub lag_bytes: Option<u64>,
    /// The last moment whose data it is proven to have.
    pub proven_ms: Option<u64>,
    /// Until when it is fresh; 0 if it is not.
    pub fresh_until_ms: u64,
    /// Why it is not fresh.
    pub stale_reason: Option<StaleReason>,
    /// Whether it may serve reads while the master cannot be reached.
    pub fallback_rank: FallbackRank,
    /// Until when this rank holds.
    pub fallback_until_ms: u64,
    /// When the last question that it answered was sent.
    pub heard_ms: Option<u64>,
    /// How long the answer took, in microseconds.
    pub took_us: u64,
}

/// The latest [`Finding`], for all threads.
#[derive(Debug)]
pub struct Progress {
    offset: AtomicU64,
    lag_bytes: AtomicU64,
    proven_ms: AtomicU64,
    fresh_until_ms: AtomicU64,
    stale_reason: AtomicU8,
    fallback_rank: AtomicU8,
    fallback_until_ms: AtomicU64,
    heard_ms: AtomicU64,
    took_us: AtomicU64,
    departures: [AtomicU64; StaleReason::ALL.len()],
}

/// The value for "not known", which no offset and no time reaches.
const NONE: u64 = u64::MAX;

fn known(value: u64) -> Option<u64> {
    (value != NONE).then_some(value)
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            offset: AtomicU64::new(NONE),
            lag_bytes: AtomicU64::new(NONE),
            proven_ms: AtomicU64::new(NONE),
            fresh_until_ms: AtomicU64::new(0),
            stale_reason: AtomicU8::new(StaleReason::Unmeasured as u8),
            fallback_rank: AtomicU8::new(FallbackRank::None as u8),
            fallback_until_ms: AtomicU64::new(0),
            heard_ms: AtomicU64::new(NONE),
            took_us: AtomicU64::new(0),
            departures: [const { AtomicU64::new(0) }; StaleReason::ALL.len()],
        }
    }
}

impl Progress {
    /// Takes a finding. Readers may see its parts one after the other; each is true by itself.
    pub fn set(&self, finding: Finding) {
        self.offset.store(finding.offset.unwrap_or(NONE), Relaxed);
        self.lag_bytes.store(finding.lag_bytes.unwrap_or(NONE), Relaxed);
        self.proven_ms.store(finding.proven_ms.unwrap_or(NONE), Relaxed);
        self.fresh_until_ms.store(finding.fresh_until_ms, Relaxed);
        self.stale_reason
            .store(finding.stale_reason.map_or(0, |stale_reason| stale_reason as u8), Relaxed);
        self.fallback_rank.store(finding.fallback_rank as u8, Relaxed);
        self.fallback_until_ms.store(finding.fallback_until_ms, Relaxed);
        self.heard_ms.store(finding.heard_ms.unwrap_or(NONE), Relaxed);
        self.took_us.store(finding.took_us, Relaxed);
    }

    /// Whether it is proven to be fresh at `now_ms`. The proof expires by itself: when the monitor
    /// hangs, no replica stays fresh.
    #[must_use]
    pub fn is_fresh(&self, now_ms: u64) -> bool {
        now_ms < self.fresh_until_ms.load(Relaxed)
    }

    /// Why it is not fresh at `now_ms`; `None` if it is.
    #[must_use]
    pub fn stale_reason(&self, now_ms: u64) -> Option<StaleReason> {
        if self.is_fresh(now_ms) {
            return None;
        }
        // Without a recorded reason, the proof has just expired.
        Some(StaleReason::from_code(self.stale_reason.load(Relaxed)).unwrap_or(StaleReason::Lag))
    }

    /// Its state at `now_ms`.
    #[must_use]
    pub fn freshness(&self, now_ms: u64) -> Freshness {
        self.stale_reason(now_ms).map_or(Freshness::Fresh, StaleReason::freshness)
    }

    /// Whether it may serve reads while the master cannot be reached.
    #[must_use]
    pub fn fallback_rank(&self, now_ms: u64) -> FallbackRank {
        if now_ms >= self.fallback_until_ms.load(Relaxed) {
            return FallbackRank::None;
        }
        match self.fallback_rank.load(Relaxed) {
            code if code == FallbackRank::Current as u8 => FallbackRank::Current,
            code if code == FallbackRank::Behind as u8 => FallbackRank::Behind,
            _ => FallbackRank::None,
        }
    }

    /// Its replication offset in its last answer.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        known(self.offset.load(Relaxed))
    }

    /// How far it was behind the master, in bytes of the replication stream.
    #[must_use]
    pub fn lag_bytes(&self) -> Option<u64> {
        known(self.lag_bytes.load(Relaxed))
    }

    /// How old its data may be at `now_ms`, in milliseconds: an upper bound, which includes the age
    /// of the measurement.
    #[must_use]
    pub fn lag_ms(&self, now_ms: u64) -> Option<u64> {
        known(self.proven_ms.load(Relaxed)).map(|proven| now_ms.saturating_sub(proven))
    }

    /// How long ago, in milliseconds, the last question that it answered was sent.
    #[must_use]
    pub fn silence_ms(&self, now_ms: u64) -> Option<u64> {
        known(self.heard_ms.load(Relaxed)).map(|heard| now_ms.saturating_sub(heard))
    }

    /// Counts that it stopped being fresh for this reason.
    pub fn count_departure(&self, stale_reason: StaleReason) {
        self.departures[stale_reason as usize - 1].fetch_add(1, Relaxed);
    }

    /// How often it stopped being fresh for this reason.
    #[must_use]
    pub fn departures(&self, stale_reason: StaleReason) -> u64 {
        self.departures[stale_reason as usize - 1].load(Relaxed)
    }

    /// How long the last answer took, in microseconds.
    #[must_use]
    pub fn took_us(&self) -> u64 {
        self.took_us.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_expires() {
        let progress = Progress::default();
        assert_eq!(progress.stale_reason(0), Some(StaleReason::Unmeasured));
        assert_eq!((progress.offset(), progress.lag_ms(5)), (None, None));
        progress.set(Finding {
            offset: Some(10),
            lag_bytes: Some(0),
            proven_ms: Some(100),
            fresh_until_ms: 300,
            stale_reason: None,
            fallback_rank: FallbackRank::Current,
            fallback_until_ms: 400,
            heard_ms: Some(110),
            took_us: 2,
        });
        assert_eq!(progress.freshness(299), Freshness::Fresh);
        assert_eq!(progress.stale_reason(300), Some(StaleReason::Lag));
        assert_eq!((progress.lag_ms(250), progress.lag_ms(50)), (Some(150), Some(0)));
        assert_eq!(progress.fallback_rank(399), FallbackRank::Current);
        assert_eq!(progress.fallback_rank(400), FallbackRank::None);
        assert_eq!(progress.silence_ms(120), Some(10));
    }

    #[test]
    fn every_reason_has_its_code() {
        for stale_reason in StaleReason::ALL {
            assert_eq!(StaleReason::from_code(stale_reason as u8), Some(stale_reason));
        }
        assert_eq!(StaleReason::from_code(0), None);
    }
}
