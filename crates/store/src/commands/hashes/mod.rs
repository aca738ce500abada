//! The commands on hashes.
//!
//! | file | what it is |
//! |---|---|
//! | `read`, `write`, `increment` | fields and values |
//! | `get_and`, `set_with_ttl` | HGETDEL, HGETEX, HSETEX |
//! | `expire`, `ttl`, `arguments` | when fields expire |
//! | `propagation` | how changes of fields go into the replication stream |
//! | `random`, `scan` | HRANDFIELD, HSCAN |

mod arguments;
mod expire;
mod get_and;
mod increment;
mod propagation;
mod random;
mod read;
mod scan;
mod set_with_ttl;
mod ttl;
mod write;

use crate::execution::Row;

/// All commands on hashes.
pub(crate) const COMMANDS: &[&[Row]] = &[
    expire::COMMANDS,
    get_and::COMMANDS,
    increment::COMMANDS,
    random::COMMANDS,
    read::COMMANDS,
    scan::COMMANDS,
    set_with_ttl::COMMANDS,
    ttl::COMMANDS,
    write::COMMANDS,
];
