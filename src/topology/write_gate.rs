//! The write gate: whether enough replicas are in sync for writes to be sent.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Whether enough replicas are in sync for writes to be sent. The monitor writes it, workers read it
/// once per batch of requests. Times are milliseconds of the process's clock.
#[derive(Debug)]
pub struct WriteGate {
    open_until_ms: AtomicU64,
    good: AtomicU32,
    wanted: AtomicU32,
}

impl Default for WriteGate {
    /// A gate that requires no replica.
    fn default() -> Self {
        Self {
            open_until_ms: AtomicU64::new(u64::MAX),
            good: AtomicU32::new(0),
            wanted: AtomicU32::new(0),
        }
    }
}

impl WriteGate {
    /// Judges the gate. `good_until_ms` has, for every replica that is attached to the master,
    /// until when it is proven to be in sync. The gate is open while `wanted` of them are.
    pub fn judge(&self, wanted: u32, good_until_ms: &mut [u64], now_ms: u64) {
        good_until_ms.sort_unstable_by(|a, b| b.cmp(a));
        let open_until = match (wanted as usize).checked_sub(1) {
            None => u64::MAX,
            Some(last) => good_until_ms.get(last).copied().unwrap_or(0),
        };
        let good = good_until_ms.iter().filter(|until| **until > now_ms).count();
        self.good.store(u32::try_from(good).unwrap_or(u32::MAX), Relaxed);
        self.wanted.store(wanted, Relaxed);
        self.open_until_ms.store(open_until, Relaxed);
    }

    /// Whether writes may be sent at `now_ms`. The proofs that keep the gate open expire by
    /// themselves.
    #[must_use]
    pub fn is_open(&self, now_ms: u64) -> bool {
        now_ms < self.open_until_ms.load(Relaxed)
    }

    /// How many replicas keep up at `now_ms`: as many as when the gate was judged last, and fewer
    /// than it requires once the proofs that kept it open have run out.
    #[must_use]
    pub fn good(&self, now_ms: u64) -> u32 {
        let good = self.good.load(Relaxed);
        if self.is_open(now_ms) { good } else { good.min(self.wanted().saturating_sub(1)) }
    }

    /// How many replicas it requires (`min-replicas-to-write`).
    #[must_use]
    pub fn wanted(&self) -> u32 {
        self.wanted.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_open_while_enough_keep_up() {
        let gate = WriteGate::default();
        assert!(gate.is_open(u64::MAX - 1));
        gate.judge(2, &mut [300, 0, 500], 100);
        assert!(gate.is_open(299) && !gate.is_open(300));
        assert_eq!((gate.good(299), gate.good(300), gate.wanted()), (2, 1, 2));
        gate.judge(2, &mut [900], 100);
        assert!(!gate.is_open(0));
        gate.judge(0, &mut [], 100);
        assert!(gate.is_open(1 << 60));
    }
}
