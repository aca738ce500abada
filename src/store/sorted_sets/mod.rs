//! Sorted sets.

mod entries;
mod members;
mod packed;
mod ranked;
mod tree;
mod value;

pub(crate) use value::{SortedSet, SortedSetRef};

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[];
