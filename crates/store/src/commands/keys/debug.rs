//! The parts of `DEBUG` about data: `DIGEST`, `DIGEST-VALUE`, `OBJECT`.

use super::dump;
use super::object::references;
use crate::arguments::subcommand::syntax;
use crate::call::{CommandError, Reply, words};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::primitives::Digest;

pub(super) const COMMANDS: &[Row] = &[Row::read("debug", debug)];

/// The bytes around a value in a payload: its type, its version, its checksum.
const FRAME: usize = 1 + 2 + 8;

fn debug(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    match *args {
        [_, word] if words::is(word, "DIGEST") => {
            cx.spend(cx.data.databases.iter().map(|it| it.len().saturating_mul(20)).sum())?;
            reply.status(&cx.data.digest(cx.now));
        }
        [_, word, ref keys @ ..] if words::is(word, "DIGEST-VALUE") => {
            reply.array(keys.len());
            for key in keys {
                // Expired keys exist for this command.
                let mut digest = Digest::default();
                if let Some(slot) = cx.database().get(key) {
                    cx.spend(slot.value().weight().saturating_mul(20))?;
                    slot.digest(cx.dialect(), cx.now, &mut digest);
                }
                reply.status(&digest.hex());
            }
        }
        [_, word, key] if words::is(word, "OBJECT") => object(cx, key, reply)?,
        _ => return Err(syntax(args[1], "debug", cx.dialect())),
    }
    Ok(())
}

/// `DEBUG OBJECT key`, without the address and the time of the last use.
fn object(cx: &ReadCx<'_>, key: &[u8], reply: &mut Reply<'_>) -> Done {
    let slot = cx.database().get(key).ok_or(CommandError::NO_KEY)?;
    cx.spend(slot.value().weight())?;
    let dumped = dump::encode(slot.value(), cx.dialect()).map_err(dump::refused)?;
    reply.status(&format!(
        "Value at:0x0 refcount:{} encoding:{} serializedlength:{} lru:0 lru_seconds_idle:0",
        references(cx, slot),
        slot.encoding(cx.dialect()),
        dumped.len().saturating_sub(FRAME)
    ));
    Ok(())
}
