//! Commands that add members and remove them.

use std::ops::Range;

use crate::call::{CommandError, EventClass, Reply, words};
use crate::execution::{Args, Done, Row, WriteCx};
use crate::number;
use crate::values::sorted_sets::range::{From, LexRange, ScoreRange};
use crate::values::sorted_sets::value::{Rules, SortedSet, SortedSetRef};

pub(in crate::commands::sorted_sets) const COMMANDS: &[Row] = &[
    Row::write("zadd", zadd),
    Row::write("zincrby", zincrby),
    Row::write("zrem", zrem),
    Row::write("zremrangebylex", zremrangebylex),
    Row::write("zremrangebyrank", zremrangebyrank),
    Row::write("zremrangebyscore", zremrangebyscore),
];

/// The flags of `ZADD`.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are the request's flags")]
pub(crate) struct AddFlags {
    /// Only new members are added.
    pub(crate) nx: bool,
    /// Only existing members are changed.
    pub(crate) xx: bool,
    /// Only a higher score is taken.
    pub(crate) gt: bool,
    /// Only a lower score is taken.
    pub(crate) lt: bool,
    /// The reply counts changed members too.
    pub(crate) ch: bool,
    /// The number is added to the score, and the reply is the new score.
    pub(crate) incr: bool,
}

/// The result of a `ZADD`.
#[derive(Clone, Copy, Debug, Default)]
struct Added {
    added: usize,
    updated: usize,
    /// The score of the last member that was not left alone.
    score: Option<f64>,
}

impl AddFlags {
    /// Reads the flags at the start of `words`. Returns them, and how many words they are.
    fn parse(words: Args<'_>) -> (Self, usize) {
        let mut flags = Self::default();
        for (at, word) in words.iter().enumerate() {
            let flag = match () {
                () if words::is(word, "nx") => &mut flags.nx,
                () if words::is(word, "xx") => &mut flags.xx,
                () if words::is(word, "ch") => &mut flags.ch,
                () if words::is(word, "incr") => &mut flags.incr,
                () if words::is(word, "gt") => &mut flags.gt,
                () if words::is(word, "lt") => &mut flags.lt,
                () => return (flags, at),
            };
            *flag = true;
        }
        (flags, words.len())
    }

    fn check(self, pairs: usize) -> Result<(), CommandError> {
        if self.nx && self.xx {
            return Err(CommandError::new(
                "ERR XX and NX options at the same time are not compatible",
            ));
        }
        if [self.nx, self.gt, self.lt].into_iter().filter(|&flag| flag).count() > 1 {
            return Err(CommandError::new(
                "ERR GT, LT, and/or NX options at the same time are not compatible",
            ));
        }
        if self.incr && pairs > 1 {
            return Err(CommandError::new(
                "ERR INCR option supports a single increment-element pair",
            ));
        }
        Ok(())
    }
}

/// `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]`
fn zadd(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (flags, count) = AddFlags::parse(&args[2..]);
    let pairs = &args[2 + count..];
    if pairs.is_empty() || !pairs.len().is_multiple_of(2) {
        return Err(CommandError::SYNTAX);
    }
    flags.check(pairs.len() / 2)?;
    add(cx, args[1], flags, pairs, reply)
}

/// `ZINCRBY key increment member`
fn zincrby(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let flags = AddFlags { incr: true, ..AddFlags::default() };
    add(cx, args[1], flags, &args[2..], reply)
}

/// Adds scores and members, given as words, to the set at `key` (`zaddGenericCommand`).
pub(crate) fn add(
    cx: &mut WriteCx<'_>,
    key: &[u8],
    flags: AddFlags,
    pairs: Args<'_>,
    reply: &mut Reply<'_>,
) -> Done {
    let dialect = cx.dialect();
    let mut scores = Vec::with_capacity(pairs.len() / 2);
    let mut longest = 0;
    for pair in pairs.chunks_exact(2) {
        let score = number::parse(pair[0], dialect).ok_or(CommandError::NOT_FLOAT)?;
        scores.push((score, pair[1]));
        longest = longest.max(pair[1].len());
    }
    let rules = cx.sorted_set_rules();
    let change = |set: &mut SortedSet| {
        if dialect.expects_all_scores() {
            set.expect_more(scores.len(), longest, &rules)?;
        }
        add_all(set, flags, &scores, &rules)
    };
    let outcome = if flags.xx {
        cx.edit::<SortedSet, _>(key, change)?.unwrap_or_default()
    } else {
        cx.edit_or_new::<SortedSet, _>(key, change)?
    };
    if outcome.added + outcome.updated > 0 {
        let event = if flags.incr { "zincr" } else { "zadd" };
        cx.signal(EventClass::SortedSet, event, key);
    }
    cx.dirty(outcome.added + outcome.updated);
    if flags.incr {
        match outcome.score {
            Some(score) => reply.double(score),
            None => reply.null(),
        }
    } else {
        reply.count(outcome.added + if flags.ch { outcome.updated } else { 0 });
    }
    Ok(())
}

fn add_all(
    set: &mut SortedSet,
    flags: AddFlags,
    scores: &[(f64, &[u8])],
    rules: &Rules,
) -> Result<Added, CommandError> {
    let mut outcome = Added::default();
    for &(score, member) in scores {
        let Some(current) = set.view().score(member) else {
            if !flags.xx {
                set.insert(score, member, rules)?;
                outcome.added += 1;
                outcome.score = Some(score);
            }
            continue;
        };
        if flags.nx {
            continue;
        }
        let score = if flags.incr { current + score } else { score };
        if score.is_nan() {
            return Err(CommandError::new("ERR resulting score is not a number (NaN)"));
        }
        if flags.lt && score >= current || flags.gt && score <= current {
            continue;
        }
        outcome.score = Some(score);
        if score != current {
            set.set_score(score, member, rules)?;
            outcome.updated += 1;
        }
    }
    Ok(outcome)
}

/// `ZREM key member [member ...]`
fn zrem(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let removed = cx.edit::<SortedSet, _>(args[1], |set| {
        Ok(args[2..].iter().filter(|member| set.remove(member)).count())
    })?;
    let removed = removed.unwrap_or(0);
    if removed > 0 {
        cx.signal_edit(EventClass::SortedSet, "zrem", args[1]);
    }
    cx.dirty(removed);
    reply.count(removed);
    Ok(())
}

/// `ZREMRANGEBYRANK key start stop`
fn zremrangebyrank(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (start, stop) = (words::int(args[2])?, words::int(args[3])?);
    let at = (args[1], "zremrangebyrank");
    remove_ranks(cx, at, reply, |set| words::span(start, stop, set.len()).unwrap_or(0..0))
}

/// `ZREMRANGEBYSCORE key min max`
fn zremrangebyscore(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let range = ScoreRange::parse(args[2], args[3], cx.dialect())?;
    remove_ranks(cx, (args[1], "zremrangebyscore"), reply, |set| set.score_span(&range))
}

/// `ZREMRANGEBYLEX key min max`
fn zremrangebylex(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let range = LexRange::parse(args[2], args[3])?;
    let at = (args[1], "zremrangebylex");
    remove_ranks(cx, at, reply, |set| set.lex_span(&range, From::Lowest))
}

fn remove_ranks(
    cx: &mut WriteCx<'_>,
    (key, event): (&[u8], &'static str),
    reply: &mut Reply<'_>,
    which: impl FnOnce(SortedSetRef<'_>) -> Range<usize>,
) -> Done {
    let removed = cx.edit::<SortedSet, _>(key, |set| {
        let ranks = which(set.view());
        let count = ranks.len();
        set.remove_ranks(ranks);
        Ok(count)
    })?;
    let removed = removed.unwrap_or(0);
    if removed > 0 {
        cx.signal_edit(EventClass::SortedSet, event, key);
    }
    cx.dirty(removed);
    reply.count(removed);
    Ok(())
}
