//! A place in a replication history.

use std::fmt;

/// A place in a replication history: the number of bytes up to there. The first byte of the stream
/// has offset 1. Never beyond what servers can count to (`i64::MAX`); arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplOffset(u64);

impl ReplOffset {
    /// The last offset that servers can show.
    pub const MAX: Self = Self(i64::MAX as u64);

    /// Returns the offset `bytes` from the start of the history.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        if bytes < Self::MAX.0 { Self(bytes) } else { Self::MAX }
    }

    /// The number of bytes from the start of the history.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the offset `bytes` further on.
    #[must_use]
    pub const fn plus(self, bytes: u64) -> Self {
        Self::new(self.0.saturating_add(bytes))
    }

    /// Returns the offset of the next byte, for which `PSYNC` asks.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// The number of bytes from `earlier` to here; 0 if `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for ReplOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_saturates() {
        let at = ReplOffset::new(7);
        assert_eq!((at.next().get(), at.plus(3).since(at)), (8, 3));
        assert_eq!(at.since(at.next()), 0);
        assert_eq!(ReplOffset::new(u64::MAX), ReplOffset::MAX);
        assert_eq!(ReplOffset::MAX.next().plus(u64::MAX), ReplOffset::MAX);
        assert_eq!(at.to_string(), "7");
    }
}
