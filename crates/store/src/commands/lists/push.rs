//! Commands that add elements at an end of a list.

use crate::call::{EventClass, Reply};
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::lists::{End, List};
use tidegate_rdb::Element;

pub(super) const COMMANDS: &[Row] = &[
    Row::write("lpush", |cx, args, reply| push(cx, args, reply, End::Left, false)),
    Row::write("lpushx", |cx, args, reply| push(cx, args, reply, End::Left, true)),
    Row::write("rpush", |cx, args, reply| push(cx, args, reply, End::Right, false)),
    Row::write("rpushx", |cx, args, reply| push(cx, args, reply, End::Right, true)),
];

/// `LPUSH key element [element ...]` and its like (`pushGenericCommand`)
fn push(
    cx: &mut WriteCx<'_>,
    args: Args<'_>,
    reply: &mut Reply<'_>,
    end: End,
    only_existing: bool,
) -> Done {
    let fill = cx.fill();
    let values = &args[2..];
    let change = |list: &mut List| {
        list.make_ready(values.iter().map(|value| value.len()).sum(), values.len(), fill);
        for value in values {
            list.push(end, Element::Bytes(value), fill);
        }
        Ok(list.len())
    };
    let len = if only_existing {
        cx.edit(args[1], change)?
    } else {
        Some(cx.edit_or_new(args[1], change)?)
    };
    if len.is_some() {
        cx.signal(EventClass::List, end.pushed(), args[1]);
        cx.dirty(values.len());
    }
    reply.count(len.unwrap_or(0));
    Ok(())
}
