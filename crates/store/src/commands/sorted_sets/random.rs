//! `ZRANDMEMBER`.

use super::reply as replies;
use crate::arguments::random::{self, Pool, Wanted};
use crate::call::Reply;
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::sorted_sets::packed::Pair;
use crate::values::sorted_sets::value::{FormRef, SortedSet, SortedSetRef};
use tidegate_rdb::Element;

pub(in crate::commands::sorted_sets) const COMMANDS: &[Row] =
    &[Row::read("zrandmember", zrandmember)];

/// `ZRANDMEMBER key [count [WITHSCORES]]`
fn zrandmember(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    if args.len() > 2 {
        let wanted = Wanted::of(&args[2..], Some("WITHSCORES"))?;
        return random::write_reply(cx.read::<SortedSet>(args[1])?, wanted, reply);
    }
    match cx.read::<SortedSet>(args[1])?.and_then(|set| random::one(&set)) {
        Some((member, _)) => reply.element(member),
        None => reply.null(),
    }
    Ok(())
}

impl<'a> Pool<'a> for SortedSetRef<'a> {
    type Item = Pair<'a>;
    type Name = &'a [u8];

    fn len(&self) -> usize {
        SortedSetRef::len(*self)
    }

    /// The members, the highest score first.
    fn all(&self) -> impl Iterator<Item = Pair<'a>> {
        self.iter().rev()
    }

    fn any(&self, random: &mut fastrand::Rng) -> Option<(&'a [u8], Pair<'a>)> {
        let FormRef::Ranked(ranked) = self.form else { return None };
        let (member, score) = ranked.random(random)?;
        Some((member, (Element::Bytes(member), score)))
    }

    fn write((member, score): Pair<'a>, with_score: bool, reply: &mut Reply<'_>) {
        replies::member(reply, member, score, with_score);
    }
}
