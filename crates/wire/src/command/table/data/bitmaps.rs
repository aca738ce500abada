//! Bitmaps. Rows only, in alphabetical order.

use crate::command::Command;
use crate::command::table::row::{FROM_SECOND, ONE_KEY, read, write};

pub(in crate::command::table) const ROWS: &[Command] = &[
    read("bitcount", -2, ONE_KEY),
    write("bitfield", -2, ONE_KEY),
    read("bitfield_ro", -2, ONE_KEY),
    write("bitop", -4, FROM_SECOND),
    read("bitpos", -3, ONE_KEY),
    read("getbit", 3, ONE_KEY),
    write("setbit", 4, ONE_KEY),
];
