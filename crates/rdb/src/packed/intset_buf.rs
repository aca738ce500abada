//! An intset that can be changed, byte for byte as Redis changes it: it widens for a number that
//! needs it, and never becomes narrower.

use super::intset::Intset;
use super::intset_ref::{HEADER, IntsetRef, width_of};
use super::splice::resize_at;
use crate::error::Corrupt;

/// An intset that can be changed.
#[derive(Clone, PartialEq, Eq)]
pub struct IntsetBuf(Vec<u8>);

impl Default for IntsetBuf {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Intset> for IntsetBuf {
    fn from(set: Intset) -> Self {
        Self(set.into_bytes())
    }
}

impl From<IntsetBuf> for Intset {
    fn from(buf: IntsetBuf) -> Self {
        Self::built(buf.0)
    }
}

impl IntsetBuf {
    /// Returns an intset without integers.
    #[must_use]
    pub fn new() -> Self {
        Self(vec![2, 0, 0, 0, 0, 0, 0, 0])
    }

    /// Takes `bytes` unchecked, as [`IntsetRef::trusted`] does: for bytes that were an intset
    /// before.
    #[must_use]
    pub fn trusted(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns the intset, borrowed, to be read.
    #[must_use]
    pub fn view(&self) -> IntsetRef<'_> {
        IntsetRef::trusted(&self.0)
    }

    /// Returns the bytes of the intset.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// How many bytes of memory the intset holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Inserts `number`. Returns whether it is new.
    ///
    /// # Errors
    /// An intset cannot have more than `u32::MAX` integers; it is unchanged then.
    pub fn insert(&mut self, number: i64) -> Result<bool, Corrupt> {
        let Err(index) = self.view().search(number) else { return Ok(false) };
        if u32::try_from(self.view().len() + 1).is_err() {
            return Err(Corrupt::new("intset", "would have too many integers"));
        }
        if width_of(number) > self.view().width() {
            self.widen(width_of(number));
        }
        let width = self.view().width();
        let start = HEADER + index * width;
        resize_at(&mut self.0, start, 0, width);
        if let Some(place) = self.0.get_mut(start..start + width) {
            place.copy_from_slice(number.to_le_bytes().get(..width).unwrap_or_default());
        }
        self.set_count();
        Ok(true)
    }

    /// Removes `number`. Returns whether it was there.
    pub fn remove(&mut self, number: i64) -> bool {
        let Ok(index) = self.view().search(number) else { return false };
        let start = HEADER + index * self.view().width();
        self.0.drain(start..start + self.view().width());
        self.set_count();
        true
    }

    fn widen(&mut self, width: usize) {
        let mut wide = Vec::with_capacity(HEADER + (self.view().len() + 1) * width);
        // A width is 4 or 8 here.
        wide.extend([u8::try_from(width).unwrap_or(8), 0, 0, 0, 0, 0, 0, 0]);
        for number in self.view().iter() {
            wide.extend_from_slice(number.to_le_bytes().get(..width).unwrap_or_default());
        }
        self.0 = wide;
        self.set_count();
    }

    fn set_count(&mut self) {
        // `insert` makes sure that it fits.
        let count = u32::try_from(self.view().len()).unwrap_or(u32::MAX);
        if let Some(place) = self.0.get_mut(4..HEADER) {
            place.copy_from_slice(&count.to_le_bytes());
        }
    }
}

impl std::fmt::Debug for IntsetBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.view().iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn of(numbers: &[i64]) -> IntsetBuf {
        let mut set = IntsetBuf::new();
        for number in numbers {
            assert!(set.insert(*number).unwrap());
            assert!(!set.insert(*number).unwrap());
        }
        set
    }

    #[test]
    fn widens_and_never_narrows() {
        let mut set = of(&[5, -7]);
        assert_eq!(set.view().as_bytes(), [2, 0, 0, 0, 2, 0, 0, 0, 0xf9, 0xff, 5, 0]);
        for (number, width) in [(-0x8001, 4), (0x8000, 4), (0x8000_0000, 8), (i64::MIN, 8)] {
            assert!(!set.view().contains(number));
            assert!(set.insert(number).unwrap());
            assert_eq!(set.view().width(), width, "{number}");
        }
        assert!(set.view().iter().eq([i64::MIN, -0x8001, -7, 5, 0x8000, 0x8000_0000]));
        for number in [i64::MIN, -0x8001, -7, 5, 0x8000, 0x8000_0000] {
            assert!(set.view().contains(number) && set.remove(number) && !set.remove(number));
        }
        assert_eq!(set.view().as_bytes(), [8, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((set.view().len(), set.view().is_empty(), set.view().get(0)), (0, true, None));
    }

    fn number() -> impl Strategy<Value = i64> {
        prop_oneof![
            -40..40_i64,
            -40_000..40_000_i64,
            any::<i32>().prop_map(i64::from),
            any::<i64>()
        ]
    }

    proptest! {
        #[test]
        fn is_a_sorted_set(edits in prop::collection::vec((any::<bool>(), number()), 0..200)) {
            let (mut set, mut model) = (IntsetBuf::new(), BTreeSet::new());
            let mut width = 2;
            for (insert, number) in edits {
                if insert {
                    width = width.max(width_of(number));
                    prop_assert_eq!(set.insert(number).unwrap(), model.insert(number));
                } else {
                    prop_assert_eq!(set.remove(number), model.remove(&number));
                }
                prop_assert_eq!(set.view().contains(number), insert);
            }
            prop_assert!(set.view().iter().eq(model.iter().copied()));
            prop_assert_eq!(set.view().width(), width);
            prop_assert_eq!(set.view().get(model.len() / 2), model.iter().nth(model.len() / 2).copied());
            let read = Intset::new(set.clone().into_bytes()).unwrap();
            prop_assert_eq!(read, Intset::from(set));
        }
    }
}
