//! Whether requests that need the master wait, and until when.

use std::time::Duration;

use crate::topology::{BackendId, Hold, HoldReason};
use tidegate_wire::units::millis;

/// Whether requests that need the master of one shard wait, and since when. Times are milliseconds
/// of the process's clock.
#[derive(Debug, Default)]
pub(in crate::monitor) struct FailoverWatch {
    /// When the first reason of the present hold came up.
    since_ms: Option<u64>,
    /// From when on the patience counts: the first sign, or the first one after an operator's hold.
    patience_from_ms: Option<u64>,
    /// The master to which requests were sent last.
    open_master: Option<BackendId>,
}

impl FailoverWatch {
    /// The hold at `now_ms`, given the reason that there is now. Requests wait for `patience`
    /// (`writes.failover-hold`) from the first sign on, or as long as an operator wants; signs that
    /// an operator's hold leaves behind begin anew. `master` is the published master: without
    /// patience, requests go there.
    pub(in crate::monitor) fn judge(
        &mut self,
        reason: Option<Reason>,
        patience: Duration,
        master: Option<BackendId>,
        now_ms: u64,
    ) -> Option<Hold> {
        let is_over = match reason {
            None => true,
            // Later the gate itself decides.
            Some(Reason::Sign(HoldReason::FewReplicas)) => self.is_over(patience, now_ms),
            Some(Reason::Sign(_)) => patience.is_zero() && master.is_some(),
            Some(Reason::Operator { .. }) => false,
        };
        let Some(reason) = reason.filter(|_| !is_over) else {
            self.since_ms = None;
            self.patience_from_ms = None;
            self.open_master = master.or(self.open_master);
            return None;
        };
        let since_ms = *self.since_ms.get_or_insert(now_ms);
        let until_ms = match reason {
            Reason::Sign(_) => {
                let from_ms = *self.patience_from_ms.get_or_insert(now_ms);
                from_ms.saturating_add(millis(patience))
            }
            Reason::Operator { until_ms } => {
                self.patience_from_ms = None;
                until_ms
            }
        };
        Some(Hold { reason: reason.shown(), since_ms, until_ms })
    }

    /// Whether `master` is another server than the one to which requests were sent last.
    pub(in crate::monitor) fn is_successor(&self, master: Option<BackendId>) -> bool {
        self.open_master.is_some() && master.is_some() && master != self.open_master
    }

    /// Whether requests have waited for `patience`.
    pub(in crate::monitor) fn is_over(&self, patience: Duration, now_ms: u64) -> bool {
        now_ms >= self.patience_from_ms.unwrap_or(now_ms).saturating_add(millis(patience))
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

impl Reason {
    /// The reason that is published for it.
    pub(in crate::monitor) const fn shown(self) -> HoldReason {
        match self {
            Self::Sign(reason) => reason,
            Self::Operator { .. } => HoldReason::Operator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Option<BackendId> = Some(BackendId(1));
    const TEN: Duration = Duration::from_secs(10);

    #[test]
    fn requests_wait_from_the_first_sign_to_the_last() {
        let mut watch = FailoverWatch::default();
        assert_eq!(watch.judge(None, TEN, A, 100), None);
        let announced = Some(Reason::Sign(HoldReason::Announced));
        let hold = watch.judge(announced, TEN, A, 200).expect("a sign");
        assert_eq!((hold.reason, hold.since_ms), (HoldReason::Announced, 200));
        assert_eq!(hold.until_ms, 10_200);
        let demoted = Some(Reason::Sign(HoldReason::Demoted));
        let hold = watch.judge(demoted, TEN, None, 900).expect("another sign");
        assert_eq!((hold.since_ms, hold.until_ms), (200, 10_200), "one failover");
        assert_eq!(watch.judge(None, TEN, A, 1_000), None);
        let next = watch.judge(demoted, TEN, A, 2_000).expect("another failover");
        assert_eq!(next.until_ms, 12_000);
    }

    #[test]
    fn requests_wait_until_the_new_master_has_enough_replicas_and_no_longer() {
        let mut watch = FailoverWatch::default();
        let (few, b) = (Some(Reason::Sign(HoldReason::FewReplicas)), Some(BackendId(2)));
        assert!(!watch.is_successor(A), "it is the first");
        assert_eq!(watch.judge(None, TEN, A, 100), None);
        assert!(!watch.is_successor(A) && !watch.is_successor(None) && watch.is_successor(b));
        let gone = Some(Reason::Sign(HoldReason::Unreachable));
        assert!(watch.judge(gone, TEN, None, 200).is_some() && watch.is_successor(b));
        assert_eq!(watch.judge(few, TEN, b, 300).map(|hold| hold.until_ms), Some(10_200));
        assert_eq!(watch.judge(few, TEN, b, 10_200), None, "the gate decides");
        assert!(!watch.is_successor(b));
        assert_eq!(watch.judge(few, TEN, A, 20_000).map(|hold| hold.since_ms), Some(20_000));
    }

    #[test]
    fn an_operators_hold_has_its_own_time() {
        let mut watch = FailoverWatch::default();
        let operator = Some(Reason::Operator { until_ms: 50_000 });
        let until = |hold: Option<Hold>| hold.map(|hold| (hold.until_ms, hold.gives_up_ms()));
        assert_eq!(until(watch.judge(operator, TEN, A, 100)), Some((50_000, 52_000)));
        let none = Duration::ZERO;
        assert_eq!(until(watch.judge(operator, none, A, 200)), Some((50_000, 52_000)));
    }

    #[test]
    fn signs_begin_anew_after_an_operators_hold() {
        let mut watch = FailoverWatch::default();
        let demoted = Some(Reason::Sign(HoldReason::Demoted));
        let few = Some(Reason::Sign(HoldReason::FewReplicas));
        let operator = Some(Reason::Operator { until_ms: 60_000 });
        assert_eq!(watch.judge(demoted, TEN, None, 100).map(|hold| hold.until_ms), Some(10_100));
        assert!(watch.judge(operator, TEN, A, 5_000).is_some());
        assert!(!watch.is_over(TEN, 50_000));
        let hold = watch.judge(demoted, TEN, None, 50_000).expect("a sign");
        assert_eq!((hold.since_ms, hold.until_ms), (100, 60_000));
        assert!(watch.judge(operator, TEN, A, 55_000).is_some());
        assert_eq!(watch.judge(few, TEN, A, 70_000).map(|hold| hold.until_ms), Some(80_000));
        assert_eq!(watch.judge(few, TEN, A, 80_000), None);
    }

    #[test]
    fn without_patience_a_master_gets_its_requests() {
        let mut watch = FailoverWatch::default();
        let silent = Some(Reason::Sign(HoldReason::Silent));
        assert_eq!(watch.judge(silent, Duration::ZERO, A, 100), None);
        let gone = watch.judge(silent, Duration::ZERO, None, 100).expect("no master");
        assert_eq!(gone.until_ms, 100, "refused at once");
    }
}
