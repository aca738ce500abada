//! Sorted_sets.

mod value;

pub(crate) use value::{SortedSet, SortedSetRef};

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[];
