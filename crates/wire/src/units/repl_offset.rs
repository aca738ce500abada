//! A place in a replication history.

use std::fmt;

/// How many bytes of a replication history precede: the stream's first byte has offset 1. Never
/// beyond what servers can count to (`i64::MAX`); arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplOffset(u64);

impl ReplOffset {
    /// The last one that servers can tell.
    pub const MAX: Self = Self(i64::MAX as u64);

    /// `bytes` from the start of the history.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        if bytes < Self::MAX.0 { Self(bytes) } else { Self::MAX }
    }

    /// Bytes from the start of the history.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// `bytes` further on.
    #[must_use]
    pub const fn plus(self, bytes: u64) -> Self {
        Self::new(self.0.saturating_add(bytes))
    }

    /// The offset of the byte that comes next: what `PSYNC` asks for.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// Bytes from `earlier` to here; 0 where it is not earlier.
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
