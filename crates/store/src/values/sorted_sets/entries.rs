//! Walks the members of a sorted set, in any form.

use std::ops::Range;

use super::ranked::Walk;
use tidegate_rdb::{Element, Elements, ListpackRef, packed_score};

/// Members and their scores, in order, from both ends.
#[derive(Clone, Debug)]
pub(crate) struct Entries<'a> {
    left: usize,
    form: Form<'a>,
}

#[derive(Clone, Debug)]
enum Form<'a> {
    /// The elements of a listpack, from the start of a member to the end of a score.
    Packed(Elements<'a>),
    Ranked(Walk<'a>),
}

impl<'a> Entries<'a> {
    pub(super) fn packed(pack: ListpackRef<'a>, ranks: Range<usize>) -> Self {
        let mut elements = pack.iter();
        let behind = elements.len().saturating_sub(2 * ranks.end);
        if ranks.start > 0 {
            elements.nth(2 * ranks.start - 1);
        }
        if behind > 0 && !ranks.is_empty() {
            elements.nth_back(behind - 1);
        }
        Self { left: ranks.len(), form: Form::Packed(elements) }
    }

    pub(super) fn ranked(walk: Walk<'a>) -> Self {
        Self { left: walk.len(), form: Form::Ranked(walk) }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Element<'a>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        match &mut self.form {
            Form::Packed(elements) => {
                let member = elements.next()?;
                Some((member, packed_score(elements.next()?)?))
            }
            Form::Ranked(walk) => {
                let (member, score) = walk.next()?;
                Some((Element::Bytes(member), score))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Entries<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        match &mut self.form {
            Form::Packed(elements) => {
                let score = packed_score(elements.next_back()?)?;
                Some((elements.next_back()?, score))
            }
            Form::Ranked(walk) => {
                let (member, score) = walk.next_back()?;
                Some((Element::Bytes(member), score))
            }
        }
    }
}

impl ExactSizeIterator for Entries<'_> {}
