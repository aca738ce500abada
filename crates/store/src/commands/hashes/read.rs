//! Commands that read fields and values. An expired field does not exist; `HLEN` counts it, as
//! servers do.

use crate::call::Reply;
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::hashes::packed::Entry;
use crate::values::hashes::value::Hash;
use crate::values::hashes::view::HashRef;
use tidegate_rdb::Element;

pub(in crate::commands::hashes) const COMMANDS: &[Row] = &[
    Row::read("hget", hget),
    Row::read("hmget", hmget),
    Row::read("hgetall", hgetall),
    Row::read("hkeys", hkeys),
    Row::read("hvals", hvals),
    Row::read("hlen", hlen),
    Row::read("hstrlen", hstrlen),
    Row::read("hexists", hexists),
];

/// Writes a value as a bulk string, or null.
pub(in crate::commands::hashes) fn value_or_null(reply: &mut Reply<'_>, entry: Option<Entry<'_>>) {
    match entry {
        Some(entry) => reply.element(entry.value),
        None => reply.null(),
    }
}

/// `HGET key field`
fn hget(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let hash = cx.read::<Hash>(args[1])?;
    value_or_null(reply, hash.and_then(|hash| hash.get_live(args[2], cx.now)));
    Ok(())
}

/// `HMGET key field [field ...]`
fn hmget(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let hash = cx.read::<Hash>(args[1])?;
    reply.array(args.len() - 2);
    for field in &args[2..] {
        value_or_null(reply, hash.and_then(|hash| hash.get_live(field, cx.now)));
    }
    Ok(())
}

/// `HGETALL key`
fn hgetall(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let Some(hash) = cx.read::<Hash>(args[1])? else {
        reply.map(0);
        return Ok(());
    };
    cx.spend(steps(hash))?;
    reply.map(hash.live(cx.now));
    hash.each_live(cx.now, |entry| {
        reply.element(entry.field);
        reply.element(entry.value);
    });
    Ok(())
}

/// `HKEYS key`
fn hkeys(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    each(cx, args, reply, |entry| entry.field)
}

/// `HVALS key`
fn hvals(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    each(cx, args, reply, |entry| entry.value)
}

/// About how many steps it takes to walk a hash; a hash with fields that expire is walked twice.
fn steps(hash: HashRef<'_>) -> usize {
    if hash.is_volatile() { hash.len().saturating_mul(2) } else { hash.len() }
}

fn each(
    cx: &ReadCx<'_>,
    args: Args<'_>,
    reply: &mut Reply<'_>,
    part: impl for<'e> Fn(Entry<'e>) -> Element<'e>,
) -> Done {
    let Some(hash) = cx.read::<Hash>(args[1])? else {
        reply.array(0);
        return Ok(());
    };
    cx.spend(steps(hash))?;
    reply.array(hash.live(cx.now));
    hash.each_live(cx.now, |entry| reply.element(part(entry)));
    Ok(())
}

/// `HLEN key`
fn hlen(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    reply.count(cx.read::<Hash>(args[1])?.map_or(0, HashRef::len));
    Ok(())
}

/// `HSTRLEN key field`
fn hstrlen(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let hash = cx.read::<Hash>(args[1])?;
    let entry = hash.and_then(|hash| hash.get_live(args[2], cx.now));
    let mut buffer = itoa::Buffer::new();
    reply.count(entry.map_or(0, |entry| entry.value.bytes(&mut buffer).len()));
    Ok(())
}

/// `HEXISTS key field`
fn hexists(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let hash = cx.read::<Hash>(args[1])?;
    let entry = hash.and_then(|hash| hash.get_live(args[2], cx.now));
    reply.int(entry.is_some().into());
    Ok(())
}
