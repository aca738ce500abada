//! `GEOADD` of a client. A master's stream has it as `ZADD`.

use super::cell::{Cell, MAX_STEP};
use super::units;
use crate::call::{CommandError, Reply, words};
use crate::commands::sorted_sets::{AddFlags, add};
use crate::execution::{Args, Done, Row, WriteCx};

pub(super) const COMMANDS: &[Row] = &[Row::write("geoadd", geoadd)];

/// `GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]`
fn geoadd(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let mut flags = AddFlags::default();
    let mut at = 2;
    while let Some(word) = args.get(at) {
        let flag = match () {
            () if words::is(word, "nx") => &mut flags.nx,
            () if words::is(word, "xx") => &mut flags.xx,
            () if words::is(word, "ch") => &mut flags.ch,
            () => break,
        };
        *flag = true;
        at += 1;
    }
    let triples = &args[at..];
    if !triples.len().is_multiple_of(3) || flags.nx && flags.xx {
        return Err(CommandError::SYNTAX);
    }
    let dialect = cx.dialect();
    let mut scores = Vec::with_capacity(triples.len() / 3);
    for triple in triples.chunks_exact(3) {
        let point = units::point(triple[0], triple[1], dialect)?;
        let cell = Cell::of(point, MAX_STEP);
        scores.push((cell.aligned().to_string(), triple[2]));
    }
    if scores.is_empty() {
        return Err(CommandError::SYNTAX);
    }
    let pairs: Vec<&[u8]> =
        scores.iter().flat_map(|(score, member)| [score.as_bytes(), *member]).collect();
    let before = cx.data.dirty;
    add(cx, args[1], flags, &pairs, reply)?;
    if cx.leads() && cx.data.dirty != before {
        let words = [&[cx.dialect().geo_command()], &args[1..at], &pairs].concat();
        cx.replicate(&words);
    }
    Ok(())
}
