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
