//! The members of a large set: a hash table.

use crate::primitives::{Hasher, Table};

/// Any number of members.
#[derive(Clone, Debug)]
pub(crate) struct Members {
    table: Table<Box<[u8]>>,
    hasher: Hasher,
}

impl Members {
    /// None yet, with room for `count`.
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

    /// Adds a member; false if it was there.
    pub(super) fn insert(&mut self, member: &[u8]) -> bool {
        let hash = self.hasher.hash(member);
        self.table.find_or_insert(hash, |found| found[..] == *member, || member.into()).1
    }

    /// Takes a member out; false if it was not there.
    pub(super) fn remove(&mut self, member: &[u8]) -> bool {
        self.table.remove(self.hasher.hash(member), |found| found[..] == *member).is_some()
    }

    /// All of them, in no order that means anything.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.table.iter().map(AsRef::as_ref)
    }

    /// Any of them.
    pub(super) fn random(&self, random: &mut fastrand::Rng) -> Option<&[u8]> {
        self.table.random(random).map(AsRef::as_ref)
    }

    /// See [`Table::scan`].
    pub(super) fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut each: impl FnMut(&'a [u8]),
    ) -> u64 {
        self.table.scan(cursor, count, |member| each(member))
    }

    /// Bytes on the heap. Walks the members.
    pub(super) fn heap_bytes(&self) -> usize {
        self.table.heap_bytes() + self.table.iter().map(|member| member.len()).sum::<usize>()
    }
}
