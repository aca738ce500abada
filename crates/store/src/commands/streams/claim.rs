//! `XCLAIM`, with which pending entries get another owner, and a master reports deliveries.

use super::propagation::Propagation;
use crate::call::{CommandError, Reply, quoted, words};
use crate::dialect::Dialect;
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::streams::entries::id::{self, ZERO};
use crate::values::streams::entries::{Nodes, write_entry};
use crate::values::streams::groups::{Group, Owner, Pending};
use crate::values::streams::value::Stream;
use tidegate_rdb::StreamId;

pub(in crate::commands::streams) const COMMANDS: &[Row] = &[Row::write("xclaim", xclaim)];

/// The arguments of a claim.
#[derive(Clone, Debug)]
struct Claim<'a> {
    consumer: &'a [u8],
    min_idle: i64,
    ids: Vec<StreamId>,
    force: bool,
    just_id: bool,
    delivered_ms: i64,
    retry_count: Option<u64>,
    last_id: StreamId,
}

/// `XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME ms] [RETRYCOUNT count]
/// [FORCE] [JUSTID] [LASTID id]`
fn xclaim(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (now, dialect) = (cx.now, cx.dialect());
    cx.miss(args[1]);
    let propagation = Propagation::of(cx, args[1], args[2]);
    let mut changes = 0;
    let claimed = cx.edit(args[1], |stream: &mut Stream| {
        let Stream { nodes, groups, .. } = stream;
        let group = groups.get_mut(args[2]).ok_or_else(|| no_group(args[1], args[2]))?;
        let claim = parse(args, now)?;
        let from = group.last_id;
        changes = run(nodes, group, &claim, (now, dialect, propagation), reply);
        let to = group.last_id;
        if to != from {
            stream.group_moved(from, to);
        }
        Ok(())
    })?;
    claimed.ok_or_else(|| no_group(args[1], args[2]))?;
    cx.dirty(changes);
    Ok(())
}

fn parse<'a>(args: Args<'a>, now: i64) -> Result<Claim<'a>, CommandError> {
    let min_idle = int(args[4], "Invalid min-idle-time argument for XCLAIM")?.max(0);
    let ids: Vec<_> = args[5..].iter().map_while(|word| id::strict(word).ok()).collect();
    let mut options = args.get(5 + ids.len()..).unwrap_or_default();
    let mut claim = Claim {
        consumer: args[3],
        min_idle,
        ids,
        force: false,
        just_id: false,
        delivered_ms: -1,
        retry_count: None,
        last_id: ZERO,
    };
    while let [option, rest @ ..] = options {
        options = match rest {
            rest if words::is(option, "FORCE") => {
                claim.force = true;
                rest
            }
            rest if words::is(option, "JUSTID") => {
                claim.just_id = true;
                rest
            }
            [value, rest @ ..] if words::is(option, "IDLE") => {
                let idle = int(value, "Invalid IDLE option argument for XCLAIM")?;
                claim.delivered_ms = now.wrapping_sub(idle);
                rest
            }
            [value, rest @ ..] if words::is(option, "TIME") => {
                claim.delivered_ms = int(value, "Invalid TIME option argument for XCLAIM")?;
                rest
            }
            [value, rest @ ..] if words::is(option, "RETRYCOUNT") => {
                let count = int(value, "Invalid RETRYCOUNT option argument for XCLAIM")?;
                claim.retry_count = u64::try_from(count).ok();
                rest
            }
            [value, rest @ ..] if words::is(option, "LASTID") => {
                claim.last_id = id::strict(value)?;
                rest
            }
            _ => {
                let option = quoted(option);
                return Err(CommandError::of(format!("ERR Unrecognized XCLAIM option '{option}'")));
            }
        };
    }
    // A time in the future, or none, means now.
    if claim.delivered_ms < 0 || claim.delivered_ms > now {
        claim.delivered_ms = now;
    }
    Ok(claim)
}

/// Claims entries. Returns the number of changes.
fn run(
    nodes: &Nodes,
    group: &mut Group,
    claim: &Claim<'_>,
    (now, dialect, propagation): (i64, Dialect, Propagation<'_>),
    reply: &mut Reply<'_>,
) -> usize {
    let mut moved = claim.last_id > group.last_id;
    if moved {
        group.last_id = claim.last_id;
    }
    let mut owner = None;
    if dialect.creates_idle_consumers() {
        owner = Some(seen_consumer(group, claim.consumer, now, propagation));
    }
    let mark = reply.mark();
    let (mut claimed, mut changes) = (0, 0);
    for &id in &claim.ids {
        let entry = nodes.find(id).map(|(_, entry)| entry);
        if entry.is_none() && dialect.acknowledges_missing_entries() {
            // The entry no longer exists, so no consumer can have it.
            if let Some(pending) = group.pending().get(&id) {
                propagation.claim(group, id, pending);
            }
            let forgotten = group.acknowledge(id);
            changes += usize::from(forgotten);
            moved &= !forgotten;
            continue;
        }
        let before = group.pending().get(&id).copied();
        if before.is_none() && (!claim.force || entry.is_none()) {
            continue;
        }
        if before.is_some_and(|it| claim.min_idle > 0 && it.idle(now) < claim.min_idle) {
            continue;
        }
        let owner =
            *owner.get_or_insert_with(|| seen_consumer(group, claim.consumer, now, propagation));
        let deliveries = before.map_or(1, |it| it.deliveries);
        let deliveries = match claim.retry_count {
            Some(count) => count,
            None if claim.just_id => deliveries,
            None => deliveries.wrapping_add(1),
        };
        let pending = Pending { delivered_ms: claim.delivered_ms, deliveries, owner };
        group.assign(id, pending);
        group.activate(owner, now);
        propagation.claim(group, id, &pending);
        match entry {
            _ if claim.just_id => id::write(reply, id),
            Some(entry) => write_entry::entry(reply, &entry),
            None => reply.null(),
        }
        claimed += 1;
        moved = false;
    }
    reply.array_at(mark, claimed);
    if moved {
        propagation.last_id(group, dialect.has_stream_counters());
    }
    changes + claimed + usize::from(moved)
}

/// Returns the consumer, and notes that it was seen.
pub(in crate::commands::streams) fn seen_consumer(
    group: &mut Group,
    consumer: &[u8],
    now: i64,
    propagation: Propagation<'_>,
) -> Owner {
    let (owner, _) = propagation.consumer_or_new(group, consumer, now);
    group.see(owner, now, false);
    owner
}

/// Reads an integer; `error` is the error for anything else.
pub(in crate::commands::streams) fn int(
    word: &[u8],
    error: &'static str,
) -> Result<i64, CommandError> {
    words::int(word).map_err(|_| CommandError::of(format!("ERR {error}")))
}

/// The error of a command that needs a group.
pub(in crate::commands::streams) fn no_group(key: &[u8], group: &[u8]) -> CommandError {
    CommandError::of(format!(
        "NOGROUP No such key '{}' or consumer group '{}'",
        quoted(key),
        quoted(group),
    ))
}
