//! `ZRANDMEMBER`.

use super::reply as replies;
use super::value::{SortedSet, SortedSetRef};
use crate::store::commands::Row;
use crate::store::context::{Args, Done, ReadCx};
use crate::store::error::CommandError;
use crate::store::reply::Reply;
use crate::store::words;

pub(super) const COMMANDS: &[Row] = &[Row::read("zrandmember", zrandmember)];

/// So many are collected at a time for a reply that names members again and again.
const OUT_OF_RANGE: CommandError = CommandError::new("ERR value is out of range");

/// `ZRANDMEMBER key [count [WITHSCORES]]`
fn zrandmember(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let Some(count) = args.get(2) else {
        match cx.read::<SortedSet>(args[1])? {
            Some(set) => {
                let rank = fastrand::usize(..set.len().max(1));
                if let Some((member, _)) = set.entries(rank..rank + 1).next() {
                    replies::element(reply, member);
                }
            }
            None => reply.null(),
        }
        return Ok(());
    };
    let count = words::int(count).map_err(|error| range_error(cx, error))?;
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
        repeated(set, many, with_scores, reply);
    } else {
        distinct(set, many, with_scores, reply);
    }
    Ok(())
}
