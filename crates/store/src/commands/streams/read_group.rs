//! `XREADGROUP`, for clients of an engine that is a master. It never waits.

use super::propagation::Propagation;
use super::read::{begin, end};
use super::read_options::{self, ReadOptions};
use crate::call::{CommandError, Reply, quoted};
use crate::dialect::Dialect;
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::streams::entries::{id, write_entry};
use crate::values::streams::groups::{Owner, Pending};
use crate::values::streams::value::Stream;
use tidegate_rdb::StreamId;

pub(in crate::commands::streams) const COMMANDS: &[Row] = &[Row::write("xreadgroup", xreadgroup)];

const NO_DOLLAR: CommandError = CommandError::new(
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
);
const NO_PLUS: CommandError = CommandError::new(
    "ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result set.",
);

/// The entries that are wanted.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    /// Entries that were not delivered yet.
    New,
    /// The consumer's own pending entries, beyond this id.
    Own(StreamId),
}

/// The consumer that reads, the time, and the options.
struct Reader<'a> {
    options: ReadOptions<'a>,
    group: &'a [u8],
    consumer: &'a [u8],
    now: i64,
    dialect: Dialect,
    propagation: Propagation<'a>,
}

/// `XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key
/// [key ...] id [id ...]`
fn xreadgroup(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (now, dialect) = (cx.now, cx.dialect());
    let options = read_options::parse(args, true, now, dialect)?;
    let (group, consumer) = options.group.unwrap_or_default();
    let mut wanted = Vec::with_capacity(options.ids.len());
    for (key, id) in options.keys.iter().zip(options.ids) {
        cx.miss(key);
        let stream = cx.read::<Stream>(key)?;
        if stream.and_then(|stream| stream.group(group)).is_none() {
            return Err(CommandError::of(format!(
                "NOGROUP No such key '{}' or consumer group '{}' in XREADGROUP with GROUP option",
                quoted(key),
                quoted(group),
            )));
        }
        wanted.push(parse_id(id, dialect)?);
    }
    let mark = reply.mark();
    let mut served = 0;
    for (key, wanted) in options.keys.iter().zip(wanted) {
        let propagation = Propagation::of(cx, key, group);
        let reader = Reader { options, group, consumer, now, dialect, propagation };
        let is_served =
            cx.edit(key, |stream: &mut Stream| Ok(serve(stream, &reader, key, wanted, reply)))?;
        served += usize::from(is_served.unwrap_or(false));
    }
    cx.dirty(served);
    end(reply, mark, served);
    Ok(())
}

fn parse_id(word: &[u8], dialect: Dialect) -> Result<Wanted, CommandError> {
    match word {
        b"$" => Err(NO_DOLLAR),
        b"+" if dialect.reads_last_entry() => Err(NO_PLUS),
        b">" => Ok(Wanted::New),
        _ => match id::strict(word)? {
            // The server means `>` by it.
            id::MAX => Ok(Wanted::New),
            id => Ok(Wanted::Own(id)),
        },
    }
}

/// Writes what a stream has for the reader. Returns false if there is nothing.
fn serve(
    stream: &mut Stream,
    reader: &Reader<'_>,
    key: &[u8],
    wanted: Wanted,
    reply: &mut Reply<'_>,
) -> bool {
    let last = stream.last().map(|last| last.id);
    let Some(group) = stream.groups.get_mut(reader.group) else { return false };
    let serves = match wanted {
        Wanted::Own(_) => true,
        Wanted::New => last.is_some_and(|last| last > group.last_id),
    };
    if !serves && !reader.dialect.creates_idle_consumers() {
        return false;
    }
    let (owner, is_new) = reader.propagation.consumer_or_new(group, reader.consumer, reader.now);
    if is_new && reader.options.no_ack {
        reader.propagation.consumer(reader.consumer);
    }
    group.see(owner, reader.now, false);
    if serves {
        begin(reply, key);
        match wanted {
            Wanted::Own(after) => own(stream, reader, owner, after, reply),
            Wanted::New => new(stream, reader, owner, reply),
        }
    }
    serves
}

/// Delivers entries that were not delivered yet.
fn new(stream: &mut Stream, reader: &Reader<'_>, owner: Owner, reply: &mut Reply<'_>) {
    // The group is taken out meanwhile, because its counters depend on the stream.
    let Some((name, mut group)) = stream.groups.remove_entry(reader.group) else { return };
    let from = group.last_id;
    let start = id::next(from).unwrap_or(id::MAX);
    let limit = if reader.options.count == 0 { usize::MAX } else { reader.options.count };
    let mark = reply.mark();
    let mut written = 0;
    for entry in stream.nodes.range(start, id::MAX).take(limit) {
        if entry.id > group.last_id {
            group.entries_read = stream.read_after(&group, entry.id, reader.dialect);
            group.last_id = entry.id;
        }
        write_entry::entry(reply, &entry);
        written += 1;
        if !reader.options.no_ack {
            let pending = Pending { delivered_ms: reader.now, deliveries: 1, owner };
            group.assign(entry.id, pending);
            group.activate(owner, reader.now);
            reader.propagation.claim(&group, entry.id, &pending);
        }
    }
    if written > 0 && (reader.options.no_ack || reader.dialect.propagates_group_ids()) {
        reader.propagation.last_id(&group, reader.dialect.has_stream_counters());
    }
    reply.array_at(mark, written);
    if group.last_id != from {
        stream.group_moved(from, group.last_id);
    }
    stream.groups.insert(name, group);
}

/// Writes the pending entries of the consumer.
fn own(
    stream: &mut Stream,
    reader: &Reader<'_>,
    owner: Owner,
    after: StreamId,
    reply: &mut Reply<'_>,
) {
    let Stream { nodes, groups, .. } = stream;
    let Some(group) = groups.get_mut(reader.group) else { return };
    let limit = if reader.options.count == 0 { usize::MAX } else { reader.options.count };
    let start = id::next(after).unwrap_or(id::MAX);
    let pending = group.consumers().get(owner).map(|it| it.pending.range(start..).take(limit));
    let ids: Vec<StreamId> = pending.into_iter().flatten().copied().collect();
    reply.array(ids.len());
    for id in ids {
        match nodes.find(id) {
            Some((_, entry)) => {
                write_entry::entry(reply, &entry);
                if let Some(pending) = group.pending_mut(id) {
                    pending.delivered_ms = reader.now;
                    pending.deliveries = pending.deliveries.wrapping_add(1);
                }
            }
            None => {
                reply.array(2);
                id::write(reply, id);
                reply.null_array();
            }
        }
    }
}
