//! A long list: a deque of nodes. An end is reached in constant time; any other element in the time
//! that the nodes between it and the nearer end take.
//!
//! Mirrors `quicklist.c`: where an element goes, and which nodes are joined, is as in the server,
//! because `DUMP` and `OBJECT ENCODING` show it.

use std::collections::VecDeque;

use super::end::End;
use super::fill::Fill;
use super::needle::remove_from_pack;
use super::node::{Node, position, text_len};
use tidegate_rdb::{Element, ListpackBuf};

/// A long list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quicklist {
    nodes: VecDeque<Node>,
    /// The number of elements of all nodes.
    len: usize,
}

/// The place of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) node: usize,
    /// The index within the node.
    pub(super) offset: usize,
}

impl FromIterator<Node> for Quicklist {
    fn from_iter<I: IntoIterator<Item = Node>>(nodes: I) -> Self {
        let nodes: VecDeque<_> = nodes.into_iter().collect();
        let len = nodes.iter().map(Node::len).sum();
        Self { nodes, len }
    }
}

impl Quicklist {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn nodes(&self) -> &VecDeque<Node> {
        &self.nodes
    }

    /// Returns the listpack, if the list has only one node and that is packed.
    pub(super) fn only_pack(&self) -> Option<&ListpackBuf> {
        match self.nodes.front() {
            Some(Node::Packed(pack)) if self.nodes.len() == 1 => Some(pack),
            _ => None,
        }
    }

    /// Takes the listpack out, if it is the only node.
    pub(super) fn take_only_pack(&mut self) -> Option<ListpackBuf> {
        self.only_pack()?;
        self.len = 0;
        match self.nodes.pop_front() {
            Some(Node::Packed(pack)) => Some(pack),
            _ => None,
        }
    }

    /// The bytes on the heap. Walks the nodes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.nodes.iter().map(Node::heap_bytes).sum::<usize>()
    }

    /// Returns the place of the element at `index`.
    pub(super) fn place(&self, index: usize) -> Option<Place> {
        if index >= self.len {
            return None;
        }
        if index < self.len / 2 {
            let mut offset = index;
            for (node, len) in self.nodes.iter().map(Node::len).enumerate() {
                if offset < len {
                    return Some(Place { node, offset });
                }
                offset -= len;
            }
        } else {
            let mut behind = self.len - 1 - index;
            for (node, len) in self.nodes.iter().map(Node::len).enumerate().rev() {
                if behind < len {
                    return Some(Place { node, offset: len - 1 - behind });
                }
                behind -= len;
            }
        }
        None
    }

    pub(super) fn get(&self, index: usize) -> Option<Element<'_>> {
        let place = self.place(index)?;
        self.nodes.get(place.node)?.get(place.offset)
    }

    /// Adds an element at an end.
    pub(super) fn push(&mut self, end: End, element: Element<'_>, fill: Fill) {
        self.len += 1;
        let last = match end {
            End::Left => self.nodes.front_mut(),
            End::Right => self.nodes.back_mut(),
        };
        if let Some(last) = last {
            let pushed = match (last.with_room(text_len(element), fill), end) {
                (Some(pack), End::Left) => pack.push_front(element).is_ok(),
                (Some(pack), End::Right) => pack.push_back(element).is_ok(),
                (None, _) => false,
            };
            if pushed {
                return;
            }
            // The node is full for now.
            last.shrink();
        }
        let node = Node::of(element, fill);
        match end {
            End::Left => self.nodes.push_front(node),
            End::Right => self.nodes.push_back(node),
        }
    }

    /// Inserts an element before or after the one at `place` (`_quicklistInsert`).
    pub(super) fn insert(&mut self, place: Place, after: bool, element: Element<'_>, fill: Fill) {
        let size = text_len(element);
        let Some(node) = self.nodes.get_mut(place.node) else { return };
        let (count, offset) = (node.len(), place.offset + usize::from(after));
        let at_edge = if after { offset == count } else { offset == 0 };
        self.len += 1;
        if let Some(pack) = node.with_room(size, fill) {
            let at = position(pack, offset);
            if pack.insert(at, element).is_ok() {
                return;
            }
        }
        if at_edge {
            if fill.is_large(size) || !self.insert_beside(place.node, after, element, fill) {
                let at = place.node + usize::from(after);
                self.nodes.insert(at, Node::of(element, fill));
            }
            return;
        }
        let mut rest = node.split_off(offset);
        if fill.is_large(size) {
            self.nodes.insert(place.node + 1, rest);
            self.nodes.insert(place.node + 1, Node::of(element, fill));
            return;
        }
        // A half of a node has room for an element that is not large; if not, nothing is lost.
        let near = if after { &mut rest } else { node };
        let pushed = match near {
            Node::Packed(pack) if after => pack.push_front(element).is_ok(),
            Node::Packed(pack) => pack.push_back(element).is_ok(),
            Node::Plain(_) => false,
        };
        self.nodes.insert(place.node + 1, rest);
        if !pushed {
            self.nodes.insert(place.node + 1, Node::of(element, fill));
        }
        self.merge_around(place.node + usize::from(!after), fill);
    }

    /// Adds an element to the node before or after `node`, at the near end. Returns whether it had
    /// room.
    fn insert_beside(
        &mut self,
        node: usize,
        after: bool,
        element: Element<'_>,
        fill: Fill,
    ) -> bool {
        let beside = if after { Some(node + 1) } else { node.checked_sub(1) };
        let beside = beside.and_then(|beside| self.nodes.get_mut(beside));
        match beside.and_then(|beside| beside.with_room(text_len(element), fill)) {
            Some(pack) if after => pack.push_front(element).is_ok(),
            Some(pack) => pack.push_back(element).is_ok(),
            None => false,
        }
    }

    /// Replaces the element at `place` (`quicklistReplaceEntry`).
    pub(super) fn replace(&mut self, place: Place, element: Element<'_>, fill: Fill) {
        let is_large = fill.is_large(text_len(element));
        let Some(node) = self.nodes.get_mut(place.node) else { return };
        match node {
            Node::Packed(pack) => {
                let at = position(pack, place.offset);
                if !is_large && pack.replace(at, element).is_ok() {
                    return;
                }
            }
            Node::Plain(_) if is_large => {
                *node = Node::of(element, fill);
                return;
            }
            Node::Plain(_) => {
                self.insert(place, true, element, fill);
                self.nodes.remove(place.node);
                self.len -= 1;
                return;
            }
        }
        // The new element gets a node of its own between those with the elements before and after
        // it.
        let behind = (place.offset + 1 < node.len()).then(|| node.split_off(place.offset + 1));
        let new = Node::of(element, fill);
        if place.offset == 0 {
            *node = new;
        } else {
            node.remove(place.offset, 1);
            self.nodes.insert(place.node + 1, new);
        }
        let at = place.node + usize::from(place.offset > 0);
        if let Some(behind) = behind {
            self.nodes.insert(at + 1, behind);
        }
        if place.offset > 0 {
            self.merge_around(at, fill);
        }
    }

    /// Removes up to `count` elements from `start` on (`quicklistDelRange`).
    pub(super) fn remove_range(&mut self, start: usize, count: usize) {
        let Some(place) = self.place(start) else { return };
        let mut left = count.min(self.len - start);
        self.len -= left;
        let (mut node, mut offset) = (place.node, place.offset);
        // Whole nodes are removed together.
        let mut whole = None;
        while left > 0
            && let Some(here) = self.nodes.get_mut(node)
        {
            let (len, from) = (here.len(), offset);
            let taken = left.min(len - from);
            if taken == len {
                whole = Some(
                    whole.map_or(node..node + 1, |all: std::ops::Range<_>| all.start..node + 1),
                );
            } else {
                here.remove(from, taken);
            }
            left -= taken;
            node += 1;
            offset = 0;
        }
        if let Some(whole) = whole {
            self.nodes.drain(whole);
        }
        self.give_back();
    }

    /// Removes the elements that equal `needle`, at most `max` of them, from an end on. Returns how
    /// many were removed.
    pub(super) fn remove_all(&mut self, needle: &[u8], max: usize, end: End) -> usize {
        let mut removed = 0;
        let mut take = |node: &mut Node| {
            let left = max - removed;
            removed += match node {
                Node::Packed(pack) => remove_from_pack(pack, needle, left, end),
                Node::Plain(bytes) if left > 0 && bytes[..] == *needle => {
                    *node = Node::Packed(ListpackBuf::new());
                    1
                }
                Node::Plain(_) => 0,
            };
        };
        match end {
            End::Left => self.nodes.iter_mut().for_each(&mut take),
            End::Right => self.nodes.iter_mut().rev().for_each(&mut take),
        }
        if removed > 0 {
            self.nodes.retain(|node| !node.is_empty());
            self.len -= removed;
            self.give_back();
        }
        removed
    }

    fn give_back(&mut self) {
        if self.nodes.len() * 4 < self.nodes.capacity() {
            self.nodes.shrink_to(self.nodes.len() * 2);
        }
    }

    /// Joins nodes around `center` where two fit in one (`_quicklistMergeNodes`).
    fn merge_around(&mut self, mut center: usize, fill: Fill) {
        if center >= 2 && self.merge(center - 2, fill) {
            center -= 1;
        }
        self.merge(center + 1, fill);
        if center >= 1 && self.merge(center - 1, fill) {
            center -= 1;
        }
        self.merge(center, fill);
    }

    /// Joins the node at `left` and the next one if they fit. Returns whether they did.
    fn merge(&mut self, left: usize, fill: Fill) -> bool {
        let fits = match (self.nodes.get(left), self.nodes.get(left + 1)) {
            (Some(node), Some(next)) => node.fits(next, fill),
            _ => false,
        };
        if fits
            && let Some(next) = self.nodes.remove(left + 1)
            && let Some(node) = self.nodes.get_mut(left)
        {
            node.append(&next);
        }
        fits
    }
}
