//! Walks a list from one of its elements to one of its ends.

use std::collections::vec_deque;

use super::node::{Node, NodeElements};
use tidegate_rdb::Element;

/// The elements of a list, from one of them on.
#[derive(Clone, Debug)]
pub(crate) struct Walk<'a> {
    now: NodeElements<'a>,
    rest: vec_deque::Iter<'a, Node>,
    backward: bool,
}

impl<'a> Walk<'a> {
    /// Returns the elements of `now`, then those of `rest`.
    pub(super) fn new(
        now: NodeElements<'a>,
        rest: vec_deque::Iter<'a, Node>,
        backward: bool,
    ) -> Self {
        Self { now, rest, backward }
    }

    /// Returns no elements.
    pub(super) fn empty() -> Self {
        Self::new(NodeElements::Plain(None), vec_deque::Iter::default(), false)
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        loop {
            let next = if self.backward { self.now.next_back() } else { self.now.next() };
            if next.is_some() {
                return next;
            }
            let node = if self.backward { self.rest.next_back() } else { self.rest.next() };
            self.now = node?.elements();
        }
    }
}
