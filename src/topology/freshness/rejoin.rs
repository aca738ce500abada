//! The limits of freshness. A replica that exceeds one serves no more reads at once, and serves
//! reads again only after it has been well within all of them for a while.

use crate::topology::StaleReason;

/// The longest dwell time of a replica that becomes stale again and again.
const DWELL_MAX_MS: u64 = 30_000;
/// A replica that becomes stale within this many dwell times of having come back has come back too
/// soon.
const SOON: u64 = 10;

/// The limits of freshness and of the write gate, from proxy.toml. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `reads.max-lag`.
    pub max_lag_ms: Option<u64>,
    /// `reads.max-lag-bytes`.
    pub max_lag_bytes: Option<u64>,
    /// `reads.rejoin-percent`.
    pub rejoin_percent: u64,
    /// `reads.rejoin-after`.
    pub rejoin_after_ms: u64,
    /// `topology.probe-timeout`.
    pub probe_timeout_ms: u64,
    /// `writes.min-replicas-to-write`.
    pub gate_wanted: u32,
    /// `writes.min-replicas-max-lag`.
    pub gate_max_lag_ms: u64,
    /// `writes.min-replicas-max-lag-bytes`.
    pub gate_max_lag_bytes: Option<u64>,
}

/// How one replica compares with the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Until when it is proven to be within all of them.
    until_ms: u64,
    /// Whether it is so far within them that it may serve reads again.
    well_within: bool,
    /// The limit that it will exceed first.
    stale_reason: StaleReason,
}

impl Limits {
    /// Whether a master that last answered at `heard_ms` counts as out of reach. No replica can be
    /// proven to be fresh then, whatever it reports.
    #[must_use]
    pub fn is_silent(&self, heard_ms: u64, now_ms: u64) -> bool {
        now_ms.saturating_sub(heard_ms) >= self.silence_ms()
    }

    /// After how long without an answer a master counts as out of reach.
    #[must_use]
    pub fn silence_ms(&self) -> u64 {
        self.max_lag_ms.unwrap_or(self.probe_timeout_ms)
    }

    /// How a replica compares with the limits. `proven_ms` is the last moment whose data it has;
    /// its last question was sent at `heard_ms` and answered at `received_ms`. `lag_bytes` compares
    /// it with the master's answer of `master_ms`.
    #[must_use]
    pub fn proof(
        &self,
        proven_ms: Option<u64>,
        heard_ms: u64,
        received_ms: u64,
        lag_bytes: Option<u64>,
        master_ms: u64,
    ) -> Proof {
        let unknown = Proof { until_ms: 0, well_within: false, stale_reason: StaleReason::Lag };
        let Some(lag_bytes) = lag_bytes else {
            return Proof { stale_reason: StaleReason::Unmeasured, ..unknown };
        };
        let mut until_ms = heard_ms.saturating_add(self.probe_timeout_ms);
        if let Some(max) = self.max_lag_bytes {
            if lag_bytes > max {
                return Proof { stale_reason: StaleReason::LagBytes, ..unknown };
            }
            // How far the master has gone since is not known.
            until_ms = until_ms.min(master_ms.saturating_add(self.silence_ms()));
        }
        let share = |max: u64| max.saturating_mul(self.rejoin_percent) / 100;
        let mut well_within = self.max_lag_bytes.is_none_or(|max| lag_bytes <= share(max));
        if let Some(max) = self.max_lag_ms {
            let Some(proven) = proven_ms else { return unknown };
            until_ms = until_ms.min(proven.saturating_add(max));
            // At the time of its answer: the replica is not responsible for the answer's age.
            well_within &= received_ms.saturating_sub(proven) <= share(max);
        }
        Proof { until_ms, well_within, stale_reason: StaleReason::Lag }
    }
}

/// Whether a replica is fresh, and since when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    fresh_until_ms: u64,
    fresh: bool,
    /// Whether it has been stale before.
    left: bool,
    /// Whether it became stale by its own lag, so that it has to be within the limits for a while.
    waits: bool,
    /// When it last became fresh again after that.
    joined_ms: u64,
    /// Since when it has been well within the limits.
    well_since_ms: Option<u64>,
    /// How long it has to be well within the limits.
    dwell_ms: u64,
}

impl Membership {
    /// Whether it is fresh.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Until when it is fresh; 0 if it is not.
    #[must_use]
    pub const fn fresh_until_ms(&self) -> u64 {
        if self.fresh { self.fresh_until_ms } else { 0 }
    }

    /// Judges it by its proof. Returns the reason why it is stale, if it is.
    pub fn judge(
        &mut self,
        proof: Proof,
        master_silent: bool,
        now_ms: u64,
        limits: &Limits,
    ) -> Option<StaleReason> {
        let within = now_ms < proof.until_ms;
        if self.fresh && !within {
            let stale_reason =
                if master_silent { StaleReason::MasterSilent } else { proof.stale_reason };
            self.leave(master_silent, now_ms, limits);
            return Some(stale_reason);
        }
        if !within {
            self.well_since_ms = None;
            return Some(if master_silent {
                StaleReason::MasterSilent
            } else {
                proof.stale_reason
            });
        }
        if !self.fresh && !self.may_join(proof, now_ms) {
            return Some(StaleReason::Rejoining);
        }
        if !self.fresh {
            self.fresh = true;
            if std::mem::take(&mut self.waits) {
                self.joined_ms = now_ms;
            }
        }
        self.fresh_until_ms = proof.until_ms;
        None
    }

    fn may_join(&mut self, proof: Proof, now_ms: u64) -> bool {
        if !proof.well_within {
            self.well_since_ms = None;
            return !self.waits;
        }
        let since = *self.well_since_ms.get_or_insert(now_ms);
        !self.waits || now_ms.saturating_sub(since) >= self.dwell_ms
    }

    /// Notes that it is not fresh any more. If the cause lies elsewhere (`blameless`), it is fresh
    /// again as soon as the master is back.
    pub fn leave(&mut self, blameless: bool, now_ms: u64, limits: &Limits) {
        self.well_since_ms = None;
        if !std::mem::take(&mut self.fresh) || blameless {
            return;
        }
        let soon = self.left && now_ms.saturating_sub(self.joined_ms) < SOON * self.dwell_ms;
        let longer = self.dwell_ms.saturating_mul(2).min(DWELL_MAX_MS);
        self.dwell_ms =
            if soon { longer } else { limits.rejoin_after_ms }.max(limits.rejoin_after_ms);
        self.left = true;
        self.waits = true;
    }
}
