//! `HSCAN`: a packed hash is given whole; of a table some fields at a time.

use super::packed::Entry;
use super::read::bulk;
use super::value::Hash;
use super::view::{Form, HashRef};
use crate::store::commands::Row;
use crate::store::context::{Args, Done, ReadCx};
use crate::store::cursor;
use crate::store::dialect::Dialect;
use crate::store::error::CommandError;
use crate::store::glob;
use crate::store::reply::Reply;
use crate::store::words;

pub(super) const COMMANDS: &[Row] = &[Row::read("hscan", hscan)];

/// How many fields are looked at where the client says nothing.
const DEFAULT_COUNT: usize = 10;

/// What a client wants.
#[derive(Debug)]
struct Options<'a> {
    pattern: Option<&'a [u8]>,
    count: usize,
    with_values: bool,
}

/// `HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]`
fn hscan(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let cursor = cursor::parse(args[2], cx.dialect())?;
    let Some(hash) = cx.read::<Hash>(args[1])? else {
        // Not even its options are looked at.
        write(reply, 0, &[], true);
        return Ok(());
    };
    let options = Options::of(&args[3..], cx.dialect())?;
    let (next, found) = scan(hash, cursor, &options, cx.now);
    write(reply, next, &found, options.with_values);
    Ok(())
}

fn scan<'a>(
    hash: HashRef<'a>,
    cursor: u64,
    options: &Options<'_>,
    now: i64,
) -> (u64, Vec<Entry<'a>>) {
    let mut found = Vec::new();
    let mut look_at = |entry: Entry<'a>| {
        let mut buffer = itoa::Buffer::new();
        let matches = |pattern| glob::matches(pattern, entry.field.bytes(&mut buffer));
        if entry.is_live(now) && options.pattern.is_none_or(matches) {
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

fn write(reply: &mut Reply<'_>, next: u64, found: &[Entry<'_>], with_values: bool) {
    reply.array(2);
    reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    reply.array(if with_values { 2 * found.len() } else { found.len() });
    for entry in found {
        bulk(reply, entry.field);
        if with_values {
            bulk(reply, entry.value);
        }
    }
}

impl<'a> Options<'a> {
    fn of(words: Args<'a>, dialect: Dialect) -> Result<Self, CommandError> {
        let mut options = Self { pattern: None, count: DEFAULT_COUNT, with_values: true };
        let mut rest = words;
        loop {
            rest = match *rest {
                [] => return Ok(options),
                [word, pattern, ref rest @ ..] if words::is(word, "MATCH") => {
                    // `*` saves the work: every field matches it.
                    options.pattern = Some(pattern).filter(|pattern| *pattern != b"*");
                    rest
                }
                [word, count, ref rest @ ..] if words::is(word, "COUNT") => {
                    let count = words::int(count)?;
                    if count < 1 {
                        return Err(CommandError::SYNTAX);
                    }
                    options.count = usize::try_from(count).unwrap_or(usize::MAX);
                    rest
                }
                [word, ref rest @ ..] if words::is(word, "NOVALUES") && dialect.has_novalues() => {
                    options.with_values = false;
                    rest
                }
                _ => return Err(CommandError::SYNTAX),
            };
        }
    }
}
