//! `HGETDEL` and `HGETEX`, which return fields, then delete them or make them expire.

use super::arguments::{
    NOT_POSITIVE, redis_fields, time, valkey_counted, valkey_fields, valkey_options,
};
use super::propagation::{Changed, replicate, replicate_removal};
use super::read::value_or_null;
use crate::arguments::expiry::Unit;
use crate::call::{CommandError, EventClass, Reply, words};
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::hashes::rules::Rules;
use crate::values::hashes::value::Hash;

pub(in crate::commands::hashes) const COMMANDS: &[Row] =
    &[Row::write("hgetdel", hgetdel), Row::write("hgetex", hgetex)];

/// What is done with a field after it was returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Stays,
    /// The field no longer expires.
    Persists,
    /// The field expires at this time, in Unix milliseconds.
    Expires(i64),
    Goes,
}

/// `HGETDEL key FIELDS numfields field [field ...]`
fn hgetdel(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let fields = if cx.dialect().packs_field_ttls() {
        cx.read::<Hash>(args[1])?;
        redis_fields(args, 2, NOT_POSITIVE)?
    } else {
        valkey_fields(args)?
    };
    write_fields(cx, args, fields, Then::Goes, reply)
}

/// `HGETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT
/// unix-time-milliseconds | PERSIST] FIELDS numfields field [field ...]`
fn hgetex(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let rules = cx.hash_rules();
    let (then, fields) = if rules.dialect().packs_field_ttls() {
        cx.read::<Hash>(args[1])?;
        redis_words(args, &rules)?
    } else {
        valkey_words(cx, args, &rules)?
    };
    write_fields(cx, args, fields, then, reply)
}

fn redis_words<'w, 'a>(
    args: &'w [&'a [u8]],
    rules: &Rules,
) -> Result<(Then, &'w [&'a [u8]]), CommandError> {
    let (then, fields_at) = match Unit::of(args[2]) {
        Some(unit) => {
            let at = time(args[3], unit, rules.now(), rules.dialect(), args[0])?;
            (Then::Expires(at), 4)
        }
        None if words::is(args[2], "PERSIST") => (Then::Persists, 3),
        None => (Then::Stays, 2),
    };
    if args.len() <= fields_at + 1 {
        return Err(CommandError::wrong_arity("hgetex"));
    }
    Ok((then, redis_fields(args, fields_at, NOT_POSITIVE)?))
}

fn valkey_words<'w, 'a>(
    cx: &WriteCx<'_>,
    args: &'w [&'a [u8]],
    rules: &Rules,
) -> Result<(Then, &'w [&'a [u8]]), CommandError> {
    let (mut options, count_at) = valkey_options(args, 2)?;
    // Servers read the time when the key is known to be a hash (measured).
    let (mut given, mut persists) = (None, false);
    while let [word, rest @ ..] = options {
        options = match (Unit::of(word), rest) {
            (Some(unit), [number, rest @ ..])
                if !persists && given.is_none_or(|(set, _)| set == unit) =>
            {
                given = Some((unit, *number));
                rest
            }
            (None, rest) if words::is(word, "PERSIST") && given.is_none() => {
                persists = true;
                rest
            }
            _ => return Err(CommandError::SYNTAX),
        };
    }
    let fields = valkey_counted(args, count_at, 1)?;
    cx.miss(args[1]);
    cx.read::<Hash>(args[1])?;
    let then = match given {
        Some((unit, number)) => {
            Then::Expires(time(number, unit, rules.now(), rules.dialect(), args[0])?)
        }
        None if persists => Then::Persists,
        None => Then::Stays,
    };
    Ok((then, fields))
}

fn write_fields(
    cx: &mut WriteCx<'_>,
    args: Args<'_>,
    fields: &[&[u8]],
    then: Then,
    reply: &mut Reply<'_>,
) -> Done {
    let key = args[1];
    let rules = cx.hash_rules();
    let redis = rules.dialect().packs_field_ttls();
    reply.array(fields.len());
    let mut noted = Changed::of(cx);
    let changed = cx.edit::<Hash, _>(key, |hash| {
        if redis && matches!(then, Then::Expires(_) | Then::Persists) {
            hash.make_room_for_times(&rules)?;
        }
        let mut changed = 0;
        for field in fields {
            let found = hash.view().get(field);
            let live = found.filter(|entry| rules.is_live(entry.expires));
            value_or_null(reply, live);
            match live.map(|entry| entry.expires) {
                Some(expires) => {
                    let has_changed = change(hash, field, expires, then, &rules)?;
                    changed += usize::from(has_changed);
                    match then {
                        _ if !has_changed => {}
                        Then::Goes => noted.remove(field),
                        Then::Expires(at) if rules.is_past(at) => noted.remove(field),
                        _ => noted.keep(field),
                    }
                }
                None if redis && hash.remove_expired(field, &rules) => noted.expire(field),
                None => {}
            }
        }
        Ok(changed)
    })?;
    noted.record_expired(cx, key, false);
    record(cx, args, (then, fields), &noted);
    match changed {
        Some(changed) => cx.dirty(changed),
        None => fields.iter().for_each(|_| reply.null()),
    }
    Ok(())
}

/// Records which fields were changed, and which were removed.
fn record(cx: &WriteCx<'_>, args: Args<'_>, (then, fields): (Then, &[&[u8]]), noted: &Changed<'_>) {
    if !cx.leads() {
        // The master has changed something.
        cx.changed(args[1]);
        return;
    }
    if noted.kept.is_empty() && noted.removed.is_empty() {
        if !noted.expired.is_empty() && cx.has_emptied {
            cx.event(EventClass::Generic, "del", args[1]);
        }
        return;
    }
    let key = args[1];
    cx.changed(key);
    // Redis names all fields of the request, Valkey those that changed.
    let names = if cx.dialect().packs_field_ttls() { fields } else { &noted.kept };
    let mut buffer = itoa::Buffer::new();
    if !noted.kept.is_empty() {
        match then {
            Then::Expires(at) => {
                let time = [buffer.format(at).as_bytes()];
                replicate(cx, b"HPEXPIREAT", key, &time, (names.len(), names));
                cx.event(EventClass::Hash, "hexpire", key);
            }
            _ => {
                replicate(cx, b"HPERSIST", key, &[], (names.len(), names));
                cx.event(EventClass::Hash, "hpersist", key);
            }
        }
    }
    if !noted.removed.is_empty() {
        if cx.dialect().packs_field_ttls() {
            let names = if then == Then::Goes { fields } else { &noted.removed };
            cx.replicate(&[&[b"HDEL", key], names].concat());
        } else if then != Then::Goes {
            replicate_removal(cx, key, &noted.removed);
        }
        let event = if then == Then::Goes { "hdel" } else { cx.dialect().past_field_event() };
        cx.event(EventClass::Hash, event, key);
    }
    if cx.has_emptied {
        cx.event(EventClass::Generic, "del", key);
    }
}

/// Changes a field that exists. Returns whether it changed.
fn change(
    hash: &mut Hash,
    field: &[u8],
    expires: Option<i64>,
    then: Then,
    rules: &Rules,
) -> Result<bool, CommandError> {
    match then {
        Then::Stays => Ok(false),
        Then::Persists if expires.is_none() => Ok(false),
        Then::Persists => hash.set_expires(field, None, rules),
        Then::Expires(at) if rules.is_past(at) => Ok(hash.remove(field)),
        Then::Expires(at) => hash.set_expires(field, Some(at), rules),
        Then::Goes => Ok(hash.remove(field)),
    }
}
