//! Listpacks: small collections in one run of bytes, walked in both directions without copying.
//!
//! A [`Listpack`] is valid from end to end, so walking it needs no check.

use super::listpack_elements::{Elements, HEADER, validate};
use super::listpack_entry::Element;
use super::listpack_ref::ListpackRef;
use crate::error::Corrupt;

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
    /// [`Corrupt`] says what is wrong.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Corrupt> {
        let count = validate(&bytes)?;
        Ok(Self { bytes: bytes.into_boxed_slice(), count })
    }

    /// Returns the listpack that a builder made.
    pub(super) fn built(bytes: Vec<u8>, count: usize) -> Self {
        debug_assert_eq!(validate(&bytes), Ok(count));
        Self { bytes: bytes.into_boxed_slice(), count }
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

    /// The bytes of the listpack.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the bytes of the listpack.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes.into_vec()
    }

    /// Returns the listpack, borrowed, to be searched.
    #[must_use]
    pub fn view(&self) -> ListpackRef<'_> {
        ListpackRef::trusted(&self.bytes)
    }

    /// The elements, from both ends.
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
