//! `DUMP`.

use crate::call::{CommandError, Reply};
use crate::dialect::Dialect;
use crate::execution::{Args, Done, ReadCx, Row};
use crate::keyspace::ValueRef;
use tidegate_rdb::{WriteError, dump as payload};

pub(super) const COMMANDS: &[Row] = &[Row::read("dump", dump)];

/// `DUMP key`
fn dump(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    match cx.value(args[1]) {
        Some(value) => {
            cx.spend(value.weight())?;
            reply.bulk(&encode(value, cx.dialect()).map_err(refused)?);
        }
        None => reply.null(),
    }
    Ok(())
}

/// Returns a value as its server dumps it.
pub(super) fn encode(value: ValueRef<'_>, dialect: Dialect) -> Result<Vec<u8>, WriteError> {
    payload::encode(dialect.form(), true, |to| value.write(to))
}

/// The error of this store for a value that such a server cannot have.
pub(super) fn refused(error: WriteError) -> CommandError {
    CommandError::of(format!("ERR {error}"))
}
