//! `XAUTOCLAIM`, which claims entries that have been pending for long, a few at a time.

use super::claim::{int, no_group, seen_consumer};
use super::propagation::Propagation;
use crate::call::{CommandError, Reply, words};
use crate::dialect::Dialect;
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::streams::entries::id::{self, ZERO};
use crate::values::streams::entries::{Nodes, write_entry};
use crate::values::streams::groups::{Group, Owner, Pending};
use crate::values::streams::value::Stream;
use tidegate_rdb::StreamId;

pub(in crate::commands::streams) const COMMANDS: &[Row] = &[Row::write("xautoclaim", xautoclaim)];

/// How many pending entries are looked at for each that may be claimed.
const LOOKS: u64 = 10;
/// The highest count for which servers allocate memory; the limit of servers is lower.
const MAX_COUNT: i64 = i64::MAX / 16;
/// The count above which servers have no memory for the ids of deleted entries.
const TOO_MANY: i64 = 1 << 44;

const COUNT: CommandError = CommandError::new("ERR COUNT must be > 0");
const NO_MEMORY: CommandError = CommandError::new(
    "ERR Insufficient memory, failed allocating transient memory, COUNT too high.",
);

#[derive(Clone, Copy, Debug)]
struct AutoClaim<'a> {
    consumer: &'a [u8],
    min_idle: i64,
    start: StreamId,
    count: u64,
    just_id: bool,
}

/// `XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]`
fn xautoclaim(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (now, dialect) = (cx.now, cx.dialect());
    let claim = parse(args, dialect)?;
    cx.miss(args[1]);
    let propagation = Propagation::of(cx, args[1], args[2]);
    let mut changes = 0;
    let claimed = cx.edit(args[1], |stream: &mut Stream| {
        let Stream { nodes, groups, .. } = stream;
        let group = groups.get_mut(args[2]).ok_or_else(|| no_group(args[1], args[2]))?;
        if dialect.acknowledges_missing_entries() && claim.count > TOO_MANY.unsigned_abs() {
            return Err(NO_MEMORY);
        }
        changes = run(nodes, group, &claim, (now, dialect, propagation), reply);
        Ok(())
    })?;
    claimed.ok_or_else(|| no_group(args[1], args[2]))?;
    cx.dirty(changes);
    Ok(())
}

fn parse<'a>(args: Args<'a>, dialect: Dialect) -> Result<AutoClaim<'a>, CommandError> {
    let min_idle = int(args[4], "Invalid min-idle-time argument for XAUTOCLAIM")?.max(0);
    let start = id::start(args[5])?;
    let mut claim = AutoClaim { consumer: args[3], min_idle, start, count: 100, just_id: false };
    let mut options = &args[6..];
    while let [option, rest @ ..] = options {
        options = match rest {
            [count, rest @ ..] if words::is(option, "COUNT") => {
                let max = if dialect.acknowledges_missing_entries() { MAX_COUNT } else { i64::MAX };
                let count = words::int(count).ok().filter(|count| (1..=max).contains(count));
                claim.count = count.ok_or(COUNT)?.unsigned_abs();
                rest
            }
            rest if words::is(option, "JUSTID") => {
                claim.just_id = true;
                rest
            }
            _ => return Err(CommandError::SYNTAX),
        };
    }
    Ok(claim)
}

/// What happens to a pending entry.
enum Step {
    Pass,
    Claim(Pending),
    Forget,
}

/// Claims entries. Returns the number of changes.
fn run(
    nodes: &Nodes,
    group: &mut Group,
    claim: &AutoClaim<'_>,
    (now, dialect, propagation): (i64, Dialect, Propagation<'_>),
    reply: &mut Reply<'_>,
) -> usize {
    let mut owner = dialect
        .creates_idle_consumers()
        .then(|| seen_consumer(group, claim.consumer, now, propagation));
    reply.array(if dialect.acknowledges_missing_entries() { 3 } else { 2 });
    let cursor_mark = reply.mark();
    let (mut claimed, mut gone) = (0, Vec::new());
    let (mut count, mut looks) = (claim.count, claim.count.saturating_mul(LOOKS));
    let mut cursor = Some(claim.start);
    while let Some((id, step)) = cursor
        .filter(|_| looks > 0 && count > 0)
        .and_then(|from| look(nodes, group, claim, from, (now, dialect)))
    {
        looks -= 1;
        cursor = id::next(id);
        match step {
            Step::Pass => {}
            Step::Forget => {
                if let Some(pending) = group.pending().get(&id) {
                    propagation.claim(group, id, pending);
                }
                group.acknowledge(id);
                gone.push(id);
                count -= 1;
            }
            Step::Claim(pending) => {
                let owner = *owner
                    .get_or_insert_with(|| seen_consumer(group, claim.consumer, now, propagation));
                let pending = take(group, id, pending, (owner, claim, now));
                propagation.claim(group, id, &pending);
                match nodes.find(id) {
                    _ if claim.just_id => id::write(reply, id),
                    Some((_, entry)) => write_entry::entry(reply, &entry),
                    None => reply.null(),
                }
                claimed += 1;
                count -= 1;
            }
        }
    }
    reply.array_at(cursor_mark, claimed);
    let next = cursor.and_then(|from| group.pending_from(from).next()).map_or(ZERO, |(&id, _)| id);
    reply.before(cursor_mark, |reply| id::write(reply, next));
    if dialect.acknowledges_missing_entries() {
        reply.array(gone.len());
        gone.iter().for_each(|&id| id::write(reply, id));
    }
    claimed + gone.len()
}

/// Returns the first pending entry from `from` on, and what happens to it.
fn look(
    nodes: &Nodes,
    group: &Group,
    claim: &AutoClaim<'_>,
    from: StreamId,
    (now, dialect): (i64, Dialect),
) -> Option<(StreamId, Step)> {
    let (&id, &pending) = group.pending_from(from).next()?;
    let step = if dialect.acknowledges_missing_entries() && nodes.find(id).is_none() {
        Step::Forget
    } else if claim.min_idle > 0 && pending.idle(now) < claim.min_idle {
        Step::Pass
    } else {
        Step::Claim(pending)
    };
    Some((id, step))
}

fn take(
    group: &mut Group,
    id: StreamId,
    pending: Pending,
    (owner, claim, now): (Owner, &AutoClaim<'_>, i64),
) -> Pending {
    let more = u64::from(!claim.just_id);
    let deliveries = pending.deliveries.wrapping_add(more);
    let pending = Pending { delivered_ms: now, deliveries, owner };
    group.assign(id, pending);
    group.activate(owner, now);
    pending
}
