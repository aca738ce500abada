//! Commands of modules whose own flags do not say enough. All others are learnt from the master.
//! Rows only, in alphabetical order.
//!
//! All are reads to their modules. But a cursor of a search lives in the server that opened it, and
//! a graph's slow log and running queries belong to one server. A learnt read without keys goes to
//! the master, because it may concern the server; the reads listed here do not.

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
