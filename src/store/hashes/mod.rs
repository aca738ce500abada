//! Hashes.

mod value;

pub(crate) use value::{Hash, HashRef};

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[];
