//! Commands that read strings.

use crate::store::commands::Row;
use crate::store::context::{Args, Done, ReadCx};
use crate::store::reply::Reply;
use crate::store::strings::Str;

pub(super) const COMMANDS: &[Row] = &[Row::read("get", get)];

/// `GET key`
fn get(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    match cx.read::<Str>(args[1])? {
        Some(text) => reply.bulk(text.bytes),
        None => reply.null(),
    }
    Ok(())
}
