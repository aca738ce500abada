//! The sources of `ZUNION` and its like: sorted sets, and sets, whose members all have the score 1.

use crate::call::CommandError;
use crate::execution::ReadCx;
use crate::keyspace::ValueRef;
use crate::values::sets::SetRef;
use crate::values::sorted_sets::value::SortedSetRef;
use tidegate_rdb::Element;

/// The score of every member of a set.
const SCORE: f64 = 1.0;

/// A sorted set or a set.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands::sorted_sets) enum Source<'a> {
    Sorted(SortedSetRef<'a>),
    Set(SetRef<'a>),
}

impl<'a> Source<'a> {
    /// Returns the sorted set or set at `key`; `None` without the key.
    pub(in crate::commands::sorted_sets) fn find(
        cx: &ReadCx<'a>,
        key: &[u8],
    ) -> Result<Option<Self>, CommandError> {
        match cx.value(key) {
            None => Ok(None),
            Some(ValueRef::SortedSet(set)) => Ok(Some(Self::Sorted(set))),
            Some(ValueRef::Set(set)) => Ok(Some(Self::Set(set))),
            Some(_) => Err(CommandError::WRONG_TYPE),
        }
    }

    /// The number of members.
    pub(in crate::commands::sorted_sets) fn len(self) -> usize {
        match self {
            Self::Sorted(set) => set.len(),
            Self::Set(set) => set.len(),
        }
    }

    /// Returns the score of a member.
    pub(in crate::commands::sorted_sets) fn score(self, member: &[u8]) -> Option<f64> {
        match self {
            Self::Sorted(set) => set.score(member),
            Self::Set(set) => set.contains(Element::Bytes(member)).then_some(SCORE),
        }
    }

    /// The members and their scores, in any order.
    pub(in crate::commands::sorted_sets) fn iter(self) -> impl Iterator<Item = (Element<'a>, f64)> {
        let (sorted, set) = match self {
            Self::Sorted(set) => (Some(set.iter()), None),
            Self::Set(set) => (None, Some(set.iter().map(|member| (member, SCORE)))),
        };
        sorted.into_iter().flatten().chain(set.into_iter().flatten())
    }
}
