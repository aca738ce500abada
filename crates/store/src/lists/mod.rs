//! Lists.

mod edit;
mod fill;
mod node;
mod pop;
mod position;
mod push;
mod quicklist;
mod read;
mod relocate;
#[cfg(test)]
mod tests;
mod value;
mod view;
mod walk;

pub(crate) use fill::Fill;
pub(crate) use value::List;
pub(crate) use view::ListRef;

use crate::arguments::words;
use crate::call::{CommandError, Row};

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[
    edit::COMMANDS,
    pop::COMMANDS,
    position::COMMANDS,
    push::COMMANDS,
    read::COMMANDS,
    relocate::COMMANDS,
];

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Where the first element is.
    Left,
    /// Where the last element is.
    Right,
}

impl End {
    /// The end that a word names (`getListPositionFromObjectOrReply`).
    fn of(word: &[u8]) -> Result<Self, CommandError> {
        if words::is(word, "left") {
            Ok(Self::Left)
        } else if words::is(word, "right") {
            Ok(Self::Right)
        } else {
            Err(CommandError::SYNTAX)
        }
    }
}
