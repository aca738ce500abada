//! Commands that move a key to another name or another database.

use crate::call::{CommandError, Reply};
use crate::commands::keys::databases::index;
use crate::execution::{Args, Done, Row, WriteCx};

pub(super) const COMMANDS: &[Row] = &[
    Row::write("move", move_key),
    Row::write("rename", rename),
    Row::write("renamenx", rename_nx),
];

/// `RENAME key newkey`
fn rename(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (from, to) = (args[1], args[2]);
    if cx.slot(from).is_none() {
        return Err(CommandError::NO_KEY);
    }
    if from != to {
        let db = cx.db;
        transfer(cx, from, to, db);
    }
    reply.ok();
    Ok(())
}

/// `RENAMENX key newkey`
fn rename_nx(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (from, to) = (args[1], args[2]);
    if cx.slot(from).is_none() {
        return Err(CommandError::NO_KEY);
    }
    let free = from != to && cx.slot(to).is_none();
    if free {
        let db = cx.db;
        transfer(cx, from, to, db);
    }
    reply.int(free.into());
    Ok(())
}

/// `MOVE key db`
fn move_key(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (key, db) = (args[1], index(cx.data, args[2])?);
    if db == cx.db {
        return Err(CommandError::SAME_OBJECT);
    }
    let free = cx.slot(key).is_some() && cx.in_database(db).slot(key).is_none();
    if free {
        transfer(cx, key, key, db);
    }
    reply.int(free.into());
    Ok(())
}

/// Moves the value of `from`, with its expiry, to `to` in a database, and replaces what is there.
fn transfer(cx: &mut WriteCx<'_>, from: &[u8], to: &[u8], db: usize) {
    if let Some(mut slot) = cx.db_mut().remove(from) {
        let expires = slot.expires();
        cx.data.database_mut(db).set(to, expires, slot.take_value());
        cx.data.collect(db);
        cx.dirty(1);
    }
}
