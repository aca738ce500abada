//! The commands on sorted sets.
//!
//! | file | what it is |
//! |---|---|
//! | `write`, `pop` | ZADD, ZINCRBY, ZREM, ZPOPMIN ... |
//! | `read`, `ranges` | ZSCORE, ZRANK, ZRANGE ... |
//! | `combine`, `combining`, `source` | ZUNION, ZINTER, ZDIFF and what stores their outcome |
//! | `random`, `scan` | ZRANDMEMBER, ZSCAN |
//! | `reply` | how members and scores are written |

mod combine;
mod combining;
mod pop;
mod random;
mod ranges;
mod read;
mod reply;
mod scan;
mod source;
mod write;

pub(crate) use write::{AddFlags, add};

use crate::execution::Row;

/// All commands on sorted sets.
pub(crate) const COMMANDS: &[&[Row]] = &[
    combine::COMMANDS,
    pop::COMMANDS,
    random::COMMANDS,
    ranges::COMMANDS,
    read::COMMANDS,
    scan::COMMANDS,
    write::COMMANDS,
];
