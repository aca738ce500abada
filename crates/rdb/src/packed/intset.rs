//! Intsets: sorted integers of one width in one run of bytes.

use super::intset_ref::{HEADER, IntsetRef};
use crate::error::Corrupt;

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt::new("intset", what)
}

/// A valid intset: its integers ascend, and none comes twice.
#[derive(Clone, PartialEq, Eq)]
pub struct Intset(Box<[u8]>);

impl Intset {
    /// Takes `bytes` if they are an intset.
    ///
    /// # Errors
    /// [`Corrupt`] says what is wrong.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Corrupt> {
        let header: &[u8; HEADER] = bytes.first_chunk().ok_or(corrupt("is too short"))?;
        let [a, b, c, d, e, f, g, h] = *header;
        let width = u32::from_le_bytes([a, b, c, d]);
        if ![2, 4, 8].contains(&width) {
            return Err(corrupt("its integers have no width that is known"));
        }
        let count = u32::from_le_bytes([e, f, g, h]);
        if u64::from(count) * u64::from(width) != (bytes.len() - HEADER) as u64 {
            return Err(corrupt("has not as many integers as it says"));
        }
        let set = Self(bytes.into_boxed_slice());
        if !set.view().iter().is_sorted_by(|a, b| a < b) {
            return Err(corrupt("its integers do not ascend"));
        }
        Ok(set)
    }

    /// Returns the intset, borrowed, to be read.
    #[must_use]
    pub fn view(&self) -> IntsetRef<'_> {
        IntsetRef::trusted(&self.0)
    }

    /// Returns the bytes of the intset.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }

    /// Returns the intset that a buffer holds.
    pub(super) fn built(bytes: Vec<u8>) -> Self {
        let set = Self(bytes.into_boxed_slice());
        debug_assert!(set.view().iter().is_sorted_by(|a, b| a < b));
        set
    }
}

impl std::fmt::Debug for Intset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.view().iter()).finish()
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers all")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn intset(width: u32, body: &[u8]) -> Result<Intset, &'static str> {
        let count = (body.len() / width.max(1) as usize) as u32;
        let bytes = [&width.to_le_bytes()[..], &count.to_le_bytes(), body].concat();
        Intset::new(bytes).map_err(|corrupt| corrupt.what)
    }

    #[test]
    fn every_width() {
        let set = intset(2, &[0, 0x80, 0xff, 0xff, 1, 0]).unwrap();
        assert!(set.view().iter().eq([-32768, -1, 1]));
        assert_eq!((set.view().len(), set.view().width(), set.view().is_empty()), (3, 2, false));
        assert!(
            intset(4, &[0, 0, 0, 0x80, 0, 0, 1, 0]).unwrap().view().iter().eq([-1 << 31, 65536])
        );
        let wide = i64::MAX.to_le_bytes();
        assert!(intset(8, &wide).unwrap().view().iter().rev().eq([i64::MAX]));
        assert!(intset(8, &[]).unwrap().view().is_empty());
    }

    #[test]
    fn invalid_bytes_are_refused() {
        assert_eq!(intset(3, &[0; 3]), Err("its integers have no width that is known"));
        assert_eq!(intset(2, &[0; 3]), Err("has not as many integers as it says"));
        assert_eq!(intset(2, &[1, 0, 1, 0]), Err("its integers do not ascend"));
        assert_eq!(Intset::new(vec![2]).unwrap_err().what, "is too short");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body: Vec<u8>, width in 0u32..10) {
            if let Ok(set) = intset(width, &body) {
                prop_assert_eq!(set.view().iter().count(), set.view().len());
            }
        }
    }
}
