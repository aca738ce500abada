//! When everybody is asked how far they have come.

use std::time::Duration;

use tokio::time::Instant;

/// Beats per `probe-period`.
const PER_PERIOD: u32 = 4;

/// Four beats per `probe-period`: the master is asked at each, everybody else at every fourth. What
/// a replica is proven to have depends on when the master was asked before, so asking the master
/// more often makes the proof closer without troubling the replicas.
#[derive(Debug)]
pub(super) struct Beat {
    next: Instant,
    count: u32,
}

impl Beat {
    pub(super) fn new(now: Instant) -> Self {
        Self { next: now, count: 0 }
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// The period may be another one now: a shorter one is not waited for.
    pub(super) fn keep_to(&mut self, now: Instant, period: Duration) {
        self.next = self.next.min(now + period / PER_PERIOD);
    }

    /// It is due: true if everybody is to be asked. Beats that were missed are not made up for.
    pub(super) fn strike(&mut self, now: Instant, period: Duration) -> bool {
        let pause = period / PER_PERIOD;
        self.next = (self.next + pause).max(now + pause / 2);
        let everybody = self.count == 0;
        self.count = (self.count + 1) % PER_PERIOD;
        everybody
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fourth_beat_is_for_everybody() {
        let (start, period) = (Instant::now(), Duration::from_millis(100));
        let mut beat = Beat::new(start);
        let heard: Vec<bool> = (0..8).map(|_| beat.strike(beat.next(), period)).collect();
        assert_eq!(heard, [true, false, false, false, true, false, false, false]);
        assert_eq!(beat.next(), start + period * 2);
        beat.strike(start + period * 7, period);
        assert_eq!(beat.next(), start + period * 7 + period / 8, "late is late");
        beat.keep_to(start + period * 7, period * 9);
        assert_eq!(beat.next(), start + period * 7 + period / 8);
        beat.keep_to(start + period * 7, period / 5);
        assert_eq!(beat.next(), start + period * 7 + period / 20);
    }
}
