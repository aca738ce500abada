//! Reading the words of a request.

use super::error::CommandError;
use tidegate_wire::resp::integer;

/// Whether a word is this option, in any case.
pub(crate) fn is(word: &[u8], option: &str) -> bool {
    word.eq_ignore_ascii_case(option.as_bytes())
}

/// Reads an integer (`getLongLongFromObjectOrReply`).
pub(crate) fn int(word: &[u8]) -> Result<i64, CommandError> {
    integer::parse(word).ok_or(CommandError::NOT_INTEGER)
}

/// Reads an integer from 0 on, such as a count (`getPositiveLongFromObjectOrReply`).
pub(crate) fn natural(word: &[u8]) -> Result<usize, CommandError> {
    natural_or(word, CommandError::new("ERR value is out of range, must be positive"))
}

/// Reads an integer from 0 on; `error` is the error for anything else.
pub(crate) fn natural_or(word: &[u8], error: CommandError) -> Result<usize, CommandError> {
    integer::parse(word).and_then(|number| usize::try_from(number).ok()).ok_or(error)
}

/// Reads an integer from 1 on; `error` is the error for anything else.
pub(crate) fn positive_or(word: &[u8], error: CommandError) -> Result<usize, CommandError> {
    match natural_or(word, error.clone())? {
        0 => Err(error),
        number => Ok(number),
    }
}

/// Reads an integer that can be negated (`getRangeLongFromObjectOrReply` of `-LONG_MAX`).
pub(crate) fn negatable(word: &[u8]) -> Result<i64, CommandError> {
    match int(word)? {
        i64::MIN => Err(CommandError::new(
            "ERR value is out of range, value must between -9223372036854775807 and \
             9223372036854775807",
        )),
        number => Ok(number),
    }
}

/// Returns the range from `start` to `stop`, both of which count from the end if they are negative;
/// `None` for an empty range (`LRANGE`, `ZRANGE`, `GETRANGE` ...).
pub(crate) fn span(start: i64, stop: i64, len: usize) -> Option<std::ops::Range<usize>> {
    let signed = i64::try_from(len).unwrap_or(i64::MAX);
    let from_front = |at: i64| if at < 0 { at.saturating_add(signed) } else { at };
    let start = usize::try_from(from_front(start)).unwrap_or(0);
    let stop = usize::try_from(from_front(stop)).ok()?.min(len.checked_sub(1)?);
    (start <= stop).then_some(start..stop + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        assert_eq!(span(0, -1, 3), Some(0..3));
        assert_eq!(span(-2, 10, 3), Some(1..3));
        assert_eq!(span(-10, -3, 3), Some(0..1));
        assert_eq!(span(2, 1, 3), None);
        assert_eq!(span(0, -4, 3), None);
        assert_eq!(span(3, 5, 3), None);
        assert_eq!(span(0, 0, 0), None);
        assert_eq!(span(i64::MIN, i64::MAX, 1), Some(0..1));
    }
}
