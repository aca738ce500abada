//! Vector sets (native since Redis 8). Rows only, in alphabetical order.

use crate::command::Command;
use crate::command::table::row::{ONE_KEY, read, write};

pub(in crate::command::table) const ROWS: &[Command] = &[
    write("vadd", -1, ONE_KEY),
    read("vcard", -1, ONE_KEY),
    read("vdim", -1, ONE_KEY),
    read("vemb", -1, ONE_KEY),
    read("vgetattr", -1, ONE_KEY),
    read("vinfo", -1, ONE_KEY),
    read("vismember", -1, ONE_KEY),
    read("vlinks", -1, ONE_KEY),
    read("vrandmember", -1, ONE_KEY),
    write("vrem", -1, ONE_KEY),
    write("vsetattr", -1, ONE_KEY),
    read("vsim", -1, ONE_KEY),
];
