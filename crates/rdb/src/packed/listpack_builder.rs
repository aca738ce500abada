//! Builds listpacks, byte for byte as Redis does. Valkey 9 writes three lengths differently;
//! [`super::listpack`] reads both.

use super::listpack::Listpack;
use super::listpack_elements::{END, HEADER};
use super::listpack_entry::{Element, Encoded};
use crate::error::Corrupt;

/// A listpack in the making.
#[derive(Clone, Debug)]
pub struct ListpackBuilder {
    bytes: Vec<u8>,
    count: usize,
}

impl Default for ListpackBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ListpackBuilder {
    /// Returns a builder without elements.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// Returns a builder without elements, with room for `len` bytes of them.
    #[must_use]
    pub fn with_capacity(len: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER + len + 1);
        bytes.resize(HEADER, 0);
        Self { bytes, count: 0 }
    }

    /// How long the listpack would be now.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes.len() + 1
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds an element. A string that is exactly how a number would be printed is stored as a
    /// number.
    pub fn push(&mut self, element: Element<'_>) {
        for piece in Encoded::new(element).pieces() {
            self.bytes.extend_from_slice(piece);
        }
        self.count += 1;
    }

    /// Adds a string, as [`Self::push`] does.
    pub fn push_bytes(&mut self, string: &[u8]) {
        self.push(Element::Bytes(string));
    }

    /// Adds a number.
    pub fn push_int(&mut self, number: i64) {
        self.push(Element::Int(number));
    }

    /// Returns the listpack.
    ///
    /// # Errors
    /// A listpack cannot have 4 GiB or more.
    pub fn finish(mut self) -> Result<Listpack, Corrupt> {
        self.bytes.push(END);
        let len = u32::try_from(self.bytes.len())
            .map_err(|_| Corrupt::new("listpack", "would be longer than 4 GiB"))?;
        let count = u16::try_from(self.count).unwrap_or(u16::MAX);
        let [a, b, c, d] = len.to_le_bytes();
        let [e, f] = count.to_le_bytes();
        if let Some(header) = self.bytes.first_chunk_mut::<HEADER>() {
            *header = [a, b, c, d, e, f];
        }
        Ok(Listpack::built(self.bytes, self.count))
    }
}

impl<'a> FromIterator<Element<'a>> for ListpackBuilder {
    fn from_iter<I: IntoIterator<Item = Element<'a>>>(elements: I) -> Self {
        let mut builder = Self::new();
        elements.into_iter().for_each(|element| builder.push(element));
        builder
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers all")]
mod tests {
    use super::*;
    use crate::packed::listpack_entry::back_length_size;
    use proptest::prelude::*;

    fn packed(string: &[u8]) -> Vec<u8> {
        let mut builder = ListpackBuilder::new();
        builder.push_bytes(string);
        let bytes = builder.finish().unwrap().into_bytes();
        bytes[HEADER..bytes.len() - 1].to_vec()
    }

    #[test]
    fn the_shortest_form_is_chosen() {
        assert_eq!(packed(b"0"), [0, 1]);
        assert_eq!(packed(b"127"), [127, 1]);
        assert_eq!(packed(b"128"), [0xc0, 128, 2]);
        assert_eq!(packed(b"-1"), [0xdf, 0xff, 2]);
        assert_eq!(packed(b"-4096"), [0xd0, 0, 2]);
        assert_eq!(packed(b"4096"), [0xf1, 0, 16, 3]);
        assert_eq!(packed(b"-8388608"), [0xf2, 0, 0, 0x80, 4]);
        assert_eq!(packed(b"8388608"), [0xf3, 0, 0, 0x80, 0, 5]);
        assert_eq!(packed(b"-9223372036854775808"), [0xf4, 0, 0, 0, 0, 0, 0, 0, 0x80, 9]);
        assert_eq!(packed(b""), [0x80, 1]);
        for text in ["-0", "01", "+1", " 1", "9223372036854775808", "1e3", "-", "0x1"] {
            let mut expected = vec![0x80 | text.len() as u8];
            expected.extend(text.bytes());
            expected.push(expected.len() as u8);
            assert_eq!(packed(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(packed(&[b'x'; 64])[..2], [0xe0, 64]);
        assert_eq!(packed(&[b'x'; 4096])[..5], [0xf0, 0, 16, 0, 0]);
        // The limits of the lengths behind elements are one less than the bits would hold.
        assert_eq!(packed(&[b'x'; 16_382 - 5])[16_382..], [0x7f, 0xfe]);
        assert_eq!(packed(&[b'x'; 16_383 - 5])[16_383..], [0, 0xff, 0xff]);
        assert_eq!(packed(&[b'x'; 2_097_151 - 5])[2_097_151..], [0, 0xff, 0xff, 0xff]);
    }

    #[test]
    fn more_elements_than_the_header_can_count() {
        let elements = (0..70_000).map(Element::Int);
        let listpack = elements.clone().collect::<ListpackBuilder>().finish().unwrap();
        assert_eq!(listpack.as_bytes()[4..6], [0xff, 0xff]);
        let again = Listpack::new(listpack.into_bytes()).unwrap();
        assert_eq!((again.len(), again.iter().len()), (70_000, 70_000));
        assert!(again.iter().eq(elements.clone()));
        assert!(again.iter().rev().eq(elements.rev()));
    }

    #[test]
    fn invalid_bytes_are_refused() {
        let valid = b"\x0b\0\0\0\x02\0\x81a\x02\x05\x01";
        let what = |at: usize, byte: u8| {
            let mut bytes = [&valid[..], b"\xff"].concat();
            bytes[0] = 12;
            bytes[at] = byte;
            Listpack::new(bytes).map_err(|corrupt| corrupt.what)
        };
        assert_eq!(what(0, 12).unwrap().len(), 2);
        assert_eq!(what(0, 13), Err("is not as long as it says"));
        assert_eq!(what(4, 3), Err("has not as many elements as it says"));
        assert_eq!(what(8, 3), Err("a length behind an element is not its length"));
        assert_eq!(what(6, 0xf5), Err("an element is cut off or of no kind"));
        assert_eq!(what(9, 0x8a), Err("an element is cut off or of no kind"));
        assert_eq!(what(11, 0), Err("has no end"));
        assert_eq!(Listpack::new(vec![0; 5]).unwrap_err().what, "is too short");
    }

    #[test]
    fn lengths_at_the_limits_as_valkey_9_writes_them() {
        for (len, behind) in [(16_383, &b"\x7f\xff"[..]), (2_097_151, b"\x7f\xff\xff")] {
            let mut builder = ListpackBuilder::new();
            builder.push_bytes(b"before");
            builder.push_bytes(&vec![b'x'; len - 5]);
            let start = builder.bytes.len() - back_length_size(len);
            builder.bytes.truncate(start);
            builder.bytes.extend(behind);
            builder.push_bytes(b"after");
            let listpack = Listpack::new(builder.finish().unwrap().into_bytes()).unwrap();
            let lens = |element: Element<'_>| match element {
                Element::Bytes(bytes) => bytes.len(),
                Element::Int(_) => 0,
            };
            assert!(listpack.iter().map(lens).eq([6, len - 5, 5]));
            assert!(listpack.iter().rev().map(lens).eq([5, len - 5, 6]));
        }
    }

    proptest! {
        #[test]
        fn a_built_listpack_is_read(strings: Vec<Vec<u8>>, numbers: Vec<i64>) {
            let numbers = numbers.iter().map(|n| Element::Int(*n));
            let mut all: Vec<_> = strings.iter().map(|s| Element::Bytes(s)).chain(numbers).collect();
            let built = all.iter().copied().collect::<ListpackBuilder>().finish().unwrap();
            let read = Listpack::new(built.into_bytes()).unwrap();
            // A string that spells a number comes back as that number.
            for element in &mut all {
                if let Some(number) = element.as_int() {
                    *element = Element::Int(number);
                }
            }
            prop_assert!(read.iter().eq(all.iter().copied()));
            prop_assert!(read.iter().rev().eq(all.iter().rev().copied()));
            prop_assert_eq!(read.len(), all.len());
        }

        #[test]
        fn any_bytes_are_walked_or_refused(mut bytes: Vec<u8>) {
            if let Some(header) = u32::try_from(bytes.len()).ok().zip(bytes.first_chunk_mut::<4>()) {
                *header.1 = header.0.to_le_bytes();
            }
            if let Ok(listpack) = Listpack::new(bytes) {
                prop_assert_eq!(listpack.iter().count(), listpack.len());
                prop_assert_eq!(listpack.iter().rev().count(), listpack.len());
            }
        }
    }
}
