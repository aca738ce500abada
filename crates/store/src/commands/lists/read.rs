//! Commands that read lists.

use crate::call::{Reply, words};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::lists::List;

pub(super) const COMMANDS: &[Row] =
    &[Row::read("lindex", lindex), Row::read("llen", llen), Row::read("lrange", lrange)];

/// `LLEN key`
fn llen(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    reply.count(cx.read::<List>(args[1])?.map_or(0, |list| list.len()));
    Ok(())
}

/// `LINDEX key index`
fn lindex(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let found = match cx.read::<List>(args[1])? {
        Some(list) => match index(words::int(args[2])?, list.len()) {
            Some(index) => {
                cx.spend(list.steps_to(index))?;
                list.get(index)
            }
            None => None,
        },
        None => None,
    };
    match found {
        Some(element) => reply.element(element),
        None => reply.null(),
    }
    Ok(())
}

/// `LRANGE key start stop`
fn lrange(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (start, stop) = (words::int(args[2])?, words::int(args[3])?);
    let list = cx.read::<List>(args[1])?;
    let range = list.and_then(|list| Some((list, words::span(start, stop, list.len())?)));
    let Some((list, range)) = range else {
        reply.array(0);
        return Ok(());
    };
    cx.spend(list.steps_to(range.start) + range.len())?;
    reply.array(range.len());
    for element in list.walk(range.start).take(range.len()) {
        reply.element(element);
    }
    Ok(())
}

/// Returns the index of the element `at`, which counts from the end if it is negative; `None` for
/// an element before the first one.
pub(super) fn index(at: i64, len: usize) -> Option<usize> {
    match usize::try_from(at) {
        Ok(index) => Some(index),
        Err(_) => len.checked_sub(usize::try_from(at.unsigned_abs()).ok()?),
    }
}
