//! `COPY`.

use crate::call::{CommandError, EventClass, Reply, words};
use crate::commands::keys::databases::index;
use crate::dialect::Vendor;
use crate::execution::{Args, Done, Row, WriteCx};
use crate::keyspace::Value;

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
    if source.is_none() {
        cx.missed(from);
    }
    let free = source.is_some() && (replace || cx.in_database(db).slot(to).is_none());
    let Some(mut source) = source.filter(|_| free) else {
        reply.int(0);
        return Ok(());
    };
    let expires = source.expires();
    let mut value = source.take_value();
    if cx.leads() && cx.dialect().vendor() == Vendor::Valkey {
        leave_expired(&mut value, cx.now);
    }
    let mut there = cx.in_database(db);
    if there.leads() {
        there.drop_expired(to);
    }
    let former = there.former_type(to);
    there.put_new(to, expires, value);
    there.signal(EventClass::Generic, "copy_to", to);
    there.record_replaced(to, former);
    cx.data.collect(db);
    cx.dirty(1);
    reply.int(1);
    Ok(())
}

/// Removes expired fields from the copy of a hash, which a master of Valkey does not copy
/// (measured: 9.1). A hash of which all fields have expired stays as it is.
fn leave_expired(value: &mut Value, now: i64) {
    let Value::Hash(hash) = value else { return };
    let expired = hash.view().expired(now);
    if expired.len() < hash.view().len() {
        for (_, field) in &expired {
            hash.remove(field);
        }
    }
}
