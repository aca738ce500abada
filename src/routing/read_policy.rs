//! Where the reads of one session may go, and how old the data may be.

use crate::consistency::{LagLimit, Level};
use crate::session::{ReadChoice, ReadFrom};
use crate::topology::{Progress, StaleReason};

/// What the proxy does with reads while no replica is fresh (`reads.on-stale`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStale {
    /// The master answers them, up to its share.
    Master,
    /// The client gets `-MASTERDOWN`.
    Error,
    /// They wait for a replica to become fresh.
    Wait,
}

/// Where the reads of one session may go, and how old the data may be: the configuration of its
/// port, and what the session has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPolicy {
    /// What a read is guaranteed to see (`reads.consistency`).
    pub level: Level,
    /// `reads.from`. What counts for a read is [`Self::servers`].
    pub from: ReadFrom,
    /// `reads.max-lag`.
    pub max_lag: LagLimit,
    /// `reads.on-stale`.
    pub on_stale: OnStale,
    /// `reads.replica-serve-stale-data`.
    pub serve_stale: bool,
    /// A master that has not answered for so long, in milliseconds, is out of reach. After
    /// `reads.max-lag` no replica can be proven to be fresh, but before `topology.probe-timeout`
    /// the master may only be slow.
    pub silence_ms: u64,
}

impl ReadPolicy {
    /// The servers that may serve reads: only the master at the level `strong`.
    #[must_use]
    #[inline]
    pub fn servers(&self) -> ReadFrom {
        if self.level == Level::Strong { ReadFrom::Master } else { self.from }
    }

    /// The same policy at another level.
    #[must_use]
    pub const fn at(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// This policy of a port, for a session that has made `choice`.
    #[must_use]
    pub fn chosen(self, choice: &ReadChoice) -> Self {
        // READWRITE is a level, which PROXY NEXT may weaken for one request.
        let from = choice.from.filter(|from| *from != ReadFrom::Master);
        Self {
            level: choice.asked().unwrap_or(self.level),
            from: from.unwrap_or(self.from),
            max_lag: choice.max_lag.unwrap_or(self.max_lag),
            ..self
        }
    }

    /// Whether a read at a replica with this progress is sent to another server when the replica
    /// stops being fresh. Not if the replica is not fresh already, and a longer limit lets it serve.
    #[must_use]
    pub fn moves(&self, progress: &Progress, now_ms: u64) -> bool {
        self.max_lag == LagLimit::Published || progress.is_fresh(now_ms)
    }

    /// Whether a replica with this progress is fresh enough at `now_ms`.
    ///
    /// The monitor judges by `reads.max-lag`. Another limit is compared with the lag that is proven.
    /// It may be longer, but then the lag must be all that speaks against the replica.
    #[must_use]
    pub fn accepts(&self, progress: &Progress, now_ms: u64) -> bool {
        let only_lags = || {
            let reason = progress.stale_reason(now_ms);
            matches!(reason, None | Some(StaleReason::Lag | StaleReason::Rejoining))
                // The monitor may not have noted yet that the replica answers no more.
                && progress.silence_ms(now_ms).is_some_and(|silence| silence < self.silence_ms)
        };
        match self.max_lag {
            LagLimit::Published => progress.is_fresh(now_ms),
            LagLimit::Within(limit_ms) => {
                progress.lag_ms(now_ms).is_some_and(|lag| lag <= limit_ms) && only_lags()
            }
            LagLimit::Any => progress.is_fresh(now_ms) || only_lags(),
        }
    }
}
