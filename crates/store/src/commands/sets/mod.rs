//! The commands on sets.
//!
//! | file | what it is |
//! |---|---|
//! | `read`, `write` | SCARD, SISMEMBER, SMEMBERS, SADD, SREM, SMOVE |
//! | `combining` | SINTER, SUNION, SDIFF and the commands that store their results |
//! | `random`, `scan` | SPOP, SRANDMEMBER, SSCAN |

mod combining;
mod random;
mod read;
mod scan;
mod write;

use crate::execution::Row;

/// All commands on sets.
pub(crate) const COMMANDS: &[&[Row]] =
    &[combining::COMMANDS, random::COMMANDS, read::COMMANDS, scan::COMMANDS, write::COMMANDS];
