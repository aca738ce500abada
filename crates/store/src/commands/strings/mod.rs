//! The commands on strings.
//!
//! | folder or file | what it is |
//! |---|---|
//! | `set`, `many`, `options` | SET, GET, MSET, GETEX and their like; their options |
//! | `ranges`, `overwrite` | APPEND, GETRANGE, SETRANGE, STRLEN; changing a part in place |
//! | `numbers` | INCR, DECR, INCRBYFLOAT |
//! | `bits`, `bit_count`, `bit_operations`, `bitfield` | GETBIT, SETBIT, BITCOUNT, BITPOS, BITOP, BITFIELD |
//! | `lcs` | LCS, STRALGO |
//! | `hyperloglog` | PFADD, PFCOUNT, PFMERGE, PFDEBUG |

mod bit_count;
mod bit_operations;
mod bitfield;
mod bits;
mod hyperloglog;
mod lcs;
mod many;
mod numbers;
mod options;
mod overwrite;
mod ranges;
mod set;

use crate::execution::Row;

/// All commands on strings.
pub(crate) const COMMANDS: &[&[Row]] = &[
    bit_count::COMMANDS,
    bit_operations::COMMANDS,
    bitfield::COMMANDS,
    bits::COMMANDS,
    hyperloglog::COMMANDS,
    lcs::COMMANDS,
    many::COMMANDS,
    numbers::COMMANDS,
    ranges::COMMANDS,
    set::COMMANDS,
];
