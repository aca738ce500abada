//! The pause between a task's failure and its restart.

use std::time::{Duration, Instant};

/// The pause after the first failure; it doubles with each failure that follows soon.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// After this time without a failure the pauses begin again with the shortest.
const STEADY: Duration = Duration::from_secs(60);

/// The pauses of one task.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pauses {
    began: Instant,
    /// Failures in a row, without a steady time between them.
    row: u32,
}

impl Pauses {
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, row: 0 }
    }

    /// Notes that the task was started.
    pub(super) fn begin(&mut self, now: Instant) {
        self.began = now;
    }

    /// Notes that the task failed. Returns the failures in a row, and the pause before the restart.
    pub(super) fn failed(&mut self, now: Instant) -> (u32, Duration) {
        if now.saturating_duration_since(self.began) >= STEADY {
            self.row = 0;
        }
        let pause = PAUSE_MIN.saturating_mul(1 << self.row.min(16)).min(PAUSE_MAX);
        self.row = self.row.saturating_add(1);
        (self.row, pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_until_the_task_is_steady() {
        let start = Instant::now();
        let mut pauses = Pauses::new(start);
        let millis: Vec<_> = (0..9).map(|_| pauses.failed(start).1.as_millis()).collect();
        assert_eq!(millis, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        pauses.begin(start + STEADY);
        assert_eq!(pauses.failed(start + STEADY * 2), (1, PAUSE_MIN));
    }
}
