//! Modules' commands whose own flags do not tell enough. All others are learnt from the master.
//! Rows only, in alphabetical order.
//!
//! All are reads to their modules. But a search's cursor lives in the server that opened it, a
//! graph's slow log and running queries are the server's own; and a learnt read without keys would
//! go to the master, since it may be about the server: the ones here that are reads are not.

use super::row::{NO_KEYS, ONE_KEY, master, read};
use crate::command::Command;

pub(super) const ROWS: &[Command] = &[
    master("ft.aggregate", -1, NO_KEYS),
    master("ft.cursor", -1, NO_KEYS),
    read("ft.search", -1, NO_KEYS),
    master("graph.info", -1, ONE_KEY),
    master("graph.slowlog", -1, ONE_KEY),
    read("ts.mget", -1, NO_KEYS),
    read("ts.mrange", -1, NO_KEYS),
    read("ts.mrevrange", -1, NO_KEYS),
    read("ts.queryindex", -1, NO_KEYS),
];
