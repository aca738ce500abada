//! `HSCAN`. A packed hash is returned whole, a table some fields at a time.

use crate::arguments::scan::{self, Options, Scanned};
use crate::call::Reply;
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::hashes::packed::Entry;
use crate::values::hashes::value::Hash;
use crate::values::hashes::view::{Form, HashRef};

pub(in crate::commands::hashes) const COMMANDS: &[Row] = &[Row::read("hscan", hscan)];

/// `HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]`
fn hscan(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let cursor = scan::cursor(args[2], cx.dialect())?;
    let Some(hash) = cx.read::<Hash>(args[1])? else {
        // Servers do not even look at the options.
        scan::head(reply, 0, 0);
        return Ok(());
    };
    let options = Options::of(&args[3..], Scanned::Hash, cx.dialect())?;
    cx.spend(options.steps(hash.len(), matches!(hash.form(), Form::Table(_))))?;
    let (next, found) = some(hash, cursor, &options, cx.now);
    scan::head(reply, next, if options.bare { found.len() } else { 2 * found.len() });
    for entry in found {
        reply.element(entry.field);
        if !options.bare {
            reply.element(entry.value);
        }
    }
    Ok(())
}

/// Returns the fields from `cursor` on, and the next cursor.
fn some<'a>(
    hash: HashRef<'a>,
    cursor: u64,
    options: &Options<'_>,
    now: i64,
) -> (u64, Vec<Entry<'a>>) {
    let mut found = Vec::new();
    let mut look_at = |entry: Entry<'a>| {
        if entry.is_live(now) && options.wants_element(entry.field) {
            found.push(entry);
        }
    };
    let next = match hash.form() {
        Form::Packed(packed) => {
            packed.iter().for_each(look_at);
            0
        }
        Form::Table(fields) => fields.scan(cursor, options.count, |parts| look_at(parts.into())),
    };
    (next, found)
}
