//! Zipmaps, the packed hashes of Redis before 2.6: checked and converted, never kept.

use foldhash::{HashSet, HashSetExt};

use super::listpack::Listpack;
use super::listpack_builder::ListpackBuilder;
use crate::error::Corrupt;

const END: u8 = 0xff;
/// The count at the start that stands for an unknown one: the pairs have to be counted.
const UNCOUNTED: u8 = 0xfe;
/// The byte that says that a length takes four bytes more.
const LONG: u8 = 0xfe;

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt::new("zipmap", what)
}

/// Returns the same fields and values in a listpack.
///
/// # Errors
/// [`Corrupt`] if `bytes` are not a zipmap from end to end.
pub fn to_listpack(bytes: &[u8]) -> Result<Listpack, Corrupt> {
    let (&count, rest) = bytes.split_first().ok_or(corrupt("is too short"))?;
    let Some((&END, mut rest)) = rest.split_last() else {
        return Err(corrupt("has no end"));
    };
    let mut builder = ListpackBuilder::with_capacity(rest.len());
    let mut fields = HashSet::new();
    while !rest.is_empty() {
        let (field, after) = string(rest, 0).ok_or(corrupt("a field is cut off"))?;
        // Behind the length of a value stands how many bytes behind the value are unused.
        let (value, after) = string(after, 1).ok_or(corrupt("a value is cut off"))?;
        if !fields.insert(field) {
            return Err(corrupt("a field comes twice"));
        }
        builder.push_bytes(field);
        builder.push_bytes(value);
        rest = after;
    }
    if count != UNCOUNTED && usize::from(count) != fields.len() {
        return Err(corrupt("has not as many fields as it says"));
    }
    builder.finish()
}

/// Returns the string at the start of `bytes` and what follows it. `spare` bytes (0 or 1) between
/// its length and itself say how many bytes behind it are unused.
fn string(bytes: &[u8], spare: usize) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (len, rest) = match first {
        LONG => {
            let (len, rest) = rest.split_first_chunk()?;
            (usize::try_from(u32::from_le_bytes(*len)).ok()?, rest)
        }
        END => return None,
        len => (len.into(), rest),
    };
    let (unused, rest) = rest.split_at_checked(spare)?;
    let (string, rest) = rest.split_at_checked(len)?;
    let unused = unused.first().copied().unwrap_or_default();
    Some((string, rest.get(usize::from(unused)..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::Element;
    use proptest::prelude::*;

    #[test]
    fn fields_and_values() {
        let long = "v".repeat(300);
        let mut bytes = b"\x03\x01f\x02\x01abX\x01g\xfe\x2c\x01\0\0\0".to_vec();
        bytes.extend(long.bytes());
        bytes.extend(b"\x01h\x02\x0012\xff");
        let listpack = to_listpack(&bytes).unwrap();
        let expected: [Element<'_>; 6] = [
            Element::Bytes(b"f"),
            Element::Bytes(b"ab"),
            Element::Bytes(b"g"),
            Element::Bytes(long.as_bytes()),
            Element::Bytes(b"h"),
            Element::Int(12),
        ];
        assert!(listpack.iter().eq(expected), "{listpack:?}");
        assert!(to_listpack(b"\0\xff").unwrap().is_empty());
        assert_eq!(to_listpack(b"\xfe\x01f\x01\0v\xff").unwrap().len(), 2);
    }

    #[test]
    fn invalid_bytes_are_refused() {
        let what = |bytes: &[u8]| to_listpack(bytes).unwrap_err().what;
        assert_eq!(what(b""), "is too short");
        assert_eq!(what(b"\0"), "has no end");
        assert_eq!(what(b"\x01\x05f\xff"), "a field is cut off");
        assert_eq!(what(b"\x01\x01f\x01\x09v\xff"), "a value is cut off");
        assert_eq!(what(b"\x02\x01f\x01\0v\xff"), "has not as many fields as it says");
        assert_eq!(what(b"\x02\x01f\x01\0v\x01f\x01\0v\xff"), "a field comes twice");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            drop(to_listpack(&bytes));
        }
    }
}
