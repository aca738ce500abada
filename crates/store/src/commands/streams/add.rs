//! `XADD`, `XTRIM` and `XSETID`.

use super::add_options::{self, Caller};
use crate::call::{CommandError, EventClass, Reply, words};
use crate::execution::{Args, Done, Row, WriteCx};
pub(crate) use crate::values::streams::entries::id::{self, NewId, ZERO};
use crate::values::streams::value::Stream;
use tidegate_rdb::{Corrupt, StreamId};

pub(in crate::commands::streams) const COMMANDS: &[Row] =
    &[Row::write("xadd", xadd), Row::write("xsetid", xsetid), Row::write("xtrim", xtrim)];

const ZERO_ID: CommandError =
    CommandError::new("ERR The ID specified in XADD must be greater than 0-0");
/// `XADD key [options] id field value [field value ...]`
fn xadd(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let caller = caller(cx);
    let options = add_options::parse(args, true, &caller)?;
    let fields = options.id.and_then(|(_, at)| args.get(at + 1..)).unwrap_or_default();
    let Some((new_id, id_at)) = options.id.filter(|_| !fields.is_empty() && fields.len() % 2 == 0)
    else {
        return Err(match caller.dialect.has_partial_stream_ids() {
            true => CommandError::wrong_arity("xadd"),
            false => CommandError::new("ERR wrong number of arguments for XADD"),
        });
    };
    if new_id == NewId::Exactly(ZERO) {
        return Err(ZERO_ID);
    }
    let (now, leads, mut trimmed) = (cx.now, cx.leads(), 0);
    let mut rest = None;
    let add = |stream: &mut Stream| {
        let id = stream.append(new_id, fields, now, (&caller.packing, caller.dialect))?;
        if let Some(trim) = &options.trim {
            trimmed = stream.trim(trim).map_err(|fault| corrupt(&fault))?;
            rest = (leads && trim.approximate).then(|| options.exactly(stream)).flatten();
        }
        Ok(id)
    };
    let id = if options.no_stream {
        cx.edit(args[1], add)?
    } else {
        Some(cx.edit_or_new(args[1], add)?)
    };
    match id {
        Some(id) => {
            cx.signal(EventClass::Stream, "xadd", args[1]);
            if trimmed > 0 {
                cx.event(EventClass::Stream, "xtrim", args[1]);
            }
            let is_given = matches!(new_id, NewId::Exactly(_));
            replicate(cx, args, (!is_given).then_some((id, id_at)), rest);
            cx.ready(args[1]);
            cx.dirty(1);
            id::write(reply, id);
        }
        None => reply.null(),
    }
    Ok(())
}

/// `XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT count] [KEEPREF|DELREF|ACKED]`
fn xtrim(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let options = add_options::parse(args, false, &caller(cx))?;
    let leads = cx.leads();
    let mut rest = None;
    let deleted = cx.edit(args[1], |stream: &mut Stream| match &options.trim {
        Some(trim) => {
            let deleted = stream.trim(trim).map_err(|fault| corrupt(&fault))?;
            rest = (leads && trim.approximate).then(|| options.exactly(stream)).flatten();
            Ok(deleted)
        }
        None => Ok(0),
    })?;
    let deleted = usize::try_from(deleted.unwrap_or(0)).unwrap_or(usize::MAX);
    if deleted > 0 {
        cx.signal(EventClass::Stream, "xtrim", args[1]);
        replicate(cx, args, None, rest);
    }
    cx.dirty(deleted);
    reply.count(deleted);
    Ok(())
}

/// Puts the request into the stream with the `id` of the new entry, unless the request has it, and
/// with the exact threshold of an approximate trimming. Both come with the index of their word.
fn replicate(
    cx: &WriteCx<'_>,
    args: Args<'_>,
    id: Option<(StreamId, usize)>,
    threshold: Option<(String, usize)>,
) {
    if !cx.leads() || id.is_none() && threshold.is_none() {
        return;
    }
    let mut words = args.to_vec();
    let id = id.map(|(id, at)| (id::text(id), at));
    for (text, at) in [&id, &threshold].into_iter().flatten() {
        if let Some(word) = words.get_mut(*at) {
            *word = text.as_bytes();
        }
    }
    if let Some(word) = threshold.as_ref().and_then(|(_, at)| words.get_mut(at - 1)) {
        *word = b"=";
    }
    cx.replicate(&words);
}

/// `XSETID key id [ENTRIESADDED count] [MAXDELETEDID id]`
fn xsetid(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let dialect = cx.dialect();
    if !dialect.has_stream_counters() {
        // The server looks for the key before it looks at the options.
        if args.len() > 3 {
            return Err(CommandError::wrong_arity("xsetid"));
        }
        cx.read::<Stream>(args[1])?.ok_or(CommandError::NO_KEY)?;
    }
    let id = id::strict(args[2])?;
    let (mut added, mut deleted_id) = (None, ZERO);
    let mut options = args.get(3..).unwrap_or_default();
    while let [option, rest @ ..] = options {
        match rest {
            [value, rest @ ..] if words::is(option, "ENTRIESADDED") => {
                let value = u64::try_from(words::int(value)?);
                added = Some(
                    value.map_err(|_| CommandError::new("ERR entries_added must be positive"))?,
                );
                options = rest;
            }
            [value, rest @ ..] if words::is(option, "MAXDELETEDID") => {
                deleted_id = id::strict(value)?;
                if id < deleted_id {
                    return Err(CommandError::new(
                        "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                    ));
                }
                options = rest;
            }
            _ => return Err(CommandError::SYNTAX),
        }
    }
    let checks = dialect.checks_deleted_stream_id();
    let found =
        cx.edit(args[1], |stream: &mut Stream| set_id(stream, id, added, deleted_id, checks))?;
    found.ok_or(CommandError::NO_KEY)?;
    cx.event(EventClass::Stream, "xsetid", args[1]);
    cx.dirty(1);
    reply.ok();
    Ok(())
}

fn set_id(
    stream: &mut Stream,
    id: StreamId,
    added: Option<u64>,
    deleted_id: StreamId,
    checks: bool,
) -> Result<(), CommandError> {
    if checks && id < stream.max_deleted_id {
        return Err(CommandError::new(
            "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
        ));
    }
    if stream.last().is_some_and(|last| id < last.id) {
        return Err(CommandError::new(
            "ERR The ID specified in XSETID is smaller than the target stream top item",
        ));
    }
    if added.is_some_and(|added| stream.length > added) {
        return Err(CommandError::new(
            "ERR The entries_added specified in XSETID is smaller than the target stream length",
        ));
    }
    stream.last_id = id;
    stream.entries_added = added.unwrap_or(stream.entries_added);
    if deleted_id != ZERO {
        stream.max_deleted_id = deleted_id;
    }
    Ok(())
}

fn caller(cx: &WriteCx<'_>) -> Caller {
    Caller { dialect: cx.dialect(), packing: cx.packing(), from_master: cx.from_master }
}

/// The error for a node that cannot be changed because it would be longer than 4 GiB, which no node
/// comes near.
pub(in crate::commands::streams) fn corrupt(fault: &Corrupt) -> CommandError {
    CommandError::of(format!("ERR {fault}"))
}
