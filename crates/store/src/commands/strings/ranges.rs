//! Parts of strings: their length, a range of bytes, and changes at an offset or at the end.

use std::ops::RangeInclusive;

use crate::call::words::int;
use crate::call::{CommandError, EventClass, Reply};
use crate::commands::strings::overwrite::overwrite;
use crate::commands::strings::set::put;
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::keyspace::{SMALL, Slot, ValueRef};
use crate::primitives::Kind;
use crate::values::strings::value::extend;
use crate::values::strings::{Str, StrRef};
use tidegate_rdb::Limits;

pub(super) const COMMANDS: &[Row] = &[
    Row::read("strlen", strlen),
    Row::read("getrange", getrange),
    Row::read("substr", getrange),
    Row::write("setrange", setrange),
    Row::write("append", append),
];

/// `proto-max-bulk-len`, in bytes: the longest string that a client may make.
pub(super) const MAX_LEN: u64 = 512 << 20;

/// Refuses a string that would be too long (`checkStringLength`). A master has its own limit; here
/// it may make a string as long as one in a snapshot.
pub(super) fn check_len(cx: &WriteCx<'_>, offset: u64, more: usize) -> Result<usize, CommandError> {
    let max = if cx.from_master { Limits::default().string } else { MAX_LEN };
    let len = offset.saturating_add(more as u64);
    if len > max {
        return Err(CommandError::TOO_LONG);
    }
    usize::try_from(len).map_err(|_| CommandError::TOO_LONG)
}

/// Returns the part from `start` to `end`, both of which count from the end if they are negative.
/// An `end` before the start of the string is its first element.
pub(super) fn clamped(start: i64, end: i64, len: u64) -> Option<RangeInclusive<u64>> {
    let signed = i64::try_from(len).unwrap_or(i64::MAX);
    let place = |at: i64| if at < 0 { at.saturating_add(signed).max(0) } else { at };
    let (start, end) = (place(start).unsigned_abs(), place(end).unsigned_abs());
    let end = end.min(len.checked_sub(1)?);
    (start <= end).then_some(start..=end)
}

/// As [`clamped`], for ends that are in order.
pub(super) fn part(start: i64, end: i64, len: u64) -> Option<RangeInclusive<u64>> {
    if start < 0 && end < 0 && start > end {
        return None;
    }
    clamped(start, end, len)
}

/// Returns the bytes of a part.
pub(super) fn bytes_of(bytes: &[u8], part: RangeInclusive<u64>) -> &[u8] {
    let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    bytes.get(index(*part.start())..=index(*part.end())).unwrap_or_default()
}

/// `STRLEN key`
fn strlen(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    reply.count(cx.read::<Str>(args[1])?.map_or(0, |text| text.bytes.len()));
    Ok(())
}

/// `GETRANGE key start end`, `SUBSTR key start end`
fn getrange(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (start, end) = (int(args[2])?, int(args[3])?);
    let bytes = cx.read::<Str>(args[1])?.map_or(&[][..], |text| text.bytes);
    let part = part(start, end, bytes.len() as u64);
    reply.bulk(part.map_or(&[], |part| bytes_of(bytes, part)));
    Ok(())
}

/// `SETRANGE key offset value`
fn setrange(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let offset = int(args[2])?;
    let Ok(offset) = u64::try_from(offset) else {
        return Err(CommandError::new("ERR offset is out of range"));
    };
    let value = args[3];
    let before = cx.read::<Str>(args[1])?.map_or(0, |text| text.bytes.len());
    if value.is_empty() {
        reply.count(before);
        return Ok(());
    }
    let len = check_len(cx, offset, value.len())?;
    let after = overwrite(cx, args[1], len, |bytes, _| {
        if let Some(place) = bytes.get_mut(len - value.len()..len) {
            place.copy_from_slice(value);
        }
        bytes.len()
    })?;
    cx.signal(EventClass::String, "setrange", args[1]);
    cx.dirty(1);
    reply.count(after);
    Ok(())
}

/// `APPEND key value`
fn append(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (key, value) = (args[1], args[2]);
    let len = match cx.read::<Str>(key)?.map(|text| text.bytes.len()) {
        None => {
            put(cx, key, None, value);
            value.len()
        }
        Some(before) => {
            let len = check_len(cx, before as u64, value.len())?;
            if len > SMALL {
                cx.edit::<Str, _>(key, |text| {
                    extend(text.edit(), len)?;
                    if let Some(place) = text.edit().get_mut(before..) {
                        place.copy_from_slice(value);
                    }
                    Ok(())
                })?;
            } else if let Some(slot) = cx.slot_mut(key) {
                append_small(slot, value);
            }
            len
        }
    };
    cx.signal(EventClass::String, "append", key);
    cx.dirty(1);
    reply.count(len);
    Ok(())
}

/// Appends to a string that stays small, with one allocation: that of the new slot.
fn append_small(slot: &mut Slot, value: &[u8]) {
    let ValueRef::Str(StrRef { bytes, .. }) = slot.value() else { return };
    let mut joined = [0; SMALL];
    let mut len = 0;
    for part in [bytes, value] {
        if let Some(place) = joined.get_mut(len..len + part.len()) {
            place.copy_from_slice(part);
            len += part.len();
        }
    }
    slot.set_small(Kind::Raw, joined.get(..len).unwrap_or_default());
}
