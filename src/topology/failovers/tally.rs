//! How many failovers there were, and what they have lost.

use super::failover::{Cause, Failover};

/// The failovers since the start, and the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failovers {
    /// The number for each of [`Cause::ALL`].
    by_cause: [u64; Cause::ALL.len()],
    /// Those whose new master is known to lack bytes.
    pub with_loss: u64,
    /// Those of which nothing shows whether writes were lost.
    pub unverified: u64,
    /// The bytes that are known to be lost.
    pub lost_bytes: u64,
    /// The last one.
    pub last: Option<Failover>,
}

impl Failovers {
    /// The number of failovers with this cause.
    #[must_use]
    pub fn of(&self, cause: Cause) -> u64 {
        Cause::ALL.iter().zip(self.by_cause).find(|(it, _)| **it == cause).map_or(0, |it| it.1)
    }

    /// The number of failovers.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.by_cause.iter().sum()
    }

    /// Counts a failover, which is the last one now. Its loss is counted with [`Self::revise`].
    /// Returns its number.
    pub(super) fn add(&mut self, failover: &Failover) -> u64 {
        for (cause, count) in Cause::ALL.iter().zip(&mut self.by_cause) {
            *count += u64::from(*cause == failover.cause);
        }
        self.unverified += u64::from(failover.loss.bytes().is_none());
        self.last = Some(failover.clone());
        self.count()
    }

    /// Counts what the failover with this number is known to have lost now; `before` is what was
    /// counted for it.
    pub(super) fn revise(&mut self, number: u64, failover: &Failover, before: u64) {
        let bytes = failover.loss.bytes().unwrap_or(0);
        self.with_loss += u64::from(before == 0 && bytes > 0);
        self.lost_bytes += bytes.saturating_sub(before);
        if number == self.count() {
            self.last = Some(failover.clone());
        }
    }
}
