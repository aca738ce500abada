//! Sets. Rows only, in alphabetical order.

use crate::command::table::row::{ALL_KEYS, ONE_KEY, TWO_KEYS, counted, read, write};
use crate::command::{Command, Effect};

pub(in crate::command::table) const ROWS: &[Command] = &[
    write("sadd", -3, ONE_KEY),
    read("scard", 2, ONE_KEY),
    read("sdiff", -2, ALL_KEYS),
    write("sdiffstore", -3, ALL_KEYS),
    read("sinter", -2, ALL_KEYS),
    read("sintercard", -3, counted(1)),
    write("sinterstore", -3, ALL_KEYS),
    read("sismember", 3, ONE_KEY),
    read("smembers", 2, ONE_KEY),
    read("smismember", -3, ONE_KEY),
    write("smove", 4, TWO_KEYS),
    write("spop", -2, ONE_KEY),
    read("srandmember", -2, ONE_KEY),
    write("srem", -3, ONE_KEY),
    read("sscan", -3, ONE_KEY).does(Effect::Scan { cursor: 2 }),
    read("sunion", -2, ALL_KEYS),
    write("sunionstore", -3, ALL_KEYS),
];
