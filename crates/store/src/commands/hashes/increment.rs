//! `HINCRBY` and `HINCRBYFLOAT`. A field keeps its expiry.

use super::propagation::{record_expired, replicate_value};
use crate::call::{CommandError, EventClass, Reply, words};
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::hashes::value::{Expiry, Hash};
use crate::values::strings::float::{LongDouble, NOT_FINITE};
use tidegate_wire::resp::integer;

pub(in crate::commands::hashes) const COMMANDS: &[Row] =
    &[Row::write("hincrby", hincrby), Row::write("hincrbyfloat", hincrbyfloat)];

const NO_INTEGER: CommandError = CommandError::new("ERR hash value is not an integer");
const NO_FLOAT: CommandError = CommandError::new("ERR hash value is not a float");
const OVERFLOW: CommandError = CommandError::new("ERR increment or decrement would overflow");
const NO_INCREMENT: CommandError = CommandError::new("ERR value is NaN or Infinity");

/// `HINCRBY key field increment`
fn hincrby(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let more = words::int(args[3])?;
    let rules = cx.hash_rules();
    let (recorder, at, mut expires) = (cx.recorder, (cx.db, cx.dialect()), None);
    let sum = cx.edit_or_new::<Hash, _>(args[1], |hash| {
        if hash.forget_expired(args[2], &rules) {
            record_expired(recorder, at, args[1], args[2]);
        }
        let mut buffer = itoa::Buffer::new();
        let now = match hash.view().get(args[2]) {
            Some(entry) => integer::parse(entry.value.bytes(&mut buffer)).ok_or(NO_INTEGER)?,
            None => 0,
        };
        let sum = now.checked_add(more).ok_or(OVERFLOW)?;
        hash.set(args[2], itoa::Buffer::new().format(sum).as_bytes(), Expiry::Keep, &rules)?;
        expires = recorder.and_then(|_| hash.expiry_of(args[2]));
        Ok(sum)
    })?;
    cx.signal(EventClass::Hash, "hincrby", args[1]);
    if let Some(volatile) = expires
        && cx.dialect().rewrites_for_volatile_fields()
    {
        let mut buffer = itoa::Buffer::new();
        replicate_value(cx, args[1], args[2], (buffer.format(sum).as_bytes(), volatile));
    }
    cx.dirty(1);
    reply.int(sum);
    Ok(())
}

/// `HINCRBYFLOAT key field increment`
fn hincrbyfloat(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let more = LongDouble::parse(args[3]).ok_or(CommandError::NOT_FLOAT)?;
    // Measured: 6.2 adds it and then finds that the sum is no number.
    if !more.is_finite() && cx.dialect().since_redis((7, 0)) {
        return Err(NO_INCREMENT);
    }
    let rules = cx.hash_rules();
    let (recorder, at, mut expires) = (cx.recorder, (cx.db, cx.dialect()), None);
    let sum = cx.edit_or_new::<Hash, _>(args[1], |hash| {
        if hash.forget_expired(args[2], &rules) {
            record_expired(recorder, at, args[1], args[2]);
        }
        let mut buffer = itoa::Buffer::new();
        let now = match hash.view().get(args[2]) {
            Some(entry) => LongDouble::parse(entry.value.bytes(&mut buffer)).ok_or(NO_FLOAT)?,
            None => LongDouble::ZERO,
        };
        let sum = now.plus(more).ok_or(NOT_FINITE)?.text();
        hash.set(args[2], &sum, Expiry::Keep, &rules)?;
        expires = recorder.and_then(|_| hash.expiry_of(args[2]));
        Ok(sum)
    })?;
    cx.signal(EventClass::Hash, "hincrbyfloat", args[1]);
    if cx.dialect().keeps_field_ttls_of_sums() {
        let words = [b"HSETEX", args[1], b"KEEPTTL", b"FIELDS", b"1", args[2], &sum];
        cx.replicate(&words);
    } else {
        replicate_value(cx, args[1], args[2], (&sum, expires.flatten()));
    }
    cx.dirty(1);
    reply.bulk(&sum);
    Ok(())
}
