//! `COPY`.

use crate::call::{CommandError, Reply, words};
use crate::commands::keys::databases::index;
use crate::execution::{Args, Done, Row, WriteCx};

pub(super) const COMMANDS: &[Row] = &[Row::write("copy", copy)];

/// `COPY source destination [DB db] [REPLACE]`
fn copy(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (from, to) = (args[1], args[2]);
    let (mut db, mut replace) = (cx.db, false);
    let mut rest = &args[3..];
    loop {
        rest = match *rest {
            [] => break,
            [word, ref rest @ ..] if words::is(word, "REPLACE") => {
                replace = true;
                rest
            }
            [word, number, ref rest @ ..] if words::is(word, "DB") => {
                db = index(cx.data, number)?;
                rest
            }
            _ => return Err(CommandError::SYNTAX),
        };
    }
    if db == cx.db && from == to {
        return Err(CommandError::SAME_OBJECT);
    }
    let source = cx.slot(from).cloned();
    let free = replace || cx.in_database(db).slot(to).is_none();
    let Some(mut source) = source.filter(|_| free) else {
        reply.int(0);
        return Ok(());
    };
    let expires = source.expires();
    cx.data.database_mut(db).set(to, expires, source.take_value());
    cx.data.collect(db);
    cx.dirty(1);
    reply.int(1);
    Ok(())
}
