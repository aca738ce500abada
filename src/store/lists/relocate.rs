//! Commands that move an element from one list to another, or within one.

use super::pop::timeout;
use super::{End, List};
use crate::rdb::Element;
use crate::store::commands::Row;
use crate::store::context::{Args, Done, WriteCx};
use crate::store::error::CommandError;
use crate::store::reply::Reply;

pub(super) const COMMANDS: &[Row] = &[
    Row::write("blmove", |cx, args, reply| {
        let ends = (End::of(args[3])?, End::of(args[4])?);
        timeout(args[5])?;
        relocate(cx, args[1], args[2], ends, reply)
    }),
    Row::write("brpoplpush", |cx, args, reply| {
        timeout(args[3])?;
        relocate(cx, args[1], args[2], (End::Right, End::Left), reply)
    }),
    Row::write("lmove", |cx, args, reply| {
        let ends = (End::of(args[3])?, End::of(args[4])?);
        relocate(cx, args[1], args[2], ends, reply)
    }),
    Row::write("rpoplpush", |cx, args, reply| {
        relocate(cx, args[1], args[2], (End::Right, End::Left), reply)
    }),
];

/// An element between two lists.
enum Moved {
    Bytes(Vec<u8>),
    Int(i64),
}

impl Moved {
    fn element(&self) -> Element<'_> {
        match self {
            Self::Bytes(bytes) => Element::Bytes(bytes),
            Self::Int(number) => Element::Int(*number),
        }
    }

    /// What it counts for where it is asked whether a listpack would grow too large: a number
    /// nothing, since the server looks at strings only.
    fn counted_len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Int(_) => 0,
        }
    }
}

/// `LMOVE source destination LEFT | RIGHT LEFT | RIGHT` (`lmoveGenericCommand`)
fn relocate(
    cx: &mut WriteCx<'_>,
    source: &[u8],
    destination: &[u8],
    (from, to): (End, End),
    reply: &mut Reply<'_>,
) -> Done {
    if cx.read::<List>(source)?.is_none() {
        reply.null();
        return Ok(());
    }
    cx.read::<List>(destination)?;
    let fill = cx.fill();
    let put = |list: &mut List, moved: &Moved| {
        list.make_ready(moved.counted_len(), 1, fill);
        list.push(to, moved.element(), fill);
    };
    let moved = cx.edit(source, |list: &mut List| {
        let moved = match list.view().end(from) {
            Some(Element::Bytes(bytes)) => Moved::Bytes(bytes.to_vec()),
            Some(Element::Int(number)) => Moved::Int(number),
            None => return Err(CommandError::NO_KEY),
        };
        list.drop_end(from, 1);
        if source == destination {
            put(list, &moved);
        }
        list.pack(fill, true);
        Ok(moved)
    })?;
    let moved = moved.ok_or(CommandError::NO_KEY)?;
    if source != destination {
        cx.edit_or_new(destination, |list: &mut List| {
            put(list, &moved);
            Ok(())
        })?;
    }
    cx.dirty(1);
    reply.element(moved.element());
    Ok(())
}
