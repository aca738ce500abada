//! How far a history must have been applied.

/// A place in a numbered replication history: the data of a server that has reached it includes
/// everything up to it.
///
/// Histories are numbered in the order in which the monitor meets them, so the bounds of a later
/// history are greater than those of all earlier ones. [`History`](super::History) says what a bound
/// of an earlier history means in a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bound(u64);

/// The bits of the offset: 72 petabytes of replication stream.
const OFFSET_BITS: u32 = 56;
const OFFSET_MAX: u64 = (1 << OFFSET_BITS) - 1;

impl Bound {
    /// What every server's data includes.
    pub const NONE: Self = Self(0);

    /// More than every bound: what the master's data include.
    pub const ALL: Self = Self(u64::MAX);

    /// The place `offset` of the history with this number, from 1 on. An offset beyond 2^56 counts
    /// as 2^56.
    #[must_use]
    pub const fn new(history: u8, offset: u64) -> Self {
        let offset = if offset < OFFSET_MAX { offset } else { OFFSET_MAX };
        Self((history as u64) << OFFSET_BITS | offset)
    }

    /// The bound with this representation.
    pub(super) const fn of_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Its representation, which has the same order.
    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    /// Whether every server's data includes it.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The number of its history; 0 for [`Self::NONE`].
    #[must_use]
    pub const fn history(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// The offset in its history.
    #[must_use]
    pub const fn offset(self) -> u64 {
        self.0 & OFFSET_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_history_is_greater_than_any_offset_of_an_earlier_one() {
        let bound = Bound::new(3, 77);
        assert_eq!((bound.history(), bound.offset()), (3, 77));
        assert!(Bound::new(2, u64::MAX) < Bound::new(3, 0) && Bound::new(3, 0) < bound);
        assert!(Bound::NONE.is_none() && Bound::NONE < Bound::new(1, 0));
        assert_eq!(Bound::new(255, u64::MAX).offset(), OFFSET_MAX);
    }
}
