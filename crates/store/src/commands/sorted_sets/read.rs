//! Commands that read single members, and counts.

use crate::call::{CommandError, Reply, words};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::sorted_sets::range::{From, LexRange, ScoreRange};
use crate::values::sorted_sets::value::SortedSet;

pub(in crate::commands::sorted_sets) const COMMANDS: &[Row] = &[
    Row::read("zcard", zcard),
    Row::read("zcount", zcount),
    Row::read("zlexcount", zlexcount),
    Row::read("zmscore", zmscore),
    Row::read("zrank", zrank),
    Row::read("zrevrank", zrevrank),
    Row::read("zscore", zscore),
];

/// `ZCARD key`
fn zcard(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    reply.count(cx.read::<SortedSet>(args[1])?.map_or(0, |set| set.len()));
    Ok(())
}

/// `ZCOUNT key min max`
fn zcount(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let range = ScoreRange::parse(args[2], args[3], cx.dialect())?;
    let set = cx.read::<SortedSet>(args[1])?;
    reply.count(set.map_or(0, |set| set.score_span(&range).len()));
    Ok(())
}

/// `ZLEXCOUNT key min max`
fn zlexcount(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let range = LexRange::parse(args[2], args[3])?;
    let set = cx.read::<SortedSet>(args[1])?;
    reply.count(set.map_or(0, |set| set.lex_span(&range, From::Lowest).len()));
    Ok(())
}

/// `ZSCORE key member`
fn zscore(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let set = cx.read::<SortedSet>(args[1])?;
    match set.and_then(|set| set.score(args[2])) {
        Some(score) => reply.double(score),
        None => reply.null(),
    }
    Ok(())
}

/// `ZMSCORE key member [member ...]`
fn zmscore(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let set = cx.read::<SortedSet>(args[1])?;
    let members = &args[2..];
    reply.array(members.len());
    for member in members {
        match set.and_then(|set| set.score(member)) {
            Some(score) => reply.double(score),
            None => reply.null(),
        }
    }
    Ok(())
}

/// `ZRANK key member [WITHSCORE]`
fn zrank(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    rank(cx, args, reply, From::Lowest)
}

/// `ZREVRANK key member [WITHSCORE]`
fn zrevrank(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    rank(cx, args, reply, From::Highest)
}

fn rank(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>, from: From) -> Done {
    let most = if cx.dialect().has_rank_with_score() { 4 } else { 3 };
    if args.len() > most {
        let name = if from == From::Lowest { "zrank" } else { "zrevrank" };
        return Err(CommandError::wrong_arity(name));
    }
    let with_score = match args.get(3) {
        Some(option) if words::is(option, "withscore") => true,
        Some(_) => return Err(CommandError::SYNTAX),
        None => false,
    };
    let set = cx.read::<SortedSet>(args[1])?;
    let found = set.and_then(|set| {
        let (rank, score) = set.place(args[2])?;
        let rank = if from == From::Lowest { rank } else { set.len() - 1 - rank };
        Some((rank, score))
    });
    match found {
        Some((rank, score)) if with_score => {
            reply.array(2);
            reply.count(rank);
            reply.double(score);
        }
        Some((rank, _)) => reply.count(rank),
        None if with_score => reply.null_array(),
        None => reply.null(),
    }
    Ok(())
}
