//! Scripts and functions. Rows only, in alphabetical order.

use super::row::{NO_KEYS, counted, master, read, refused, write};
use crate::command::{Command, Effect};

pub(super) const ROWS: &[Command] = &[
    write("eval", -3, counted(2)),
    read("eval_ro", -3, counted(2)).does(Effect::ReadOnlyScript),
    write("evalsha", -3, counted(2)),
    read("evalsha_ro", -3, counted(2)).does(Effect::ReadOnlyScript),
    write("fcall", -3, counted(2)),
    read("fcall_ro", -3, counted(2)).does(Effect::ReadOnlyScript),
    write("function", -2, NO_KEYS).over(FUNCTION),
    write("script", -2, NO_KEYS).over(SCRIPT),
];

const FUNCTION: &[Command] = &[
    write("function|delete", 3, NO_KEYS),
    master("function|dump", 2, NO_KEYS),
    write("function|flush", -2, NO_KEYS),
    master("function|help", 2, NO_KEYS),
    master("function|kill", 2, NO_KEYS).does(Effect::OutOfBand),
    master("function|list", -2, NO_KEYS),
    write("function|load", -3, NO_KEYS),
    write("function|restore", -3, NO_KEYS),
    master("function|stats", 2, NO_KEYS).does(Effect::OutOfBand),
];

const SCRIPT: &[Command] = &[
    refused("script|debug", -3, NO_KEYS),
    master("script|exists", -3, NO_KEYS),
    write("script|flush", -2, NO_KEYS).ungated(),
    master("script|help", 2, NO_KEYS),
    master("script|kill", 2, NO_KEYS).does(Effect::OutOfBand),
    write("script|load", 3, NO_KEYS).ungated().does(Effect::LoadScript),
    master("script|show", 3, NO_KEYS),
];
