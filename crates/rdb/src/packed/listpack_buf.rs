//! A listpack that can be changed, byte for byte as Redis changes it. Valkey 9 writes three lengths
//! differently; `for_vendor` converts them.

use super::listpack::Listpack;
use super::listpack_elements::{END, HEADER, UNCOUNTED};
use super::listpack_entry::{Element, Encoded};
use super::listpack_ref::{ListpackRef, Position};
use super::splice::{reserve, resize_at};
use crate::error::Corrupt;

/// A listpack that can be changed. A position that is none of its elements' makes a wrong listpack
/// of it, or none; nothing panics.
#[derive(Clone, PartialEq, Eq)]
pub struct ListpackBuf(Vec<u8>);

impl Default for ListpackBuf {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Listpack> for ListpackBuf {
    fn from(listpack: Listpack) -> Self {
        Self(listpack.into_bytes())
    }
}

impl TryFrom<ListpackBuf> for Listpack {
    type Error = Corrupt;

    /// Checks the listpack from end to end, as [`Listpack::new`] does.
    fn try_from(buf: ListpackBuf) -> Result<Self, Corrupt> {
        Self::new(buf.0)
    }
}

const fn too_long() -> Corrupt {
    Corrupt::new("listpack", "would be longer than 4 GiB")
}

impl ListpackBuf {
    /// Returns a listpack without elements.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// Returns a listpack without elements, with room for `len` bytes of them.
    #[must_use]
    pub fn with_capacity(len: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER + len + 1);
        bytes.extend([7, 0, 0, 0, 0, 0, END]);
        Self(bytes)
    }

    /// Takes `bytes` unchecked, as [`ListpackRef::trusted`] does.
    #[must_use]
    pub fn trusted(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns the listpack, borrowed, to be read.
    #[must_use]
    pub fn view(&self) -> ListpackRef<'_> {
        ListpackRef::trusted(&self.0)
    }

    /// The bytes of the listpack.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the bytes of the listpack.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The number of elements; see [`ListpackRef::len`].
    #[must_use]
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.view().is_empty()
    }

    /// How many bytes of memory the listpack holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Gives back memory that is not used.
    pub fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Inserts an element before the one at `position`, or at the end. The new element is at
    /// `position` then. A string that is exactly how a number would be printed is stored as a
    /// number.
    ///
    /// # Errors
    /// A listpack cannot have 4 GiB or more; it is unchanged then.
    pub fn insert<'e>(
        &mut self,
        position: Position,
        element: impl Into<Element<'e>>,
    ) -> Result<(), Corrupt> {
        self.splice(position.offset(), 0, &Encoded::new(element.into()))?;
        self.add_to_count(1);
        Ok(())
    }

    /// Replaces the element at `position`; at the end nothing is done.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn replace<'e>(
        &mut self,
        position: Position,
        element: impl Into<Element<'e>>,
    ) -> Result<(), Corrupt> {
        let Some(next) = self.view().after(position) else { return Ok(()) };
        let old = next.offset() - position.offset();
        self.splice(position.offset(), old, &Encoded::new(element.into()))
    }

    /// Inserts an element before all others.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn push_front<'e>(&mut self, element: impl Into<Element<'e>>) -> Result<(), Corrupt> {
        self.insert(Position::FIRST, element)
    }

    /// Inserts an element behind all others.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn push_back<'e>(&mut self, element: impl Into<Element<'e>>) -> Result<(), Corrupt> {
        let element = Encoded::new(element.into());
        if self.0.len() <= HEADER {
            return self.splice(self.view().end().offset(), 0, &element);
        }
        let more = element.len();
        if self.0.len().checked_add(more).is_none_or(|len| u32::try_from(len).is_err()) {
            return Err(too_long());
        }
        reserve(&mut self.0, more);
        let end = self.0.pop();
        element.pieces().into_iter().for_each(|piece| self.0.extend_from_slice(piece));
        self.0.extend(end);
        self.set_len();
        self.add_to_count(1);
        Ok(())
    }

    /// Removes up to `count` elements from `position` on. Returns how many were removed. The next
    /// element is at `position` then.
    pub fn remove(&mut self, position: Position, count: usize) -> usize {
        let (mut end, mut removed) = (position, 0);
        while removed < count
            && let Some(next) = self.view().after(end)
        {
            end = next;
            removed += 1;
        }
        if removed > 0 {
            self.0.drain(position.offset()..end.offset());
            self.set_len();
            self.add_to_count(-i64::try_from(removed).unwrap_or(i64::MAX));
        }
        removed
    }

    /// Replaces the `old` bytes at `offset` by `element`.
    fn splice(&mut self, offset: usize, old: usize, element: &Encoded<'_>) -> Result<(), Corrupt> {
        let (len, new) = (self.0.len(), element.len());
        let (Some(kept), Some(end)) = (len.checked_sub(old), offset.checked_add(old)) else {
            return Err(Corrupt::new("listpack", "has no such position"));
        };
        if offset < HEADER || end >= len {
            return Err(Corrupt::new("listpack", "has no such position"));
        }
        if kept.checked_add(new).is_none_or(|len| u32::try_from(len).is_err()) {
            return Err(too_long());
        }
        resize_at(&mut self.0, offset, old, new);
        let mut at = offset;
        for piece in element.pieces() {
            if let Some(place) = self.0.get_mut(at..at + piece.len()) {
                place.copy_from_slice(piece);
            }
            at += piece.len();
        }
        self.set_len();
        Ok(())
    }

    fn set_len(&mut self) {
        // `splice` makes sure that it fits.
        let len = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        if let Some(header) = self.0.first_chunk_mut::<4>() {
            *header = len.to_le_bytes();
        }
    }

    /// Changes the count in the header. An unknown count stays so: Redis too counts only on demand.
    fn add_to_count(&mut self, more: i64) {
        let Some(count) = self.view().header_count() else { return };
        let count = i64::try_from(count).unwrap_or(0).saturating_add(more).max(0);
        let count = u16::try_from(count).unwrap_or(UNCOUNTED);
        if let Some(place) = self.0.get_mut(4..HEADER) {
            place.copy_from_slice(&count.to_le_bytes());
        }
    }
}

impl std::fmt::Debug for ListpackBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.view().fmt(f)
    }
}

#[cfg(test)]
mod tests;
