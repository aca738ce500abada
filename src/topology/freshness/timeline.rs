//! Where the master's replication offset was, and when.

use std::collections::VecDeque;

/// The most moments that are kept. When there are more, every other one of the older half is
/// removed: for old moments a precision of a tenth of a second is not needed.
const MOMENTS_MAX: usize = 4096;

/// A moment at which the master's offset was not beyond `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    offset: u64,
    at_ms: u64,
}

/// Samples of one master's offset, of one history, oldest first; offsets rise.
#[derive(Debug, Default)]
pub struct Timeline(VecDeque<Moment>);

impl Timeline {
    /// The master answered `offset` to a question that was sent at `sent_ms`. Offsets only rise,
    /// so at that moment it was not beyond this one.
    pub fn push(&mut self, offset: u64, sent_ms: u64) {
        match self.0.back_mut() {
            // An offset that falls is another history, whatever its replid says.
            Some(last) if offset < last.offset => self.0.clear(),
            // Nothing was written since: what had reached the offset then has all of it now.
            Some(last) if offset == last.offset => {
                last.at_ms = last.at_ms.max(sent_ms);
                return;
            }
            _ => {}
        }
        if self.0.len() >= MOMENTS_MAX {
            self.thin_out();
        }
        self.0.push_back(Moment { offset, at_ms: sent_ms });
    }

    /// The last moment whose data is complete up to `offset`; `None` if that was before the first.
    #[must_use]
    pub fn proven_ms(&self, offset: u64) -> Option<u64> {
        let beyond = self.0.partition_point(|moment| moment.offset <= offset);
        beyond.checked_sub(1).map(|at| self.0[at].at_ms)
    }

    /// The master's offset in its last answer.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.0.back().map(|moment| moment.offset)
    }

    /// When the last question was sent that the master answered.
    #[must_use]
    pub fn heard_ms(&self) -> Option<u64> {
        self.0.back().map(|moment| moment.at_ms)
    }

    /// Forgets everything, because the master or its history is another one now.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn thin_out(&mut self) {
        let half = self.0.len() / 2;
        let mut at = 0;
        self.0.retain(|_| {
            at += 1;
            at > half || at % 2 == 1
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tells_when_an_offset_was_complete() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.proven_ms(u64::MAX), None);
        for (offset, at) in [(100, 10), (200, 20), (200, 30), (300, 40)] {
            timeline.push(offset, at);
        }
        let proven = |offset| timeline.proven_ms(offset);
        assert_eq!([proven(99), proven(100), proven(199)], [None, Some(10), Some(10)]);
        assert_eq!([proven(200), proven(299)], [Some(30), Some(30)]);
        assert_eq!([proven(300), proven(9999)], [Some(40), Some(40)]);
    }

    #[test]
    fn a_falling_offset_is_another_history() {
        let mut timeline = Timeline::default();
        timeline.push(500, 10);
        timeline.push(100, 20);
        assert_eq!((timeline.proven_ms(600), timeline.offset()), (Some(20), Some(100)));
        assert_eq!(timeline.proven_ms(99), None);
    }

    proptest! {
        /// Compares the timeline with a list of all moments: it never returns a later one.
        #[test]
        fn never_claims_more_than_is_true(
            steps in prop::collection::vec((0_u64..5, 1_u64..100), 1..9000),
            asked in 0_u64..20_000,
        ) {
            let (mut timeline, mut truth) = (Timeline::default(), Vec::new());
            let (mut offset, mut now) = (0, 0);
            for (bytes, pause) in steps {
                offset += bytes;
                now += pause;
                timeline.push(offset, now);
                truth.push((offset, now));
            }
            let last = truth.iter().rev().find(|(at, _)| *at <= asked).map(|(_, when)| *when);
            let found = timeline.proven_ms(asked);
            prop_assert!(found <= last, "{found:?} {last:?}");
            prop_assert!(timeline.0.len() <= MOMENTS_MAX);
            prop_assert_eq!(timeline.proven_ms(offset), Some(now));
        }
    }
}
