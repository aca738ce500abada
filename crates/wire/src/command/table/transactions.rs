//! Transactions. Rows only, in alphabetical order.

use super::row::{ALL_KEYS, NO_KEYS, master, write};
use crate::command::{Command, Effect};

pub(super) const ROWS: &[Command] = &[
    master("discard", 1, NO_KEYS).does(Effect::Discard),
    write("exec", 1, NO_KEYS).ungated().does(Effect::Exec),
    master("multi", 1, NO_KEYS).does(Effect::Multi),
    master("unwatch", 1, NO_KEYS).does(Effect::Unwatch),
    master("watch", -2, ALL_KEYS).does(Effect::Watch),
];
