//! The state of a backend that changes all the time: all threads share it, and read it without a
//! lock.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::{Fence, Progress, TouchBudget};

/// The first rest after a failure, in milliseconds.
const REST_MIN_MS: u64 = 100;
/// The longest rest.
const REST_MAX_MS: u64 = 5_000;

/// The state of a backend that all threads share. Times are milliseconds of the process's clock,
/// and are given by the caller.
#[derive(Debug, Default)]
pub struct Health {
    resting_until_ms: AtomicU64,
    failures: AtomicU32,
    latency_us: AtomicU64,
    /// Keeps the replies of a deposed master from clients.
    pub fence: Fence,
    /// Its replication offset, and until when it is fresh.
    pub progress: Progress,
    /// The connections and requests of all workers.
    pub load: SharedLoad,
    /// The keys that may be touched there.
    pub touches: TouchBudget,
}

/// The connections and requests of all workers. At each tick a worker adds its changes.
#[derive(Debug, Default)]
pub struct SharedLoad {
    in_flight: AtomicI64,
    connections: AtomicI64,
    reconnects: AtomicU64,
}

impl SharedLoad {
    /// Adds a worker's changes.
    pub fn add(&self, in_flight: i64, connections: i64) {
        self.in_flight.fetch_add(in_flight, Relaxed);
        self.connections.fetch_add(connections, Relaxed);
    }

    /// Adds connections that were opened in place of lost ones.
    pub fn add_reconnects(&self, count: u64) {
        self.reconnects.fetch_add(count, Relaxed);
    }

    /// Connections that were opened in place of lost ones.
    pub fn reconnects(&self) -> u64 {
        self.reconnects.load(Relaxed)
    }

    /// Requests under way.
    pub fn in_flight(&self) -> i64 {
        self.in_flight.load(Relaxed).max(0)
    }

    /// Open connections.
    pub fn connections(&self) -> i64 {
        self.connections.load(Relaxed).max(0)
    }
}

impl Health {
    /// Whether it gets no reads for the moment, because it failed.
    pub fn is_resting(&self, now_ms: u64) -> bool {
        self.resting_until_ms.load(Relaxed) > now_ms
    }

    /// Notes that it failed a request or could not be reached. It rests, longer each time, with
    /// jitter so that workers and proxies do not come back together. True if it was not resting.
    pub fn failed(&self, now_ms: u64, jitter: f64) -> bool {
        if self.is_resting(now_ms) {
            return false;
        }
        let failures = self.failures.fetch_add(1, Relaxed).min(16);
        let rest = Duration::from_millis((REST_MIN_MS << failures).min(REST_MAX_MS));
        let rest = rest.mul_f64(0.75 + jitter.clamp(0.0, 1.0) / 2.0).as_millis();
        let until = now_ms.saturating_add(u64::try_from(rest).unwrap_or(REST_MAX_MS));
        self.resting_until_ms.store(until, Relaxed);
        true
    }

    /// Notes that it answered, so that the next rest is a short one again. True if it had failed
    /// before.
    pub fn answered(&self) -> bool {
        if self.failures.load(Relaxed) == 0 {
            return false;
        }
        self.failures.store(0, Relaxed);
        self.resting_until_ms.store(0, Relaxed);
        true
    }

    /// Takes a reply time into the moving average (an eighth of each new sample).
    pub fn observe_latency(&self, sample_us: u64) {
        let old = self.latency_us.load(Relaxed);
        let new = if old == 0 { sample_us } else { old - old / 8 + sample_us / 8 };
        self.latency_us.store(new.max(1), Relaxed);
    }

    /// The moving average of reply times in microseconds; 0 before the first.
    pub fn latency_us(&self) -> u64 {
        self.latency_us.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_get_longer_and_end_with_an_answer() {
        let health = Health::default();
        assert!(health.failed(1_000, 0.5));
        assert!(health.is_resting(1_099) && !health.is_resting(1_100));
        assert!(!health.failed(1_050, 0.5), "one failure, however many workers report it");
        assert!(health.failed(2_000, 0.5));
        assert!(health.is_resting(2_199) && !health.is_resting(2_200));
        for n in 0..60 {
            health.failed(10_000 * (n + 1), 0.5);
        }
        assert!(!health.is_resting(605_000));
        assert!(health.answered() && !health.answered());
        assert!(!health.is_resting(600_001));
    }
}
