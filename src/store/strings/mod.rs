//! Strings, and what is built on them: numbers, bits, cardinalities.

mod read;
mod value;
mod write;

pub(crate) use value::{Str, StrRef, kind_of};

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[read::COMMANDS, write::COMMANDS];
