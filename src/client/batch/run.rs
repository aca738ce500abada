//! Adjacent requests of one batch that leave in one piece.

use crate::consistency::Bound;
use crate::routing::Target;

/// Adjacent requests of one batch that leave in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) struct Run {
    /// The target of the first one.
    pub(in crate::client) target: Target,
    /// Where they begin in the batch's buffer.
    pub(in crate::client) start: usize,
    /// Where they end.
    pub(in crate::client) end: usize,
    /// How many they are.
    pub(in crate::client) count: u32,
    /// How many of them are writes.
    pub(in crate::client) writes: u32,
    /// What the server's data must include; none if they are known to.
    pub(in crate::client) minimum: Bound,
    /// Whether the client wants the replies.
    pub(in crate::client) shown: bool,
}

impl Run {
    /// A run of one request.
    #[inline]
    pub(in crate::client) fn new(target: Target, start: usize, end: usize, shown: bool) -> Self {
        let (writes, minimum) = (u32::from(target == Target::Write), Bound::NONE);
        Self { target, start, end, count: 1, writes, minimum, shown }
    }

    /// Adds the next request; false where it does not fit this run. `mixes_writes`: reads and
    /// writes at the master may share a run, because replies to writes need no treatment of their
    /// own.
    #[inline]
    pub(in crate::client) fn add(&mut self, next: &Self, mixes_writes: bool) -> bool {
        let joins = self.target == next.target
            || mixes_writes && self.target.is_master() && next.target.is_master();
        // Reads that the server surely can answer do not share the fate of those that it may not.
        let joins = joins && self.minimum.is_none() == next.minimum.is_none();
        let fits = joins && self.shown == next.shown && self.end == next.start;
        if fits {
            self.minimum = self.minimum.max(next.minimum);
            self.end = next.end;
            self.count += next.count;
            self.writes += next.writes;
        }
        fits
    }

    /// How many reads it has that the engine may answer in place.
    #[inline]
    pub(in crate::client) const fn embedded_reads(&self) -> u32 {
        if matches!(self.target, Target::EmbeddedRead) { self.count } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjacent_requests_to_one_server_leave_in_one_piece() {
        let mut run = Run::new(Target::Master, 0, 10, true);
        assert!(run.add(&Run::new(Target::Write, 10, 15, true), true));
        assert_eq!((run.start, run.end, run.count, run.writes), (0, 15, 2, 1));
        let before = run;
        assert!(!run.add(&Run::new(Target::Read, 15, 20, true), true), "another server");
        assert!(!run.add(&Run::new(Target::Write, 16, 20, true), true), "not adjacent");
        assert!(!run.add(&Run::new(Target::Write, 15, 20, false), true), "without a reply");
        assert!(!run.add(&Run::new(Target::Write, 15, 20, true), false), "waits for replicas");
        assert_eq!(run, before);
    }

    #[test]
    fn only_reads_for_the_engine_are_answered_in_place() {
        let mut run = Run::new(Target::EmbeddedRead, 0, 10, true);
        assert!(run.add(&Run::new(Target::EmbeddedRead, 10, 20, true), false));
        assert_eq!(run.embedded_reads(), 2);
        assert_eq!(Run::new(Target::Read, 0, 10, true).embedded_reads(), 0);
    }
}
