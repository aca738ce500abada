//! The replication history of the master, and what bounds of earlier histories mean in it.

use super::Bound;

/// The replication history of a shard's master.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Its number; 0 while no master is known, or none that names its history.
    pub number: u8,
    /// Its replication id (`master_replid`).
    pub replid: String,
    /// The history that it continues (`master_replid2`), and the last offset that they share.
    pub former: Option<(String, u64)>,
    /// How often its replication id has changed.
    turn: u32,
    /// The master's offset when it was first seen with a history that does not continue the one
    /// before: what was written before that is included in it, as far as it is not lost.
    base: u64,
}

impl History {
    /// The history of a master that reports `replid` at `offset`, and that it continues `former`
    /// (`master_replid2`, and the last shared offset).
    ///
    /// The offsets of a history that continues this one mean the same in both, so it keeps the
    /// number. Nothing is compared with offsets of any other. From the 255th history on they count as
    /// one, whose bounds may be too great and are never too small.
    #[must_use]
    pub fn follow(&self, replid: &str, former: Option<(&str, u64)>, offset: u64) -> Self {
        let continues = former.is_some_and(|(replid, _)| replid == self.replid);
        let is_same = self.number > 0 && (replid == self.replid || continues);
        let former = former.map(|(replid, end)| (replid.to_owned(), end));
        let turn = self.turn.wrapping_add(u32::from(replid != self.replid));
        let replid = replid.to_owned();
        if is_same {
            return Self { replid, former, turn, ..self.clone() };
        }
        Self { number: self.number.saturating_add(1), replid, former, turn, base: offset }
    }

    /// Whether a master is known that names its history.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.number > 0
    }

    /// A number that is another one under each replication id. What a server was known to have
    /// reached before the id changed proves nothing afterwards: it may have reached data that the new
    /// master lacks, and have thrown them away since.
    #[must_use]
    pub const fn turn(&self) -> u32 {
        self.turn
    }

    /// The place `offset` of this history.
    #[must_use]
    pub const fn at(&self, offset: u64) -> Bound {
        Bound::new(self.number, offset)
    }

    /// What `bound` means in this history.
    #[must_use]
    pub fn requires(&self, bound: Bound) -> Bound {
        if bound.is_none() || bound.history() >= self.number {
            return bound;
        }
        self.at(self.base)
    }

    /// The bound of the place `offset` in the history `replid`, which another proxy may have named.
    /// `None` if this one does not have it: it is no part of this history, or was lost.
    #[must_use]
    pub fn locate(&self, replid: &str, offset: u64) -> Option<Bound> {
        if !self.is_known() {
            return None;
        }
        let is_shared = |(former, end): &(String, u64)| former == replid && offset <= *end;
        let is_part = self.replid == replid || self.former.as_ref().is_some_and(is_shared);
        is_part.then(|| self.at(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_that_continues_another_keeps_its_offsets() {
        let first = History::default().follow("a", None, 100);
        let second = first.follow("b", Some(("a", 150)), 160);
        assert_eq!((first.number, second.number), (1, 1));
        assert_eq!(second.requires(first.at(140)), second.at(140));
        assert_eq!(second.locate("a", 150), Some(second.at(150)));
        assert_eq!(second.locate("a", 151), None, "the new master lacks it");
        assert_eq!(second.locate("b", 151), Some(second.at(151)));
        assert_eq!(second.locate("c", 1), None);
    }

    #[test]
    fn in_another_history_every_earlier_bound_means_its_beginning() {
        let first = History::default().follow("a", None, 1_000_000);
        let second = first.follow("x", None, 30);
        assert_eq!(second.number, 2);
        assert_eq!(second.requires(first.at(5)), second.at(30));
        assert_eq!(second.requires(Bound::NONE), Bound::NONE);
        assert_eq!(first.requires(second.at(1)), second.at(1), "of a history that comes later");
        assert!(second.at(1) > first.at(u64::MAX));
    }

    #[test]
    fn histories_without_end_are_not_taken_for_earlier_ones() {
        let mut history = History::default();
        for number in 0..1_000u64 {
            history = history.follow(&number.to_string(), None, number);
        }
        assert_eq!(history.number, u8::MAX);
        assert_eq!(history.locate("x", 1), None);
        assert_eq!(History::default().locate("", 1), None);
    }
}
