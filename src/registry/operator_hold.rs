//! `PROXY HOLD`: requests that need the master wait until an operator lets them go.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// The hold that an operator has begun. Times are milliseconds of the process's clock.
#[derive(Debug, Default)]
pub struct OperatorHold {
    until_ms: AtomicU64,
}

impl OperatorHold {
    /// Requests wait until `until_ms`, in place of any time set before.
    pub fn begin(&self, until_ms: u64) {
        self.until_ms.store(until_ms, SeqCst);
    }

    /// Ends the hold; false if there was none at `now_ms`.
    pub fn end(&self, now_ms: u64) -> bool {
        self.until_ms.swap(0, SeqCst) > now_ms
    }

    /// Until when requests wait, if they do so at `now_ms`.
    #[must_use]
    pub fn until(&self, now_ms: u64) -> Option<u64> {
        Some(self.until_ms.load(SeqCst)).filter(|until_ms| *until_ms > now_ms)
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
}
