//! The server itself: operators, persistence, replication. Rows only, in alphabetical order.

use super::row::{NO_KEYS, admin, master, read, write};
use crate::command::{Command, Effect};

pub(super) const ROWS: &[Command] = &[
    admin("bgrewriteaof", 1, NO_KEYS),
    admin("bgsave", -1, NO_KEYS),
    read("dbsize", 1, NO_KEYS),
    admin("debug", -2, NO_KEYS),
    write("flushall", -1, NO_KEYS),
    write("flushdb", -1, NO_KEYS),
    master("info", -1, NO_KEYS).does(Effect::Info),
    master("lastsave", 1, NO_KEYS),
    read("lolwut", -1, NO_KEYS),
    master("monitor", 1, NO_KEYS).does(Effect::Monitor),
    admin("save", 1, NO_KEYS),
    admin("shutdown", -1, NO_KEYS).does(Effect::OutOfBand),
    write("swapdb", 3, NO_KEYS),
    master("time", 1, NO_KEYS),
];
