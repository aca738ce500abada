//! Streams.

mod value;

pub(crate) use value::Stream;

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[];
