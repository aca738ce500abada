//! Listpacks: small collections in one run of bytes, walked in both directions without copying.
//!
//! A [`Listpack`] is valid from end to end: whoever has one can walk it without a check failing.

use super::error::Corrupt;

/// Length in bytes (4) and count of elements (2).
pub(super) const HEADER: usize = 6;
/// The byte behind the last element.
pub(super) const END: u8 = 0xff;
/// The count that says that the elements have to be counted.
const UNCOUNTED: u16 = u16::MAX;

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt::new("listpack", what)
}

/// An element: bytes, or an integer that was stored as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// As it is.
    Bytes(&'a [u8]),
    /// The string is this number in decimal.
    Int(i64),
}

impl<'a> Element<'a> {
    /// Its bytes; those of a number are written to `buffer`.
    pub fn bytes<'b>(self, buffer: &'b mut itoa::Buffer) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Int(number) => buffer.format(number).as_bytes(),
        }
    }

    /// The number it is or spells.
    #[must_use]
    pub fn as_int(self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(number),
            Self::Bytes(bytes) => canonical_integer(bytes),
        }
    }
}

/// The number that `bytes` spell exactly as it would be printed.
pub(super) fn canonical_integer(bytes: &[u8]) -> Option<i64> {
    // i64::MIN has twenty characters.
    if bytes.is_empty() || bytes.len() > 20 || !(bytes[0] == b'-' || bytes[0].is_ascii_digit()) {
        return None;
    }
    let number = std::str::from_utf8(bytes).ok()?.parse::<i64>().ok()?;
    (itoa::Buffer::new().format(number).as_bytes() == bytes).then_some(number)
}

/// A valid listpack.
#[derive(Clone, PartialEq, Eq)]
pub struct Listpack {
    bytes: Box<[u8]>,
    count: usize,
}

impl Listpack {
    /// Takes `bytes` if they are a listpack from end to end.
    ///
    /// # Errors
    /// [`Corrupt`] says what does not hold.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Corrupt> {
        let count = validate(&bytes)?;
        Ok(Self { bytes: bytes.into_boxed_slice(), count })
    }

    /// What a builder made.
    pub(super) fn built(bytes: Vec<u8>, count: usize) -> Self {
        debug_assert_eq!(validate(&bytes), Ok(count));
        Self { bytes: bytes.into_boxed_slice(), count }
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// It as it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// It as it is stored.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes.into_vec()
    }

    /// Its elements, from both ends.
    #[must_use]
    pub fn iter(&self) -> Elements<'_> {
        let end = self.bytes.len().saturating_sub(1);
        Elements { bytes: self.bytes.get(HEADER..end).unwrap_or_default(), left: self.count }
    }
}

impl std::fmt::Debug for Listpack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for &'a Listpack {
    type Item = Element<'a>;
    type IntoIter = Elements<'a>;

    fn into_iter(self) -> Elements<'a> {
        self.iter()
    }
}

/// Walks a listpack.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (element, len) = element(self.bytes)?;
        self.bytes = self.bytes.get(len + back_length_size_of(self.bytes, len)..)?;
        self.left = self.left.saturating_sub(1);
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Elements<'_> {}

impl DoubleEndedIterator for Elements<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let (len, size) = back_length(self.bytes)?;
        let start = self.bytes.len().checked_sub(len + size)?;
        let (element, _) = element(self.bytes.get(start..)?)?;
        self.bytes = self.bytes.get(..start)?;
        self.left = self.left.saturating_sub(1);
        Some(element)
    }
}

/// The element at the start of `bytes`, and its length without that which stands behind it.
fn element(bytes: &[u8]) -> Option<(Element<'_>, usize)> {
    let (&first, rest) = bytes.split_first()?;
    let string = |header: usize, len: usize| {
        let end = header.checked_add(len)?;
        Some((Element::Bytes(bytes.get(header..end)?), end))
    };
    let int = |number: i64, len: usize| Some((Element::Int(number), len));
    match first {
        0..=0x7f => int(first.into(), 1),
        0x80..=0xbf => string(1, usize::from(first & 0x3f)),
        0xc0..=0xdf => {
            let unsigned = i64::from(first & 0x1f) << 8 | i64::from(*rest.first()?);
            int(if unsigned < 1 << 12 { unsigned } else { unsigned - (1 << 13) }, 2)
        }
        0xe0..=0xef => string(2, usize::from(first & 0x0f) << 8 | usize::from(*rest.first()?)),
        0xf0 => string(5, usize::try_from(u32::from_le_bytes(*rest.first_chunk()?)).ok()?),
        0xf1 => int(i16::from_le_bytes(*rest.first_chunk()?).into(), 3),
        0xf2 => {
            let [low, middle, high] = *rest.first_chunk()?;
            int((i32::from_le_bytes([0, low, middle, high]) >> 8).into(), 4)
        }
        0xf3 => int(i32::from_le_bytes(*rest.first_chunk()?).into(), 5),
        0xf4 => int(i64::from_le_bytes(*rest.first_chunk()?), 9),
        _ => None,
    }
}

/// How many bytes tell, behind an element, that it is `len` bytes long. The limits are one less
/// than the bits would hold: so they are in Redis, and in Valkey before 9.
pub(super) const fn back_length_size(len: usize) -> usize {
    match len {
        0..=127 => 1,
        128..16_383 => 2,
        16_383..2_097_151 => 3,
        2_097_151..268_435_455 => 4,
        _ => 5,
    }
}

/// As [`back_length_size`], of the element at the start of `bytes`. Valkey 9 uses all the bits, so
/// at the limits there are two ways to write the same length. The first byte tells which it is.
fn back_length_size_of(bytes: &[u8], len: usize) -> usize {
    let size = back_length_size(len);
    let at_limit = matches!(len, 16_383 | 2_097_151 | 268_435_455);
    if at_limit && bytes.get(len) == Some(&0x7f) { size - 1 } else { size }
}

/// The length that the end of `bytes` tells, and how many bytes tell it: seven bits each, the
/// lowest last, the highest without its top bit.
fn back_length(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut len = 0_u64;
    for (n, byte) in bytes.iter().rev().take(5).enumerate() {
        len |= u64::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(len).ok()?, n + 1));
        }
    }
    None
}

/// Walks all of it; gives the count of elements.
fn validate(bytes: &[u8]) -> Result<usize, Corrupt> {
    let header: &[u8; HEADER] = bytes.first_chunk().ok_or(corrupt("is too short"))?;
    let [a, b, c, d, e, f] = *header;
    if u64::from(u32::from_le_bytes([a, b, c, d])) != bytes.len() as u64 {
        return Err(corrupt("is not as long as it says"));
    }
    let Some((&END, mut rest)) = bytes.get(HEADER..).and_then(<[u8]>::split_last) else {
        return Err(corrupt("has no end"));
    };
    let mut count = 0;
    while !rest.is_empty() {
        let (_, len) = element(rest).ok_or(corrupt("an element is cut off or of no kind"))?;
        let end = len + back_length_size_of(rest, len);
        let whole = rest.get(..end).ok_or(corrupt("an element has no length behind it"))?;
        if back_length(whole) != Some((len, end - len)) {
            return Err(corrupt("a length behind an element is not its length"));
        }
        rest = rest.get(end..).unwrap_or_default();
        count += 1;
    }
    let told = u16::from_le_bytes([e, f]);
    if told != UNCOUNTED && usize::from(told) != count {
        return Err(corrupt("has not as many elements as it says"));
    }
    Ok(count)
}
