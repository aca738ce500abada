//! The consistency levels: what a read is guaranteed to see.

use std::fmt;

/// A consistency level, from the weakest to the strongest. Each one gives what the weaker ones
/// give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// A read is no older than the lag limits allow.
    Bounded,
    /// A session reads its own writes, and never older data than it has already read.
    Session,
    /// A read of a key sees every write to it that this proxy has acknowledged to any client.
    Global,
    /// The master answers the read.
    Strong,
}

impl Level {
    /// Every level, the weakest first.
    pub const ALL: [Self; 4] = [Self::Bounded, Self::Session, Self::Global, Self::Strong];

    /// Its name, in the configuration, in commands and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bounded => "bounded",
            Self::Session => "session",
            Self::Global => "global",
            Self::Strong => "strong",
        }
    }

    /// Whether reads at this level depend on noted writes.
    #[must_use]
    pub const fn notes_writes(self) -> bool {
        matches!(self, Self::Session | Self::Global)
    }

    /// Whether what a session reads at the master bounds its later reads: those may be of another level.
    #[must_use]
    pub const fn notes_reads(self) -> bool {
        !matches!(self, Self::Bounded)
    }

    /// The level called `name`, in upper or lower case.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|level| name.eq_ignore_ascii_case(level.as_str().as_bytes()))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_found_by_their_names() {
        assert!(Level::ALL.is_sorted());
        for level in Level::ALL {
            assert_eq!(Level::named(level.as_str().to_uppercase().as_bytes()), Some(level));
        }
        assert_eq!((Level::named(b""), Level::named(b"strongest")), (None, None));
    }
}
