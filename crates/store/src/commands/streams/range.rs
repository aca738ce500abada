//! `XLEN`, `XRANGE` and `XREVRANGE`.

use crate::call::{CommandError, Reply, words};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::streams::entries::{id, write_entry};
use crate::values::streams::value::Stream;

pub(in crate::commands::streams) const COMMANDS: &[Row] =
    &[Row::read("xlen", xlen), Row::read("xrange", xrange), Row::read("xrevrange", xrevrange)];

/// `XLEN key`
fn xlen(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let stream = cx.read::<Stream>(args[1])?;
    reply.int(stream.map_or(0, Stream::len).cast_signed());
    Ok(())
}

/// `XRANGE key start end [COUNT count]`
fn xrange(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    range(cx, args, (args[2], args[3]), false, reply)
}

/// `XREVRANGE key end start [COUNT count]`
fn xrevrange(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    range(cx, args, (args[3], args[2]), true, reply)
}

fn range(
    cx: &ReadCx<'_>,
    args: Args<'_>,
    (start, end): (&[u8], &[u8]),
    back: bool,
    reply: &mut Reply<'_>,
) -> Done {
    let (start, end) = (id::start(start)?, id::end(end)?);
    let mut count = None;
    let mut options = &args[4..];
    while let [option, rest @ ..] = options {
        let ([value, rest @ ..], true) = (rest, words::is(option, "COUNT")) else {
            return Err(CommandError::SYNTAX);
        };
        count = Some(words::int(value)?);
        options = rest;
    }
    let Some(stream) = cx.read::<Stream>(args[1])? else {
        reply.array(0);
        return Ok(());
    };
    let count = match count {
        None => 0,
        Some(..=0) => {
            reply.null_array();
            return Ok(());
        }
        Some(count) => usize::try_from(count).unwrap_or(usize::MAX),
    };
    let nodes = stream.nodes();
    let entries = if back { nodes.range_back(start, end) } else { nodes.range(start, end) };
    write_entry::entries(reply, entries, count);
    Ok(())
}
