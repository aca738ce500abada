//! Commands about keys of any type.

mod sort;

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[sort::COMMANDS];
