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
//! | `commands` | the commands |

mod commands;
mod entries;
mod members;
mod packed;
mod range;
mod ranked;
mod snapshot;
mod tree;
mod value;

pub(crate) use commands::{AddFlags, COMMANDS, add};
pub(crate) use range::ScoreRange;
pub(crate) use value::{Rules, SortedSet, SortedSetRef};
