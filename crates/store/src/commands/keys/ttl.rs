//! Commands that show when a key expires.

use crate::call::Reply;
use crate::execution::{Args, Done, ReadCx, Row};

pub(super) const COMMANDS: &[Row] = &[
    Row::read("expiretime", expiretime),
    Row::read("pexpiretime", pexpiretime),
    Row::read("pttl", pttl),
    Row::read("ttl", ttl),
];

/// The replies for a key that does not exist, and for one that does not expire.
const MISSING: i64 = -2;
const NEVER: i64 = -1;

/// `TTL key`
fn ttl(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    answer(cx, args, reply, |at| seconds(left(at, cx.now)));
    Ok(())
}

/// `PTTL key`
fn pttl(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    answer(cx, args, reply, |at| left(at, cx.now));
    Ok(())
}

/// `EXPIRETIME key`
fn expiretime(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    answer(cx, args, reply, seconds);
    Ok(())
}

/// `PEXPIRETIME key`
fn pexpiretime(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    answer(cx, args, reply, |at| at);
    Ok(())
}

fn answer(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>, of: impl Fn(i64) -> i64) {
    reply.int(match cx.slot(args[1]) {
        None => MISSING,
        Some(slot) => slot.expires().map_or(NEVER, of),
    });
}

fn left(at: i64, now: i64) -> i64 {
    at.saturating_sub(now).max(0)
}

/// Returns rounded seconds.
fn seconds(ms: i64) -> i64 {
    ms / 1000 + i64::from(ms % 1000 >= 500)
}
