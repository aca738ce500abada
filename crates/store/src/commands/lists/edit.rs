//! Commands that change a list at other places than its ends.

use super::read::index;
use crate::call::{CommandError, EventClass, Reply, words};
use crate::dialect::Vendor;
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::lists::{End, List};
use tidegate_rdb::Element;

pub(super) const COMMANDS: &[Row] = &[
    Row::write("linsert", linsert),
    Row::write("lrem", lrem),
    Row::write("lset", lset),
    Row::write("ltrim", ltrim),
];

/// `LSET key index element`
fn lset(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let fill = cx.fill();
    let done = cx.edit(args[1], |list: &mut List| {
        let at = words::int(args[2])?;
        // Servers do so even if there is no such element.
        list.make_ready(args[3].len(), 1, fill);
        let replaced = index(at, list.len())
            .is_some_and(|index| list.replace(index, Element::Bytes(args[3]), fill));
        if !replaced {
            return Err(CommandError::OUT_OF_RANGE);
        }
        list.pack(fill, true);
        Ok(())
    })?;
    done.ok_or(CommandError::NO_KEY)?;
    cx.signal(EventClass::List, "lset", args[1]);
    cx.dirty(1);
    reply.ok();
    Ok(())
}

/// `LINSERT key BEFORE | AFTER pivot element`
fn linsert(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let after = words::is(args[2], "after");
    if !after && !words::is(args[2], "before") {
        return Err(CommandError::SYNTAX);
    }
    let fill = cx.fill();
    let inserted = cx.edit(args[1], |list: &mut List| {
        // Servers do so even if the pivot is not found.
        list.make_ready(args[4].len(), 1, fill);
        let inserted = list.insert(args[3], after, Element::Bytes(args[4]), fill);
        Ok(inserted.then(|| list.len()))
    })?;
    match inserted {
        Some(Some(len)) => {
            cx.signal(EventClass::List, "linsert", args[1]);
            cx.dirty(1);
            reply.count(len);
        }
        Some(None) => reply.int(-1),
        None => reply.int(0),
    }
    Ok(())
}

/// `LREM key count element`
fn lrem(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let count =
        if cx.dialect().packs_lists() { words::negatable(args[2])? } else { words::int(args[2])? };
    let end = if count < 0 { End::Right } else { End::Left };
    let max = match usize::try_from(count.unsigned_abs()) {
        Ok(max) if max > 0 => max,
        _ => usize::MAX,
    };
    let fill = cx.fill();
    let removed = cx.edit(args[1], |list: &mut List| {
        let removed = list.remove_all(args[3], max, end);
        if removed > 0 {
            list.pack(fill, true);
        }
        Ok(removed)
    })?;
    if removed.is_some_and(|removed| removed > 0) {
        cx.signal_edit(EventClass::List, "lrem", args[1]);
    }
    cx.dirty(removed.unwrap_or(0));
    reply.count(removed.unwrap_or(0));
    Ok(())
}

/// `LTRIM key start stop`
fn ltrim(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (start, stop) = (words::int(args[2])?, words::int(args[3])?);
    let fill = cx.fill();
    let removed = cx.edit(args[1], |list: &mut List| {
        let len = list.len();
        let kept = words::span(start, stop, len).unwrap_or(0..0);
        list.drop_end(End::Right, len - kept.end);
        list.drop_end(End::Left, kept.start);
        list.pack(fill, true);
        Ok(len - kept.len())
    })?;
    if let Some(removed) = removed {
        if removed > 0 || cx.dialect().vendor() == Vendor::Redis {
            cx.changed(args[1]);
        }
        cx.event_of_edit(EventClass::List, "ltrim", args[1]);
    }
    cx.dirty(removed.unwrap_or(0));
    reply.ok();
    Ok(())
}
