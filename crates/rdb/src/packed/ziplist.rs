//! Ziplists, the packed form before listpacks: checked and converted, never kept.

use super::listpack::Listpack;
use super::listpack_builder::ListpackBuilder;
use super::listpack_entry::Element;
use crate::error::Corrupt;

/// Length in bytes (4), offset of the last entry (4), count of entries (2).
const HEADER: usize = 10;
const END: u8 = 0xff;
/// The count that stands for an unknown one: the entries have to be counted.
const UNCOUNTED: u16 = u16::MAX;
/// The byte that says that the length of the entry before takes four bytes more.
const LONG: u8 = 0xfe;

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt::new("ziplist", what)
}

/// Returns the same elements in a listpack.
///
/// # Errors
/// [`Corrupt`] if `bytes` are not a ziplist from end to end.
pub fn to_listpack(bytes: &[u8]) -> Result<Listpack, Corrupt> {
    let header: &[u8; HEADER] = bytes.first_chunk().ok_or(corrupt("is too short"))?;
    let [a, b, c, d, e, f, g, h, i, j] = *header;
    if u64::from(u32::from_le_bytes([a, b, c, d])) != bytes.len() as u64 {
        return Err(corrupt("is not as long as it says"));
    }
    let Some((&END, entries)) = bytes.get(HEADER..).and_then(<[u8]>::split_last) else {
        return Err(corrupt("has no end"));
    };
    let mut builder = ListpackBuilder::with_capacity(entries.len());
    let (mut rest, mut before) = (entries, 0);
    let mut last = HEADER;
    while !rest.is_empty() {
        last = HEADER + entries.len() - rest.len();
        let (stated, size) = previous(rest).ok_or(corrupt("an entry is cut off"))?;
        if stated != before {
            return Err(corrupt("a length before an entry is not that of the one before"));
        }
        let (element, len) = rest
            .get(size..)
            .and_then(element)
            .ok_or(corrupt("an entry is cut off or of no kind"))?;
        builder.push(element);
        before = size + len;
        rest = rest.get(before..).ok_or(corrupt("an entry is cut off"))?;
    }
    if u64::from(u32::from_le_bytes([e, f, g, h])) != last as u64 {
        return Err(corrupt("its last entry is not where it says"));
    }
    let count = u16::from_le_bytes([i, j]);
    if count != UNCOUNTED && usize::from(count) != builder.len() {
        return Err(corrupt("has not as many entries as it says"));
    }
    builder.finish()
}

/// Returns the length of the entry before this one, and how many bytes it takes.
fn previous(entry: &[u8]) -> Option<(usize, usize)> {
    match *entry.first()? {
        LONG => {
            let len = u32::from_le_bytes(*entry.get(1..)?.first_chunk()?);
            Some((usize::try_from(len).ok()?, 5))
        }
        len => Some((len.into(), 1)),
    }
}

/// Returns the element at the start of `bytes`, behind the length of the entry before, and its
/// length.
fn element(bytes: &[u8]) -> Option<(Element<'_>, usize)> {
    let (&first, rest) = bytes.split_first()?;
    let string = |header: usize, len: usize| {
        let end = header.checked_add(len)?;
        Some((Element::Bytes(bytes.get(header..end)?), end))
    };
    let int = |number: i64, len: usize| Some((Element::Int(number), len));
    match first {
        0..=0x3f => string(1, first.into()),
        0x40..=0x7f => string(2, usize::from(first & 0x3f) << 8 | usize::from(*rest.first()?)),
        0x80..=0xbf => string(5, usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?),
        0xc0 => int(i16::from_le_bytes(*rest.first_chunk()?).into(), 3),
        0xd0 => int(i32::from_le_bytes(*rest.first_chunk()?).into(), 5),
        0xe0 => int(i64::from_le_bytes(*rest.first_chunk()?), 9),
        0xf0 => {
            let [low, middle, high] = *rest.first_chunk()?;
            int((i32::from_le_bytes([0, low, middle, high]) >> 8).into(), 4)
        }
        0xf1..=0xfd => int(i64::from(first & 0x0f) - 1, 1),
        0xfe => int(i8::from_le_bytes(*rest.first_chunk()?).into(), 2),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers all")]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns a ziplist of these entries, each as it is written behind the length before it.
    pub(crate) fn ziplist(entries: &[Vec<u8>]) -> Vec<u8> {
        let mut body = Vec::new();
        let (mut before, mut last) = (0, HEADER);
        for entry in entries {
            last = HEADER + body.len();
            let start = body.len();
            match u8::try_from(before) {
                Ok(len) if len < LONG => body.push(len),
                _ => {
                    body.push(LONG);
                    body.extend((before as u32).to_le_bytes());
                }
            }
            body.extend(entry);
            before = body.len() - start;
        }
        let len = (HEADER + body.len() + 1) as u32;
        let count = u16::try_from(entries.len()).unwrap_or(UNCOUNTED);
        let mut bytes = [&len.to_le_bytes()[..], &(last as u32).to_le_bytes()].concat();
        bytes.extend(count.to_le_bytes());
        bytes.extend(body);
        bytes.push(END);
        bytes
    }

    pub(crate) fn text(text: &str) -> Vec<u8> {
        let len = text.len();
        let mut entry = match len {
            0..64 => vec![len as u8],
            64..16384 => vec![0x40 | (len >> 8) as u8, len as u8],
            _ => [&[0x80][..], &(len as u32).to_be_bytes()].concat(),
        };
        entry.extend(text.bytes());
        entry
    }

    #[test]
    fn every_form_of_entry() {
        let (middle, long) = ("m".repeat(300), "l".repeat(20_000));
        let entries = [
            text("short"),
            text(&middle),
            text(&long),
            vec![0xc0, 0, 0x80],
            vec![0xd0, 0, 0, 0, 0x80],
            vec![0xe0, 0, 0, 0, 0, 0, 0, 0, 0x80],
            vec![0xf0, 0xff, 0xff, 0x7f],
            vec![0xfe, 0x80],
            vec![0xf1],
            vec![0xfd],
        ];
        let bytes = |text: &'static str| Element::Bytes(text.as_bytes());
        let listpack = to_listpack(&ziplist(&entries)).unwrap();
        let expected = [
            bytes("short"),
            Element::Bytes(middle.as_bytes()),
            Element::Bytes(long.as_bytes()),
            Element::Int(-32768),
            Element::Int(i64::from(i32::MIN)),
            Element::Int(i64::MIN),
            Element::Int(0x7f_ffff),
            Element::Int(-128),
            Element::Int(0),
            Element::Int(12),
        ];
        assert!(listpack.iter().eq(expected), "{listpack:?}");
        assert!(to_listpack(&ziplist(&[])).unwrap().is_empty());
        let many = vec![vec![0xf2]; 66_000];
        assert_eq!(to_listpack(&ziplist(&many)).unwrap().len(), 66_000);
    }

    #[test]
    fn invalid_bytes_are_refused() {
        let valid = ziplist(&[text("a"), text("b")]);
        let what = |at: usize, byte: u8| {
            let mut bytes = valid.clone();
            bytes[at] = byte;
            to_listpack(&bytes).map_err(|corrupt| corrupt.what)
        };
        assert_eq!(what(0, 0), Err("is not as long as it says"));
        assert_eq!(what(4, 0), Err("its last entry is not where it says"));
        assert_eq!(what(8, 3), Err("has not as many entries as it says"));
        assert_eq!(what(13, 2), Err("a length before an entry is not that of the one before"));
        assert_eq!(what(14, 9), Err("an entry is cut off or of no kind"));
        assert_eq!(what(valid.len() - 1, 0), Err("has no end"));
    }

    proptest! {
        #[test]
        fn any_entries_are_read_or_refused(entries: Vec<Vec<u8>>, bytes: Vec<u8>) {
            drop(to_listpack(&ziplist(&entries)));
            drop(to_listpack(&bytes));
        }
    }
}
