//! `PFDEBUG`, which shows the inside of a HyperLogLog and may make it dense, which a replica has to
//! follow.

use std::fmt::Write as _;

use super::edit::edit;
use super::sparse::{Rule, Run};
use super::value::View;
use crate::call::words::is;
use crate::call::{CommandError, Reply, quoted};
use crate::execution::{Args, Done, WriteCx};
use crate::values::strings::Str;

/// `PFDEBUG GETREG | DECODE | ENCODING | TODENSE key`
pub(super) fn pfdebug(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (sub, key) = (args[1], args[2]);
    let Some(text) = cx.read::<Str>(key)? else {
        return Err(CommandError::new("ERR The specified key does not exist"));
    };
    let view = View::of(text.bytes)?;
    if is(sub, "getreg") {
        make_dense(cx, key)?;
        let text = cx.read::<Str>(key)?.ok_or(CommandError::NO_KEY)?;
        let registers = View::of(text.bytes)?.registers(Rule::Strict)?;
        reply.array(registers.len());
        registers.iter().for_each(|&register| reply.int(register.into()));
    } else if is(sub, "decode") {
        if view.is_dense() {
            return Err(CommandError::new("ERR HLL encoding is not sparse"));
        }
        reply.bulk(decoded(view).as_bytes());
    } else if is(sub, "encoding") {
        reply.status(if view.is_dense() { "dense" } else { "sparse" });
    } else if is(sub, "todense") {
        let converted = make_dense(cx, key)?;
        reply.int(i64::from(converted));
    } else {
        let name = quoted(sub);
        return Err(CommandError::of(format!("ERR Unknown PFDEBUG subcommand '{name}'")));
    }
    Ok(())
}

/// Makes a HyperLogLog dense. Returns whether it was sparse.
fn make_dense(cx: &mut WriteCx<'_>, key: &[u8]) -> Result<bool, CommandError> {
    let converted = edit(cx, key, |counter| {
        let converts = !counter.view().is_dense();
        counter.make_dense()?;
        Ok(converts)
    })?;
    let converted = converted.unwrap_or(false);
    cx.dirty(converted.into());
    Ok(converted)
}

fn decoded(view: View<'_>) -> String {
    let mut text = String::new();
    for run in view.runs() {
        let gap = if text.is_empty() { "" } else { " " };
        // Writing to a string does not fail.
        let _ = match run {
            Run::Zeros(len) => write!(text, "{gap}z:{len}"),
            Run::ManyZeros(len) => write!(text, "{gap}Z:{len}"),
            Run::Values { value, len } => write!(text, "{gap}v:{value},{len}"),
        };
    }
    text
}
