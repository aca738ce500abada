//! Replication ids and offsets for tests.

use tidegate_wire::units::{ReplId, ReplOffset};

/// The id that consists of this hexadecimal digit only.
pub(crate) fn id(digit: char) -> ReplId {
    digit.to_string().repeat(40).parse().unwrap()
}

/// The offset with this number.
pub(crate) fn at(offset: u64) -> ReplOffset {
    ReplOffset::new(offset)
}
