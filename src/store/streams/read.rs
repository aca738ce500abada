//! `XREAD`. It never waits: without anything to tell it answers as if the time were up. Who asks
//! may wait, and ask again ([`WaitingRead`]).

use super::id::{self, ZERO};
use super::read_options;
use super::value::Stream;
use super::write_entry;
use crate::rdb::StreamId;
use crate::store::commands::Row;
use crate::store::context::{Args, Done, ReadCx};
use crate::store::dialect::{Dialect, Vendor};
use crate::store::error::CommandError;
use crate::store::reply::Reply;

pub(super) const COMMANDS: &[Row] = &[Row::read("xread", xread)];

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
    let mark = reply.mark();
    let mut served = 0;
    for (key, (stream, after)) in options.keys.iter().zip(after) {
        let last = stream.and_then(Stream::last);
        let (Some(stream), true) = (stream, last.is_some_and(|last| last.id > after)) else {
            continue;
        };
        served += 1;
        begin(reply, key);
        let range = stream.nodes().range(id::next(after).unwrap_or(id::MAX), id::MAX);
        write_entry::entries(reply, range, options.count);
    }
    end(reply, mark, served);
    Ok(())
}

/// A read whose client waits where there is nothing to tell yet: `XREAD ... BLOCK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingRead {
    /// Its words; what `$` and `+` are is settled when the wait begins.
    pub words: Vec<Vec<u8>>,
    /// In milliseconds; `None` is for ever.
    pub timeout_ms: Option<u64>,
}

impl WaitingRead {
    /// `None` where there is nothing to wait for: no `BLOCK`, or an error.
    pub(in crate::store) fn of(cx: &ReadCx<'_>, args: Args<'_>) -> Option<Self> {
        let options = read_options::parse(args, false, cx.now, cx.dialect()).ok()?;
        let timeout_ms = u64::try_from(options.block?).ok()?;
        let mut words: Vec<_> = args.iter().map(|word| word.to_vec()).collect();
        let first = args.len() - options.ids.len();
        let asked = options.keys.iter().zip(options.ids);
        for ((key, id), word) in asked.zip(words.get_mut(first..)?) {
            let stream = cx.read::<Stream>(key).ok()?;
            *word = beyond(stream, id, cx.dialect()).ok()?.to_string().into_bytes();
        }
        Some(Self { words, timeout_ms: Some(timeout_ms).filter(|timeout| *timeout > 0) })
    }
}

/// Beyond which id entries are wanted.
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

/// The id before the last entry's. Valkey takes the last one that ever was (measured), so that
/// nothing is told where that is deleted.
fn before_last(stream: Option<&Stream>, dialect: Dialect) -> StreamId {
    let last = match dialect.vendor() {
        Vendor::Valkey => stream.map(|stream| stream.last_id),
        Vendor::Redis => stream.and_then(Stream::last).map(|entry| entry.id),
    };
    last.and_then(id::previous).unwrap_or(ZERO)
}

/// Before the entries of a stream.
pub(super) fn begin(reply: &mut Reply<'_>, key: &[u8]) {
    if !reply.is_resp3() {
        reply.array(2);
    }
    reply.bulk(key);
}

/// After the last stream; nothing is told if there was none.
pub(super) fn end(reply: &mut Reply<'_>, mark: usize, served: usize) {
    match served {
        0 => reply.null_array(),
        _ if reply.is_resp3() => reply.map_at(mark, served),
        _ => reply.array_at(mark, served),
    }
}
