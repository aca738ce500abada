//! `XREAD`. It never waits: without entries it replies as if the time were up. The caller may wait
//! and ask again ([`WaitingRead`]).

use super::read_options;
use crate::call::{CommandError, Reply};
use crate::dialect::{Dialect, Vendor};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::streams::entries::id::{self, ZERO};
use crate::values::streams::entries::write_entry;
use crate::values::streams::value::Stream;
use tidegate_rdb::StreamId;

pub(in crate::commands::streams) const COMMANDS: &[Row] = &[Row::read("xread", xread)];

const ONLY_IN_GROUPS: CommandError = CommandError::new(
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
);

/// `XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]`
fn xread(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let options = read_options::parse(args, false, cx.now, cx.dialect())?;
    let mut after = Vec::with_capacity(options.ids.len());
    for (key, id) in options.keys.iter().zip(options.ids) {
        let stream = cx.read::<Stream>(key)?;
        after.push((stream, beyond(stream, id, cx.dialect())?));
    }
    // Servers look for each key once more.
    for (key, _) in options.keys.iter().zip(&after).filter(|(_, (stream, _))| stream.is_none()) {
        cx.missed(key);
    }
    let wanted = options.keys.iter().zip(after);
    write_streams(wanted.map(|(key, (stream, after))| (*key, stream, after)), options.count, reply);
    Ok(())
}

/// Writes the entries beyond an id of each stream.
fn write_streams<'a>(
    wanted: impl Iterator<Item = (&'a [u8], Option<&'a Stream>, StreamId)>,
    count: usize,
    reply: &mut Reply<'_>,
) {
    let mark = reply.mark();
    let mut served = 0;
    for (key, stream, after) in wanted {
        let Some(stream) = stream.filter(|stream| has_more(stream, after)) else { continue };
        served += 1;
        begin(reply, key);
        let range = stream.nodes().range(id::next(after).unwrap_or(id::MAX), id::MAX);
        write_entry::entries(reply, range, count);
    }
    end(reply, mark, served);
}

fn has_more(stream: &Stream, after: StreamId) -> bool {
    stream.last().is_some_and(|last| last.id > after)
}

/// A read whose client waits while there are no entries: `XREAD ... BLOCK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingRead {
    /// The keys, and the ids beyond which entries are wanted: `$` is the last id when the wait
    /// began.
    streams: Vec<(Vec<u8>, StreamId)>,
    count: usize,
    /// The timeout in milliseconds; `None` is for ever.
    pub timeout_ms: Option<u64>,
}

impl WaitingRead {
    /// Reads a request. `None` if there is nothing to wait for: no `BLOCK`, an error, or entries.
    pub(crate) fn of(cx: &ReadCx<'_>, args: Args<'_>) -> Option<Self> {
        let options = read_options::parse(args, false, cx.now, cx.dialect()).ok()?;
        let timeout_ms = u64::try_from(options.block?).ok()?;
        let wanted = options.keys.iter().zip(options.ids);
        let settled = wanted.map(|(key, id)| {
            let stream = cx.read::<Stream>(key).ok()?;
            Some((key.to_vec(), beyond(stream, id, cx.dialect()).ok()?))
        });
        let streams = settled.collect::<Option<_>>()?;
        let timeout_ms = Some(timeout_ms).filter(|timeout| *timeout > 0);
        let waiting = Self { streams, count: options.count, timeout_ms };
        (!waiting.is_served(cx)).then_some(waiting)
    }

    /// Whether there are entries. A key that is no longer a stream may become one again.
    pub(crate) fn is_served(&self, cx: &ReadCx<'_>) -> bool {
        let mut streams = self.streams.iter();
        streams.any(|(key, after)| stream(cx, key).is_some_and(|stream| has_more(stream, *after)))
    }

    /// Writes the entries, or that the time is up.
    pub(crate) fn write(&self, cx: &ReadCx<'_>, reply: &mut Reply<'_>) {
        let wanted = self.streams.iter().map(|(key, after)| (&**key, stream(cx, key), *after));
        write_streams(wanted, self.count, reply);
    }

    /// The most entries of each stream; 0 is all.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Returns the keys, and the ids beyond which entries are wanted, as text.
    pub(crate) fn streams(&self) -> impl ExactSizeIterator<Item = (&[u8], String)> {
        self.streams.iter().map(|(key, after)| (&**key, id::text(*after)))
    }

    /// The number of bytes of its keys.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.streams.iter().map(|(key, _)| key.len() + size_of::<(Vec<u8>, StreamId)>()).sum()
    }
}

fn stream<'a>(cx: &ReadCx<'a>, key: &[u8]) -> Option<&'a Stream> {
    cx.read::<Stream>(key).ok().flatten()
}

/// Reads the id beyond which entries are wanted.
fn beyond(
    stream: Option<&Stream>,
    word: &[u8],
    dialect: Dialect,
) -> Result<StreamId, CommandError> {
    match word {
        b"$" => Ok(stream.map_or(ZERO, |stream| stream.last_id)),
        b"+" if dialect.reads_last_entry() => Ok(before_last(stream, dialect)),
        b">" => Err(ONLY_IN_GROUPS),
        _ => id::strict(word),
    }
}

/// Returns the id before that of the last entry. Valkey takes the last entry that ever was
/// (measured), so that nothing is returned if that is deleted.
fn before_last(stream: Option<&Stream>, dialect: Dialect) -> StreamId {
    let last = match dialect.vendor() {
        Vendor::Valkey => stream.map(|stream| stream.last_id),
        Vendor::Redis => stream.and_then(Stream::last).map(|entry| entry.id),
    };
    last.and_then(id::previous).unwrap_or(ZERO)
}

/// Writes what stands before the entries of a stream.
pub(in crate::commands::streams) fn begin(reply: &mut Reply<'_>, key: &[u8]) {
    if !reply.is_resp3() {
        reply.array(2);
    }
    reply.bulk(key);
}

/// Writes the head in front of all streams, or a null if there was none.
pub(in crate::commands::streams) fn end(reply: &mut Reply<'_>, mark: usize, served: usize) {
    match served {
        0 => reply.null_array(),
        _ if reply.is_resp3() => reply.map_at(mark, served),
        _ => reply.array_at(mark, served),
    }
}
