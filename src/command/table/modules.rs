//! Modules' commands whose own flags mislead. All others are learnt from the master. Rows only.
//!
//! The search module flags both as reads, but a cursor lives in the server that opened it.

use super::row::{NO_KEYS, master};
use crate::command::Command;

pub(super) const ROWS: &[Command] =
    &[master("ft.aggregate", -1, NO_KEYS), master("ft.cursor", -1, NO_KEYS)];
