//! Commands that write strings.

use crate::store::commands::Row;
use crate::store::context::{Args, Done, WriteCx};
use crate::store::reply::Reply;
use crate::store::strings::{Str, value::kind_of};

pub(super) const COMMANDS: &[Row] = &[Row::write("set", set), Row::write("append", append)];

/// `SET key value`
fn set(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    cx.db_mut().set_str(args[1], None, kind_of(args[2]), args[2]);
    cx.dirty(1);
    reply.ok();
    Ok(())
}

/// `APPEND key value`
fn append(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let len = cx.edit_or_new::<Str, _>(args[1], |text| {
        let bytes = text.edit();
        bytes.extend_from_slice(args[2]);
        Ok(bytes.len())
    })?;
    cx.dirty(1);
    reply.int(len as i64);
    Ok(())
}
