//! `HEXPIRE` and its like, which make fields expire.

use super::arguments::{redis_fields, time, valkey_counted, valkey_options};
use super::propagation::{Changed, replicate, replicate_removal};
use crate::arguments::expiry::{Conditions, Unit};
use crate::call::{CommandError, EventClass, Reply};
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::hashes::rules::Rules;
use crate::values::hashes::value::Hash;

pub(in crate::commands::hashes) const COMMANDS: &[Row] = &[
    Row::write("hexpire", hexpire),
    Row::write("hpexpire", hpexpire),
    Row::write("hexpireat", hexpireat),
    Row::write("hpexpireat", hpexpireat),
];

/// The replies for a field: it is missing; the condition does not hold; the time is set; the time
/// is over, so the field is deleted.
const MISSING: i64 = -2;
const UNCHANGED: i64 = 0;
const SET: i64 = 1;
const DELETED: i64 = 2;

const NO_NUMBER: CommandError =
    CommandError::new("ERR Parameter `numFields` should be greater than 0");

/// `HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
fn hexpire(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    expire(cx, args, Unit::EX, reply)
}

/// `HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
fn hpexpire(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    expire(cx, args, Unit::PX, reply)
}

/// `HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
fn hexpireat(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    expire(cx, args, Unit::EXAT, reply)
}

/// `HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
fn hpexpireat(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    expire(cx, args, Unit::PXAT, reply)
}

fn expire(cx: &mut WriteCx<'_>, args: Args<'_>, unit: Unit, reply: &mut Reply<'_>) -> Done {
    let rules = cx.hash_rules();
    let (at, conditions, fields) = if rules.dialect().packs_field_ttls() {
        // Redis looks at the key before the other words.
        cx.read::<Hash>(args[1])?;
        let at = time(args[2], unit, rules.now(), rules.dialect(), args[0])?;
        let conditions = Conditions::named(args[3]);
        let fields_at = if conditions.is_some() { 4 } else { 3 };
        let fields = redis_fields(args, fields_at, NO_NUMBER)?;
        (at, conditions.unwrap_or_default(), fields)
    } else {
        let (options, count_at) = valkey_options(args, 3)?;
        let conditions = Conditions::of(options)?;
        let fields = valkey_counted(args, count_at, 1)?;
        let at = time(args[2], unit, rules.now(), rules.dialect(), args[0])?;
        (at, conditions, fields)
    };
    reply.array(fields.len());
    let mut noted = Changed::of(cx);
    let changed = cx.edit::<Hash, _>(args[1], |hash| {
        if rules.dialect().packs_field_ttls() {
            hash.make_room_for_times(&rules)?;
        }
        let mut changed = 0;
        for field in fields {
            let outcome = expire_field(hash, field, at, conditions, &rules)?;
            changed += usize::from(outcome > UNCHANGED);
            match outcome {
                SET => noted.keep(field),
                DELETED => noted.remove(field),
                _ => {}
            }
            reply.int(outcome);
        }
        Ok(changed)
    })?;
    if changed.is_some_and(|changed| changed > 0) {
        record(cx, args, (at, unit, fields), &noted);
    }
    match changed {
        Some(changed) => cx.dirty(changed),
        None => fields.iter().for_each(|_| reply.int(MISSING)),
    }
    Ok(())
}

/// Records which fields were made to expire, and which were removed.
fn record(
    cx: &WriteCx<'_>,
    args: Args<'_>,
    (at, unit, fields): (i64, Unit, &[&[u8]]),
    noted: &Changed<'_>,
) {
    let key = args[1];
    cx.changed(key);
    if !cx.leads() {
        return;
    }
    let mut buffer = itoa::Buffer::new();
    let time = buffer.format(at).as_bytes();
    if !noted.kept.is_empty() {
        let names = if cx.dialect().packs_field_ttls() { &noted.kept } else { fields };
        if cx.dialect().packs_field_ttls() || unit != Unit::PXAT {
            let words = [&[time], options_of(args, fields)].concat();
            replicate(cx, b"HPEXPIREAT", key, &words, (names.len(), names));
        }
        cx.event(EventClass::Hash, "hexpire", key);
    }
    if !noted.removed.is_empty() {
        replicate_removal(cx, key, &noted.removed);
        cx.event(EventClass::Hash, cx.dialect().past_field_event(), key);
        if cx.has_emptied {
            cx.event(EventClass::Generic, "del", key);
        }
    }
}

/// Returns the words between the time and `FIELDS`.
fn options_of<'w, 'a>(args: &'w [&'a [u8]], fields: &[&[u8]]) -> &'w [&'a [u8]] {
    args.get(3..args.len().saturating_sub(fields.len() + 2)).unwrap_or_default()
}

fn expire_field(
    hash: &mut Hash,
    field: &[u8],
    at: i64,
    conditions: Conditions,
    rules: &Rules,
) -> Result<i64, CommandError> {
    let Some(entry) = hash.view().get(field) else { return Ok(MISSING) };
    if rules.dialect().expired_fields_are_gone() && !rules.is_live(entry.expires) {
        return Ok(MISSING);
    }
    if !conditions.hold(entry.expires, at) {
        return Ok(UNCHANGED);
    }
    if rules.is_past(at) {
        hash.remove(field);
        return Ok(DELETED);
    }
    hash.set_expires(field, Some(at), rules)?;
    Ok(SET)
}
