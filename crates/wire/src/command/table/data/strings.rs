//! Strings. Rows only, in alphabetical order.

use crate::command::table::row::{ALL_KEYS, COUNTED_PAIRS, ONE_KEY, PAIRS, TWO_KEYS, read, write};
use crate::command::{Command, Keys};

pub(in crate::command::table) const ROWS: &[Command] = &[
    write("append", 3, ONE_KEY),
    write("decr", 2, ONE_KEY),
    write("decrby", 3, ONE_KEY),
    write("delifeq", 3, ONE_KEY),
    read("get", 2, ONE_KEY),
    write("getdel", 2, ONE_KEY),
    write("getex", -2, ONE_KEY),
    read("getrange", 4, ONE_KEY),
    write("getset", 3, ONE_KEY),
    write("incr", 2, ONE_KEY),
    write("incrby", 3, ONE_KEY),
    write("incrbyfloat", 3, ONE_KEY),
    read("lcs", -3, TWO_KEYS),
    read("mget", -2, ALL_KEYS),
    write("mset", -3, PAIRS),
    write("msetex", -4, COUNTED_PAIRS),
    write("msetnx", -3, PAIRS),
    write("psetex", 4, ONE_KEY),
    write("set", -3, ONE_KEY),
    write("setex", 4, ONE_KEY),
    write("setnx", 3, ONE_KEY),
    write("setrange", 4, ONE_KEY),
    read("stralgo", -2, Keys::Lcs),
    read("strlen", 2, ONE_KEY),
    read("substr", 4, ONE_KEY),
];
