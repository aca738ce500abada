//! The short way of a loader: keys that are plain strings and whole in the reader's buffer are
//! handed out where they lie. Most keys of most servers are such.

use std::io::Read;

use super::reader::{Reader, State};
use crate::types::{STRING, opcode};

/// A key that holds a string, neither compressed nor written as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainString<'a> {
    /// The name of the key.
    pub key: &'a [u8],
    /// When the key expires, in Unix milliseconds.
    pub expires_ms: Option<i64>,
    /// The value of the key.
    pub value: &'a [u8],
}

impl<R: Read> Reader<R> {
    /// Returns the next key if it holds a plain string and is whole in the buffer. Otherwise
    /// `None`, and [`Self::next_item`] reads the same item.
    pub fn plain_string(&mut self) -> Option<PlainString<'_>> {
        if !matches!(self.state, State::Body(_)) || !self.said.is_empty() {
            return None;
        }
        let limit = usize::try_from(self.input.limits().string).unwrap_or(usize::MAX);
        let (found, rest) = parse(self.input.buffered())?;
        if found.key.len().max(found.value.len()) > limit {
            return None;
        }
        let len = self.input.buffered().len() - rest.len();
        // Parsed again, because the bytes are borrowed only once they are handed out.
        parse(self.input.hand_out(len)).map(|(found, _)| found)
    }
}

/// Returns the key at the front of `bytes`, and what follows it.
fn parse(bytes: &[u8]) -> Option<(PlainString<'_>, &[u8])> {
    let (expires_ms, bytes) = match bytes.strip_prefix(&[opcode::EXPIRES_MS]) {
        Some(rest) => {
            let (at, rest) = rest.split_first_chunk()?;
            (Some(i64::from_le_bytes(*at)), rest)
        }
        None => (None, bytes),
    };
    let (key, rest) = string(bytes.strip_prefix(&[STRING])?)?;
    let (value, rest) = string(rest)?;
    Some((PlainString { key, expires_ms, value }, rest))
}

/// Returns the plain string at the front of `bytes`, and what follows it.
#[inline]
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (len, rest) = match first >> 6 {
        0 => (usize::from(first), rest),
        1 => {
            let (&second, rest) = rest.split_first()?;
            (usize::from(first & 0x3f) << 8 | usize::from(second), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Item;
    use crate::limits::Limits;
    use crate::text::Text;
    use crate::value::Value;

    #[test]
    fn plain_strings_are_handed_out_and_all_else_is_left() {
        let file = b"REDIS0003\xfe\0\0\x01k\x02hi\xfc\x01\0\0\0\0\0\0\0\0\x01l\0\0\x01m\xc0\x05\0\x01n\x01o\xff";
        let mut reader = Reader::new(&file[..], Limits::default());
        assert_eq!(reader.plain_string(), None, "the header comes first");
        let mut seen = Vec::new();
        loop {
            while let Some(plain) = reader.plain_string() {
                seen.push((plain.key.to_vec(), plain.value.to_vec(), plain.expires_ms));
            }
            match reader.next_item().unwrap() {
                Some(Item::Key(entry)) => {
                    assert_eq!(entry.value, Value::String(Text::Int(5)));
                    seen.push((entry.key, b"5".to_vec(), entry.expires_ms));
                }
                Some(_) => {}
                None => break,
            }
        }
        let wanted: [(&[u8], &[u8], _); 4] =
            [(b"k", b"hi", None), (b"l", b"", Some(1)), (b"m", b"5", None), (b"n", b"o", None)];
        assert!(seen.iter().map(|(k, v, e)| (&k[..], &v[..], *e)).eq(wanted));
        assert_eq!(reader.offset(), file.len() as u64);
    }

    #[test]
    fn limits_hold_here_too() {
        let file = b"REDIS0003\xfe\0\0\x01k\x05abcde\xff";
        let mut reader = Reader::new(&file[..], Limits { string: 4, value: 100 });
        reader.next_item().unwrap();
        reader.next_item().unwrap();
        assert_eq!(reader.plain_string(), None);
        assert!(reader.next_item().is_err());
    }
}
