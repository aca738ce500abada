//! A node of a long list: many elements packed, or a large one alone.

use super::fill::Fill;
use tidegate_rdb::{Element, Elements, ListNode, ListpackBuf, Position};

/// A node, which is not empty while it is in a list.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Packed(ListpackBuf),
    Plain(Box<[u8]>),
}

/// Returns the length of an element as a string.
pub(super) fn text_len(element: Element<'_>) -> usize {
    element.bytes(&mut itoa::Buffer::new()).len()
}

impl From<ListNode> for Node {
    fn from(node: ListNode) -> Self {
        match node {
            ListNode::Packed(pack) => Self::Packed(pack.into()),
            ListNode::Plain(bytes) => Self::Plain(bytes.into()),
        }
    }
}

impl Node {
    /// Returns a node of one element.
    pub(super) fn of(element: Element<'_>, fill: Fill) -> Self {
        let mut buffer = itoa::Buffer::new();
        let bytes = element.bytes(&mut buffer);
        if !fill.is_large(bytes.len()) {
            let mut pack = ListpackBuf::with_capacity(bytes.len() + 10);
            if pack.push_back(element).is_ok() {
                return Self::Packed(pack);
            }
        }
        Self::Plain(bytes.into())
    }

    /// The number of elements.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Packed(pack) => pack.len(),
            Self::Plain(_) => 1,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Packed(pack) => pack.is_empty(),
            Self::Plain(_) => false,
        }
    }

    /// The bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Packed(pack) => pack.capacity(),
            Self::Plain(bytes) => bytes.len(),
        }
    }

    /// Returns the listpack if an element of `len` bytes fits into it.
    pub(super) fn with_room(&mut self, len: usize, fill: Fill) -> Option<&mut ListpackBuf> {
        match self {
            Self::Packed(pack) => {
                fill.takes(pack.as_bytes().len(), pack.len(), len).then_some(pack)
            }
            Self::Plain(_) => None,
        }
    }

    /// Gives back memory that is not used.
    pub(super) fn shrink(&mut self) {
        if let Self::Packed(pack) = self {
            pack.shrink_to_fit();
        }
    }

    /// Returns the element at `offset`.
    pub(super) fn get(&self, offset: usize) -> Option<Element<'_>> {
        match self {
            Self::Packed(pack) => pack.view().get(i64::try_from(offset).ok()?),
            Self::Plain(bytes) => (offset == 0).then_some(Element::Bytes(bytes)),
        }
    }

    /// Removes up to `count` elements from `offset` on.
    pub(super) fn remove(&mut self, offset: usize, count: usize) {
        if let Self::Packed(pack) = self {
            remove(pack, offset, count);
        }
    }

    /// Moves the elements from `offset` on into a new node.
    pub(super) fn split_off(&mut self, offset: usize) -> Self {
        let mut rest = ListpackBuf::new();
        if let Self::Packed(pack) = self {
            for element in pack.view().iter().skip(offset) {
                // They come from a listpack, so they fit in one.
                let _ = rest.push_back(element);
            }
            remove(pack, offset, usize::MAX);
            pack.shrink_to_fit();
        }
        Self::Packed(rest)
    }

    /// Whether this node and `next` are packed and fit into one node.
    pub(super) fn fits(&self, next: &Self, fill: Fill) -> bool {
        let (Self::Packed(pack), Self::Packed(next)) = (self, next) else { return false };
        let bytes = pack.as_bytes().len() + next.as_bytes().len();
        fill.joins(bytes, pack.len() + next.len())
    }

    /// Adds the elements of `next`, which fit.
    pub(super) fn append(&mut self, next: &Self) {
        if let (Self::Packed(pack), Self::Packed(next)) = (self, next) {
            for element in next.view() {
                // Both together are within the limits of a node.
                let _ = pack.push_back(element);
            }
        }
    }

    pub(super) fn elements(&self) -> NodeElements<'_> {
        match self {
            Self::Packed(pack) => NodeElements::Packed(pack.view().iter()),
            Self::Plain(bytes) => NodeElements::Plain(Some(bytes)),
        }
    }
}

/// Returns the position of the element at `offset`, or the end.
pub(super) fn position(pack: &ListpackBuf, offset: usize) -> Position {
    let found = i64::try_from(offset).ok().and_then(|offset| pack.view().seek(offset));
    found.unwrap_or_else(|| pack.view().end())
}

/// Removes up to `count` elements from `offset` on.
pub(super) fn remove(pack: &mut ListpackBuf, offset: usize, count: usize) {
    pack.remove(position(pack, offset), count);
}

/// The elements of a node, from both ends.
#[derive(Clone, Debug)]
pub(super) enum NodeElements<'a> {
    Packed(Elements<'a>),
    Plain(Option<&'a [u8]>),
}

impl<'a> Iterator for NodeElements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        match self {
            Self::Packed(elements) => elements.next(),
            Self::Plain(bytes) => bytes.take().map(Element::Bytes),
        }
    }

    fn nth(&mut self, count: usize) -> Option<Element<'a>> {
        match self {
            Self::Packed(elements) => elements.nth(count),
            Self::Plain(bytes) => bytes.take().filter(|_| count == 0).map(Element::Bytes),
        }
    }
}

impl DoubleEndedIterator for NodeElements<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Self::Packed(elements) => elements.next_back(),
            Self::Plain(bytes) => bytes.take().map(Element::Bytes),
        }
    }

    fn nth_back(&mut self, count: usize) -> Option<Self::Item> {
        match self {
            Self::Packed(elements) => elements.nth_back(count),
            Self::Plain(bytes) => bytes.take().filter(|_| count == 0).map(Element::Bytes),
        }
    }
}
