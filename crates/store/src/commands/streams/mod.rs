//! The commands on streams.
//!
//! | file | what it is |
//! |---|---|
//! | `add`, `add_options` | XADD, XTRIM, XSETID |
//! | `remove` | XDEL, XDELEX, XACK, XACKDEL |
//! | `range` | XLEN, XRANGE, XREVRANGE |
//! | `read`, `read_group`, `read_options` | XREAD, XREADGROUP |
//! | `claim`, `auto_claim`, `show_pending` | XCLAIM, XAUTOCLAIM, XPENDING |
//! | `propagation` | how deliveries go into the replication stream |
//! | `manage`, `info`, `subcommand`, `help` | XGROUP, XINFO |

mod add;
mod add_options;
mod auto_claim;
mod claim;
mod help;
mod info;
mod manage;
mod propagation;
mod range;
mod read;
mod read_group;
mod read_options;
mod remove;
mod show_pending;
mod subcommand;

pub use read::WaitingRead;

use crate::execution::Row;

/// All commands on streams.
pub(crate) const COMMANDS: &[&[Row]] = &[
    add::COMMANDS,
    auto_claim::COMMANDS,
    claim::COMMANDS,
    info::COMMANDS,
    manage::COMMANDS,
    range::COMMANDS,
    read::COMMANDS,
    read_group::COMMANDS,
    remove::COMMANDS,
    show_pending::COMMANDS,
];
