//! Hashes and the expiry of their fields. Rows only, in alphabetical order.

use crate::command::table::row::{ONE_KEY, read, write};
use crate::command::{Command, Effect};

pub(in crate::command::table) const ROWS: &[Command] = &[
    write("hdel", -3, ONE_KEY),
    read("hexists", 3, ONE_KEY),
    write("hexpire", -6, ONE_KEY),
    write("hexpireat", -6, ONE_KEY),
    read("hexpiretime", -5, ONE_KEY),
    read("hget", 3, ONE_KEY),
    read("hgetall", 2, ONE_KEY),
    write("hgetdel", -5, ONE_KEY),
    write("hgetex", -5, ONE_KEY),
    write("hincrby", 4, ONE_KEY),
    write("hincrbyfloat", 4, ONE_KEY),
    read("hkeys", 2, ONE_KEY),
    read("hlen", 2, ONE_KEY),
    read("hmget", -3, ONE_KEY),
    write("hmset", -4, ONE_KEY),
    write("hpersist", -5, ONE_KEY),
    write("hpexpire", -6, ONE_KEY),
    write("hpexpireat", -6, ONE_KEY),
    read("hpexpiretime", -5, ONE_KEY),
    read("hpttl", -5, ONE_KEY),
    read("hrandfield", -2, ONE_KEY),
    read("hscan", -3, ONE_KEY).does(Effect::Scan { cursor: 2 }),
    write("hset", -4, ONE_KEY),
    write("hsetex", -6, ONE_KEY),
    write("hsetnx", 4, ONE_KEY),
    read("hstrlen", 3, ONE_KEY),
    read("httl", -5, ONE_KEY),
    read("hvals", 2, ONE_KEY),
];
