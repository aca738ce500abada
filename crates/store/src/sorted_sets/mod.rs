//! Sorted sets.

mod combine;
mod combining;
mod entries;
mod members;
mod packed;
mod pop;
mod random;
mod range;
mod ranges;
mod ranked;
mod read;
mod reply;
mod scan;
mod snapshot;
mod source;
mod tree;
mod value;
mod write;

pub(crate) use range::ScoreRange;
pub(crate) use value::{Rules, SortedSet, SortedSetRef};
pub(crate) use write::{AddFlags, add};

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[
    combine::COMMANDS,
    pop::COMMANDS,
    random::COMMANDS,
    ranges::COMMANDS,
    read::COMMANDS,
    scan::COMMANDS,
    write::COMMANDS,
];
