//! Commands that set when a key expires.

use crate::arguments::expiry::{self, Conditions, Unit};
use crate::call::{CommandError, EventClass, Reply, words};
use crate::execution::{Args, Done, Row, WriteCx};

pub(super) const COMMANDS: &[Row] = &[
    Row::write("expire", |cx, args, reply| set(cx, args, reply, "expire", Unit::EX)),
    Row::write("expireat", |cx, args, reply| set(cx, args, reply, "expireat", Unit::EXAT)),
    Row::write("persist", persist),
    Row::write("pexpire", |cx, args, reply| set(cx, args, reply, "pexpire", Unit::PX)),
    Row::write("pexpireat", |cx, args, reply| set(cx, args, reply, "pexpireat", Unit::PXAT)),
];

/// `EXPIRE key seconds [NX | XX | GT | LT]` and its like (`expireGenericCommand`). A past time
/// deletes the key; a master deletes the key with a command of its own.
fn set(
    cx: &mut WriteCx<'_>,
    args: Args<'_>,
    reply: &mut Reply<'_>,
    name: &'static str,
    unit: Unit,
) -> Done {
    let (key, dialect) = (args[1], cx.dialect());
    if args.len() > 3 && !dialect.has_expire_conditions() {
        return Err(CommandError::wrong_arity(name));
    }
    let conditions = Conditions::of(&args[3..])?;
    let number = words::int(args[2])?;
    let at = match dialect.has_expire_conditions() {
        true => unit.at(number, cx.now),
        false => overflowing(number, unit, cx.now),
    };
    let at = at.ok_or_else(|| expiry::invalid(name, dialect))?;
    let Some(slot) = cx.slot(key) else {
        reply.int(0);
        return Ok(());
    };
    if !conditions.hold(slot.expires(), at) {
        reply.int(0);
        return Ok(());
    }
    if cx.is_past(at) {
        cx.delete(key);
        cx.replicate(&[cx.lazy_free().expire_command(), key]);
        cx.signal_past(key);
    } else {
        cx.db_mut().set_expires(key, Some(at));
        if unit != Unit::PXAT && cx.leads() {
            let mut buffer = itoa::Buffer::new();
            let mut words = args.to_vec();
            (words[0], words[2]) = (b"PEXPIREAT", buffer.format(at).as_bytes());
            cx.replicate(&words);
        }
        cx.signal(EventClass::Generic, "expire", key);
    }
    cx.dirty(1);
    reply.int(1);
    Ok(())
}

/// `PERSIST key`
fn persist(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let expires = cx.slot(args[1]).is_some_and(|slot| slot.expires().is_some());
    if expires {
        cx.db_mut().set_expires(args[1], None);
        cx.signal(EventClass::Generic, "persist", args[1]);
        cx.dirty(1);
    }
    reply.int(expires.into());
    Ok(())
}

/// Multiplies and adds with overflow as C does. `None` if Redis 6.2 notices the overflow.
fn overflowing(number: i64, unit: Unit, now: i64) -> Option<i64> {
    let base = unit.base(now);
    let at = number.wrapping_mul(unit.ms()).wrapping_add(base);
    let overflown = if number < 0 { at.wrapping_sub(base) > 0 } else { at < 0 };
    (!overflown).then_some(at)
}
