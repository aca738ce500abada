//! `MEMORY USAGE`. The other subcommands of `MEMORY` are about a process, not about data.

use crate::arguments::subcommand::{self, Sub};
use crate::call::{CommandError, Reply, words};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::keyspace::Slot;

pub(super) const COMMANDS: &[Row] = &[Row::read("memory", memory)];

type Run = fn(&ReadCx<'_>, Args<'_>, &mut Reply<'_>) -> Done;

const SUBCOMMANDS: &[Sub<Run>] = &[Sub::new("usage", -3, usage)];

/// The bytes of a key in the table beside its slot: its hash.
const HASH: usize = size_of::<u32>();

fn memory(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    (subcommand::find(SUBCOMMANDS, "memory", args, cx.dialect())?.run)(cx, args, reply)
}

/// `MEMORY USAGE key [SAMPLES count]`: the bytes of this store for the key, without the overhead of
/// the allocator. They differ from those of a server, and are no estimate from samples, though the
/// option is accepted.
fn usage(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    for pair in args[3..].chunks(2) {
        match *pair {
            [word, count] if words::is(word, "SAMPLES") => {
                if words::int(count)? < 0 {
                    return Err(CommandError::SYNTAX);
                }
            }
            _ => return Err(CommandError::SYNTAX),
        }
    }
    match cx.slot(args[2]) {
        Some(slot) => {
            cx.spend(slot.value().weight())?;
            reply.count(size_of::<Slot>() + HASH + slot.heap_bytes());
        }
        None => reply.null(),
    }
    Ok(())
}
