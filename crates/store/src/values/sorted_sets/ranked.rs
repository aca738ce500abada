//! A large sorted set: its members, a hash table of them, and their order.

use std::cmp::Ordering;
use std::ops::Range;

use super::members::Members;
use super::tree::{Item, Span, Tree};
use crate::primitives::{Hasher, Table};

/// How many places may be free before the members are put together.
const SPARE: usize = 512;

/// A sorted set in a hash table and a tree.
#[derive(Clone, Debug)]
pub(crate) struct Ranked {
    members: Members,
    /// The numbers of the members, by their hashes.
    table: Table<u32>,
    order: Tree,
    hasher: Hasher,
}

/// Returns the order of two members: by score, then byte by byte.
pub(crate) fn compare(one: (f64, &[u8]), other: (f64, &[u8])) -> Ordering {
    // No score is NaN; zeros of either sign are equal.
    let scores = one.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal);
    scores.then_with(|| one.1.cmp(other.1))
}

impl Ranked {
    pub(super) fn new(hasher: Hasher) -> Self {
        Self { members: Members::new(), table: Table::new(), order: Tree::new(), hasher }
    }

    /// Returns a set of members in any order. `None` if one comes twice, or there are 2^32 or more.
    pub(super) fn of_pairs(
        pairs: impl ExactSizeIterator<Item = (f64, Box<[u8]>)>,
        hasher: Hasher,
    ) -> Option<Self> {
        let mut ranked = Self::new(hasher);
        ranked.table.reserve(pairs.len());
        let mut items = Vec::with_capacity(pairs.len());
        for (score, member) in pairs {
            let hash = hasher.hash(&member);
            if ranked.find(hash, &member).is_some() {
                return None;
            }
            let id = ranked.members.insert(score, member)?;
            ranked.table.insert(hash, id);
            items.push(Item { score, id });
        }
        let members = &ranked.members;
        let key = |item: &Item| (item.score, members.member(item.id));
        // Often they are in order already, or backwards, and then the sort takes no time.
        items.sort_by(|one, other| compare(key(one), key(other)));
        ranked.order = Tree::of_sorted(items.into_iter());
        Some(ranked)
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        let id = self.find(self.hasher.hash(member), member)?;
        Some(self.members.score(id))
    }

    /// Returns how many members come before one with this score, which need not exist.
    fn rank_of(&self, score: f64, member: &[u8]) -> usize {
        self.rank(|other_score, other| compare((other_score, other), (score, member)).is_lt())
    }

    /// Returns the rank and the score of a member.
    pub(super) fn place(&self, member: &[u8]) -> Option<(usize, f64)> {
        let score = self.score(member)?;
        Some((self.rank_of(score, member), score))
    }

    /// Returns how many members at the front `are_before`, by their scores and names. It holds for
    /// some members at the front and for none behind them.
    pub(super) fn rank(&self, are_before: impl Fn(f64, &[u8]) -> bool) -> usize {
        self.order.rank(|item| are_before(item.score, self.members.member(item.id)))
    }

    /// Returns the members of these ranks.
    pub(super) fn span(&self, ranks: Range<usize>) -> Walk<'_> {
        Walk { span: self.order.span(ranks), members: &self.members }
    }

    /// Calls `each` for some members with their scores, in no order, as [`Table::scan`] does.
    pub(crate) fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut each: impl FnMut(&'a [u8], f64),
    ) -> u64 {
        let members = &self.members;
        self.table.scan(cursor, count, |&id| each(members.member(id), members.score(id)))
    }

    /// Returns a random member.
    pub(crate) fn random(&self, random: &mut fastrand::Rng) -> Option<(&[u8], f64)> {
        let &id = self.table.random(random)?;
        Some((self.members.member(id), self.members.score(id)))
    }

    /// Adds a new member. Returns false if there is no room for more: at 2^32 - 1.
    pub(super) fn insert(&mut self, score: f64, member: &[u8]) -> bool {
        let Some(id) = self.members.insert(score, member.into()) else { return false };
        self.table.insert(self.hasher.hash(member), id);
        self.put_in_order(id, score, member);
        true
    }

    /// Changes the score of an existing member.
    pub(super) fn set_score(&mut self, member: &[u8], score: f64) {
        let Some(id) = self.find(self.hasher.hash(member), member) else { return };
        let rank = self.rank_of(self.members.score(id), member);
        self.order.remove(rank..rank + 1);
        self.members.set_score(id, score);
        self.put_in_order(id, score, member);
    }

    fn put_in_order(&mut self, id: u32, score: f64, member: &[u8]) {
        let members = &self.members;
        let before =
            |item: Item| compare((item.score, members.member(item.id)), (score, member)).is_lt();
        self.order.insert(Item { score, id }, before);
    }

    /// Removes the members of these ranks.
    pub(super) fn remove(&mut self, ranks: Range<usize>) {
        let ids: Vec<u32> = self.order.span(ranks.clone()).map(|item| item.id).collect();
        self.order.remove(ranks);
        for id in ids {
            if let Some((_, member)) = self.members.remove(id) {
                self.table.remove(self.hasher.hash(&member), |&other| other == id);
            }
        }
        if self.members.places() > 4 * self.len() + SPARE {
            self.put_together();
        }
    }

    /// Gives members new numbers, in order, so that no places are free. It is done when three of
    /// four places are free, so a removal takes no longer on the average.
    fn put_together(&mut self) {
        let hasher = self.hasher;
        let mut old = std::mem::replace(self, Self::new(hasher));
        self.table.reserve(old.len());
        let mut items = Vec::with_capacity(old.len());
        for item in old.order.span(0..old.order.len()) {
            let Some((score, member)) = old.members.remove(item.id) else { continue };
            let hash = hasher.hash(&member);
            let Some(id) = self.members.insert(score, member) else { continue };
            self.table.insert(hash, id);
            items.push(Item { score, id });
        }
        self.order = Tree::of_sorted(items.into_iter());
    }

    /// The bytes on the heap. Walks all members.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>()
            + self.members.heap_bytes()
            + self.table.heap_bytes()
            + self.order.heap_bytes()
    }

    fn find(&self, hash: u32, member: &[u8]) -> Option<u32> {
        self.table.find(hash, |&id| self.members.member(id) == member).copied()
    }
}

/// Members in order, with their scores, from both ends.
#[derive(Clone, Debug)]
pub(super) struct Walk<'a> {
    span: Span<'a>,
    members: &'a Members,
}

impl<'a> Walk<'a> {
    fn pair(&self, item: Item) -> (&'a [u8], f64) {
        (self.members.member(item.id), item.score)
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = (&'a [u8], f64);

    fn next(&mut self) -> Option<Self::Item> {
        self.span.next().map(|item| self.pair(item))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.span.size_hint()
    }
}

impl DoubleEndedIterator for Walk<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.span.next_back().map(|item| self.pair(item))
    }
}

impl ExactSizeIterator for Walk<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_less_room_than_redis() {
        // Redis 7.0 takes 104 bytes for such a member (`MEMORY USAGE`, measured), without what its
        // allocator rounds up. Here the allocation of each member takes 16 more for the allocator.
        let mut ranked = Ranked::new(Hasher::new(1));
        let count = 50_000;
        for n in 0..count {
            let score = f64::from(n * 7919 % count);
            assert!(ranked.insert(score, format!("member:{n:05}").as_bytes()));
        }
        let each = ranked.heap_bytes() / ranked.len() + 16;
        assert!(each < 90, "{each} bytes a member");
        ranked.remove(100..ranked.len() - 100);
        assert_eq!(ranked.len(), 200);
        assert!(ranked.members.places() <= 4 * 200 + SPARE);
        let first = ranked.span(0..1).next().unwrap();
        assert_eq!(ranked.place(first.0), Some((0, first.1)));
    }
}
