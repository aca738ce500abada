//! What the commands of the `SCAN` family have in common: the cursor.

use super::dialect::Dialect;
use super::error::CommandError;
use crate::resp::integer;

/// The cursor that a word says (`parseScanCursorOrReply`): as C's `strtoul` reads it. Blanks in
/// front are refused at first, negative and empty ones later (measured on 7.0, 8.2, Valkey 9.1).
pub(crate) fn parse(word: &[u8], dialect: Dialect) -> Result<u64, CommandError> {
    number(word, dialect.has_strict_cursors()).ok_or(CommandError::new("ERR invalid cursor"))
}

fn number(word: &[u8], strict: bool) -> Option<u64> {
    if word.is_empty() && !strict {
        return Some(0);
    }
    let text = if strict { word.trim_ascii_start() } else { word };
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let refused = strict && integer::parse(word).is_some_and(|number| number < 0);
    if refused || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(if negative { number.wrapping_neg() } else { number })
}
