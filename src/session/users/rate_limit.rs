//! How many requests and bytes the clients of a user may move each second.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How far ahead of its rate a user may be, in microseconds: a burst of this length passes at once.
const BURST_US: u64 = 100_000;
const SECOND_US: u64 = 1_000_000;

/// The limits of one user, for all its clients on all threads. What was moved is noted afterwards, and
/// the next requests wait until the rate permits them.
#[derive(Debug)]
pub struct RateLimit {
    requests: Option<Rate>,
    bytes: Option<Rate>,
}

/// So many units each second: when all that were noted would have passed at this rate.
#[derive(Debug)]
struct Rate {
    per_second: u64,
    passed_us: AtomicU64,
}

impl RateLimit {
    /// A limit of so many requests and bytes each second; `None` without any.
    #[must_use]
    pub fn new(requests: Option<u64>, bytes: Option<u64>) -> Option<Self> {
        let rate = |per_second| Rate { per_second, passed_us: AtomicU64::new(0) };
        let (requests, bytes) = (requests.map(rate), bytes.map(rate));
        (requests.is_some() || bytes.is_some()).then_some(Self { requests, bytes })
    }

    /// When the next request may begin, in microseconds of the process's clock; `None` at once.
    #[must_use]
    pub fn next_us(&self, now_us: u64) -> Option<u64> {
        let passed = |rate: &Rate| rate.passed_us.load(Relaxed).saturating_sub(BURST_US);
        let passed = self.requests.iter().chain(&self.bytes).map(passed).max()?;
        (passed > now_us).then_some(passed)
    }

    /// So many requests and bytes were moved.
    pub fn note(&self, requests: u64, bytes: u64, now_us: u64) {
        if let Some(rate) = &self.requests {
            rate.note(requests, now_us);
        }
        if let Some(rate) = &self.bytes {
            rate.note(bytes, now_us);
        }
    }
}

impl Rate {
    fn note(&self, units: u64, now_us: u64) {
        let takes_us = units.saturating_mul(SECOND_US) / self.per_second.max(1);
        // Units below a microsecond's worth count at random, so that their sum is right.
        let rest = units.saturating_mul(SECOND_US) % self.per_second.max(1);
        let takes_us = takes_us + u64::from(fastrand::u64(..self.per_second.max(1)) < rest);
        let later = |passed: u64| Some(passed.max(now_us).saturating_add(takes_us));
        // The function always returns a value.
        let _ = self.passed_us.fetch_update(Relaxed, Relaxed, later);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_holds_over_time_and_a_burst_passes_at_once() {
        assert!(RateLimit::new(None, None).is_none());
        let limit = RateLimit::new(Some(1_000), None).unwrap();
        let (mut now_us, mut passed) = (5 * SECOND_US, 0);
        while now_us < 15 * SECOND_US {
            match limit.next_us(now_us) {
                Some(next_us) => now_us = next_us,
                None => {
                    limit.note(1, 10_000, now_us);
                    passed += 1;
                }
            }
        }
        assert!((10_000..=10_200).contains(&passed), "{passed} in 10 s");
        let bytes = RateLimit::new(None, Some(1_000)).unwrap();
        bytes.note(1, 3_000, 0);
        assert_eq!(bytes.next_us(0), Some(3 * SECOND_US - BURST_US));
    }
}
