//! Whether requests that need the master wait, and until when.

use std::time::Duration;

use crate::topology::{Hold, HoldReason};
use tidegate_wire::units::millis;

/// Whether requests that need the master of one shard wait, and since when. Times are milliseconds
/// of the process's clock.
#[derive(Debug, Default)]
pub(in crate::monitor) struct FailoverWatch {
    /// When the first reason of the present hold came up.
    since_ms: Option<u64>,
}

impl FailoverWatch {
    /// The hold at `now_ms`, given the reason that there is now. Requests wait for `patience`
    /// (`writes.failover-hold`) from the first reason on, or as long as an operator wants.
    /// `has_master` is whether a master is published: without patience, requests go there.
    pub(in crate::monitor) fn judge(
        &mut self,
        reason: Option<Reason>,
        (patience, has_master): (Duration, bool),
        now_ms: u64,
    ) -> Option<Hold> {
        let is_over = match reason {
            None => true,
            Some(Reason::Sign(_)) => patience.is_zero() && has_master,
            Some(Reason::Operator { .. }) => false,
        };
        let Some(reason) = reason.filter(|_| !is_over) else {
            self.since_ms = None;
            return None;
        };
        let since_ms = *self.since_ms.get_or_insert(now_ms);
        let until_ms = since_ms.saturating_add(millis(patience));
        Some(match reason {
            Reason::Sign(reason) => Hold { reason, since_ms, until_ms },
            Reason::Operator { until_ms } => {
                Hold { reason: HoldReason::Operator, since_ms, until_ms }
            }
        })
    }
}

/// Why requests wait at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::monitor) enum Reason {
    /// The servers or Sentinels show it.
    Sign(HoldReason),
    /// An operator wants it until this time.
    Operator {
        /// The time at which it ends by itself.
        until_ms: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: (Duration, bool) = (Duration::from_secs(10), true);

    #[test]
    fn requests_wait_from_the_first_sign_to_the_last() {
        let mut watch = FailoverWatch::default();
        assert_eq!(watch.judge(None, TEN, 100), None);
        let announced = Some(Reason::Sign(HoldReason::Announced));
        let hold = watch.judge(announced, TEN, 200).expect("a sign");
        assert_eq!((hold.reason, hold.since_ms), (HoldReason::Announced, 200));
        assert_eq!(hold.until_ms, 10_200);
        let demoted = Some(Reason::Sign(HoldReason::Demoted));
        let hold = watch.judge(demoted, (TEN.0, false), 900).expect("another sign");
        assert_eq!((hold.since_ms, hold.until_ms), (200, 10_200), "one failover");
        assert_eq!(watch.judge(None, TEN, 1_000), None);
        let next = watch.judge(demoted, TEN, 2_000).expect("another failover");
        assert_eq!(next.until_ms, 12_000);
    }

    #[test]
    fn an_operators_hold_has_its_own_time() {
        let mut watch = FailoverWatch::default();
        let operator = Some(Reason::Operator { until_ms: 50_000 });
        assert_eq!(watch.judge(operator, TEN, 100).map(|hold| hold.until_ms), Some(50_000));
        let none = (Duration::ZERO, true);
        assert_eq!(watch.judge(operator, none, 200).map(|hold| hold.until_ms), Some(50_000));
    }

    #[test]
    fn without_patience_a_master_gets_its_requests() {
        let mut watch = FailoverWatch::default();
        let silent = Some(Reason::Sign(HoldReason::Silent));
        assert_eq!(watch.judge(silent, (Duration::ZERO, true), 100), None);
        let gone = watch.judge(silent, (Duration::ZERO, false), 100).expect("no master");
        assert_eq!(gone.until_ms, 100, "refused at once");
    }
}
