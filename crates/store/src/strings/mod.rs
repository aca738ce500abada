//! Strings, and what is built on them: numbers, bits, cardinalities.

mod bit_count;
mod bit_operations;
mod bitfield;
mod bits;
mod embedding;
pub(crate) mod float;
mod hyperloglog;
mod lcs;
mod many;
mod numbers;
mod options;
mod ranges;
mod set;
mod value;

pub(crate) use value::{Str, StrRef, kind_of};

use crate::call::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[
    bit_count::COMMANDS,
    bit_operations::COMMANDS,
    bitfield::COMMANDS,
    bits::COMMANDS,
    hyperloglog::COMMANDS,
    lcs::COMMANDS,
    many::COMMANDS,
    numbers::COMMANDS,
    ranges::COMMANDS,
    set::COMMANDS,
];
