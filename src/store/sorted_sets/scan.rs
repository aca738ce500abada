//! `ZSCAN`: a packed set is given whole; of a large one some members at a time.

use super::reply as replies;
use super::value::{FormRef, SortedSet, SortedSetRef};
use crate::rdb::Element;
use crate::store::commands::Row;
use crate::store::context::{Args, Done, ReadCx};
use crate::store::cursor;
use crate::store::dialect::Dialect;
use crate::store::error::CommandError;
use crate::store::glob;
use crate::store::number;
use crate::store::reply::Reply;
use crate::store::words;

pub(super) const COMMANDS: &[Row] = &[Row::read("zscan", zscan)];

/// How many members are looked at where the client says nothing.
const DEFAULT_COUNT: usize = 10;

/// What a client wants.
#[derive(Debug)]
struct Options<'a> {
    pattern: Option<&'a [u8]>,
    count: usize,
    with_scores: bool,
}

/// A member, and its score as it is shown: as it is packed, or with 17 digits.
type Found<'a> = (Element<'a>, Score<'a>);

#[derive(Clone, Copy, Debug)]
enum Score<'a> {
    Packed(Element<'a>),
    Number(f64),
}

/// `ZSCAN key cursor [MATCH pattern] [COUNT count] [NOSCORES]`
fn zscan(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let cursor = cursor::parse(args[2], cx.dialect())?;
    let Some(set) = cx.read::<SortedSet>(args[1])? else {
        // Not even its options are looked at.
        write(reply, 0, &[], true);
        return Ok(());
    };
    let options = Options::of(&args[3..], cx.dialect())?;
    let (next, found) = scan(set, cursor, &options);
    write(reply, next, &found, options.with_scores);
    Ok(())
}

fn scan<'a>(set: SortedSetRef<'a>, cursor: u64, options: &Options<'_>) -> (u64, Vec<Found<'a>>) {
    let mut found = Vec::new();
    let mut look_at = |member: Element<'a>, score| {
        let mut buffer = itoa::Buffer::new();
        let matches = |pattern| glob::matches(pattern, member.bytes(&mut buffer));
        if options.pattern.is_none_or(matches) {
            found.push((member, score));
        }
    };
    let next = match set.form {
        FormRef::Packed(pack) => {
            let mut elements = pack.iter();
            while let (Some(member), Some(score)) = (elements.next(), elements.next()) {
                look_at(member, Score::Packed(score));
            }
            0
        }
        FormRef::Ranked(ranked) => ranked.scan(cursor, options.count, |member, score| {
            look_at(Element::Bytes(member), Score::Number(score));
        }),
    };
    (next, found)
}

fn write(reply: &mut Reply<'_>, next: u64, found: &[Found<'_>], with_scores: bool) {
    reply.array(2);
    reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    reply.array(if with_scores { 2 * found.len() } else { found.len() });
    for &(member, score) in found {
        replies::element(reply, member);
        match score {
            _ if !with_scores => {}
            Score::Packed(score) => replies::element(reply, score),
            Score::Number(score) => reply.bulk(number::seventeen(score).as_bytes()),
        }
    }
}

impl<'a> Options<'a> {
    fn of(words: Args<'a>, dialect: Dialect) -> Result<Self, CommandError> {
        let mut options = Self { pattern: None, count: DEFAULT_COUNT, with_scores: true };
        let mut rest = words;
        loop {
            rest = match *rest {
                [] => return Ok(options),
                [word, count, ref rest @ ..] if words::is(word, "count") => {
                    let count = words::int(count)?;
                    if count < 1 {
                        return Err(CommandError::SYNTAX);
                    }
                    options.count = usize::try_from(count).unwrap_or(usize::MAX);
                    rest
                }
                [word, pattern, ref rest @ ..] if words::is(word, "match") => {
                    options.pattern = Some(pattern);
                    rest
                }
                [word, ref rest @ ..] if words::is(word, "noscores") && dialect.has_noscores() => {
                    options.with_scores = false;
                    rest
                }
                [word, ..] if words::is(word, "novalues") && dialect.has_novalues() => {
                    return Err(CommandError::new("ERR NOVALUES option can only be used in HSCAN"));
                }
                _ => return Err(CommandError::SYNTAX),
            };
        }
    }
}
