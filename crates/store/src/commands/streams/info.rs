//! `XINFO`.

use super::manage::no_group;
use super::{help, subcommand};
use crate::arguments::subcommand::{Sub, syntax};
use crate::call::{CommandError, Reply, words};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::streams::entries::id::{self, MAX, ZERO};
use crate::values::streams::entries::write_entry;
use crate::values::streams::groups::{Consumer, Group};
use crate::values::streams::value::Stream;

pub(in crate::commands::streams) const COMMANDS: &[Row] = &[Row::read("xinfo", xinfo)];

const SUBCOMMANDS: &[Sub<()>] = &[
    Sub::new("consumers", 4, ()),
    Sub::new("groups", 3, ()),
    Sub::new("help", 2, ()),
    Sub::new("stream", -3, ()),
];

/// How many entries and pending entries `FULL` shows by default.
const SHOWN: usize = 10;

/// `XINFO subcommand ...`
fn xinfo(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let dialect = cx.dialect();
    let called = subcommand::find(SUBCOMMANDS, args, "xinfo", dialect)?;
    if called == Some("help") {
        help::xinfo(reply);
        return Ok(());
    }
    let &[_, _, key, ref rest @ ..] = args else {
        return Err(syntax(args[1], "xinfo", dialect));
    };
    let stream = cx.read::<Stream>(key)?.ok_or(CommandError::NO_KEY)?;
    match (called, rest) {
        (Some("stream"), []) => brief(stream, reply),
        (Some("stream"), [full, options @ ..]) if words::is(full, "FULL") => {
            let count = match options {
                [] => SHOWN,
                [option, count] if words::is(option, "COUNT") => {
                    usize::try_from(words::int(count)?).unwrap_or(SHOWN)
                }
                _ => return Err(syntax(args[1], "xinfo", dialect)),
            };
            let shown = if count == 0 { usize::MAX } else { count };
            let pending = |group: &Group| group.pending().len().min(shown);
            let groups = stream.groups().values().map(|group| 8 + 4 * pending(group)).sum();
            cx.spend(groups)?;
            full_info(stream, if count == 0 { usize::MAX } else { count }, reply);
        }
        (Some("groups"), []) => {
            cx.spend(8 * stream.groups().len())?;
            groups(stream, reply);
        }
        (Some("consumers"), [name]) => {
            let group = stream.group(name).ok_or_else(|| no_group(key, name))?;
            cx.spend(8 * group.consumers().len())?;
            consumers(group, cx.now, reply);
        }
        _ => return Err(syntax(args[1], "xinfo", dialect)),
    }
    Ok(())
}

fn brief(stream: &Stream, reply: &mut Reply<'_>) {
    reply.map(if reply.dialect().has_stream_counters() { 10 } else { 7 });
    counters(stream, reply);
    reply.bulk(b"groups");
    reply.count(stream.groups().len());
    for (name, entry) in [("first-entry", stream.first()), ("last-entry", stream.last())] {
        reply.bulk(name.as_bytes());
        match entry {
            Some(entry) => write_entry::entry(reply, &entry),
            None => reply.null(),
        }
    }
}

/// Writes the fields with which both forms start.
fn counters(stream: &Stream, reply: &mut Reply<'_>) {
    reply.bulk(b"length");
    reply.int(stream.len().cast_signed());
    reply.bulk(b"radix-tree-keys");
    reply.count(stream.nodes().len());
    reply.bulk(b"radix-tree-nodes");
    reply.count(stream.nodes().tree_nodes());
    reply.bulk(b"last-generated-id");
    id::write(reply, stream.last_id);
    if reply.dialect().has_stream_counters() {
        reply.bulk(b"max-deleted-entry-id");
        id::write(reply, stream.max_deleted_id);
        reply.bulk(b"entries-added");
        reply.int(stream.entries_added.cast_signed());
        reply.bulk(b"recorded-first-entry-id");
        id::write(reply, stream.first_id);
    }
}

fn full_info(stream: &Stream, count: usize, reply: &mut Reply<'_>) {
    reply.map(if reply.dialect().has_stream_counters() { 9 } else { 6 });
    counters(stream, reply);
    reply.bulk(b"entries");
    write_entry::entries(reply, stream.nodes().range(ZERO, MAX), count);
    reply.bulk(b"groups");
    reply.array(stream.groups().len());
    for (name, group) in stream.groups() {
        reply.map(if reply.dialect().has_stream_counters() { 7 } else { 5 });
        reply.bulk(b"name");
        reply.bulk(name);
        reply.bulk(b"last-delivered-id");
        id::write(reply, group.last_id);
        progress(stream, group, reply);
        full_pending(group, count, reply);
        reply.bulk(b"consumers");
        reply.array(group.consumers().len());
        for (_, consumer) in group.consumers().iter() {
            full_consumer(group, consumer, count, reply);
        }
    }
}

/// Writes how far a group has read.
fn progress(stream: &Stream, group: &Group, reply: &mut Reply<'_>) {
    let dialect = reply.dialect();
    if !dialect.has_stream_counters() {
        return;
    }
    let numbers = [
        ("entries-read", group.entries_read.map(u64::cast_signed)),
        ("lag", stream.lag(group, dialect)),
    ];
    for (name, number) in numbers {
        reply.bulk(name.as_bytes());
        match number {
            Some(number) => reply.int(number),
            None => reply.null(),
        }
    }
}

fn full_pending(group: &Group, count: usize, reply: &mut Reply<'_>) {
    let pending = group.pending();
    reply.bulk(b"pel-count");
    reply.count(pending.len());
    reply.bulk(b"pending");
    reply.array(pending.len().min(count));
    for (&id, pending) in pending.iter().take(count) {
        reply.array(4);
        id::write(reply, id);
        reply.bulk(group.owner(pending).map_or(&[], |consumer| &consumer.name));
        reply.int(pending.delivered_ms);
        reply.int(pending.deliveries.cast_signed());
    }
}

fn full_consumer(group: &Group, consumer: &Consumer, count: usize, reply: &mut Reply<'_>) {
    let shows_active = reply.dialect().shows_active_time();
    reply.map(if shows_active { 5 } else { 4 });
    reply.bulk(b"name");
    reply.bulk(&consumer.name);
    reply.bulk(b"seen-time");
    reply.int(consumer.seen_ms);
    if shows_active {
        reply.bulk(b"active-time");
        reply.int(consumer.active_ms);
    }
    reply.bulk(b"pel-count");
    reply.count(consumer.pending.len());
    reply.bulk(b"pending");
    reply.array(consumer.pending.len().min(count));
    for &id in consumer.pending.iter().take(count) {
        let pending = group.pending().get(&id);
        reply.array(3);
        id::write(reply, id);
        reply.int(pending.map_or(0, |pending| pending.delivered_ms));
        reply.int(pending.map_or(0, |pending| pending.deliveries).cast_signed());
    }
}

fn groups(stream: &Stream, reply: &mut Reply<'_>) {
    reply.array(stream.groups().len());
    for (name, group) in stream.groups() {
        reply.map(if reply.dialect().has_stream_counters() { 6 } else { 4 });
        reply.bulk(b"name");
        reply.bulk(name);
        reply.bulk(b"consumers");
        reply.count(group.consumers().len());
        reply.bulk(b"pending");
        reply.count(group.pending().len());
        reply.bulk(b"last-delivered-id");
        id::write(reply, group.last_id);
        progress(stream, group, reply);
    }
}

fn consumers(group: &Group, now: i64, reply: &mut Reply<'_>) {
    let shows_active = reply.dialect().shows_active_time();
    reply.array(group.consumers().len());
    for (_, consumer) in group.consumers().iter() {
        reply.map(if shows_active { 4 } else { 3 });
        reply.bulk(b"name");
        reply.bulk(&consumer.name);
        reply.bulk(b"pending");
        reply.count(consumer.pending.len());
        reply.bulk(b"idle");
        reply.int(now.wrapping_sub(consumer.seen_ms).max(0));
        if shows_active {
            reply.bulk(b"inactive");
            reply.int(match consumer.active_ms {
                -1 => -1,
                active => now.wrapping_sub(active).max(0),
            });
        }
    }
}
