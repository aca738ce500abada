//! A list to be read, in any form.

use std::collections::vec_deque;
use std::io::Write;

use super::end::End;
use super::node::{Node, NodeElements};
use super::quicklist::{Place, Quicklist};
use super::walk::Walk;
use crate::dialect::Dialect;
use crate::primitives::Digest;
use tidegate_rdb::{Element, ListpackRef, NodeRef, ValueWriter, WriteError};

/// A list, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ListRef<'a> {
    Packed(ListpackRef<'a>),
    Quick(&'a Quicklist),
}

impl<'a> ListRef<'a> {
    pub(crate) fn resting(bytes: &'a [u8]) -> Self {
        Self::Packed(ListpackRef::trusted(bytes))
    }

    pub(crate) fn len(self) -> usize {
        match self {
            Self::Packed(pack) => pack.len(),
            Self::Quick(quick) => quick.len(),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        match self {
            Self::Packed(pack) => pack.is_empty(),
            Self::Quick(quick) => quick.len() == 0,
        }
    }

    /// The name of the form in `OBJECT ENCODING`.
    pub(crate) fn encoding(self, dialect: Dialect) -> &'static str {
        match self {
            Self::Packed(_) if dialect.packs_lists() => "listpack",
            _ => "quicklist",
        }
    }

    pub(crate) fn get(self, index: usize) -> Option<Element<'a>> {
        match self {
            Self::Packed(pack) => pack.get(i64::try_from(index).ok()?),
            Self::Quick(quick) => quick.get(index),
        }
    }

    /// Returns the element at an end.
    pub(crate) fn end(self, end: End) -> Option<Element<'a>> {
        match end {
            End::Left => self.get(0),
            End::Right => self.get(self.len().checked_sub(1)?),
        }
    }

    /// Returns the elements from `index` to the last one.
    pub(crate) fn walk(self, index: usize) -> Walk<'a> {
        self.walk_from(index, false)
    }

    /// About how many steps it takes to get to the element at `index`.
    pub(crate) fn steps_to(self, index: usize) -> usize {
        match self {
            Self::Packed(_) => index.min(self.len().saturating_sub(index)) / 8,
            Self::Quick(list) => {
                let near = index.min(list.len().saturating_sub(index));
                let per_node = (list.len() / list.nodes().len().max(1)).max(1);
                near / per_node + per_node / 8
            }
        }
    }

    /// Returns the elements from `index` back to the first one.
    pub(crate) fn walk_back(self, index: usize) -> Walk<'a> {
        self.walk_from(index, true)
    }

    fn walk_from(self, index: usize, backward: bool) -> Walk<'a> {
        let skip = |mut elements: NodeElements<'a>, count: usize| {
            if count > 0 {
                let _ =
                    if backward { elements.nth_back(count - 1) } else { elements.nth(count - 1) };
            }
            elements
        };
        let skipped = |offset: usize, len: usize| if backward { len - 1 - offset } else { offset };
        match self {
            Self::Packed(pack) if index < pack.len() => {
                let elements = NodeElements::Packed(pack.iter());
                let rest = vec_deque::Iter::default();
                Walk::new(skip(elements, skipped(index, pack.len())), rest, backward)
            }
            Self::Packed(_) => Walk::empty(),
            Self::Quick(quick) => {
                let Some(Place { node, offset }) = quick.place(index) else {
                    return Walk::empty();
                };
                let nodes = quick.nodes();
                let here = &nodes[node];
                let rest = if backward { nodes.range(..node) } else { nodes.range(node + 1..) };
                Walk::new(skip(here.elements(), skipped(offset, here.len())), rest, backward)
            }
        }
    }

    /// Writes the list into a file or a payload.
    pub(crate) fn write<W: Write>(self, to: ValueWriter<'_, W>) -> Result<(), WriteError> {
        match self {
            Self::Packed(pack) => to.list([NodeRef::Packed(pack)]),
            Self::Quick(quick) => to.list(quick.nodes().iter().map(|node| match node {
                Node::Packed(pack) => NodeRef::Packed(pack.view()),
                Node::Plain(bytes) => NodeRef::Plain(bytes),
            })),
        }
    }

    /// Adds the list to a digest.
    pub(crate) fn digest(self, digest: &mut Digest) {
        /// The type's number in a digest, `OBJ_LIST`.
        const TYPE: u32 = 1;
        digest.mix(&TYPE.to_be_bytes());
        let mut buffer = itoa::Buffer::new();
        for element in self.walk(0) {
            digest.mix(element.bytes(&mut buffer));
        }
    }
}
