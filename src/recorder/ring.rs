//! The last values of a series, one per second.

/// The last `N` values; the oldest is overwritten. Its memory is allocated once.
#[derive(Clone, Debug)]
pub(super) struct Ring<T, const N: usize> {
    values: Box<[T]>,
    /// Where the next value goes.
    next: usize,
    len: usize,
}

impl<T: Copy + Default, const N: usize> Default for Ring<T, N> {
    fn default() -> Self {
        Self { values: vec![T::default(); N].into_boxed_slice(), next: 0, len: 0 }
    }
}

impl<T: Copy + Default, const N: usize> Ring<T, N> {
    /// Adds a value.
    pub(super) fn push(&mut self, value: T) {
        if let Some(place) = self.values.get_mut(self.next) {
            *place = value;
        }
        self.next = (self.next + 1) % N;
        self.len = (self.len + 1).min(N);
    }

    /// Adds a value for the present second, after `missed` seconds without one.
    pub(super) fn push_after(&mut self, missed: u64, value: T) {
        let missed = usize::try_from(missed).unwrap_or(N).min(N);
        (0..missed).for_each(|_| self.push(T::default()));
        self.push(value);
    }

    /// The values, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = T> {
        let first = self.next + N - self.len;
        (0..self.len).filter_map(move |at| self.values.get((first + at) % N).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_values_are_overwritten() {
        let mut ring = Ring::<u32, 3>::default();
        assert_eq!(ring.iter().count(), 0);
        (1..=5).for_each(|it| ring.push(it));
        assert_eq!(ring.iter().collect::<Vec<_>>(), [3, 4, 5]);
        ring.push_after(1, 9);
        assert_eq!(ring.iter().collect::<Vec<_>>(), [5, 0, 9]);
        ring.push_after(u64::MAX, 7);
        assert_eq!(ring.iter().collect::<Vec<_>>(), [0, 0, 7]);
    }
}
