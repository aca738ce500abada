//! `HINCRBY` and `HINCRBYFLOAT`. A field keeps its expiry.

use crate::call::{CommandError, Reply, words};
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
    let sum = cx.edit_or_new::<Hash, _>(args[1], |hash| {
        hash.forget_expired(args[2], &rules);
        let mut buffer = itoa::Buffer::new();
        let now = match hash.view().get(args[2]) {
            Some(entry) => integer::parse(entry.value.bytes(&mut buffer)).ok_or(NO_INTEGER)?,
            None => 0,
        };
        let sum = now.checked_add(more).ok_or(OVERFLOW)?;
        hash.set(args[2], itoa::Buffer::new().format(sum).as_bytes(), Expiry::Keep, &rules)?;
        Ok(sum)
    })?;
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
    let sum = cx.edit_or_new::<Hash, _>(args[1], |hash| {
        hash.forget_expired(args[2], &rules);
        let mut buffer = itoa::Buffer::new();
        let now = match hash.view().get(args[2]) {
            Some(entry) => LongDouble::parse(entry.value.bytes(&mut buffer)).ok_or(NO_FLOAT)?,
            None => LongDouble::ZERO,
        };
        let sum = now.plus(more).ok_or(NOT_FINITE)?.text();
        hash.set(args[2], &sum, Expiry::Keep, &rules)?;
        Ok(sum)
    })?;
    cx.dirty(1);
    reply.bulk(&sum);
    Ok(())
}
