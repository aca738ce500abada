//! What `ZUNION` and its kin combine: sorted sets, and sets, whose members all have the score 1.

use super::value::SortedSetRef;
use crate::rdb::Element;
use crate::store::context::ReadCx;
use crate::store::error::CommandError;
use crate::store::value::ValueRef;

/// A set of either kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a>(SortedSetRef<'a>);

impl<'a> Source<'a> {
    /// The set at `key`; `None` without the key.
    pub(super) fn find(cx: &ReadCx<'a>, key: &[u8]) -> Result<Option<Self>, CommandError> {
        match cx.value(key) {
            None => Ok(None),
            Some(ValueRef::SortedSet(set)) => Ok(Some(Self(set))),
            Some(_) => Err(CommandError::WRONG_TYPE),
        }
    }

    /// How many members it has.
    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    /// The score of a member.
    pub(super) fn score(self, member: &[u8]) -> Option<f64> {
        self.0.score(member)
    }

    /// Its members and their scores, in any order.
    pub(super) fn iter(self) -> impl Iterator<Item = (Element<'a>, f64)> {
        self.0.iter()
    }
}
