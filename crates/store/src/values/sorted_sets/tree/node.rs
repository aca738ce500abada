//! A node of the tree: a leaf of items, or an inner node of children.

use std::ops::Range;

use super::item::Item;

/// The most items of a leaf, and the most children of a node.
pub(super) const MAX: usize = 64;
/// Neighbours with no more items or children together are merged.
const MERGED: usize = MAX * 3 / 4;
/// By how many items a full allocation of a leaf grows.
const STEP: usize = MAX / 8;

/// Items, in order. Scores and numbers are apart, because together they would be padded.
#[derive(Clone, Debug, Default)]
pub(in crate::values::sorted_sets) struct Leaf {
    scores: Vec<f64>,
    ids: Vec<u32>,
}

/// A child, with its first item and its number of items.
#[derive(Clone, Debug)]
pub(in crate::values::sorted_sets) struct Child {
    /// The first item of the child.
    first: Item,
    /// The number of items below the child.
    count: u32,
    node: Box<Node>,
}

/// A leaf, or an inner node.
#[derive(Clone, Debug)]
pub(in crate::values::sorted_sets) enum Node {
    Leaf(Leaf),
    /// At least one child.
    Inner(Vec<Child>),
}

impl Leaf {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<Item> {
        Some(Item { score: *self.scores.get(at)?, id: *self.ids.get(at)? })
    }

    /// Returns how many items at the front `are_before`.
    fn rank(&self, are_before: &impl Fn(Item) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle).is_some_and(are_before) { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn insert(&mut self, at: usize, item: Item) {
        if self.ids.len() == self.ids.capacity() {
            self.scores.reserve_exact(STEP);
            self.ids.reserve_exact(STEP);
        }
        self.scores.insert(at, item.score);
        self.ids.insert(at, item.id);
    }

    fn split_off(&mut self, at: usize) -> Self {
        let right = Self { scores: self.scores.split_off(at), ids: self.ids.split_off(at) };
        self.trim();
        right
    }

    fn append(&mut self, mut other: Self) {
        self.scores.reserve_exact(other.len());
        self.ids.reserve_exact(other.len());
        self.scores.append(&mut other.scores);
        self.ids.append(&mut other.ids);
    }

    fn remove(&mut self, range: Range<usize>) {
        self.scores.drain(range.clone());
        self.ids.drain(range);
        if self.ids.capacity() > self.len() + 3 * STEP {
            self.trim();
        }
    }

    fn trim(&mut self) {
        self.scores.shrink_to(self.len() + STEP);
        self.ids.shrink_to(self.len() + STEP);
    }
}

impl Child {
    fn new(node: Node) -> Option<Self> {
        let first = node.first()?;
        Some(Self { first, count: count(node.len()), node: Box::new(node) })
    }

    /// Updates the facts about the child after a change below.
    fn refresh(&mut self) {
        self.count = count(self.node.len());
        if let Some(first) = self.node.first() {
            self.first = first;
        }
    }
}

/// Returns the length as 32 bits, which suffice for all items.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl Node {
    pub(super) fn empty() -> Self {
        Self::Leaf(Leaf::default())
    }

    /// Returns a node of items that are in order.
    pub(super) fn of_sorted(mut items: impl Iterator<Item = Item>) -> Self {
        let mut level = Vec::new();
        loop {
            let mut leaf = Leaf::default();
            for item in items.by_ref().take(MAX) {
                leaf.insert(leaf.len(), item);
            }
            match Child::new(Self::Leaf(leaf)) {
                Some(child) => level.push(child),
                None => break,
            }
        }
        while level.len() > 1 {
            let mut children = level.into_iter().peekable();
            let mut above = Vec::new();
            while children.peek().is_some() {
                above.extend(Child::new(Self::Inner(children.by_ref().take(MAX).collect())));
            }
            level = above;
        }
        level.pop().map_or_else(Self::empty, |root| *root.node)
    }

    /// The number of items. Adds up the children.
    fn len(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.len(),
            Self::Inner(children) => children.iter().map(|child| child.count as usize).sum(),
        }
    }

    fn first(&self) -> Option<Item> {
        match self {
            Self::Leaf(leaf) => leaf.get(0),
            Self::Inner(children) => children.first().map(|child| child.first),
        }
    }

    pub(super) fn rank(&self, are_before: &impl Fn(Item) -> bool) -> usize {
        let (mut node, mut rank) = (self, 0);
        loop {
            match node {
                Self::Leaf(leaf) => return rank + leaf.rank(are_before),
                Self::Inner(children) => {
                    let at = place(children, are_before);
                    rank += children.iter().take(at).map(|c| c.count as usize).sum::<usize>();
                    let Some(child) = children.get(at) else { return rank };
                    node = &child.node;
                }
            }
        }
    }

    /// Returns the leaf that has the item of this rank, and the place in it.
    pub(super) fn leaf(&self, mut rank: usize) -> Option<(&Leaf, usize)> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(leaf) => return (rank < leaf.len()).then_some((leaf, rank)),
                Self::Inner(children) => {
                    let child = children.iter().find(|child| {
                        let count = child.count as usize;
                        let here = rank < count;
                        rank -= if here { 0 } else { count };
                        here
                    });
                    node = &child?.node;
                }
            }
        }
    }

    pub(super) fn insert_at_root(&mut self, item: Item, before: &impl Fn(Item) -> bool) {
        if let Some(right) = self.insert(item, before, true) {
            let left = Child::new(std::mem::replace(self, Self::empty()));
            *self = Self::Inner(left.into_iter().chain([right]).collect());
        }
    }

    /// Adds an item. Returns the node that has to stand behind this one, if it was split. With
    /// `is_last`, nothing is behind this node yet: then it stays full, because items that come in
    /// order never fill the gaps. The recursion is as deep as the tree.
    fn insert(
        &mut self,
        item: Item,
        before: &impl Fn(Item) -> bool,
        is_last: bool,
    ) -> Option<Child> {
        match self {
            Self::Leaf(leaf) => {
                let at = leaf.rank(before);
                leaf.insert(at, item);
                if leaf.len() <= MAX {
                    return None;
                }
                let middle = if is_last && at == MAX { MAX } else { MAX / 2 };
                Child::new(Self::Leaf(leaf.split_off(middle)))
            }
            Self::Inner(children) => {
                let at = place(children, before);
                let is_last = is_last && at + 1 == children.len();
                let child = children.get_mut(at)?;
                let right = child.node.insert(item, before, is_last);
                let moved = right.as_ref().map_or(0, |right| right.count);
                child.count = (child.count + 1).saturating_sub(moved);
                if let Some(first) = child.node.first() {
                    child.first = first;
                }
                children.insert(at + 1, right?);
                if children.len() <= MAX {
                    return None;
                }
                let middle = if is_last { MAX } else { MAX / 2 };
                Child::new(Self::Inner(children.split_off(middle)))
            }
        }
    }

    pub(super) fn remove_at_root(&mut self, ranks: Range<usize>) {
        self.remove(ranks);
        loop {
            match self {
                Self::Inner(children) if children.len() <= 1 => {
                    *self = children.pop().map_or_else(Self::empty, |child| *child.node);
                }
                _ => return,
            }
        }
    }

    /// Removes the items of these ranks. The recursion is as deep as the tree.
    fn remove(&mut self, ranks: Range<usize>) {
        let children = match self {
            Self::Leaf(leaf) => return leaf.remove(ranks),
            Self::Inner(children) => children,
        };
        let mut start = 0;
        let mut touched = 0..0;
        for (at, child) in children.iter_mut().enumerate() {
            let end = start + child.count as usize;
            let from = ranks.start.clamp(start, end) - start;
            let to = ranks.end.clamp(start, end) - start;
            if from < to {
                if touched.is_empty() {
                    touched = at..at;
                }
                touched.end = at + 1;
                if to - from == end - start {
                    child.count = 0;
                } else {
                    child.node.remove(from..to);
                    child.refresh();
                }
            }
            start = end;
            if start >= ranks.end {
                break;
            }
        }
        let before = children.len();
        children.retain(|child| child.count > 0);
        let end = touched.end - (before - children.len());
        // From behind, so that the places before stay the same.
        for at in (touched.start.saturating_sub(1)..=end).rev() {
            merge(children, at);
        }
    }

    /// The bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Leaf(leaf) => {
                leaf.scores.capacity() * size_of::<f64>() + leaf.ids.capacity() * size_of::<u32>()
            }
            Self::Inner(children) => {
                let below = children.iter().map(|c| size_of::<Self>() + c.node.heap_bytes());
                children.capacity() * size_of::<Child>() + below.sum::<usize>()
            }
        }
    }

    #[cfg(test)]
    pub(super) fn check(&self) -> usize {
        let Self::Inner(children) = self else { return 1 };
        assert!(!children.is_empty() && children.len() <= MAX);
        let depths: Vec<_> = children
            .iter()
            .map(|child| {
                assert!(child.count > 0);
                assert_eq!(child.count as usize, child.node.len());
                assert_eq!(Some(child.first), child.node.first());
                child.node.check()
            })
            .collect();
        for pair in children.windows(2) {
            let size = |node: &Self| match node {
                Self::Leaf(leaf) => leaf.len(),
                Self::Inner(children) => children.len(),
            };
            assert!(size(&pair[0].node) + size(&pair[1].node) > MERGED.min(MAX / 2));
        }
        assert!(depths.iter().all(|depth| depth == &depths[0]));
        depths[0] + 1
    }
}

/// Returns the child in which an item is, or belongs, behind the items that `are_before` it.
fn place(children: &[Child], are_before: &impl Fn(Item) -> bool) -> usize {
    children.partition_point(|child| are_before(child.first)).saturating_sub(1)
}

/// Merges the children at `at` and behind it if they are small, and their own children that became
/// neighbours. The recursion is as deep as the tree.
fn merge(children: &mut Vec<Child>, at: usize) {
    let Some([left, right]) = children.get_mut(at..at + 2) else { return };
    match (&mut *left.node, &mut *right.node) {
        (Node::Leaf(left), Node::Leaf(right)) if left.len() + right.len() <= MERGED => {
            left.append(std::mem::take(right));
        }
        (Node::Inner(left), Node::Inner(right)) if left.len() + right.len() <= MERGED => {
            let seam = left.len().saturating_sub(1);
            left.append(right);
            merge(left, seam);
        }
        _ => return,
    }
    left.refresh();
    children.remove(at + 1);
}
