//! PROXY HOLD and PROXY FAILOVER: requests that need the master wait while an operator wants it.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// The holds that operators have begun. Times are milliseconds of the process's clock.
///
/// A PROXY FAILOVER inside a PROXY HOLD ends its own hold only.
#[derive(Debug, Default)]
pub struct OperatorHold {
    /// The end of PROXY HOLD.
    until_ms: AtomicU64,
    /// The latest end of the hold of a PROXY FAILOVER that is under way.
    failover_until_ms: AtomicU64,
}

impl OperatorHold {
    /// Requests wait until `until_ms`, in place of any time that PROXY HOLD set before.
    pub fn begin(&self, until_ms: u64) {
        self.until_ms.store(until_ms, SeqCst);
    }

    /// Ends PROXY HOLD; false if there was none at `now_ms`.
    pub fn end(&self, now_ms: u64) -> bool {
        self.until_ms.swap(0, SeqCst) > now_ms
    }

    /// Requests wait until `until_ms` for a failover that is under way.
    pub fn begin_failover(&self, until_ms: u64) {
        self.failover_until_ms.store(until_ms, SeqCst);
    }

    /// Ends the hold of a failover.
    pub fn end_failover(&self) {
        self.failover_until_ms.store(0, SeqCst);
    }

    /// Until when requests wait, if they do so at `now_ms`.
    #[must_use]
    pub fn until(&self, now_ms: u64) -> Option<u64> {
        let until_ms = self.until_ms.load(SeqCst).max(self.failover_until_ms.load(SeqCst));
        Some(until_ms).filter(|until_ms| *until_ms > now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_ends_by_itself_or_by_an_operator() {
        let hold = OperatorHold::default();
        assert_eq!((hold.until(0), hold.end(0)), (None, false));
        hold.begin(50);
        assert_eq!((hold.until(49), hold.until(50)), (Some(50), None));
        hold.begin(20);
        assert_eq!(hold.until(10), Some(20), "the last one counts");
        assert!(hold.end(10) && !hold.end(10));
        assert_eq!(hold.until(10), None);
    }

    #[test]
    fn a_failover_ends_its_own_hold_only() {
        let hold = OperatorHold::default();
        hold.begin(50);
        hold.begin_failover(70);
        assert_eq!((hold.until(49), hold.until(60)), (Some(70), Some(70)));
        hold.end_failover();
        assert_eq!((hold.until(49), hold.until(60)), (Some(50), None));
        hold.begin_failover(70);
        assert!(hold.end(10));
        assert_eq!(hold.until(10), Some(70));
    }
}
