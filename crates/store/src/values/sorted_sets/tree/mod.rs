//! The order of a large sorted set: a B+ tree of numbers of members with their scores, with the
//! number of items below each node.
//!
//! Insertion, removal, finding the rank of a member and finding the member of a rank take a time
//! logarithmic in the length; removing a range takes its own length more. The tree has no names of
//! members: the caller compares.

mod item;
mod node;
mod span;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub(super) use item::Item;
use node::Node;
pub(super) use span::Span;

/// A tree of items in order.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    root: Node,
    len: usize,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { root: Node::empty(), len: 0 }
    }

    /// Returns a tree of items that are in order.
    pub(super) fn of_sorted(items: impl ExactSizeIterator<Item = Item>) -> Self {
        let len = items.len();
        Self { root: Node::of_sorted(items), len }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds an item behind all items that are `before` it.
    pub(super) fn insert(&mut self, item: Item, before: impl Fn(Item) -> bool) {
        self.root.insert_at_root(item, &before);
        self.len += 1;
    }

    /// Returns how many items at the front `are_before`. It holds for some items at the front and
    /// for none behind them.
    pub(super) fn rank(&self, are_before: impl Fn(Item) -> bool) -> usize {
        self.root.rank(&are_before)
    }

    /// Returns the item of this rank.
    #[cfg(test)]
    pub(super) fn get(&self, rank: usize) -> Option<Item> {
        let (leaf, at) = self.root.leaf(rank)?;
        leaf.get(at)
    }

    /// Returns the items of these ranks, from both ends.
    pub(super) fn span(&self, ranks: Range<usize>) -> Span<'_> {
        Span::new(&self.root, ranks.start..ranks.end.min(self.len))
    }

    /// Removes the items of these ranks.
    pub(super) fn remove(&mut self, ranks: Range<usize>) {
        let ranks = ranks.start..ranks.end.min(self.len);
        if !ranks.is_empty() {
            self.len -= ranks.len();
            self.root.remove_at_root(ranks);
        }
    }

    /// The bytes on the heap. Walks the nodes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.root.heap_bytes()
    }
}
