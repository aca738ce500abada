//! How long a task rests after a fall.

use std::time::{Duration, Instant};

/// The pause after the first fall; it doubles with each that follows soon.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// A task that ran for this long was well: what happens later is another matter.
const STEADY: Duration = Duration::from_secs(60);

/// The pauses of one task.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pauses {
    began: Instant,
    /// Falls in a row, none of them after a steady time.
    row: u32,
}

impl Pauses {
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, row: 0 }
    }

    /// The task is started.
    pub(super) fn begin(&mut self, now: Instant) {
        self.began = now;
    }

    /// The task fell: how often in a row, and how long it rests now.
    pub(super) fn fell(&mut self, now: Instant) -> (u32, Duration) {
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
        let millis: Vec<_> = (0..9).map(|_| pauses.fell(start).1.as_millis()).collect();
        assert_eq!(millis, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        pauses.begin(start + STEADY);
        assert_eq!(pauses.fell(start + STEADY * 2), (1, PAUSE_MIN));
    }
}
