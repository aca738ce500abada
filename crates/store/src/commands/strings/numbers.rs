//! Commands that count a string up and down.

use crate::call::words::int;
use crate::call::{CommandError, EventClass, Reply};
use crate::commands::strings::set::put_as;
use crate::execution::{Args, Done, Row, WriteCx};
use crate::keyspace::{Slot, ValueRef};
use crate::primitives::Kind;
use crate::values::strings::float::{LongDouble, NOT_FINITE};
use crate::values::strings::value::text_kind;
use crate::values::strings::{Str, StrRef};

pub(super) const COMMANDS: &[Row] = &[
    Row::write("incr", incr),
    Row::write("decr", decr),
    Row::write("incrby", incrby),
    Row::write("decrby", decrby),
    Row::write("incrbyfloat", incrbyfloat),
];

const OVERFLOW: CommandError = CommandError::new("ERR increment or decrement would overflow");

/// `INCR key`
fn incr(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    add(cx, args[1], 1, reply)
}

/// `DECR key`
fn decr(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    add(cx, args[1], -1, reply)
}

/// `INCRBY key increment`
fn incrby(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    add(cx, args[1], int(args[2])?, reply)
}

/// `DECRBY key decrement`
fn decrby(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let by = int(args[2])?;
    if by == i64::MIN && cx.dialect().since_redis((7, 0)) {
        return Err(CommandError::new("ERR decrement would overflow"));
    }
    // Before, the smallest number was its own negative.
    add(cx, args[1], by.wrapping_neg(), reply)
}

fn add(cx: &mut WriteCx<'_>, key: &[u8], by: i64, reply: &mut Reply<'_>) -> Done {
    let mut buffer = itoa::Buffer::new();
    let sum = if let Some(slot) = cx.slot_mut(key) {
        let ValueRef::Str(StrRef { bytes, .. }) = slot.value() else {
            return Err(CommandError::WRONG_TYPE);
        };
        let sum = int(bytes)?.checked_add(by).ok_or(OVERFLOW)?;
        slot.set_small(Kind::Int, buffer.format(sum).as_bytes());
        sum
    } else {
        cx.db_mut().set_str(key, None, Kind::Int, buffer.format(by).as_bytes());
        cx.added(key);
        by
    };
    cx.signal(EventClass::String, "incrby", key);
    cx.dirty(1);
    reply.int(sum);
    Ok(())
}

/// `INCRBYFLOAT key increment`
fn incrbyfloat(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let number = match cx.read::<Str>(args[1])? {
        Some(text) => LongDouble::parse(text.bytes).ok_or(CommandError::NOT_FLOAT)?,
        None => LongDouble::ZERO,
    };
    let by = LongDouble::parse(args[2]).ok_or(CommandError::NOT_FLOAT)?;
    let sum = number.plus(by).ok_or(NOT_FINITE)?.text();
    let expires = cx.slot(args[1]).and_then(Slot::expires);
    put_as(cx, args[1], expires, text_kind(&sum), &sum);
    cx.event(EventClass::String, "incrbyfloat", args[1]);
    cx.replicate(&[b"SET", args[1], &sum, b"KEEPTTL"]);
    cx.dirty(1);
    reply.bulk(&sum);
    Ok(())
}
