//! Streams. Rows only, in alphabetical order.

use crate::command::table::row::{NO_KEYS, ONE_KEY, SUB_KEY, master, read, write};
use crate::command::{Blocking, Command, Effect, Keys};

pub(in crate::command::table) const ROWS: &[Command] = &[
    write("xack", -4, ONE_KEY),
    write("xackdel", -6, ONE_KEY),
    write("xadd", -5, ONE_KEY),
    write("xautoclaim", -6, ONE_KEY),
    write("xclaim", -6, ONE_KEY),
    write("xdel", -3, ONE_KEY),
    write("xdelex", -5, ONE_KEY),
    write("xgroup", -2, NO_KEYS).over(XGROUP),
    master("xinfo", -2, NO_KEYS).over(XINFO),
    read("xlen", 2, ONE_KEY),
    read("xpending", -3, ONE_KEY),
    read("xrange", -4, ONE_KEY),
    read("xread", -4, Keys::Streams).does(Effect::Blocking(Blocking::WithOption("BLOCK"))),
    write("xreadgroup", -7, Keys::Streams).does(Effect::Blocking(Blocking::WithOption("BLOCK"))),
    read("xrevrange", -4, ONE_KEY),
    write("xsetid", -3, ONE_KEY),
    write("xtrim", -4, ONE_KEY),
];

const XGROUP: &[Command] = &[
    write("xgroup|create", -5, SUB_KEY),
    write("xgroup|createconsumer", 5, SUB_KEY),
    write("xgroup|delconsumer", 5, SUB_KEY),
    write("xgroup|destroy", 4, SUB_KEY),
    master("xgroup|help", 2, NO_KEYS),
    write("xgroup|setid", -5, SUB_KEY),
];

const XINFO: &[Command] = &[
    read("xinfo|consumers", 4, SUB_KEY),
    read("xinfo|groups", 3, SUB_KEY),
    master("xinfo|help", 2, NO_KEYS),
    read("xinfo|stream", -3, SUB_KEY),
];
