//! Sets.

mod combine;
mod combining;
mod members;
mod random;
mod read;
mod rules;
mod scan;
mod value;
mod view;
mod write;

pub(crate) use rules::Rules;
pub(crate) use value::Set;
pub(crate) use view::SetRef;

use crate::call::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] =
    &[combining::COMMANDS, random::COMMANDS, read::COMMANDS, scan::COMMANDS, write::COMMANDS];
