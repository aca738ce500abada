//! Commands that move a key to another name or another database.

use crate::call::{CommandError, EventClass, Reply};
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
        transfer(cx, from, to, db, ["rename_from", "rename_to"]);
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
        transfer(cx, from, to, db, ["rename_from", "rename_to"]);
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
        transfer(cx, key, key, db, ["move_from", "move_to"]);
    }
    reply.int(free.into());
    Ok(())
}

/// Moves the value of `from`, with its expiry, to `to` in a database, and replaces what is there.
/// `events` are the names of the events at both keys.
fn transfer(cx: &mut WriteCx<'_>, from: &[u8], to: &[u8], db: usize, events: [&'static str; 2]) {
    if let Some(mut slot) = cx.db_mut().remove(from) {
        let expires = slot.expires();
        let mut there = cx.in_database(db);
        if there.leads() {
            there.drop_expired(to);
        }
        let former = there.former_type(to);
        there.put_new(to, expires, slot.take_value());
        cx.data.collect(db);
        cx.changed(from);
        cx.in_database(db).changed(to);
        cx.event(EventClass::Generic, events[0], from);
        cx.in_database(db).event(EventClass::Generic, events[1], to);
        cx.in_database(db).record_replaced(to, former);
        cx.dirty(1);
    }
}
