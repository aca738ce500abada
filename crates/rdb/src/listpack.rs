//! Listpacks: small collections in one run of bytes, walked in both directions without copying.
//!
//! A [`Listpack`] is valid from end to end: whoever has one can walk it without a check failing.

use super::error::Corrupt;
use super::listpack_entry::{Element, back_length, back_length_size_of, element};
use super::listpack_ref::ListpackRef;

/// Length in bytes (4) and count of elements (2).
pub(super) const HEADER: usize = 6;
/// The byte behind the last element.
pub(super) const END: u8 = 0xff;
/// The count that says that the elements have to be counted.
pub(super) const UNCOUNTED: u16 = u16::MAX;

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt::new("listpack", what)
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

    /// It, to be searched.
    #[must_use]
    pub fn view(&self) -> ListpackRef<'_> {
        ListpackRef::trusted(&self.bytes)
    }

    /// Its elements, from both ends.
    #[must_use]
    pub fn iter(&self) -> Elements<'_> {
        let end = self.bytes.len().saturating_sub(1);
        Elements::new(self.bytes.get(HEADER..end).unwrap_or_default(), self.count)
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

impl<'a> Elements<'a> {
    /// Over `bytes`, in which there are `count` elements and nothing else.
    pub(super) fn new(bytes: &'a [u8], count: usize) -> Self {
        Self { bytes, left: count }
    }
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

/// Walks all of it; gives the count of elements.
pub(super) fn validate(bytes: &[u8]) -> Result<usize, Corrupt> {
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
