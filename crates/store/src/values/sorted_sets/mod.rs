//! Sorted sets: members in the order of their scores.
//!
//! | folder or file | what it is |
//! |---|---|
//! | `packed` | a small sorted set, in one listpack |
//! | `members`, `tree`, `ranked` | a large one: its members, their order, both |
//! | `value` | a sorted set, whatever its form |
//! | `entries` | walks the members |
//! | `range` | ranges of scores and of members |
//! | `snapshot` | a sorted set in a snapshot |

pub(crate) mod entries;
pub(crate) mod members;
pub(crate) mod packed;
pub(crate) mod range;
pub(crate) mod ranked;
pub(crate) mod snapshot;
pub(crate) mod tree;
pub(crate) mod value;

pub(crate) use range::ScoreRange;
pub(crate) use value::{Rules, SortedSet, SortedSetRef};
