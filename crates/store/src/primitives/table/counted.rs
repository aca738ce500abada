//! An iterator with a known number of elements.

/// The `left` elements of `iter`.
#[derive(Clone, Debug)]
pub(super) struct Counted<I> {
    pub(super) left: usize,
    pub(super) iter: I,
}

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let next = self.iter.next()?;
        self.left = self.left.saturating_sub(1);
        Some(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    fn fold<B, F: FnMut(B, I::Item) -> B>(self, init: B, f: F) -> B {
        self.iter.fold(init, f)
    }
}

impl<I: Iterator> ExactSizeIterator for Counted<I> {}
