//! `ZRANDMEMBER`.

use std::collections::HashSet;

use super::reply as replies;
use super::value::{SortedSet, SortedSetRef};
use crate::store::commands::Row;
use crate::store::context::{Args, Done, ReadCx};
use crate::store::error::CommandError;
use crate::store::reply::Reply;
use crate::store::words;

pub(super) const COMMANDS: &[Row] = &[Row::read("zrandmember", zrandmember)];

const OUT_OF_RANGE: CommandError = CommandError::new("ERR value is out of range");

/// `ZRANDMEMBER key [count [WITHSCORES]]`
fn zrandmember(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let Some(count) = args.get(2) else {
        match cx.read::<SortedSet>(args[1])? {
            Some(set) => {
                let rank = fastrand::usize(..set.len().max(1));
                if let Some((member, _)) = set.entries(rank..rank + 1).next() {
                    reply.element(member);
                }
            }
            None => reply.null(),
        }
        return Ok(());
    };
    let count = words::int(count)?;
    if count == i64::MIN {
        return Err(OUT_OF_RANGE);
    }
    let with_scores = match &args[3..] {
        [] => false,
        [option] if words::is(option, "withscores") => true,
        _ => return Err(CommandError::SYNTAX),
    };
    if with_scores && count.unsigned_abs() > i64::MAX.unsigned_abs() / 2 {
        return Err(OUT_OF_RANGE);
    }
    let Some(set) = cx.read::<SortedSet>(args[1])? else {
        reply.array(0);
        return Ok(());
    };
    let many = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count < 0 {
        repeated(set, many, with_scores, reply)
    } else {
        distinct(set, many, with_scores, reply);
        Ok(())
    }
}

/// So many members, each any of all.
fn repeated(set: SortedSetRef<'_>, many: usize, scores: bool, reply: &mut Reply<'_>) -> Done {
    /// A longer reply is refused; a server would run out of memory.
    const REPLY_MAX: usize = 512 << 20;
    let mut random = fastrand::Rng::new();
    let picker = set.picker();
    let start = reply.raw().len();
    // Written piece by piece, so that what is too long is noticed early.
    replies::members(reply, many, std::iter::empty(), scores);
    let mut left = many;
    while left > 0 {
        let some = left.min(1024);
        for (member, score) in (0..some).map_while(|_| picker.pick(&mut random)) {
            replies::member(reply, member, score, scores);
        }
        left -= some;
        if reply.raw().len() - start > REPLY_MAX {
            return Err(OUT_OF_RANGE);
        }
    }
    Ok(())
}

/// So many members, none of them twice; all of them, the highest score first, if there are no
/// more.
fn distinct(set: SortedSetRef<'_>, many: usize, scores: bool, reply: &mut Reply<'_>) {
    let len = set.len();
    if many >= len {
        return replies::members(reply, len, set.iter().rev(), scores);
    }
    let mut random = fastrand::Rng::new();
    if many > len / 3 {
        // Each is taken with the probability that as many are taken as are wanted.
        let mut wanted = many;
        let taken = set.iter().enumerate().filter(|(rank, _)| {
            let take = random.usize(..len - rank) < wanted;
            wanted -= usize::from(take);
            take
        });
        return replies::members(reply, many, taken.map(|(_, entry)| entry), scores);
    }
    let mut ranks = HashSet::new();
    while ranks.len() < many {
        ranks.insert(random.usize(..len));
    }
    let entries = ranks.into_iter().filter_map(|rank| set.entries(rank..rank + 1).next());
    replies::members(reply, many, entries, scores);
}
