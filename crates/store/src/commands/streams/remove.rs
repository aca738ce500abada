//! `XDEL`, `XDELEX`, `XACK` and `XACKDEL`.

use super::add::corrupt;
use super::add_options;
use crate::call::{CommandError, EventClass, Reply, words};
use crate::dialect::Dialect;
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::streams::delete::{Deleted, References};
use crate::values::streams::entries::id;
use crate::values::streams::value::Stream;
use tidegate_rdb::StreamId;

pub(in crate::commands::streams) const COMMANDS: &[Row] = &[
    Row::write("xack", xack),
    Row::write("xackdel", xackdel),
    Row::write("xdel", xdel),
    Row::write("xdelex", xdelex),
];

/// `XDEL key id [id ...]`
fn xdel(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    // Without the key, servers do not look at the ids.
    let deleted = cx.edit(args[1], |stream: &mut Stream| {
        stream.delete(&ids(&args[2..])?).map_err(|fault| corrupt(&fault))
    })?;
    let deleted = usize::try_from(deleted.unwrap_or(0)).unwrap_or(usize::MAX);
    if deleted > 0 {
        cx.signal(EventClass::Stream, "xdel", args[1]);
    }
    cx.dirty(deleted);
    reply.count(deleted);
    Ok(())
}

/// `XACK key group id [id ...]`
fn xack(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    cx.miss(args[1]);
    let acknowledged = cx.edit(args[1], |stream: &mut Stream| {
        let Some(group) = stream.groups.get_mut(args[2]) else { return Ok(0) };
        let ids = ids(&args[3..])?;
        Ok(ids.iter().filter(|&&id| group.acknowledge(id)).count())
    })?;
    cx.dirty(acknowledged.unwrap_or(0));
    reply.count(acknowledged.unwrap_or(0));
    Ok(())
}

/// `XDELEX key [KEEPREF|DELREF|ACKED] IDS numids id [id ...]`
fn xdelex(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    cx.read::<Stream>(args[1])?;
    let (references, words) = with_references(&args[2..], cx.dialect())?;
    let outcomes = cx.edit(args[1], |stream: &mut Stream| {
        delete_all(stream, words, |stream, id| {
            stream.delete_with(id, references).map_err(|fault| corrupt(&fault))
        })
    })?;
    answer(cx, args[1], (outcomes, words.len()), reply);
    Ok(())
}

/// `XACKDEL key group [KEEPREF|DELREF|ACKED] IDS numids id [id ...]`
fn xackdel(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    cx.miss(args[1]);
    cx.read::<Stream>(args[1])?;
    let (references, words) = with_references(&args[3..], cx.dialect())?;
    let outcomes = cx.edit(args[1], |stream: &mut Stream| {
        if stream.group(args[2]).is_none() {
            return Ok(vec![Deleted::Missing; words.len()]);
        }
        delete_all(stream, words, |stream, id| {
            let group = stream.groups.get_mut(args[2]);
            if !group.is_some_and(|group| group.acknowledge(id)) {
                return Ok(Deleted::Missing);
            }
            match stream.delete_with(id, references).map_err(|fault| corrupt(&fault))? {
                // The entry was acknowledged, and does not exist.
                Deleted::Missing => Ok(Deleted::Gone),
                outcome => Ok(outcome),
            }
        })
    })?;
    answer(cx, args[1], (outcomes, words.len()), reply);
    Ok(())
}

fn delete_all(
    stream: &mut Stream,
    words: &[&[u8]],
    mut delete: impl FnMut(&mut Stream, StreamId) -> Result<Deleted, CommandError>,
) -> Result<Vec<Deleted>, CommandError> {
    let ids = ids(words)?;
    let outcomes = ids.iter().map(|&id| delete(stream, id)).collect::<Result<Vec<_>, _>>()?;
    stream.settle_first(outcomes.contains(&Deleted::Gone));
    Ok(outcomes)
}

fn answer(
    cx: &mut WriteCx<'_>,
    key: &[u8],
    (outcomes, len): (Option<Vec<Deleted>>, usize),
    reply: &mut Reply<'_>,
) {
    let outcomes = outcomes.unwrap_or_else(|| vec![Deleted::Missing; len]);
    let gone = outcomes.iter().filter(|&&it| it == Deleted::Gone).count();
    if gone > 0 {
        cx.signal(EventClass::Stream, "xdel", key);
    }
    cx.dirty(gone);
    reply.array(outcomes.len());
    for outcome in outcomes {
        reply.int(match outcome {
            Deleted::Gone => 1,
            Deleted::Referred => 2,
            Deleted::Missing => -1,
        });
    }
}

/// Reads `[KEEPREF|DELREF|ACKED] IDS numids id [id ...]`, in any order. Returns the ids.
fn with_references<'a>(
    mut rest: &'a [&'a [u8]],
    dialect: Dialect,
) -> Result<(References, &'a [&'a [u8]]), CommandError> {
    let (mut references, mut ids) = (None, None);
    while let [word, after @ ..] = rest {
        if let Some(found) = add_options::references(word, dialect)
            && references.is_none()
        {
            references = Some(found);
            rest = after;
        } else if words::is(word, "IDS")
            && let [count, after @ ..] = after
        {
            let error = CommandError::new("ERR Number of IDs must be a positive integer");
            let count = words::positive_or(count, error)?;
            let found = after.split_at_checked(count).ok_or(CommandError::new(
                "ERR The `numids` parameter must match the number of arguments",
            ))?;
            ids = Some(found.0);
            rest = found.1;
        } else {
            return Err(CommandError::SYNTAX);
        }
    }
    Ok((references.unwrap_or_default(), ids.ok_or(CommandError::SYNTAX)?))
}

/// Reads ids, all of which have to be valid before anything is done.
pub(in crate::commands::streams) fn ids(words: &[&[u8]]) -> Result<Vec<StreamId>, CommandError> {
    words.iter().map(|word| id::strict(word)).collect()
}
