//! The bytes of a listpack: header, elements, end. Checks them, and walks the elements.

use super::listpack_entry::{
    Element, after_first, back_length, back_length_size_of, before_last, element,
};
use crate::error::Corrupt;

/// The length of the bytes (4) and the count of elements (2).
pub(super) const HEADER: usize = 6;
/// The byte behind the last element.
pub(super) const END: u8 = 0xff;
/// The count that stands for an unknown one: the elements have to be counted.
pub(super) const UNCOUNTED: u16 = u16::MAX;

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt::new("listpack", what)
}

/// Walks a listpack.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl<'a> Elements<'a> {
    /// Returns the elements of `bytes`, in which there are `count` elements and nothing else.
    pub(super) fn new(bytes: &'a [u8], count: usize) -> Self {
        Self { bytes, left: count }
    }

    /// Passes over `front` elements at the front and `back` at the back, which are no more than are
    /// left. Returns `None` if the bytes are no elements.
    fn pass(&mut self, front: usize, back: usize) -> Option<()> {
        for _ in 0..front {
            self.bytes = after_first(self.bytes)?;
        }
        for _ in 0..back {
            self.bytes = before_last(self.bytes)?;
        }
        self.left -= front + back;
        Some(())
    }

    /// Drops the first `count` elements, whose end is found from the nearer end.
    fn drop_front(&mut self, count: usize) -> Option<()> {
        let kept = self.left.checked_sub(count)?;
        if count <= kept {
            return self.pass(count, 0);
        }
        let mut front = Self { ..*self };
        front.pass(0, kept)?;
        self.bytes = self.bytes.get(front.bytes.len()..)?;
        self.left = kept;
        Some(())
    }

    /// Drops the last `count` elements, whose start is found from the nearer end.
    fn drop_back(&mut self, count: usize) -> Option<()> {
        let kept = self.left.checked_sub(count)?;
        if count <= kept {
            return self.pass(0, count);
        }
        let mut back = Self { ..*self };
        back.pass(kept, 0)?;
        self.bytes = self.bytes.get(..self.bytes.len() - back.bytes.len())?;
        self.left = kept;
        Some(())
    }

    fn end(&mut self) -> Option<Element<'a>> {
        (self.bytes, self.left) = (&[], 0);
        None
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

    fn nth(&mut self, count: usize) -> Option<Element<'a>> {
        match self.drop_front(count) {
            Some(()) => self.next(),
            None => self.end(),
        }
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

    fn nth_back(&mut self, count: usize) -> Option<Self::Item> {
        match self.drop_back(count) {
            Some(()) => self.next_back(),
            None => self.end(),
        }
    }
}

/// Checks a listpack from end to end. Returns the number of elements.
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
    let stated = u16::from_le_bytes([e, f]);
    if stated != UNCOUNTED && usize::from(stated) != count {
        return Err(corrupt("has not as many elements as it says"));
    }
    Ok(count)
}
