//! Lists.

mod value;

pub(crate) use value::{List, ListRef};

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[];
