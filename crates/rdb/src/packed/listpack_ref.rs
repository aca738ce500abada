//! A borrowed listpack: its elements, their positions, and the search for one.

use super::listpack_elements::{Elements, HEADER, UNCOUNTED, validate};
use super::listpack_entry::{
    Element, after_first, back_length, back_length_size_of, before_last, canonical_integer, element,
};
use crate::error::Corrupt;

/// The position of an element, or the end. It is valid for the listpack it came from until that is
/// changed; a change leaves the positions before it valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(usize);

impl Position {
    /// The position of the first element, or of the first one to come.
    pub const FIRST: Self = Self(HEADER);

    /// The byte of the listpack where the element starts.
    #[must_use]
    pub fn offset(self) -> usize {
        self.0
    }

    /// Returns the position of an offset from [`Self::offset`].
    #[must_use]
    pub fn at(offset: usize) -> Self {
        Self(offset)
    }
}

/// The bytes of a listpack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ListpackRef<'a>(&'a [u8]);

impl<'a> ListpackRef<'a> {
    /// Takes `bytes` if they are a listpack from end to end.
    ///
    /// # Errors
    /// [`Corrupt`] says what is wrong.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Corrupt> {
        validate(bytes).map(|_| Self(bytes))
    }

    /// Takes `bytes` unchecked: for bytes that were checked before. If they are no listpack the
    /// answers are wrong, and nothing panics.
    #[must_use]
    pub fn trusted(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes of the listpack.
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The count in the header; `None` for 65,535 elements or more.
    pub(super) fn header_count(self) -> Option<usize> {
        let count = u16::from_le_bytes(*self.0.get(4..)?.first_chunk()?);
        (count != UNCOUNTED).then_some(count.into())
    }

    /// The number of elements. More than 65,534 are counted each time, as in Redis.
    #[must_use]
    #[inline]
    pub fn len(self) -> usize {
        self.header_count().unwrap_or_else(|| self.positions().count())
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end() <= Position::FIRST
    }

    /// The position behind the last element.
    #[must_use]
    pub fn end(self) -> Position {
        Position(self.0.len().saturating_sub(1))
    }

    /// The elements, from both ends.
    #[must_use]
    pub fn iter(self) -> Elements<'a> {
        let elements = self.0.get(HEADER..self.end().0).unwrap_or_default();
        Elements::new(elements, self.len())
    }

    /// The elements and their positions, from both ends.
    #[must_use]
    pub fn positions(self) -> Positions<'a> {
        Positions { bytes: self.0, front: HEADER, back: self.end().0 }
    }

    /// Returns where each element starts and ends.
    pub(super) fn entries(self) -> impl Iterator<Item = Extent> + use<'a> {
        let mut start = HEADER;
        std::iter::from_fn(move || {
            let rest = self.0.get(start..self.end().0)?;
            let (_, len) = element(rest)?;
            let extent = Extent { start, len, end: start + len + back_length_size_of(rest, len) };
            start = extent.end;
            Some(extent)
        })
    }

    /// Returns the element at `position`; `None` at the end.
    #[must_use]
    pub fn at(self, position: Position) -> Option<Element<'a>> {
        self.read(position.0).map(|(element, _)| element)
    }

    /// Returns the position behind the element at `position`, which may be the end; `None` at the
    /// end.
    #[must_use]
    pub fn after(self, position: Position) -> Option<Position> {
        self.read(position.0).map(|(_, next)| Position(next))
    }

    /// Returns the position of the element before `position`; `None` before the first.
    #[must_use]
    pub fn before(self, position: Position) -> Option<Position> {
        let before = self.0.get(HEADER..position.0)?;
        let (len, size) = back_length(before)?;
        Some(Position(HEADER + before.len().checked_sub(len + size)?))
    }

    /// Returns the position of the element at `index`; -1 is the last element, -2 the one before
    /// it.
    #[must_use]
    pub fn seek(self, index: i64) -> Option<Position> {
        let (mut from_back, mut steps) = match index {
            0.. => (false, usize::try_from(index).ok()?),
            _ => (true, usize::try_from(index.unsigned_abs()).ok()? - 1),
        };
        // From the nearer end, if the count is known.
        if let Some(count) = self.header_count() {
            let other = count.checked_sub(steps + 1)?;
            if other < steps {
                (from_back, steps) = (!from_back, other);
            }
        }
        let mut positions = self.positions();
        let found = if from_back { positions.nth_back(steps) } else { positions.nth(steps) };
        found.map(|(position, _)| position)
    }

    /// Returns the element at `index`; -1 is the last element, -2 the one before it.
    #[must_use]
    pub fn get(self, index: i64) -> Option<Element<'a>> {
        self.at(self.seek(index)?)
    }

    /// Returns the position of the first element with the bytes `needle`. After each element that
    /// is compared, `skip` elements are passed over: 1 to look for a field among fields and values.
    #[must_use]
    pub fn find(self, needle: &[u8], skip: usize) -> Option<Position> {
        self.find_from(Position::FIRST, needle, skip)
    }

    /// As [`Self::find`], from `position` on.
    #[must_use]
    pub fn find_from(self, position: Position, needle: &[u8], skip: usize) -> Option<Position> {
        let number = canonical_integer(needle);
        let mut at = position.0;
        let mut passed = skip;
        while let Some((element, next)) = self.read(at) {
            if passed < skip {
                passed += 1;
            } else {
                let same = match element {
                    Element::Bytes(bytes) => bytes == needle,
                    Element::Int(found) => number == Some(found),
                };
                if same {
                    return Some(Position(at));
                }
                passed = 0;
            }
            at = next;
        }
        None
    }

    /// Returns the element that starts at `offset`, and where the next one starts.
    fn read(self, offset: usize) -> Option<(Element<'a>, usize)> {
        read(self.0, offset, self.end().0)
    }
}

/// The bytes of an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) start: usize,
    /// The length, without the length behind the element.
    pub(super) len: usize,
    /// Where the length behind the element ends.
    pub(super) end: usize,
}

/// Returns the element that starts at `offset` and lies before `end`, and where the next one
/// starts.
fn read(bytes: &[u8], offset: usize, end: usize) -> Option<(Element<'_>, usize)> {
    let rest = bytes.get(offset..end)?;
    let (element, len) = element(rest)?;
    let next = offset + len + back_length_size_of(rest, len);
    (next <= end).then_some((element, next))
}

impl std::fmt::Debug for ListpackRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for ListpackRef<'a> {
    type Item = Element<'a>;
    type IntoIter = Elements<'a>;

    fn into_iter(self) -> Elements<'a> {
        self.iter()
    }
}

/// Walks the elements of a listpack with their positions.
#[derive(Clone, Debug)]
pub struct Positions<'a> {
    bytes: &'a [u8],
    front: usize,
    back: usize,
}

impl Positions<'_> {
    /// Passes over `count` elements at the front. Returns `None` if there are not so many; then none
    /// are left.
    pub(crate) fn pass(&mut self, count: usize) -> Option<()> {
        let mut rest = self.bytes.get(self.front..self.back)?;
        for _ in 0..count {
            let Some(after) = after_first(rest) else {
                self.front = self.back;
                return None;
            };
            rest = after;
        }
        self.front = self.back - rest.len();
        Some(())
    }

    /// Whether all elements were walked.
    pub(crate) fn is_empty(&self) -> bool {
        self.front >= self.back
    }

    /// The position behind the last element that was not walked.
    pub(crate) fn end(&self) -> Position {
        Position(self.back)
    }

    /// Returns the elements from one position to another of the same listpack.
    pub(crate) fn between(&self, front: Position, back: Position) -> Self {
        Self { bytes: self.bytes, front: front.0, back: back.0 }
    }
}

impl<'a> Iterator for Positions<'a> {
    type Item = (Position, Element<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let position = Position(self.front);
        let (element, next) = read(self.bytes, self.front, self.back)?;
        self.front = next;
        Some((position, element))
    }

    fn nth(&mut self, count: usize) -> Option<Self::Item> {
        self.pass(count)?;
        self.next()
    }
}

impl DoubleEndedIterator for Positions<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.front..self.back)?;
        let (len, size) = back_length(rest)?;
        let start = self.front + rest.len().checked_sub(len + size)?;
        let (element, _) = read(self.bytes, start, self.back)?;
        self.back = start;
        Some((Position(start), element))
    }

    fn nth_back(&mut self, count: usize) -> Option<Self::Item> {
        let mut rest = self.bytes.get(self.front..self.back)?;
        for _ in 0..count {
            let Some(before) = before_last(rest) else {
                self.back = self.front;
                return None;
            };
            rest = before;
        }
        self.back = self.front + rest.len();
        self.next_back()
    }
}
