//! Commands that remove the lowest or highest members.

use super::reply as replies;
use crate::arguments::timeout;
use crate::call::{CommandError, EventClass, Reply, words};
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::sorted_sets::range::From;
use crate::values::sorted_sets::value::{SortedSet, SortedSetRef};

pub(in crate::commands::sorted_sets) const COMMANDS: &[Row] = &[
    Row::write("bzmpop", |cx, args, reply| {
        timeout::seconds(args[1], cx.dialect())?;
        mpop(cx, &args[2..], reply)
    }),
    Row::write("bzpopmax", |cx, args, reply| pop_first(cx, args, From::Highest, reply)),
    Row::write("bzpopmin", |cx, args, reply| pop_first(cx, args, From::Lowest, reply)),
    Row::write("zmpop", |cx, args, reply| mpop(cx, &args[1..], reply)),
    Row::write("zpopmax", zpopmax),
    Row::write("zpopmin", zpopmin),
];

/// `ZPOPMIN key [count]`
fn zpopmin(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    zpop(cx, args, From::Lowest, reply)
}

/// `ZPOPMAX key [count]`
fn zpopmax(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    zpop(cx, args, From::Highest, reply)
}

fn zpop(cx: &mut WriteCx<'_>, args: Args<'_>, from: From, reply: &mut Reply<'_>) -> Done {
    if args.len() > 3 {
        return Err(CommandError::SYNTAX);
    }
    let count = args.get(2).map(|count| pop_count(cx, count)).transpose()?;
    if count == Some(0) && !cx.dialect().pops_positive_counts() {
        // Servers do not even look at the key.
        reply.array(0);
        return Ok(());
    }
    let Some(set) = cx.read::<SortedSet>(args[1])? else {
        reply.array(0);
        return Ok(());
    };
    let many = count.unwrap_or(1).min(set.len());
    if count.is_none() {
        let mut entries = set.iter();
        let only = if from == From::Lowest { entries.next() } else { entries.next_back() };
        // Without a count the pair never has an array of its own.
        reply.array(2);
        if let Some((member, score)) = only {
            reply.element(member);
            reply.double(score);
        }
    } else {
        write_popped(set, many, from, |count, entries| {
            replies::members(reply, count, entries, true);
        });
    }
    remove_popped(cx, args[1], many, from)?;
    Ok(())
}

/// Reads how many members are to be popped.
fn pop_count(cx: &WriteCx<'_>, word: &[u8]) -> Result<usize, CommandError> {
    if cx.dialect().pops_positive_counts() {
        return words::natural(word);
    }
    Ok(usize::try_from(words::int(word)?).unwrap_or(0))
}

type Entry<'a> = (tidegate_rdb::Element<'a>, f64);

/// Writes members that are about to be removed, in the order in which they are popped.
fn write_popped<'a>(
    set: SortedSetRef<'a>,
    count: usize,
    from: From,
    write: impl FnOnce(usize, &mut dyn Iterator<Item = Entry<'a>>),
) {
    match from {
        From::Lowest => write(count, &mut set.entries(0..count)),
        From::Highest => write(count, &mut set.entries(set.len() - count..set.len()).rev()),
    }
}

fn remove_popped(cx: &mut WriteCx<'_>, key: &[u8], count: usize, from: From) -> Done {
    cx.edit::<SortedSet, _>(key, |set| {
        let len = set.view().len();
        let start = if from == From::Lowest { 0 } else { len.saturating_sub(count) };
        set.remove_ranks(start..(start + count).min(len));
        Ok(())
    })?;
    if count > 0 {
        let event = if from == From::Lowest { "zpopmin" } else { "zpopmax" };
        cx.signal_edit(EventClass::SortedSet, event, key);
    }
    cx.dirty(count);
    Ok(())
}

/// The name of the command that removes the lowest or highest members.
fn pop_command(from: From) -> &'static [u8] {
    if from == From::Lowest { b"ZPOPMIN" } else { b"ZPOPMAX" }
}

/// `BZPOPMIN key [key ...] timeout`, `BZPOPMAX key [key ...] timeout`
fn pop_first(cx: &mut WriteCx<'_>, args: Args<'_>, from: From, reply: &mut Reply<'_>) -> Done {
    let (last, keys) = args[1..].split_last().ok_or(CommandError::SYNTAX)?;
    timeout::seconds(last, cx.dialect())?;
    for key in keys {
        let Some(set) = cx.read::<SortedSet>(key)? else { continue };
        reply.array(3);
        reply.bulk(key);
        write_popped(set, 1, from, |_, entries| {
            for (member, score) in entries {
                reply.element(member);
                reply.double(score);
            }
        });
        cx.replicate(&[pop_command(from), key]);
        return remove_popped(cx, key, 1, from);
    }
    reply.null_array();
    Ok(())
}

/// `ZMPOP numkeys key [key ...] MIN | MAX [COUNT count]`, from `numkeys` on
/// (`zmpopGenericCommand`)
fn mpop(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let keys = words::positive_or(args[0], CommandError::NO_KEYS)?;
    let where_at = keys.saturating_add(1);
    let from = match args.get(where_at) {
        Some(word) if words::is(word, "min") => From::Lowest,
        Some(word) if words::is(word, "max") => From::Highest,
        _ => return Err(CommandError::SYNTAX),
    };
    let count = match &args[where_at + 1..] {
        [] => 1,
        [option, count, rest @ ..] if words::is(option, "count") => {
            let error = CommandError::new("ERR count should be greater than 0");
            let count = words::positive_or(count, error)?;
            if !rest.is_empty() {
                return Err(CommandError::SYNTAX);
            }
            count
        }
        _ => return Err(CommandError::SYNTAX),
    };
    for key in &args[1..where_at] {
        let Some(set) = cx.read::<SortedSet>(key)? else { continue };
        let many = count.min(set.len());
        reply.array(2);
        reply.bulk(key);
        write_popped(set, many, from, |count, entries| replies::pairs(reply, count, entries));
        let mut buffer = itoa::Buffer::new();
        cx.replicate(&[pop_command(from), key, buffer.format(many).as_bytes()]);
        return remove_popped(cx, key, many, from);
    }
    reply.null_array();
    Ok(())
}
