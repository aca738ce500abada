//! A small sorted set: a listpack of members and scores, the lowest score first.
//!
//! Elements, their order and the text of scores are those of the server's own listpack (`zzlInsert`
//! and its like).

use std::ops::Range;

use super::ranked::compare;
use crate::dialect::Dialect;
use crate::number;
use tidegate_rdb::{Corrupt, Element, ListpackBuf, ListpackRef, Position, packed_score};

/// A member and its score.
pub(crate) type Pair<'a> = (Element<'a>, f64);

/// Returns the score that an element spells; a checked listpack has no other elements there.
fn score_of(element: Element<'_>) -> f64 {
    packed_score(element).unwrap_or(0.0)
}

/// The number of members.
pub(super) fn len(pack: ListpackRef<'_>) -> usize {
    pack.len() / 2
}

/// Returns members and scores, in order.
pub(super) fn pairs(pack: ListpackRef<'_>) -> impl Iterator<Item = Pair<'_>> {
    let mut elements = pack.iter();
    std::iter::from_fn(move || Some((elements.next()?, score_of(elements.next()?))))
}

/// Returns the position of a member.
pub(super) fn find(pack: ListpackRef<'_>, member: &[u8]) -> Option<Position> {
    pack.find(member, 1)
}

/// Returns the score of the member at `position`.
pub(super) fn score_at(pack: ListpackRef<'_>, position: Position) -> Option<f64> {
    Some(score_of(pack.at(pack.after(position)?)?))
}

/// Returns the rank and the score of a member.
pub(super) fn place(pack: ListpackRef<'_>, member: &[u8]) -> Option<(usize, f64)> {
    let mut buffer = itoa::Buffer::new();
    let mut pairs = pairs(pack).enumerate();
    pairs.find_map(|(rank, (other, score))| {
        (other.bytes(&mut buffer) == member).then_some((rank, score))
    })
}

/// Adds a new member in its place.
pub(super) fn insert(
    pack: &mut ListpackBuf,
    score: f64,
    member: &[u8],
    dialect: Dialect,
) -> Result<(), Corrupt> {
    let mut at = pack.view().end();
    let mut buffer = itoa::Buffer::new();
    let mut positions = pack.view().positions();
    while let (Some((position, other)), Some((_, other_score))) =
        (positions.next(), positions.next())
    {
        let other = (score_of(other_score), other.bytes(&mut buffer));
        if compare(other, (score, member)).is_gt() {
            at = position;
            break;
        }
    }
    pack.insert(at, member)?;
    let behind = pack.view().after(at).unwrap_or(at);
    insert_score(pack, behind, score, dialect)
}

/// Adds a member behind all others.
pub(super) fn push(
    pack: &mut ListpackBuf,
    score: f64,
    member: &[u8],
    dialect: Dialect,
) -> Result<(), Corrupt> {
    pack.push_back(member)?;
    let end = pack.view().end();
    insert_score(pack, end, score, dialect)
}

fn insert_score(
    pack: &mut ListpackBuf,
    at: Position,
    score: f64,
    dialect: Dialect,
) -> Result<(), Corrupt> {
    match number::whole(score).filter(|_| dialect.packs_whole_scores()) {
        Some(number) => pack.insert(at, number),
        None => pack.insert(at, number::text(score, dialect).as_bytes()),
    }
}

/// Removes the member at `position`.
pub(super) fn remove_at(pack: &mut ListpackBuf, position: Position) {
    pack.remove(position, 2);
}

/// Removes the members of these ranks.
pub(super) fn remove(pack: &mut ListpackBuf, ranks: Range<usize>) {
    let first = i64::try_from(2 * ranks.start).ok().and_then(|index| pack.view().seek(index));
    if let Some(first) = first {
        pack.remove(first, 2 * ranks.len());
    }
}
