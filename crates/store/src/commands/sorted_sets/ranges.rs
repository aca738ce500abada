//! Commands that read a range: `ZRANGE` and those it replaced, and `ZRANGESTORE`.

use std::ops::Range;

use super::reply as replies;
use crate::call::{CommandError, EventClass, Reply, words};
use crate::dialect::Dialect;
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::keyspace::Value;
use crate::values::sorted_sets::range::{From, LexRange, ScoreRange};
use crate::values::sorted_sets::value::{SortedSet, SortedSetRef};

pub(in crate::commands::sorted_sets) const COMMANDS: &[Row] = &[
    Row::read("zrange", zrange),
    Row::read("zrangebylex", zrangebylex),
    Row::read("zrangebyscore", zrangebyscore),
    Row::read("zrevrange", zrevrange),
    Row::read("zrevrangebylex", zrevrangebylex),
    Row::read("zrevrangebyscore", zrevrangebyscore),
    Row::write("zrangestore", zrangestore),
];

/// What the ends of a range are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Lex,
}

/// What a command fixes; `None` if options decide it.
#[derive(Clone, Copy, Debug)]
struct Shape {
    by: Option<By>,
    from: Option<From>,
    stores: bool,
}

impl Shape {
    const fn fixed(by: By, from: From) -> Self {
        Self { by: Some(by), from: Some(from), stores: false }
    }
}

/// The ends of a range.
#[derive(Clone, Copy, Debug)]
enum Ends<'a> {
    Rank(i64, i64),
    Score(ScoreRange),
    Lex(LexRange<'a>),
}

/// A request for a range (`zrangeGenericCommand`).
#[derive(Clone, Copy, Debug)]
struct Wanted<'a> {
    ends: Ends<'a>,
    from: From,
    with_scores: bool,
    /// How many members are passed over, and how many are returned at most; all if it is negative.
    limit: (i64, i64),
}

impl<'a> Wanted<'a> {
    /// Reads the ends of the range and the options.
    fn parse(args: Args<'a>, shape: Shape, dialect: Dialect) -> Result<Self, CommandError> {
        let (mut by, mut from) = (shape.by, shape.from);
        let (mut with_scores, mut limit) = (false, (0, -1));
        let mut at = 2;
        while let Some(&option) = args.get(at) {
            at += 1;
            if !shape.stores && words::is(option, "withscores") {
                with_scores = true;
            } else if words::is(option, "limit") && args.len() > at + 1 {
                limit = (words::int(args[at])?, words::int(args[at + 1])?);
                at += 2;
            } else if from.is_none() && words::is(option, "rev") {
                from = Some(From::Highest);
            } else if by.is_none() && words::is(option, "bylex") {
                by = Some(By::Lex);
            } else if by.is_none() && words::is(option, "byscore") {
                by = Some(By::Score);
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        let (by, from) = (by.unwrap_or(By::Rank), from.unwrap_or(From::Lowest));
        // A limit of -1 is as no limit, even where no limit is allowed.
        if limit.1 != -1 && by == By::Rank {
            return Err(CommandError::new(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if with_scores && by == By::Lex {
            return Err(CommandError::new(
                "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        let backwards = from == From::Highest && by != By::Rank;
        let (min, max) = if backwards { (args[1], args[0]) } else { (args[0], args[1]) };
        let ends = match by {
            By::Rank => Ends::Rank(words::int(min)?, words::int(max)?),
            By::Score => Ends::Score(ScoreRange::parse(min, max, dialect)?),
            By::Lex => Ends::Lex(LexRange::parse(min, max)?),
        };
        Ok(Self { ends, from, with_scores, limit })
    }

    /// Returns the ranks of the wanted members.
    fn ranks(&self, set: SortedSetRef<'_>, dialect: Dialect) -> Range<usize> {
        let all = match &self.ends {
            Ends::Rank(start, stop) => {
                let span = words::span(*start, *stop, set.len()).unwrap_or(0..0);
                return match self.from {
                    From::Lowest => span,
                    From::Highest => set.len() - span.end..set.len() - span.start,
                };
            }
            Ends::Score(range) => set.score_span(range),
            Ends::Lex(range) => set.lex_span(range, self.from),
        };
        let Some(skipped) = self.skipped(set, all.len(), dialect) else { return 0..0 };
        let skipped = skipped.min(all.len());
        let most = usize::try_from(self.limit.1).unwrap_or(usize::MAX);
        let count = (all.len() - skipped).min(most);
        match self.from {
            From::Lowest => all.start + skipped..all.start + skipped + count,
            From::Highest => all.end - skipped - count..all.end - skipped,
        }
    }

    /// Returns how many of the `len` members in the range are passed over; `None` if all are.
    fn skipped(&self, set: SortedSetRef<'_>, len: usize, dialect: Dialect) -> Option<usize> {
        let offset = self.limit.0;
        if offset >= 0 {
            return Some(usize::try_from(offset).unwrap_or(usize::MAX));
        }
        if set.is_packed() || !dialect.counts_offsets_from_end() {
            return None;
        }
        len.checked_sub(usize::try_from(offset.unsigned_abs()).ok()?)
    }
}

/// `ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
fn zrange(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, reply, Shape { by: None, from: None, stores: false })
}

/// `ZREVRANGE key start stop [WITHSCORES]`
fn zrevrange(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, reply, Shape::fixed(By::Rank, From::Highest))
}

/// `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]`
fn zrangebyscore(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, reply, Shape::fixed(By::Score, From::Lowest))
}

/// `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]`
fn zrevrangebyscore(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, reply, Shape::fixed(By::Score, From::Highest))
}

/// `ZRANGEBYLEX key min max [LIMIT offset count]`
fn zrangebylex(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, reply, Shape::fixed(By::Lex, From::Lowest))
}

/// `ZREVRANGEBYLEX key max min [LIMIT offset count]`
fn zrevrangebylex(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, reply, Shape::fixed(By::Lex, From::Highest))
}

fn read(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>, shape: Shape) -> Done {
    let wanted = Wanted::parse(&args[2..], shape, cx.dialect())?;
    let Some(set) = cx.read::<SortedSet>(args[1])? else {
        reply.array(0);
        return Ok(());
    };
    let ranks = wanted.ranks(set, cx.dialect());
    cx.spend(ranks.len())?;
    let entries = set.entries(ranks);
    match wanted.from {
        From::Lowest => replies::members(reply, entries.len(), entries, wanted.with_scores),
        From::Highest => replies::members(reply, entries.len(), entries.rev(), wanted.with_scores),
    }
    Ok(())
}

/// `ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]`
fn zrangestore(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let shape = Shape { by: None, from: None, stores: true };
    let wanted = Wanted::parse(&args[3..], shape, cx.dialect())?;
    let rules = cx.sorted_set_rules();
    let found = cx.read::<SortedSet>(args[2])?;
    if found.is_none() {
        cx.missed(args[2]);
    }
    let result = match found {
        Some(set) => {
            let entries = set.entries(wanted.ranks(set, cx.dialect()));
            // The number of members is known before they come only for ranks.
            let known = matches!(wanted.ends, Ends::Rank(..));
            let count = if known { entries.len() } else { 0 };
            match wanted.from {
                From::Lowest => SortedSet::of_entries(entries, count, &rules)?,
                From::Highest => SortedSet::of_entries(entries.rev(), count, &rules)?,
            }
        }
        None => SortedSet::new(),
    };
    reply.count(result.view().len());
    cx.put_result(args[1], Value::SortedSet(result), 1, (EventClass::SortedSet, "zrangestore"));
    Ok(())
}
