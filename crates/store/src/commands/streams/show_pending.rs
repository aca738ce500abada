//! `XPENDING`.

use super::claim::no_group;
use crate::call::{CommandError, Reply, words};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::streams::entries::id;
use crate::values::streams::groups::Group;
use crate::values::streams::value::Stream;
use tidegate_rdb::StreamId;

pub(in crate::commands::streams) const COMMANDS: &[Row] = &[Row::read("xpending", xpending)];

/// The pending entries that are wanted.
#[derive(Clone, Copy, Debug)]
struct Wanted<'a> {
    start: StreamId,
    end: StreamId,
    count: usize,
    min_idle: i64,
    consumer: Option<&'a [u8]>,
}

/// `XPENDING key group [[IDLE min-idle-time] start end count [consumer]]`
fn xpending(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let wanted = match args.get(3..).unwrap_or_default() {
        [] => None,
        words => Some(parse(words)?),
    };
    let group = cx.read::<Stream>(args[1])?.and_then(|stream| stream.group(args[2]));
    let group = group.ok_or_else(|| no_group(args[1], args[2]))?;
    match wanted {
        None => {
            cx.spend(group.consumers().len())?;
            summary(group, reply);
        }
        Some(wanted) => {
            // Entries that are not idle for long enough are passed over.
            let pending = group.pending().len();
            let met = if wanted.min_idle == 0 { pending.min(wanted.count) } else { pending };
            cx.spend(met.saturating_mul(8))?;
            list(group, &wanted, cx.now, reply);
        }
    }
    Ok(())
}

fn parse<'a>(words: &'a [&'a [u8]]) -> Result<Wanted<'a>, CommandError> {
    if !(3..=6).contains(&words.len()) {
        return Err(CommandError::SYNTAX);
    }
    let (min_idle, words) = match words {
        [option, idle, rest @ ..] if words::is(option, "IDLE") => (words::int(idle)?, rest),
        _ => (0, words),
    };
    let [start, end, count, rest @ ..] = words else { return Err(CommandError::SYNTAX) };
    let count = usize::try_from(words::int(count)?).unwrap_or(0);
    let (start, end) = (id::start(start)?, id::end(end)?);
    Ok(Wanted { start, end, count, min_idle, consumer: rest.first().copied() })
}

fn summary(group: &Group, reply: &mut Reply<'_>) {
    let pending = group.pending();
    reply.array(4);
    reply.count(pending.len());
    let Some(((&first, _), (&last, _))) = pending.first_key_value().zip(pending.last_key_value())
    else {
        reply.null();
        reply.null();
        reply.null_array();
        return;
    };
    id::write(reply, first);
    id::write(reply, last);
    let mark = reply.mark();
    let mut consumers = 0;
    for (_, consumer) in group.consumers().iter().filter(|(_, it)| !it.pending.is_empty()) {
        reply.array(2);
        reply.bulk(&consumer.name);
        reply.bulk_int(i64::try_from(consumer.pending.len()).unwrap_or(i64::MAX));
        consumers += 1;
    }
    reply.array_at(mark, consumers);
}

fn list(group: &Group, wanted: &Wanted<'_>, now: i64, reply: &mut Reply<'_>) {
    let mark = reply.mark();
    let mut written = 0;
    let mut write = |id: StreamId| {
        let Some(&pending) = group.pending().get(&id) else { return false };
        let idle = pending.idle(now);
        if wanted.min_idle != 0 && idle < wanted.min_idle {
            return false;
        }
        reply.array(4);
        id::write(reply, id);
        reply.bulk(group.owner(&pending).map_or(&[], |consumer| &consumer.name));
        reply.int(idle.max(0));
        reply.int(pending.deliveries.cast_signed());
        written += 1;
        true
    };
    let count = wanted.count;
    if wanted.start <= wanted.end {
        let range = wanted.start..=wanted.end;
        match wanted.consumer {
            None => {
                let ids = group.pending().range(range).map(|(&id, _)| id);
                ids.filter(|&id| write(id)).take(count).for_each(drop);
            }
            Some(name) => {
                let consumers = group.consumers();
                let consumer = consumers.find(name).and_then(|owner| consumers.get(owner));
                let ids = consumer.into_iter().flat_map(|it| it.pending.range(range.clone()));
                ids.filter(|&&id| write(id)).take(count).for_each(drop);
            }
        }
    }
    reply.array_at(mark, written);
}
