//! An end of a list, and the words that name it.

use crate::arguments::words;
use crate::call::CommandError;

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
    pub(super) fn of(word: &[u8]) -> Result<Self, CommandError> {
        if words::is(word, "left") {
            Ok(Self::Left)
        } else if words::is(word, "right") {
            Ok(Self::Right)
        } else {
            Err(CommandError::SYNTAX)
        }
    }
}
