//! Commands that list keys: `KEYS`, `SCAN`.

use crate::store::commands::Row;
use crate::store::context::{Args, Done, ReadCx};
use crate::store::cursor;
use crate::store::error::CommandError;
use crate::store::glob;
use crate::store::reply::Reply;
use crate::store::slot::Slot;
use crate::store::subcommand::shown;
use crate::store::words;

pub(super) const COMMANDS: &[Row] = &[Row::read("keys", keys), Row::read("scan", scan)];

/// How many keys are looked at where the client says nothing.
const DEFAULT_COUNT: usize = 10;
/// The names of the types that `SCAN` can tell apart, but for those of modules.
const TYPES: [&str; 6] = ["string", "list", "set", "zset", "hash", "stream"];

/// `KEYS pattern`
fn keys(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let pattern = args[1];
    let all = pattern == b"*";
    let wanted = |slot: &&Slot| (all || glob::matches(pattern, slot.key())) && !cx.is_expired(slot);
    write(reply, cx.database().iter().filter(wanted));
    Ok(())
}

/// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
fn scan(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let cursor = cursor::parse(args[1], cx.dialect())?;
    let options = Options::of(cx, &args[2..])?;
    let mut found = Vec::new();
    let next = cx.database().scan(cursor, options.count, |slot| {
        if options.wants(slot) && !cx.is_expired(slot) {
            found.push(slot);
        }
    });
    reply.array(2);
    reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    write(reply, found.into_iter());
    Ok(())
}

/// An array of the names of keys.
fn write<'a>(reply: &mut Reply<'_>, slots: impl Iterator<Item = &'a Slot>) {
    let names: Vec<_> = slots.map(Slot::key).collect();
    reply.array(names.len());
    names.into_iter().for_each(|name| reply.bulk(name));
}

/// What a client wants of `SCAN`.
#[derive(Debug)]
struct Options<'a> {
    pattern: Option<&'a [u8]>,
    count: usize,
    kind: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    fn of(cx: &ReadCx<'_>, words: Args<'a>) -> Result<Self, CommandError> {
        let mut options = Self { pattern: None, count: DEFAULT_COUNT, kind: None };
        for pair in words.chunks(2) {
            let &[word, value] = pair else { return Err(CommandError::SYNTAX) };
            if words::is(word, "MATCH") {
                options.pattern = Some(value).filter(|pattern| *pattern != b"*");
            } else if words::is(word, "COUNT") {
                let count = words::int(value)?;
                if count < 1 {
                    return Err(CommandError::SYNTAX);
                }
                options.count = usize::try_from(count).unwrap_or(usize::MAX);
            } else if words::is(word, "TYPE") {
                let known = TYPES.iter().any(|name| words::is(value, name));
                if !known && cx.dialect().checks_type_names() {
                    let error = format!("ERR unknown type name '{}'", shown(value));
                    return Err(CommandError::of(error));
                }
                options.kind = Some(value);
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        Ok(options)
    }

    fn wants(&self, slot: &Slot) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, slot.key()))
            && self.kind.is_none_or(|kind| words::is(kind, slot.value().type_name()))
    }
}
