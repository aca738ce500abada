//! Sets.

mod value;

pub(crate) use value::{Set, SetRef};

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[];
