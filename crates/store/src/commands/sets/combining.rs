//! Commands that combine sets.

use crate::call::{CommandError, EventClass, Reply, words};
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::keyspace::Value;
use crate::values::sets::Set;
use crate::values::sets::combine::{Source, common, difference, intersection, union};

pub(super) const COMMANDS: &[Row] = &[
    Row::read("sdiff", |cx, args, reply| write_members(&subtract(cx, &args[1..])?, reply)),
    Row::write("sdiffstore", |cx, args, reply| {
        let result = subtract(&cx.reader(), &args[2..])?;
        store(cx, args[1], (result, "sdiffstore"), reply)
    }),
    Row::read("sinter", sinter),
    Row::read("sintercard", sintercard),
    Row::write("sinterstore", |cx, args, reply| {
        let reader = cx.reader();
        let sources = all_of(&reader, &args[2..])?;
        let result = sources.map(|sources| intersection(sources, reader.set_rules()));
        store(cx, args[1], (result.unwrap_or_default(), "sinterstore"), reply)
    }),
    Row::read("sunion", |cx, args, reply| write_members(&unite(cx, &args[1..])?, reply)),
    Row::write("sunionstore", |cx, args, reply| {
        let result = unite(&cx.reader(), &args[2..])?;
        store(cx, args[1], (result, "sunionstore"), reply)
    }),
];

/// Returns the sets of `keys`, all of which have to be sets; `None` if one is missing.
fn all_of<'a>(cx: &ReadCx<'a>, keys: Args<'a>) -> Result<Option<Vec<Source<'a>>>, CommandError> {
    let mut sources = Vec::with_capacity(keys.len());
    for key in keys {
        // If one is missing, the others have to be sets all the same.
        if let Some(set) = cx.read::<Set>(key)? {
            sources.push(Source { key, set });
        }
    }
    // Each member of the smallest is looked up in the others.
    let smallest = sources.iter().map(|source| source.set.len()).min().unwrap_or_default();
    if sources.len() == keys.len() {
        cx.spend(smallest.saturating_mul(2 * keys.len()))?;
    }
    Ok((sources.len() == keys.len()).then_some(sources))
}

/// `SINTER key [key ...]`
fn sinter(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let members: Vec<_> = all_of(cx, &args[1..])?.into_iter().flat_map(common).collect();
    reply.set(members.len());
    for member in members {
        reply.element(member);
    }
    Ok(())
}

/// `SINTERCARD numkeys key [key ...] [LIMIT limit]`
fn sintercard(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let numkeys = words::positive_or(args[1], CommandError::NO_KEYS)?;
    let Some((keys, options)) = args[2..].split_at_checked(numkeys) else {
        let text = "ERR Number of keys can't be greater than number of args";
        return Err(CommandError::new(text));
    };
    let mut limit = 0;
    for option in options.chunks(2) {
        limit = match option {
            [name, limit] if words::is(name, "limit") => {
                words::natural_or(limit, CommandError::new("ERR LIMIT can't be negative"))?
            }
            _ => return Err(CommandError::SYNTAX),
        };
    }
    let limit = if limit == 0 { usize::MAX } else { limit };
    let sources = all_of(cx, keys)?;
    reply.count(sources.map_or(0, |sources| common(sources).take(limit).count()));
    Ok(())
}

fn unite(cx: &ReadCx<'_>, keys: Args<'_>) -> Result<Set, CommandError> {
    let mut sets = Vec::with_capacity(keys.len());
    for key in keys {
        sets.extend(cx.read::<Set>(key)?);
    }
    // Each member is looked up and copied.
    let all = sets.iter().map(|set| set.len()).sum::<usize>();
    cx.spend(all.saturating_mul(4))?;
    Ok(union(sets.into_iter(), cx.set_rules()))
}

fn subtract(cx: &ReadCx<'_>, keys: Args<'_>) -> Result<Set, CommandError> {
    let source = |key| Ok::<_, CommandError>(cx.read::<Set>(key)?.map(|set| Source { key, set }));
    let (first, others) = keys.split_first().ok_or(CommandError::SYNTAX)?;
    let first = source(*first)?;
    let mut found = Vec::with_capacity(others.len());
    for key in others {
        found.extend(source(*key)?);
    }
    if let Some(first) = &first {
        let others = found.iter().map(|source| source.set.len()).sum::<usize>();
        let by_looking = first.set.len().saturating_mul(found.len() + 1);
        cx.spend(by_looking.min(first.set.len().saturating_add(others)).saturating_mul(4))?;
    }
    Ok(first.map_or_else(Set::default, |first| difference(first, &found, cx.set_rules())))
}

fn write_members(set: &Set, reply: &mut Reply<'_>) -> Done {
    reply.set(set.view().len());
    for member in set.view().iter() {
        reply.element(member);
    }
    Ok(())
}

/// Stores the result as `key`, or removes the key if the result is empty.
fn store(
    cx: &mut WriteCx<'_>,
    key: &[u8],
    (result, event): (Set, &'static str),
    reply: &mut Reply<'_>,
) -> Done {
    reply.count(result.view().len());
    cx.put_result(key, Value::Set(result), 1, (EventClass::Set, event));
    Ok(())
}
