//! One element of a listpack: how it is written, how it is read, and the length behind it, by which
//! a listpack is walked backwards.

use crate::types::Vendor;

/// An element: bytes, or an integer that was stored as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element<'a> {
    /// The bytes of a string.
    Bytes(&'a [u8]),
    /// The number whose decimal digits are the string.
    Int(i64),
}

impl<'a> Element<'a> {
    /// Returns the bytes of the string; those of a number are written to `buffer`.
    pub fn bytes<'b>(self, buffer: &'b mut itoa::Buffer) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Int(number) => buffer.format(number).as_bytes(),
        }
    }

    /// Returns the number that the element is or spells.
    #[must_use]
    pub fn as_int(self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(number),
            Self::Bytes(bytes) => canonical_integer(bytes),
        }
    }
}

/// Returns the number that `bytes` spell exactly as it would be printed.
pub(crate) fn canonical_integer(bytes: &[u8]) -> Option<i64> {
    // i64::MIN has twenty characters.
    if bytes.is_empty() || bytes.len() > 20 || !(bytes[0] == b'-' || bytes[0].is_ascii_digit()) {
        return None;
    }
    let number = std::str::from_utf8(bytes).ok()?.parse::<i64>().ok()?;
    (itoa::Buffer::new().format(number).as_bytes() == bytes).then_some(number)
}

impl<'a> From<&'a [u8]> for Element<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Element<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<i64> for Element<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// Returns the element at the start of `bytes`, and its length without the length behind it.
pub(super) fn element(bytes: &[u8]) -> Option<(Element<'_>, usize)> {
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

/// Returns the length that [`element`] returns, without reading the element.
pub(super) fn element_len(bytes: &[u8]) -> Option<usize> {
    let (&first, rest) = bytes.split_first()?;
    Some(match first {
        0..=0x7f => 1,
        0x80..=0xbf => 1 + usize::from(first & 0x3f),
        0xc0..=0xdf => 2,
        0xe0..=0xef => 2 + (usize::from(first & 0x0f) << 8 | usize::from(*rest.first()?)),
        0xf0 => {
            let len = usize::try_from(u32::from_le_bytes(*rest.first_chunk()?)).ok()?;
            len.checked_add(5)?
        }
        0xf1 => 3,
        0xf2 => 4,
        0xf3 => 5,
        0xf4 => 9,
        _ => return None,
    })
}

/// Returns what follows the first element of `bytes`.
#[inline]
pub(super) fn after_first(bytes: &[u8]) -> Option<&[u8]> {
    let len = element_len(bytes)?;
    bytes.get(len + back_length_size_of(bytes, len)..)
}

/// Returns what stands before the last element of `bytes`.
#[inline]
pub(super) fn before_last(bytes: &[u8]) -> Option<&[u8]> {
    let (len, size) = back_length(bytes)?;
    bytes.get(..bytes.len().checked_sub(len + size)?)
}

/// How many bytes the length behind an element of `len` bytes takes. The limits are one less than
/// the bits would hold, as in Redis, and in Valkey before 9.
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
/// at the limits there are two ways to write the same length. The first byte shows which it is.
pub(super) fn back_length_size_of(bytes: &[u8], len: usize) -> usize {
    let size = back_length_size(len);
    if is_at_limit(len) && bytes.get(len) == Some(&0x7f) { size - 1 } else { size }
}

/// As [`back_length_size`], as `vendor` writes it.
pub(super) fn vendor_back_size(len: usize, vendor: Vendor) -> usize {
    let size = back_length_size(len);
    if is_at_limit(len) && vendor == Vendor::Valkey { size - 1 } else { size }
}

fn is_at_limit(len: usize) -> bool {
    matches!(len, 16_383 | 2_097_151 | 268_435_455)
}

/// Returns the length at the end of `bytes`, and how many bytes it takes: seven bits each, the
/// lowest last, the highest without its top bit.
pub(super) fn back_length(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut len = 0_u64;
    for (n, byte) in bytes.iter().rev().take(5).enumerate() {
        len |= u64::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(len).ok()?, n + 1));
        }
    }
    None
}

/// An element as it is written, in pieces: the longest piece is not copied.
#[derive(Debug)]
pub(super) struct Encoded<'a> {
    /// The kind of the element with its length, or its number.
    head: Short<9>,
    /// The bytes of a string.
    body: &'a [u8],
    /// The length behind the element.
    back: Short<5>,
}

/// At most `N` bytes, on the stack.
#[derive(Debug)]
pub(super) struct Short<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Short<N> {
    const EMPTY: Self = Self { bytes: [0; N], len: 0 };

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    fn of<const M: usize>(bytes: [u8; M]) -> Self {
        let mut short = Self::EMPTY;
        bytes.into_iter().for_each(|byte| short.push(byte));
        short
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl<'a> Encoded<'a> {
    /// Encodes an element as Redis does: a string that is exactly how a number would be printed as
    /// that number, in the shortest form that holds it.
    pub(super) fn new(element: Element<'a>) -> Self {
        let (head, body) = match (element.as_int(), element) {
            (Some(number), _) | (None, Element::Int(number)) => (int_head(number), &[][..]),
            (None, Element::Bytes(bytes)) => (string_head(bytes.len()), bytes),
        };
        let len = head.len + body.len();
        let back = back_of(len, back_length_size(len));
        Self { head, body, back }
    }

    /// How many bytes the element takes.
    pub(super) fn len(&self) -> usize {
        self.head.len + self.body.len() + self.back.len
    }

    /// The bytes of the element, in order.
    pub(super) fn pieces(&self) -> [&[u8]; 3] {
        [self.head.as_slice(), self.body, self.back.as_slice()]
    }
}

/// Returns what stands before the bytes of a string. A length that does not fit makes a listpack
/// that is too long, which is refused elsewhere.
#[expect(clippy::cast_possible_truncation, reason = "the arm says how large it is")]
fn string_head(len: usize) -> Short<9> {
    match len {
        0..64 => Short::of([0x80 | len as u8]),
        64..4096 => Short::of([0xe0 | (len >> 8) as u8, len as u8]),
        _ => {
            let [a, b, c, d] = (len as u32).to_le_bytes();
            Short::of([0xf0, a, b, c, d])
        }
    }
}

fn int_head(number: i64) -> Short<9> {
    let [a, b, c, d, e, f, g, h] = number.to_le_bytes();
    match number {
        0..=127 => Short::of([a]),
        -4096..=4095 => Short::of([0xc0 | (b & 0x1f), a]),
        -0x8000..=0x7fff => Short::of([0xf1, a, b]),
        -0x80_0000..=0x7f_ffff => Short::of([0xf2, a, b, c]),
        -0x8000_0000..=0x7fff_ffff => Short::of([0xf3, a, b, c, d]),
        _ => Short::of([0xf4, a, b, c, d, e, f, g, h]),
    }
}

/// Returns what stands behind an element of `len` bytes, in `size` bytes.
pub(super) fn back_of(len: usize, size: usize) -> Short<5> {
    let mut back = Short::EMPTY;
    for n in (0..size).rev() {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
        let bits = (len >> (7 * n)) as u8 & 0x7f;
        back.push(if n == size - 1 { bits } else { bits | 0x80 });
    }
    back
}
