//! Commands that take elements off an end of a list. Those that block reply at once; the caller
//! lets the client wait.

use crate::arguments::timeout;
use crate::call::{CommandError, EventClass, Reply, words};
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::lists::{End, List, ListRef};

pub(super) const COMMANDS: &[Row] = &[
    Row::write("blmpop", |cx, args, reply| {
        timeout::seconds(args[1], cx.dialect())?;
        mpop(cx, &args[2..], reply)
    }),
    Row::write("blpop", |cx, args, reply| pop_first(cx, args, reply, End::Left)),
    Row::write("brpop", |cx, args, reply| pop_first(cx, args, reply, End::Right)),
    Row::write("lmpop", |cx, args, reply| mpop(cx, &args[1..], reply)),
    Row::write("lpop", |cx, args, reply| pop(cx, args, reply, End::Left)),
    Row::write("rpop", |cx, args, reply| pop(cx, args, reply, End::Right)),
];

/// Takes up to `count` elements off an end, after it has shown them to `show`. Returns how many;
/// `None` without the key.
fn take(
    cx: &mut WriteCx<'_>,
    key: &[u8],
    end: End,
    count: usize,
    show: impl FnOnce(ListRef<'_>, usize),
) -> Result<Option<usize>, CommandError> {
    let fill = cx.fill();
    let taken = cx.edit(key, |list: &mut List| {
        let taken = count.min(list.len());
        show(list.view(), taken);
        list.drop_end(end, taken);
        list.pack(fill, true);
        Ok(taken)
    })?;
    if taken.is_some() {
        cx.signal_edit(EventClass::List, end.popped(), key);
    }
    cx.dirty(taken.unwrap_or(0));
    Ok(taken)
}

/// Writes the elements at an end, the outermost first.
fn write_elements(list: ListRef<'_>, end: End, count: usize, reply: &mut Reply<'_>) {
    reply.array(count);
    let walk = match end {
        End::Left => list.walk(0),
        End::Right => list.walk_back(list.len().saturating_sub(1)),
    };
    for element in walk.take(count) {
        reply.element(element);
    }
}

/// `LPOP key [count]`, `RPOP key [count]`
fn pop(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>, end: End) -> Done {
    if args.len() > 3 {
        let name = if end == End::Left { "lpop" } else { "rpop" };
        return Err(CommandError::wrong_arity(name));
    }
    let Some(count) = args.get(2) else {
        let popped = take(cx, args[1], end, 1, |list, _| {
            if let Some(element) = list.end(end) {
                reply.element(element);
            }
        })?;
        if popped.is_none() {
            reply.null();
        }
        return Ok(());
    };
    let count = words::natural(count)?;
    let old = !cx.dialect().since_redis((7, 0));
    if count == 0 && old {
        reply.null_array();
        return Ok(());
    }
    if count == 0 {
        match cx.read::<List>(args[1])? {
            Some(_) => reply.array(0),
            _ => reply.null_array(),
        }
        return Ok(());
    }
    if take(cx, args[1], end, count, |list, count| write_elements(list, end, count, reply))?
        .is_none()
    {
        if old {
            reply.null();
        } else {
            reply.null_array();
        }
    }
    Ok(())
}

/// `BLPOP key [key ...] timeout`, `BRPOP key [key ...] timeout`
fn pop_first(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>, end: End) -> Done {
    let (last, keys) = args[1..].split_last().ok_or(CommandError::SYNTAX)?;
    timeout::seconds(last, cx.dialect())?;
    for key in keys {
        let popped = take(cx, key, end, 1, |list, _| {
            if let Some(element) = list.end(end) {
                reply.array(2);
                reply.bulk(key);
                reply.element(element);
            }
        })?;
        if popped.is_some() {
            cx.replicate(&[end.pop_command(), key]);
            return Ok(());
        }
    }
    reply.null_array();
    Ok(())
}

/// `LMPOP numkeys key [key ...] LEFT | RIGHT [COUNT count]`, from `numkeys` on
/// (`lmpopGenericCommand`)
fn mpop(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    const NO_COUNT: CommandError = CommandError::new("ERR count should be greater than 0");
    let (numkeys, rest) = args.split_first().ok_or(CommandError::SYNTAX)?;
    let numkeys = words::positive_or(numkeys, CommandError::NO_KEYS)?;
    let (keys, rest) = rest.split_at_checked(numkeys).ok_or(CommandError::SYNTAX)?;
    let (end, options) = rest.split_first().ok_or(CommandError::SYNTAX)?;
    let end = End::of(end)?;
    let count = match options {
        [] => 1,
        [option, count] if words::is(option, "count") => words::positive_or(count, NO_COUNT)?,
        [option, count, ..] if words::is(option, "count") => {
            words::positive_or(count, NO_COUNT)?;
            return Err(CommandError::SYNTAX);
        }
        _ => return Err(CommandError::SYNTAX),
    };
    for key in keys {
        let popped = take(cx, key, end, count, |list, count| {
            reply.array(2);
            reply.bulk(key);
            write_elements(list, end, count, reply);
        })?;
        if let Some(popped) = popped {
            let mut buffer = itoa::Buffer::new();
            cx.replicate(&[end.pop_command(), key, buffer.format(popped).as_bytes()]);
            return Ok(());
        }
    }
    reply.null_array();
    Ok(())
}
