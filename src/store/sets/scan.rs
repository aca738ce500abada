//! `SSCAN`.

use super::Set;
use super::view::SetRef;
use crate::rdb::Element;
use crate::store::commands::Row;
use crate::store::context::{Args, Done, ReadCx};
use crate::store::cursor;
use crate::store::dialect::Dialect;
use crate::store::error::CommandError;
use crate::store::glob;
use crate::store::reply::Reply;
use crate::store::words;

pub(super) const COMMANDS: &[Row] = &[Row::read("sscan", sscan)];

/// What a scan is asked for.
struct Options<'a> {
    count: usize,
    pattern: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    fn of(words: Args<'a>, dialect: Dialect) -> Result<Self, CommandError> {
        let mut options = Self { count: 10, pattern: None };
        let mut words = words.iter();
        while let Some(option) = words.next() {
            if words::is(option, "novalues") && dialect.has_novalues() {
                let text = "ERR NOVALUES option can only be used in HSCAN";
                return Err(CommandError::new(text));
            }
            let value = words.next().ok_or(CommandError::SYNTAX)?;
            if words::is(option, "count") {
                let count = words::int(value)?;
                let count = usize::try_from(count).ok().filter(|&count| count > 0);
                options.count = count.ok_or(CommandError::SYNTAX)?;
            } else if words::is(option, "match") {
                options.pattern = (**value != *b"*").then_some(*value);
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        Ok(options)
    }
}

/// `SSCAN key cursor [MATCH pattern] [COUNT count]`
fn sscan(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let cursor = cursor::parse(args[2], cx.dialect())?;
    let Some(set) = cx.read::<Set>(args[1])? else {
        reply.array(2);
        reply.bulk(b"0");
        reply.array(0);
        return Ok(());
    };
    let options = Options::of(&args[3..], cx.dialect())?;
    let mut met = Vec::new();
    // What is packed comes whole, whatever the cursor.
    let next = match set {
        SetRef::Table(members) => {
            members.scan(cursor, options.count, |member| met.push(Element::Bytes(member)))
        }
        _ => {
            met.extend(set.iter());
            0
        }
    };
    if let Some(pattern) = options.pattern {
        let mut buffer = itoa::Buffer::new();
        met.retain(|member| glob::matches(pattern, member.bytes(&mut buffer)));
    }
    reply.array(2);
    reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    reply.array(met.len());
    met.into_iter().for_each(|member| reply.element(member));
    Ok(())
}
