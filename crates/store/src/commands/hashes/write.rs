//! Commands that set and remove fields.

use super::propagation::{Changed, record_expired, replicate_value};
use crate::call::{CommandError, EventClass, Reply};
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::hashes::rules::Rules;
use crate::values::hashes::value::{Expiry, Hash};

pub(in crate::commands::hashes) const COMMANDS: &[Row] = &[
    Row::write("hset", hset),
    Row::write("hmset", hmset),
    Row::write("hsetnx", hsetnx),
    Row::write("hdel", hdel),
];

/// `HSET key field value [field value ...]`
fn hset(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let added = set_all(cx, args, "hset")?;
    reply.count(added);
    Ok(())
}

/// `HMSET key field value [field value ...]`
fn hmset(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    set_all(cx, args, "hmset")?;
    reply.ok();
    Ok(())
}

/// Sets fields. Returns how many are new. `name` is that of the command.
fn set_all(cx: &mut WriteCx<'_>, args: Args<'_>, name: &str) -> Result<usize, CommandError> {
    if !args.len().is_multiple_of(2) {
        return Err(CommandError::wrong_arity(name));
    }
    let rules = cx.hash_rules();
    let pairs = &args[2..];
    let mut noted = Changed::of(cx);
    let added = cx.edit_or_new::<Hash, _>(args[1], |hash| {
        hash.prepare(pairs, rules.dialect().counts_fields_first(), &rules);
        let mut added = 0;
        for pair in pairs.chunks_exact(2) {
            added += usize::from(set(hash, pair[0], pair[1], &rules, &mut noted)?);
        }
        Ok(added)
    })?;
    noted.record_expired(cx, args[1], false);
    cx.signal(EventClass::Hash, "hset", args[1]);
    cx.dirty(pairs.len() / 2);
    Ok(added)
}

/// Sets a field, which no longer expires. Returns whether it is new to the caller.
fn set<'a>(
    hash: &mut Hash,
    field: &'a [u8],
    value: &[u8],
    rules: &Rules,
    noted: &mut Changed<'a>,
) -> Result<bool, CommandError> {
    if rules.dialect().expired_fields_are_gone() && hash.remove_expired(field, rules) {
        noted.expire(field);
    }
    hash.set(field, value, Expiry::Clear, rules)
}

/// `HSETNX key field value`
fn hsetnx(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let rules = cx.hash_rules();
    let (recorder, at, mut volatile) = (cx.recorder, (cx.db, cx.dialect()), None);
    let is_new = cx.edit_or_new::<Hash, _>(args[1], |hash| {
        if !rules.dialect().unpacks_for_any_long_field() {
            // 6.2 does so even if nothing is set (measured).
            hash.prepare(&args[2..], false, &rules);
        }
        if hash.forget_expired(args[2], &rules) {
            record_expired(recorder, at, args[1], args[2]);
        }
        volatile = recorder.and_then(|_| hash.expiry_of(args[2]));
        if hash.view().get(args[2]).is_some() {
            return Ok(false);
        }
        hash.set(args[2], args[3], Expiry::Clear, &rules)
    })?;
    if is_new {
        cx.signal(EventClass::Hash, "hset", args[1]);
        if volatile.is_some() && cx.dialect().rewrites_for_volatile_fields() {
            replicate_value(cx, args[1], args[2], (args[3], None));
        }
    }
    cx.dirty(is_new.into());
    reply.int(is_new.into());
    Ok(())
}

/// `HDEL key field [field ...]`
fn hdel(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let rules = cx.hash_rules();
    let removed = cx.edit::<Hash, _>(args[1], |hash| {
        let mut removed = 0;
        for field in &args[2..] {
            let is_there = !rules.dialect().expired_fields_are_gone()
                || hash.view().get(field).is_some_and(|entry| rules.is_live(entry.expires));
            removed += usize::from(is_there && hash.remove(field));
        }
        Ok(removed)
    })?;
    let removed = removed.unwrap_or(0);
    if removed > 0 {
        cx.signal_edit(EventClass::Hash, "hdel", args[1]);
    }
    cx.dirty(removed);
    reply.count(removed);
    Ok(())
}
