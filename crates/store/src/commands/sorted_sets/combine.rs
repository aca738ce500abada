//! Commands that combine sets: `ZUNION`, `ZINTER`, `ZDIFF`, those that store the result, and
//! `ZINTERCARD` (`zunionInterDiffGenericCommand`).

use super::combining::{Combination, Op};
use super::reply as replies;
use crate::call::{EventClass, Reply};
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::keyspace::Value;
use crate::values::sorted_sets::value::SortedSet;
use tidegate_rdb::Element;

pub(in crate::commands::sorted_sets) const COMMANDS: &[Row] = &[
    Row::read("zdiff", zdiff),
    Row::write("zdiffstore", zdiffstore),
    Row::read("zinter", zinter),
    Row::read("zintercard", zintercard),
    Row::write("zinterstore", zinterstore),
    Row::read("zunion", zunion),
    Row::write("zunionstore", zunionstore),
];

/// `ZUNION numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]`
fn zunion(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, Op::Union, reply)
}

/// `ZINTER numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]`
fn zinter(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, Op::Inter, reply)
}

/// `ZDIFF numkeys key [key ...] [WITHSCORES]`
fn zdiff(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, Op::Diff, reply)
}

/// `ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE ...]`
fn zunionstore(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    store(cx, args, Op::Union, reply)
}

/// `ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE ...]`
fn zinterstore(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    store(cx, args, Op::Inter, reply)
}

/// `ZDIFFSTORE destination numkeys key [key ...]`
fn zdiffstore(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    store(cx, args, Op::Diff, reply)
}

/// `ZINTERCARD numkeys key [key ...] [LIMIT limit]`
fn zintercard(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let wanted = Combination::parse(cx, &args[1..], Op::InterCard, false)?;
    cx.spend(wanted.steps())?;
    reply.count(wanted.common());
    Ok(())
}

fn read(cx: &ReadCx<'_>, args: Args<'_>, op: Op, reply: &mut Reply<'_>) -> Done {
    let wanted = Combination::parse(cx, &args[1..], op, false)?;
    cx.spend(wanted.steps())?;
    let pairs = wanted.sorted_pairs(cx.data.hasher);
    let entries = pairs.iter().map(|(score, member)| (Element::Bytes(member), *score));
    replies::members(reply, pairs.len(), entries, wanted.with_scores);
    Ok(())
}

fn store(cx: &mut WriteCx<'_>, args: Args<'_>, op: Op, reply: &mut Reply<'_>) -> Done {
    let reader = cx.reader();
    let wanted = Combination::parse(&reader, &args[2..], op, true)?;
    let pairs = wanted.pairs(cx.data.hasher);
    let result = SortedSet::of_pairs(pairs, &cx.sorted_set_rules())?;
    reply.count(result.view().len());
    cx.put_result(args[1], Value::SortedSet(result), 1, (EventClass::SortedSet, op.stored()));
    Ok(())
}
