//! When each server is asked for its replication offset.

use std::time::Duration;

use tokio::time::Instant;

use crate::topology::BackendId;

/// Beats per `probe-period`.
const PER_PERIOD: u32 = 4;

/// Four beats per `probe-period`. The master is asked at each of them, every other server at one of
/// four. The servers are spread over the beats, so that a change among them is heard sooner. The
/// proof of a replica's data depends on when the master was asked before it: asking the master more
/// often makes the proof tighter, and costs the replicas nothing.
#[derive(Debug)]
pub(super) struct Beat {
    next: Instant,
    count: u32,
}

impl Beat {
    /// The first beat is due at once.
    pub(super) fn new(now: Instant) -> Self {
        Self { next: now, count: 0 }
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Notes the period, which a reload may have changed. A shorter one applies at once.
    pub(super) fn keep_to(&mut self, now: Instant, period: Duration) {
        self.next = self.next.min(now + period / PER_PERIOD);
    }

    /// Begins the beat that is due, and returns its number within the period. Missed beats are
    /// skipped.
    pub(super) fn advance(&mut self, now: Instant, period: Duration) -> u32 {
        let pause = period / PER_PERIOD;
        self.next = (self.next + pause).max(now + pause / 2);
        let number = self.count;
        self.count = (self.count + 1) % PER_PERIOD;
        number
    }

    /// Whether server `id` is asked at the beat of this number.
    pub(super) const fn is_for(number: u32, id: BackendId) -> bool {
        id.0 % PER_PERIOD == number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_has_one_beat_of_four() {
        let (start, period) = (Instant::now(), Duration::from_millis(100));
        let mut beat = Beat::new(start);
        let heard: Vec<u32> = (0..8).map(|_| beat.advance(beat.next(), period)).collect();
        assert_eq!(heard, [0, 1, 2, 3, 0, 1, 2, 3]);
        let asked = |id| (0..4).filter(|number| Beat::is_for(*number, BackendId(id))).count();
        assert!((0..9).all(|id| asked(id) == 1));
        assert_eq!(beat.next(), start + period * 2);
        beat.advance(start + period * 7, period);
        assert_eq!(beat.next(), start + period * 7 + period / 8, "late is late");
        beat.keep_to(start + period * 7, period * 9);
        assert_eq!(beat.next(), start + period * 7 + period / 8);
        beat.keep_to(start + period * 7, period / 5);
        assert_eq!(beat.next(), start + period * 7 + period / 20);
    }
}
