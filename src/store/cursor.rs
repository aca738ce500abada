//! What the commands of the `SCAN` family have in common: the cursor.

use super::dialect::{Dialect, Vendor};
use super::error::CommandError;

/// The cursor that a word says (`parseScanCursorOrReply`): as C's `strtoul` reads it, blanks in
/// front excepted but in Valkey (measured on 9.1).
pub(crate) fn parse(word: &[u8], dialect: Dialect) -> Result<u64, CommandError> {
    let word = if dialect.vendor() == Vendor::Valkey { word.trim_ascii_start() } else { word };
    number(word, dialect.has_strict_cursors()).ok_or(CommandError::new("ERR invalid cursor"))
}

fn number(word: &[u8], strict: bool) -> Option<u64> {
    let (negative, digits) = match *word {
        [] if strict => return None,
        [] => return Some(0),
        [b'-', ref digits @ ..] => (true, digits),
        [b'+', ref digits @ ..] => (false, digits),
        _ => (false, word),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    match negative {
        true if strict => None,
        true => Some(number.wrapping_neg()),
        false => Some(number),
    }
}
