//! Commands that add named members to a set, or remove them.

use crate::call::{EventClass, Reply};
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::sets::Set;
use tidegate_rdb::Element;

pub(super) const COMMANDS: &[Row] =
    &[Row::write("sadd", sadd), Row::write("smove", smove), Row::write("srem", srem)];

/// `SADD key member [member ...]`
fn sadd(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let rules = cx.set_rules();
    let members = &args[2..];
    let added = cx.edit_or_new(args[1], |set: &mut Set| {
        set.make_ready(args[2], members.len(), rules);
        let new = |member: &&&[u8]| set.insert(Element::Bytes(member), rules);
        Ok(members.iter().filter(new).count())
    })?;
    if added > 0 {
        cx.signal(EventClass::Set, "sadd", args[1]);
    }
    cx.dirty(added);
    reply.count(added);
    Ok(())
}

/// `SREM key member [member ...]`
fn srem(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let removed = cx.edit(args[1], |set: &mut Set| {
        let was_there = |member: &&&[u8]| set.remove(Element::Bytes(member));
        Ok(args[2..].iter().filter(was_there).count())
    })?;
    if removed.is_some_and(|removed| removed > 0) {
        cx.signal_edit(EventClass::Set, "srem", args[1]);
    }
    cx.dirty(removed.unwrap_or(0));
    reply.count(removed.unwrap_or(0));
    Ok(())
}

/// `SMOVE source destination member`
fn smove(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let member = Element::Bytes(args[3]);
    // Servers look for both keys first.
    cx.slot(args[2]);
    let Some(source) = cx.read::<Set>(args[1])? else {
        reply.int(0);
        return Ok(());
    };
    let is_member = source.contains(member);
    cx.read::<Set>(args[2])?;
    if args[1] == args[2] || !is_member {
        reply.int(is_member.into());
        return Ok(());
    }
    cx.edit(args[1], |set: &mut Set| Ok(set.remove(member)))?;
    cx.signal_edit(EventClass::Set, "srem", args[1]);
    let rules = cx.set_rules();
    let is_new = cx.edit_or_new(args[2], |set: &mut Set| {
        if set.view().is_empty() {
            *set = Set::for_first(member, 1, rules);
        }
        Ok(set.insert(member, rules))
    })?;
    if is_new {
        cx.signal(EventClass::Set, "sadd", args[2]);
    }
    cx.dirty(1 + usize::from(is_new));
    reply.int(1);
    Ok(())
}
