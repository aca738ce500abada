//! An end of a list, and the words that name it.

use crate::call::{CommandError, words};

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The end with the first element.
    Left,
    /// The end with the last element.
    Right,
}

impl End {
    /// The event of elements that are taken off this end.
    pub(crate) const fn popped(self) -> &'static str {
        if matches!(self, Self::Left) { "lpop" } else { "rpop" }
    }

    /// The event of elements that are added at this end.
    pub(crate) const fn pushed(self) -> &'static str {
        if matches!(self, Self::Left) { "lpush" } else { "rpush" }
    }

    /// The name of the command that takes elements off this end.
    pub(crate) const fn pop_command(self) -> &'static [u8] {
        if matches!(self, Self::Left) { b"LPOP" } else { b"RPOP" }
    }

    /// Returns the end that a word names (`getListPositionFromObjectOrReply`).
    pub(crate) fn of(word: &[u8]) -> Result<Self, CommandError> {
        if words::is(word, "left") {
            Ok(Self::Left)
        } else if words::is(word, "right") {
            Ok(Self::Right)
        } else {
            Err(CommandError::SYNTAX)
        }
    }
}
