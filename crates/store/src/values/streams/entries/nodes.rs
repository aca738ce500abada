//! The nodes of a stream, in order, and the entries in them.

use std::collections::{BTreeMap, btree_map};

use super::node::Node;
use super::tree;
use tidegate_rdb::{Corrupt, Position, StreamEntries, StreamEntry, StreamId};

/// The nodes by the ids of their first entries (which may be deleted since).
#[derive(Clone, Debug)]
pub(crate) struct Nodes {
    nodes: BTreeMap<StreamId, Node>,
    /// The number of nodes of a radix tree over those ids.
    tree_nodes: usize,
}

impl Default for Nodes {
    fn default() -> Self {
        Self { nodes: BTreeMap::new(), tree_nodes: tree::EMPTY }
    }
}

impl Nodes {
    /// The number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The number of nodes of the server's radix tree over them.
    pub(crate) fn tree_nodes(&self) -> usize {
        self.tree_nodes
    }

    /// Returns the nodes and their ids, in order.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (StreamId, &Node)> {
        self.nodes.iter().map(|(&id, node)| (id, node))
    }

    pub(in crate::values::streams) fn first(&self) -> Option<(StreamId, &Node)> {
        self.nodes.first_key_value().map(|(&id, node)| (id, node))
    }

    /// Returns the first node whose id is beyond this one.
    pub(in crate::values::streams) fn beyond(&self, id: StreamId) -> Option<(StreamId, &Node)> {
        let mut after =
            self.nodes.range((std::ops::Bound::Excluded(id), std::ops::Bound::Unbounded));
        after.next().map(|(&id, node)| (id, node))
    }

    pub(in crate::values::streams) fn last_mut(&mut self) -> Option<(StreamId, &mut Node)> {
        self.nodes.last_entry().map(|entry| (*entry.key(), entry.into_mut()))
    }

    pub(in crate::values::streams) fn insert(&mut self, id: StreamId, node: Node) {
        if !self.nodes.contains_key(&id) {
            self.tree_nodes += tree::grows_by(&self.nodes, id);
        }
        self.nodes.insert(id, node);
    }

    pub(in crate::values::streams) fn remove(&mut self, id: StreamId) {
        if self.nodes.remove(&id).is_some() {
            self.tree_nodes -= tree::grows_by(&self.nodes, id);
        }
    }

    /// Returns the node to which an id belongs.
    pub(in crate::values::streams) fn of(&self, id: StreamId) -> Option<(StreamId, &Node)> {
        self.nodes.range(..=id).next_back().map(|(&id, node)| (id, node))
    }

    /// Returns the entry of this id, unless it is deleted, and the id of its node.
    pub(crate) fn find(&self, id: StreamId) -> Option<(StreamId, StreamEntry<'_>)> {
        let (master, node) = self.of(id)?;
        let entry = node.entries(master).find(|entry| entry.id >= id)?;
        (entry.id == id && !entry.deleted).then_some((master, entry))
    }

    /// Deletes entries of a node that are not deleted. A node without others is removed.
    pub(in crate::values::streams) fn delete(
        &mut self,
        node: StreamId,
        entries: &[Position],
    ) -> Result<(), Corrupt> {
        let Some(found) = self.nodes.get_mut(&node) else { return Ok(()) };
        if usize::try_from(found.live()).is_ok_and(|live| live <= entries.len()) {
            self.remove(node);
            return Ok(());
        }
        found.mark_deleted(entries)
    }

    /// Deletes entries of a node that are not deleted. A node without others stays.
    pub(in crate::values::streams) fn mark(
        &mut self,
        node: StreamId,
        entries: &[Position],
    ) -> Result<(), Corrupt> {
        self.nodes.get_mut(&node).map_or(Ok(()), |node| node.mark_deleted(entries))
    }

    /// Returns the entries from `start` to `end` (both included) that are not deleted, ascending.
    pub(crate) fn range(&self, start: StreamId, end: StreamId) -> Range<'_> {
        self.walk(start, end, false)
    }

    /// Returns the same entries, descending.
    pub(crate) fn range_back(&self, start: StreamId, end: StreamId) -> Range<'_> {
        self.walk(start, end, true)
    }

    fn walk(&self, start: StreamId, end: StreamId, back: bool) -> Range<'_> {
        let from = self.of(start).map_or(start, |(id, _)| id);
        let nodes =
            if from <= end { self.nodes.range(from..=end) } else { btree_map::Range::default() };
        Range { nodes, entries: None, start, end, back }
    }

    /// The bytes on the heap.
    pub(in crate::values::streams) fn heap_bytes(&self) -> usize {
        let entry = size_of::<(StreamId, Node)>();
        self.nodes.values().map(|node| node.heap_bytes() + entry + entry / 3).sum()
    }
}

/// Walks entries that are not deleted.
#[derive(Clone, Debug)]
pub(crate) struct Range<'a> {
    nodes: btree_map::Range<'a, StreamId, Node>,
    entries: Option<StreamEntries<'a>>,
    start: StreamId,
    end: StreamId,
    /// Whether the walk goes from the end to the start.
    back: bool,
}

impl<'a> Iterator for Range<'a> {
    type Item = StreamEntry<'a>;

    fn next(&mut self) -> Option<StreamEntry<'a>> {
        loop {
            let Some(entries) = &mut self.entries else {
                let node = if self.back { self.nodes.next_back() } else { self.nodes.next() };
                let (&master, node) = node?;
                self.entries = Some(node.entries(master));
                continue;
            };
            let entry = if self.back { entries.next_back() } else { entries.next() };
            match entry {
                None => self.entries = None,
                Some(entry) if entry.id < self.start && self.back => return None,
                Some(entry) if entry.id > self.end && !self.back => return None,
                Some(entry) if entry.deleted => {}
                Some(entry) if entry.id < self.start || entry.id > self.end => {}
                Some(entry) => return Some(entry),
            }
        }
    }
}
