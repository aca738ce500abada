//! Sorted sets.

mod entries;
mod members;
mod packed;
mod range;
mod ranges;
mod ranked;
mod read;
mod reply;
mod tree;
mod value;
mod write;

pub(crate) use value::{SortedSet, SortedSetRef};

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[ranges::COMMANDS, read::COMMANDS, write::COMMANDS];
