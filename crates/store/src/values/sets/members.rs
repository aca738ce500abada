//! The members of a large set: a hash table.

use crate::primitives::{Hasher, Table};

/// A hash table of members.
#[derive(Clone, Debug)]
pub(crate) struct Members {
    table: Table<Box<[u8]>>,
    hasher: Hasher,
}

impl Members {
    /// Returns an empty table with room for `count` members.
    pub(super) fn new(hasher: Hasher, count: usize) -> Self {
        let mut table = Table::new();
        table.reserve(count);
        Self { table, hasher }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn contains(&self, member: &[u8]) -> bool {
        self.table.find(self.hasher.hash(member), |found| found[..] == *member).is_some()
    }

    /// Reads what a look-up of a member reads first. Returns its hash, and a value that depends on
    /// what was read.
    pub(crate) fn approach(&self, member: &[u8]) -> (u32, u32) {
        let hash = self.hasher.hash(member);
        (hash, self.table.approach(hash))
    }

    /// Returns the first byte of a member of this hash.
    pub(crate) fn first_byte(&self, hash: u32) -> u8 {
        self.table.candidate(hash).and_then(|member| member.first().copied()).unwrap_or_default()
    }

    /// Adds a member. Returns false if it exists already.
    pub(super) fn insert(&mut self, member: &[u8]) -> bool {
        let hash = self.hasher.hash(member);
        self.table.find_or_insert(hash, |found| found[..] == *member, || member.into()).1
    }

    /// Removes a member. Returns false without it.
    pub(super) fn remove(&mut self, member: &[u8]) -> bool {
        self.table.remove(self.hasher.hash(member), |found| found[..] == *member).is_some()
    }

    /// The members, in no meaningful order.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.table.iter().map(AsRef::as_ref)
    }

    /// Returns a random member.
    pub(crate) fn random(&self, random: &mut fastrand::Rng) -> Option<&[u8]> {
        self.table.random(random).map(AsRef::as_ref)
    }

    /// Calls `each` for some members; see [`Table::scan`].
    pub(crate) fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut each: impl FnMut(&'a [u8]),
    ) -> u64 {
        self.table.scan(cursor, count, |member| each(member))
    }

    /// The bytes on the heap. Walks the members.
    pub(super) fn heap_bytes(&self) -> usize {
        self.table.heap_bytes() + self.table.iter().map(|member| member.len()).sum::<usize>()
    }
}
