//! Commands that read one set.

use crate::call::Reply;
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::sets::Set;
use tidegate_rdb::Element;

pub(super) const COMMANDS: &[Row] = &[
    Row::read("scard", scard),
    Row::read("sismember", sismember),
    Row::read("smembers", smembers),
    Row::read("smismember", smismember),
];

/// `SCARD key`
fn scard(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    reply.count(cx.read::<Set>(args[1])?.map_or(0, |set| set.len()));
    Ok(())
}

/// `SISMEMBER key member`
fn sismember(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let set = cx.read::<Set>(args[1])?;
    reply.int(set.is_some_and(|set| set.contains(Element::Bytes(args[2]))).into());
    Ok(())
}

/// `SMISMEMBER key member [member ...]`
fn smismember(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let set = cx.read::<Set>(args[1])?;
    reply.array(args.len() - 2);
    for member in &args[2..] {
        reply.int(set.is_some_and(|set| set.contains(Element::Bytes(member))).into());
    }
    Ok(())
}

/// `SMEMBERS key`
fn smembers(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let set = cx.read::<Set>(args[1])?;
    cx.spend(set.map_or(0, |set| set.len()))?;
    reply.set(set.map_or(0, |set| set.len()));
    for member in set.into_iter().flat_map(|set| set.iter()) {
        reply.element(member);
    }
    Ok(())
}
