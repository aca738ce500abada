//! HyperLogLog: the number of different elements, in a string of at most 12 KiB, each bit as in
//! Redis, because a replica executes `PFADD` and `PFMERGE` itself.

mod debug;
mod dense;
mod edit;
mod estimate;
mod hash;
mod layout;
mod sparse;
mod value;

use crate::call::{EventClass, Reply};
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::keyspace::Value;
use crate::values::strings::Str;
use edit::{edit, rule, rule_of};
use layout::REGISTERS;
use value::{View, empty};

pub(super) const COMMANDS: &[Row] = &[
    Row::write("pfadd", pfadd),
    Row::both("pfcount", pfcount, pfcount_and_keep),
    Row::write("pfmerge", pfmerge),
    Row::write("pfdebug", debug::pfdebug),
];

/// `PFADD key [element ...]`
fn pfadd(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let is_new = cx.read::<Str>(args[1])?.is_none();
    if is_new {
        cx.put_value(args[1], None, Value::Str(Str::raw(empty())));
    }
    let added = edit(cx, args[1], |counter| {
        let mut added = 0;
        for element in &args[2..] {
            added += usize::from(counter.add(element)?);
        }
        if is_new || added > 0 {
            counter.outdate();
        }
        Ok(added)
    })?;
    let changes = added.unwrap_or(0) + usize::from(is_new);
    if changes > 0 {
        cx.signal(EventClass::String, "pfadd", args[1]);
    }
    cx.dirty(changes);
    reply.int(i64::from(changes > 0));
    Ok(())
}

/// `PFCOUNT key [key ...]` of a client, which keeps nothing.
fn pfcount(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    // All registers of each key are looked at.
    const STEPS: usize = REGISTERS / 32;
    cx.spend(STEPS * (args.len() - 1))?;
    let count = match args {
        [_, key] => match cx.read::<Str>(key)? {
            None => 0,
            Some(text) => {
                let view = View::of(text.bytes)?;
                view.counted().map_or_else(|| view.count(), Ok)?
            }
        },
        _ => {
            let (mut registers, rule) = (vec![0; REGISTERS], rule_of(cx.dialect()));
            for key in &args[1..] {
                if let Some(text) = cx.read::<Str>(key)? {
                    View::of(text.bytes)?.merge_into(&mut registers, rule)?;
                }
            }
            estimate::cardinality(&estimate::histogram(&registers))
        }
    };
    reply.int(count.cast_signed());
    Ok(())
}

/// `PFCOUNT key` of the master, whose result is kept with the registers.
fn pfcount_and_keep(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let [_, key] = args else { return pfcount(&cx.reader(), args, reply) };
    let counted = edit(cx, key, |counter| {
        if let Some(count) = counter.view().counted() {
            return Ok((count, 0));
        }
        let count = counter.view().count()?;
        counter.set_count(count);
        Ok((count, 1))
    })?;
    let (count, changes) = counted.unwrap_or((0, 0));
    if counted.is_none() {
        cx.missed(key);
    } else if changes > 0 {
        cx.changed(key);
    }
    cx.dirty(changes);
    reply.int(count.cast_signed());
    Ok(())
}

/// `PFMERGE destination [source ...]`
fn pfmerge(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (mut registers, rule) = (vec![0; REGISTERS], rule(cx));
    let (mut dense, reader) = (false, cx.reader());
    for key in &args[1..] {
        if let Some(text) = reader.read::<Str>(key)? {
            let view = View::of(text.bytes)?;
            dense |= view.is_dense();
            view.merge_into(&mut registers, rule)?;
        }
    }
    if cx.read::<Str>(args[1])?.is_none() {
        cx.put_value(args[1], None, Value::Str(Str::raw(empty())));
    }
    edit(cx, args[1], |counter| {
        if dense {
            counter.make_dense()?;
        }
        for (register, &count) in registers.iter().enumerate().filter(|(_, count)| **count > 0) {
            counter.raise(register, count)?;
        }
        counter.outdate();
        Ok(())
    })?;
    cx.signal(EventClass::String, "pfadd", args[1]);
    cx.dirty(1);
    reply.ok();
    Ok(())
}
