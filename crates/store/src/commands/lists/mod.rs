//! The commands on lists.
//!
//! | file | what it is |
//! |---|---|
//! | `read`, `position` | LLEN, LINDEX, LRANGE, LPOS |
//! | `push`, `pop` | LPUSH, RPUSH, LPOP, RPOP, LMPOP and their like |
//! | `edit` | LSET, LINSERT, LREM, LTRIM |
//! | `relocate` | LMOVE, RPOPLPUSH |

mod edit;
mod pop;
mod position;
mod push;
mod read;
mod relocate;

use crate::execution::Row;

/// All commands on lists.
pub(crate) const COMMANDS: &[&[Row]] = &[
    edit::COMMANDS,
    pop::COMMANDS,
    position::COMMANDS,
    push::COMMANDS,
    read::COMMANDS,
    relocate::COMMANDS,
];
