//! Commands that list keys: `KEYS`, `SCAN`.

use crate::arguments::scan::{self, Options, Scanned};
use crate::call::Reply;
use crate::execution::{Args, Done, ReadCx, Row};
use crate::keyspace::Slot;
use tidegate_wire::glob;

pub(super) const COMMANDS: &[Row] = &[Row::read("keys", keys), Row::read("scan", scan)];

/// `KEYS pattern`
fn keys(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    cx.spend(cx.database().len().saturating_mul(2))?;
    let pattern = args[1];
    let all = pattern == b"*";
    let wanted = |slot: &&Slot| (all || glob::matches(pattern, slot.key())) && !cx.is_expired(slot);
    let found: Vec<_> = cx.database().iter().filter(wanted).map(Slot::key).collect();
    reply.array(found.len());
    found.into_iter().for_each(|name| reply.bulk(name));
    Ok(())
}

/// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
fn scan(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let cursor = scan::cursor(args[1], cx.dialect())?;
    let options = Options::of(&args[2..], Scanned::Keys, cx.dialect())?;
    cx.spend(options.steps(cx.database().len(), true))?;
    if let Some(recorder) = cx.recorder {
        recorder.be_loose();
    }
    let mut found = Vec::new();
    let next = cx.database().scan(cursor, options.count, |slot| {
        if options.wants_key(slot) && !cx.is_expired_now(slot) {
            found.push(slot.key());
        }
    });
    scan::head(reply, next, found.len());
    found.into_iter().for_each(|name| reply.bulk(name));
    Ok(())
}
