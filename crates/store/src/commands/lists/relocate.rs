//! Commands that move an element from one list to another, or within one.

use crate::arguments::timeout;
use crate::call::{CommandError, EventClass, Reply};
use crate::execution::{Row, WriteCx};
use crate::values::lists::view::ListRef;
use crate::values::lists::{End, List};
use tidegate_rdb::Element;

pub(super) const COMMANDS: &[Row] = &[
    Row::write("blmove", |cx, args, reply| {
        let ends = (End::of(args[3])?, End::of(args[4])?);
        timeout::seconds(args[5], cx.dialect())?;
        if relocate(cx, args[1], args[2], ends, reply)? {
            cx.replicate(&[b"LMOVE", args[1], args[2], args[3], args[4]]);
        }
        Ok(())
    }),
    Row::write("brpoplpush", |cx, args, reply| {
        timeout::seconds(args[3], cx.dialect())?;
        if relocate(cx, args[1], args[2], (End::Right, End::Left), reply)? {
            cx.replicate(&[b"RPOPLPUSH", args[1], args[2]]);
        }
        Ok(())
    }),
    Row::write("lmove", |cx, args, reply| {
        let ends = (End::of(args[3])?, End::of(args[4])?);
        relocate(cx, args[1], args[2], ends, reply)?;
        Ok(())
    }),
    Row::write("rpoplpush", |cx, args, reply| {
        relocate(cx, args[1], args[2], (End::Right, End::Left), reply)?;
        Ok(())
    }),
];

/// `LMOVE source destination LEFT | RIGHT LEFT | RIGHT` (`lmoveGenericCommand`). Returns whether
/// there was an element to move.
fn relocate(
    cx: &mut WriteCx<'_>,
    source: &[u8],
    destination: &[u8],
    (from, to): (End, End),
    reply: &mut Reply<'_>,
) -> Result<bool, CommandError> {
    if cx.read::<List>(source)?.is_none() {
        reply.null();
        return Ok(false);
    }
    cx.read::<List>(destination)?;
    let fill = cx.fill();
    let put = |list: &mut List, moved: &[u8], bytes: usize| {
        list.make_ready(bytes, 1, fill);
        list.push(to, Element::Bytes(moved), fill);
    };
    let moved = cx.edit(source, |list: &mut List| {
        let Some(moved) = list.view().end(from) else { return Err(CommandError::NO_KEY) };
        let is_number = matches!((list.view(), moved), (ListRef::Quick(_), Element::Int(_)));
        let moved = moved.bytes(&mut itoa::Buffer::new()).to_vec();
        // A quicklist returns a number as such (`listTypePop`), and such objects count as no bytes
        // (`listTypeTryConvertListpack`).
        let bytes = if is_number { 0 } else { moved.len() };
        list.drop_end(from, 1);
        if source == destination {
            put(list, &moved, bytes);
        }
        list.pack(fill, true);
        Ok((moved, bytes))
    })?;
    let (moved, bytes) = moved.ok_or(CommandError::NO_KEY)?;
    let has_emptied = cx.has_emptied;
    if source != destination {
        cx.edit_or_new(destination, |list: &mut List| {
            put(list, &moved, bytes);
            Ok(())
        })?;
    }
    cx.signal(EventClass::List, to.pushed(), destination);
    cx.has_emptied = has_emptied;
    cx.signal_edit(EventClass::List, from.popped(), source);
    cx.dirty(1);
    reply.bulk(&moved);
    Ok(true)
}
