//! Ids of entries: how requests write them, which is next, how replies show them.

use crate::call::{CommandError, Reply};
use tidegate_rdb::StreamId;
use tidegate_wire::resp::integer;

/// The highest id.
pub(crate) const MAX: StreamId = StreamId { ms: u64::MAX, seq: u64::MAX };
/// The lowest id, which no entry has.
pub(crate) const ZERO: StreamId = StreamId { ms: 0, seq: 0 };

/// The longest word that is read as an id.
const MAX_LEN: usize = 127;

const INVALID: CommandError =
    CommandError::new("ERR Invalid stream ID specified as stream command argument");
const INVALID_START: CommandError = CommandError::new("ERR invalid start ID for the interval");
const INVALID_END: CommandError = CommandError::new("ERR invalid end ID for the interval");

/// Returns the id after this one (`streamIncrID`).
pub(crate) fn next(id: StreamId) -> Option<StreamId> {
    match id.seq.checked_add(1) {
        Some(seq) => Some(StreamId { seq, ..id }),
        None => Some(StreamId { ms: id.ms.checked_add(1)?, seq: 0 }),
    }
}

/// Returns the id before this one (`streamDecrID`).
pub(crate) fn previous(id: StreamId) -> Option<StreamId> {
    match id.seq.checked_sub(1) {
        Some(seq) => Some(StreamId { seq, ..id }),
        None => Some(StreamId { ms: id.ms.checked_sub(1)?, seq: u64::MAX }),
    }
}

/// Reads an id; the sequence is 0 if it is missing (`streamParseStrictIDOrReply`).
pub(crate) fn strict(word: &[u8]) -> Result<StreamId, CommandError> {
    match c_string(word)? {
        b"-" | b"+" => Err(INVALID),
        text => plain(text, 0),
    }
}

/// Reads an id, `-` or `+`, which are the lowest and the highest.
pub(crate) fn any(word: &[u8]) -> Result<StreamId, CommandError> {
    loose(word, 0)
}

/// The id of a new entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewId {
    /// `*`: an id by the clock.
    Auto,
    /// `ms-*`: the next id of this millisecond.
    Within(u64),
    /// This id.
    Exactly(StreamId),
}

/// Reads the id of a new entry; `ms-*` only if `partial` allows it.
pub(crate) fn new_id(word: &[u8], partial: bool) -> Result<NewId, CommandError> {
    let text = c_string(word)?;
    if text == b"*" {
        return Ok(NewId::Auto);
    }
    if let Some(ms) = text.strip_suffix(b"-*")
        && partial
        && !ms.contains(&b'-')
    {
        return number(ms).map(NewId::Within).ok_or(INVALID);
    }
    strict(word).map(NewId::Exactly)
}

/// Reads where an interval starts; `(` leaves the id itself out.
pub(crate) fn start(word: &[u8]) -> Result<StreamId, CommandError> {
    match exclusive(word) {
        Some(rest) => next(plain_or_invalid(rest, 0)?).ok_or(INVALID_START),
        None => loose(word, 0),
    }
}

/// Reads where an interval ends; `(` leaves the id itself out.
pub(crate) fn end(word: &[u8]) -> Result<StreamId, CommandError> {
    match exclusive(word) {
        Some(rest) => previous(plain_or_invalid(rest, u64::MAX)?).ok_or(INVALID_END),
        None => loose(word, u64::MAX),
    }
}

/// Returns an id as text.
pub(crate) fn text(id: StreamId) -> String {
    format!("{}-{}", id.ms, id.seq)
}

/// Writes an id as a bulk string.
pub(crate) fn write(reply: &mut Reply<'_>, id: StreamId) {
    let (mut ms, mut seq) = (itoa::Buffer::new(), itoa::Buffer::new());
    let (ms, seq) = (ms.format(id.ms).as_bytes(), seq.format(id.seq).as_bytes());
    // Twenty digits, a dash, twenty digits.
    let mut text = [0; 41];
    let len = ms.len() + 1 + seq.len();
    if let Some(text) = text.get_mut(..len) {
        let (head, tail) = text.split_at_mut(ms.len());
        head.copy_from_slice(ms);
        if let Some((dash, tail)) = tail.split_first_mut() {
            *dash = b'-';
            tail.copy_from_slice(seq);
        }
        reply.bulk(text);
    }
}

/// Returns what follows the `(` of an open end.
fn exclusive(word: &[u8]) -> Option<&[u8]> {
    word.strip_prefix(b"(").filter(|rest| !rest.is_empty())
}

fn loose(word: &[u8], missing: u64) -> Result<StreamId, CommandError> {
    match c_string(word)? {
        b"-" => Ok(ZERO),
        b"+" => Ok(MAX),
        text => plain(text, missing),
    }
}

fn plain_or_invalid(word: &[u8], missing: u64) -> Result<StreamId, CommandError> {
    match c_string(word)? {
        b"-" | b"+" => Err(INVALID),
        text => plain(text, missing),
    }
}

/// Reads `ms` or `ms-seq`.
fn plain(text: &[u8], missing: u64) -> Result<StreamId, CommandError> {
    let id = match memchr::memchr(b'-', text) {
        Some(dash) => number(&text[..dash]).zip(number(&text[dash + 1..])),
        None => number(text).zip(Some(missing)),
    };
    id.map(|(ms, seq)| StreamId { ms, seq }).ok_or(INVALID)
}

/// Returns a word as C sees it: up to the first NUL.
fn c_string(word: &[u8]) -> Result<&[u8], CommandError> {
    if word.len() > MAX_LEN {
        return Err(INVALID);
    }
    let end = memchr::memchr(0, word).unwrap_or(word.len());
    Ok(word.get(..end).unwrap_or(word))
}

/// Reads a number as `string2ull` does: what Redis prints, or else whatever `strtoull` takes.
fn number(text: &[u8]) -> Option<u64> {
    match integer::parse(text) {
        Some(number) => u64::try_from(number).ok(),
        None => strtoull(text),
    }
}

/// Reads a decimal number with blanks before it and a sign; a negative one counts down from 2^64.
fn strtoull(text: &[u8]) -> Option<u64> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\x0b' | b'\x0c' | b'\r');
    let start = text.iter().position(|byte| !blank(byte))?;
    let (negative, digits) = match text.get(start..)? {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(if negative { number.wrapping_neg() } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn id(ms: u64, seq: u64) -> StreamId {
        StreamId { ms, seq }
    }

    #[test]
    fn ids_are_read_as_the_server_reads_them() {
        assert_eq!(strict(b"5"), Ok(id(5, 0)));
        assert_eq!(strict(b"5-7"), Ok(id(5, 7)));
        assert_eq!(strict(b"5-7\0rest"), Ok(id(5, 7)));
        assert_eq!(strict(b" +05- 7"), Ok(id(5, 7)));
        assert_eq!(strict(b"1--01"), Ok(id(1, u64::MAX)));
        assert_eq!(strict(b"18446744073709551615-18446744073709551615"), Ok(MAX));
        for bad in
            [&b""[..], b"-", b"+", b"-1", b"1-", b"1-x", b"18446744073709551616", &[b'1'; 128]]
        {
            assert_eq!(strict(bad), Err(INVALID), "{}", bad.escape_ascii());
        }
        assert_eq!((any(b"-"), any(b"+")), (Ok(ZERO), Ok(MAX)));
    }

    #[test]
    fn intervals() {
        assert_eq!((start(b"5"), end(b"5")), (Ok(id(5, 0)), Ok(id(5, u64::MAX))));
        assert_eq!((start(b"(5"), end(b"(5-0")), (Ok(id(5, 1)), Ok(id(4, u64::MAX))));
        assert_eq!((start(b"(-"), end(b"(")), (Err(INVALID), Err(INVALID)));
        let last = b"(18446744073709551615-18446744073709551615";
        assert_eq!((start(last), end(b"(0-0")), (Err(INVALID_START), Err(INVALID_END)));
    }

    #[test]
    fn new_ids() {
        assert_eq!(new_id(b"*", false), Ok(NewId::Auto));
        assert_eq!(new_id(b"5-*", true), Ok(NewId::Within(5)));
        assert_eq!(new_id(b"5-*", false), Err(INVALID));
        assert_eq!(new_id(b"5-3", true), Ok(NewId::Exactly(id(5, 3))));
        for bad in [&b"-*"[..], b"5--*", b"x-*", b"**"] {
            assert_eq!(new_id(bad, true), Err(INVALID), "{}", bad.escape_ascii());
        }
    }
}
