//! Keys of any type. Rows only, in alphabetical order.

use crate::command::table::row::{
    ALL_KEYS, NO_KEYS, ONE_KEY, SUB_KEY, TWO_KEYS, master, read, write,
};
use crate::command::{Command, Effect, Keys};

pub(in crate::command::table) const ROWS: &[Command] = &[
    write("copy", -3, TWO_KEYS),
    write("del", -2, ALL_KEYS),
    read("dump", 2, ONE_KEY),
    read("exists", -2, ALL_KEYS),
    write("expire", -3, ONE_KEY),
    write("expireat", -3, ONE_KEY),
    read("expiretime", 2, ONE_KEY),
    read("keys", 2, NO_KEYS),
    write("migrate", -6, Keys::Migrate),
    write("move", 3, ONE_KEY),
    master("object", -2, NO_KEYS).over(OBJECT),
    write("persist", 2, ONE_KEY),
    write("pexpire", -3, ONE_KEY),
    write("pexpireat", -3, ONE_KEY),
    read("pexpiretime", 2, ONE_KEY),
    read("pttl", 2, ONE_KEY),
    read("randomkey", 1, NO_KEYS),
    write("rename", 3, TWO_KEYS),
    write("renamenx", 3, TWO_KEYS),
    write("restore", -4, ONE_KEY),
    read("scan", -2, NO_KEYS).does(Effect::Scan { cursor: 1 }),
    write("sort", -2, Keys::Sort),
    read("sort_ro", -2, ONE_KEY),
    write("touch", -2, ALL_KEYS).ungated(),
    read("ttl", 2, ONE_KEY),
    read("type", 2, ONE_KEY),
    write("unlink", -2, ALL_KEYS),
    write("wait", 3, NO_KEYS).ungated().does(Effect::Wait),
    write("waitaof", 4, NO_KEYS).ungated().does(Effect::Wait),
];

const OBJECT: &[Command] = &[
    read("object|encoding", 3, SUB_KEY),
    master("object|freq", 3, SUB_KEY),
    read("object|help", 2, NO_KEYS),
    master("object|idletime", 3, SUB_KEY),
    read("object|refcount", 3, SUB_KEY),
];
