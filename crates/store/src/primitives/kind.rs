//! The forms in which a small value is stored next to its key.

/// The form of a small value. The number is what a [`crate::keyspace::Slot`] stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A string that Redis would keep as an integer; its decimal digits.
    Int,
    /// A string that was set whole and is short.
    Embedded,
    /// Any other string.
    Raw,
    /// A list of one node: a listpack.
    List,
    /// A set of integers: an intset.
    IntSet,
    /// A set: a listpack.
    PackedSet,
    /// A hash: a listpack of fields and values.
    Hash,
    /// A hash with fields that expire: a listpack of fields, values and times.
    HashTtl,
    /// A sorted set: a listpack of members and scores.
    SortedSet,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Int,
        Self::Embedded,
        Self::Raw,
        Self::List,
        Self::IntSet,
        Self::PackedSet,
        Self::Hash,
        Self::HashTtl,
        Self::SortedSet,
    ];

    /// Returns the kind of this number; [`Self::Raw`] for an unknown number.
    pub(crate) fn of(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_kinds_agree() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind as u8), kind);
        }
        assert_eq!(Kind::of(200), Kind::Raw);
    }
}
