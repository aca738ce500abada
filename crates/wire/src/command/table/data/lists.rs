//! Lists. Rows only, in alphabetical order.

use crate::command::table::row::{ALL_BUT_LAST, ONE_KEY, TWO_KEYS, counted, read, write};
use crate::command::{Blocking, Command, Effect};

pub(in crate::command::table) const ROWS: &[Command] = &[
    write("blmove", 6, TWO_KEYS).does(Effect::Blocking(Blocking::Always)),
    write("blmpop", -5, counted(2)).does(Effect::Blocking(Blocking::Always)),
    write("blpop", -3, ALL_BUT_LAST).does(Effect::Blocking(Blocking::Always)),
    write("brpop", -3, ALL_BUT_LAST).does(Effect::Blocking(Blocking::Always)),
    write("brpoplpush", 4, TWO_KEYS).does(Effect::Blocking(Blocking::Always)),
    read("lindex", 3, ONE_KEY),
    write("linsert", 5, ONE_KEY),
    read("llen", 2, ONE_KEY),
    write("lmove", 5, TWO_KEYS),
    write("lmpop", -4, counted(1)),
    write("lpop", -2, ONE_KEY),
    read("lpos", -3, ONE_KEY),
    write("lpush", -3, ONE_KEY),
    write("lpushx", -3, ONE_KEY),
    read("lrange", 4, ONE_KEY),
    write("lrem", 4, ONE_KEY),
    write("lset", 4, ONE_KEY),
    write("ltrim", 4, ONE_KEY),
    write("rpop", -2, ONE_KEY),
    write("rpoplpush", 3, TWO_KEYS),
    write("rpush", -3, ONE_KEY),
    write("rpushx", -3, ONE_KEY),
];
