//! Walks items of a tree, from both ends.

use std::ops::Range;

use super::Item;
use super::node::{Leaf, Node};

/// A leaf that is being walked, and the ranks of its items.
type Current<'a> = Option<(Range<usize>, &'a Leaf)>;

/// Items of consecutive ranks.
#[derive(Clone, Debug)]
pub(in crate::values::sorted_sets) struct Span<'a> {
    root: &'a Node,
    left: Range<usize>,
    front: Current<'a>,
    back: Current<'a>,
}

impl<'a> Span<'a> {
    pub(super) fn new(root: &'a Node, ranks: Range<usize>) -> Self {
        Self { root, left: ranks, front: None, back: None }
    }
}

/// Returns the item of this rank. The next leaf is found from the root, once in a few dozen items.
fn seek<'a>(root: &'a Node, rank: usize, current: &mut Current<'a>) -> Option<Item> {
    if let Some((ranks, leaf)) = current
        && ranks.contains(&rank)
    {
        return leaf.get(rank - ranks.start);
    }
    let (leaf, at) = root.leaf(rank)?;
    let start = rank - at;
    *current = Some((start..start + leaf.len(), leaf));
    leaf.get(at)
}

impl Iterator for Span<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let rank = self.left.next()?;
        seek(self.root, rank, &mut self.front)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.len(), Some(self.left.len()))
    }
}

impl DoubleEndedIterator for Span<'_> {
    fn next_back(&mut self) -> Option<Item> {
        let rank = self.left.next_back()?;
        seek(self.root, rank, &mut self.back)
    }
}

impl ExactSizeIterator for Span<'_> {}
