//! HyperLogLog. Rows only, in alphabetical order.

use crate::command::Command;
use crate::command::table::row::{ALL_KEYS, NO_KEYS, ONE_KEY, SUB_KEY, admin, write};

pub(in crate::command::table) const ROWS: &[Command] = &[
    write("pfadd", -2, ONE_KEY),
    write("pfcount", -2, ALL_KEYS).replicated(),
    admin("pfdebug", 3, SUB_KEY).may_write(),
    write("pfmerge", -2, ALL_KEYS),
    admin("pfselftest", 1, NO_KEYS),
];
