//! When everybody is asked how far they have come.

use std::time::Duration;

use tokio::time::Instant;

/// Two beats per `probe-period`: the master is asked at each, everybody else at every other. What
/// a replica is proven to have depends on when the master was asked before, so asking the master
/// more often makes the proof closer without troubling the replicas.
#[derive(Debug)]
pub(super) struct Beat {
    next: Instant,
    count: u64,
}

impl Beat {
    pub(super) fn new(now: Instant) -> Self {
        Self { next: now, count: 0 }
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// It is due: true if everybody is to be asked. Beats that were missed are not made up for.
    pub(super) fn strike(&mut self, now: Instant, period: Duration) -> bool {
        self.next = (self.next + period / 2).max(now + period / 4);
        self.count += 1;
        self.count % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_beat_is_for_everybody() {
        let (start, period) = (Instant::now(), Duration::from_millis(100));
        let mut beat = Beat::new(start);
        assert!(beat.strike(start, period) && !beat.strike(beat.next(), period));
        assert_eq!(beat.next(), start + period);
        assert!(beat.strike(start + period * 7, period));
        assert_eq!(beat.next(), start + period * 7 + period / 4, "late is late");
    }
}
