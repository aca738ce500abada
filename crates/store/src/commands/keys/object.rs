//! `OBJECT`: how a value is kept.

use crate::arguments::subcommand::{self, Sub};
use crate::call::{CommandError, Reply};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::keyspace::{Slot, ValueRef};
use crate::primitives::Kind;

pub(super) const COMMANDS: &[Row] = &[Row::read("object", object)];

type Run = fn(&ReadCx<'_>, &Slot, &mut Reply<'_>) -> Done;

/// The subcommands about a key; `HELP` is apart.
const SUBCOMMANDS: &[Sub<Option<Run>>] = &[
    Sub::new("encoding", 3, Some(encoding)),
    Sub::new("freq", 3, Some(freq)),
    Sub::new("help", 2, None),
    Sub::new("idletime", 3, Some(idletime)),
    Sub::new("refcount", 3, Some(refcount)),
];

/// The integers that all keys share in a server that shares them (`OBJ_SHARED_INTEGERS`), and the
/// number of references to one of them.
const SHARED: std::ops::Range<i64> = 0..10_000;
const SHARED_REFERENCES: i64 = 0x7fff_ffff;

/// The reply to `HELP`, which is a part of the protocol, as error texts are.
const HELP: &[&str] = &[
    "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ENCODING <key>",
    "    Return the kind of internal representation used in order to store the value",
    "    associated with a <key>.",
    "FREQ <key>",
    "    Return the access frequency index of the <key>. The returned integer is",
    "    proportional to the logarithm of the recent access frequency of the key.",
    "IDLETIME <key>",
    "    Return the idle time of the <key>, that is the approximated number of",
    "    seconds elapsed since the last access to the key.",
    "REFCOUNT <key>",
    "    Return the number of references of the value associated with the specified",
    "    <key>.",
];

fn object(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let run = subcommand::find(SUBCOMMANDS, "object", args, cx.dialect())?.run;
    match (run, args.get(2).map(|key| cx.slot_quietly(key))) {
        (Some(run), Some(Some(slot))) => run(cx, slot, reply),
        (Some(_), _) => {
            reply.null();
            Ok(())
        }
        (None, _) => {
            subcommand::help(&[HELP], reply);
            Ok(())
        }
    }
}

/// `OBJECT ENCODING key`
fn encoding(cx: &ReadCx<'_>, slot: &Slot, reply: &mut Reply<'_>) -> Done {
    reply.bulk(slot.encoding(cx.dialect()).as_bytes());
    Ok(())
}

/// `OBJECT REFCOUNT key`
fn refcount(cx: &ReadCx<'_>, slot: &Slot, reply: &mut Reply<'_>) -> Done {
    reply.int(references(cx, slot));
    Ok(())
}

/// Returns the number of references to a value.
pub(super) fn references(cx: &ReadCx<'_>, slot: &Slot) -> i64 {
    let shared = match slot.value() {
        ValueRef::Str(text) if text.kind == Kind::Int => {
            tidegate_wire::resp::integer::parse(text.bytes)
                .is_some_and(|number| SHARED.contains(&number))
        }
        _ => false,
    };
    if shared && cx.dialect().shares_integers() { SHARED_REFERENCES } else { 1 }
}

/// `OBJECT IDLETIME key`. Unless a master evicts the keys that were used least recently, the store
/// does not record it, and the reply is as if this request had just used the key.
fn idletime(cx: &ReadCx<'_>, slot: &Slot, reply: &mut Reply<'_>) -> Done {
    if cx.data.eviction.policy.is_lfu() {
        return Err(CommandError::new(
            "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when \
             switching between policies at runtime LRU and LFU data will take some time to adjust.",
        ));
    }
    let access = slot.access().filter(|_| cx.data.eviction.policy.is_lru());
    reply.int(access.map_or(0, |access| access.idle(cx.now).into()));
    Ok(())
}

/// `OBJECT FREQ key`. The store records it only for a master that evicts the keys that are used
/// least often.
fn freq(cx: &ReadCx<'_>, slot: &Slot, reply: &mut Reply<'_>) -> Done {
    let rules = &cx.data.eviction;
    if rules.policy.is_lfu() {
        let access = slot.access();
        reply.int(access.map_or(0, |access| access.frequency(cx.now, rules).into()));
        return Ok(());
    }
    Err(CommandError::new(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note \
         that when switching between policies at runtime LRU and LFU data will take some time to \
         adjust.",
    ))
}
