//! `HTTL` and its like, which show when fields expire, and `HPERSIST`, which removes an expiry.

use super::arguments::{NOT_POSITIVE, redis_fields, valkey_fields};
use crate::arguments::expiry::SECOND;
use crate::call::{CommandError, EventClass, Reply};
use crate::dialect::Dialect;
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::values::hashes::value::Hash;

pub(in crate::commands::hashes) const COMMANDS: &[Row] = &[
    Row::read("httl", httl),
    Row::read("hpttl", hpttl),
    Row::read("hexpiretime", hexpiretime),
    Row::read("hpexpiretime", hpexpiretime),
    Row::write("hpersist", hpersist),
];

/// The replies for a field that does not exist, and for one that does not expire.
const MISSING: i64 = -2;
const NEVER: i64 = -1;
const PERSISTED: i64 = 1;

/// `HTTL key FIELDS numfields field [field ...]`
fn httl(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    times(cx, args, reply, |at| seconds(at.saturating_sub(cx.now), cx.dialect()))
}

/// `HPTTL key FIELDS numfields field [field ...]`
fn hpttl(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    times(cx, args, reply, |at| at.saturating_sub(cx.now))
}

/// `HEXPIRETIME key FIELDS numfields field [field ...]`
fn hexpiretime(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    times(cx, args, reply, |at| seconds(at, cx.dialect()))
}

/// `HPEXPIRETIME key FIELDS numfields field [field ...]`
fn hpexpiretime(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    times(cx, args, reply, |at| at)
}

/// Returns whole seconds: Redis rounds up, Valkey to the nearest (measured).
fn seconds(ms: i64, dialect: Dialect) -> i64 {
    let more = if dialect.packs_field_ttls() { SECOND - 1 } else { SECOND / 2 };
    ms.saturating_add(more) / SECOND
}

fn times(
    cx: &ReadCx<'_>,
    args: Args<'_>,
    reply: &mut Reply<'_>,
    tell: impl Fn(i64) -> i64,
) -> Done {
    let first = cx.dialect().packs_field_ttls();
    let found = if first { Some(cx.read::<Hash>(args[1])?) } else { None };
    let fields = if first {
        redis_fields(args, 2, NOT_POSITIVE)?
    } else {
        let fields = valkey_fields(args);
        // Redis does not use the error of this command for a number that does not match (measured).
        fields.map_err(|error| {
            if error == CommandError::NOT_INTEGER { error } else { CommandError::SYNTAX }
        })?
    };
    let hash = found.map_or_else(|| cx.read::<Hash>(args[1]), Ok)?;
    reply.array(fields.len());
    for field in fields {
        let entry = hash.and_then(|hash| hash.get_live(field, cx.now));
        reply.int(entry.map_or(MISSING, |entry| entry.expires.map_or(NEVER, &tell)));
    }
    Ok(())
}

/// `HPERSIST key FIELDS numfields field [field ...]`
///
/// An expired field is missing. The master's decision counts here, while a replica of Redis goes by
/// its own clock: a command that arrives late would leave it with a field that the master keeps and
/// the replica hides for ever.
fn hpersist(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let rules = cx.hash_rules();
    let fields = if rules.dialect().packs_field_ttls() {
        cx.read::<Hash>(args[1])?;
        redis_fields(args, 2, NOT_POSITIVE)?
    } else {
        valkey_fields(args)?
    };
    reply.array(fields.len());
    let persisted = cx.edit::<Hash, _>(args[1], |hash| {
        let mut persisted = 0;
        for field in fields {
            let found = hash.view().get(field).filter(|entry| rules.is_live(entry.expires));
            reply.int(match found.map(|entry| entry.expires) {
                None => MISSING,
                Some(None) => NEVER,
                Some(Some(_)) => {
                    hash.set_expires(field, None, &rules)?;
                    persisted += 1;
                    PERSISTED
                }
            });
        }
        Ok(persisted)
    })?;
    if persisted.is_some_and(|persisted| persisted > 0) {
        cx.signal(EventClass::Hash, "hpersist", args[1]);
    }
    match persisted {
        Some(persisted) => cx.dirty(persisted),
        None => fields.iter().for_each(|_| reply.int(MISSING)),
    }
    Ok(())
}
