//! Commands that set and remove fields.

use crate::call::{CommandError, Reply};
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
    let added = cx.edit_or_new::<Hash, _>(args[1], |hash| {
        hash.prepare(pairs, rules.dialect().counts_fields_first(), &rules);
        let mut added = 0;
        for pair in pairs.chunks_exact(2) {
            added += usize::from(set(hash, pair[0], pair[1], &rules)?);
        }
        Ok(added)
    })?;
    cx.dirty(pairs.len() / 2);
    Ok(added)
}

/// Sets a field, which no longer expires. Returns whether it is new to the caller.
fn set(hash: &mut Hash, field: &[u8], value: &[u8], rules: &Rules) -> Result<bool, CommandError> {
    if rules.dialect().expired_fields_are_gone() {
        hash.remove_expired(field, rules);
    }
    hash.set(field, value, Expiry::Clear, rules)
}

/// `HSETNX key field value`
fn hsetnx(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let rules = cx.hash_rules();
    let is_new = cx.edit_or_new::<Hash, _>(args[1], |hash| {
        if !rules.dialect().unpacks_for_any_long_field() {
            // 6.2 does so even if nothing is set (measured).
            hash.prepare(&args[2..], false, &rules);
        }
        hash.forget_expired(args[2], &rules);
        if hash.view().get(args[2]).is_some() {
            return Ok(false);
        }
        hash.set(args[2], args[3], Expiry::Clear, &rules)
    })?;
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
    cx.dirty(removed);
    reply.count(removed);
    Ok(())
}
