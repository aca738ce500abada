//! The fields of a hash that is not packed, in a table.

use super::field::{Field, Parts};
use crate::primitives::{Hasher, Table};

/// Fields, found by their names.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    table: Table<Field>,
    hasher: Hasher,
    /// How many fields expire.
    volatile: usize,
}

impl Fields {
    /// Returns an empty table with room for so many fields.
    pub(super) fn with_capacity(count: usize, hasher: Hasher) -> Self {
        let mut table = Table::new();
        table.reserve(count);
        Self { table, hasher, volatile: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// How many fields expire.
    pub(super) fn volatile(&self) -> usize {
        self.volatile
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<Parts<'_>> {
        let found = self.table.find(self.hasher.hash(name), |field| field.name() == name);
        Some(found?.parts())
    }

    /// Reads what a look-up of a field reads first. Returns its hash, and a value that depends on
    /// what was read.
    pub(crate) fn approach(&self, name: &[u8]) -> (u32, u32) {
        let hash = self.hasher.hash(name);
        (hash, self.table.approach(hash))
    }

    /// Returns the first byte of a field of this hash.
    pub(crate) fn first_byte(&self, hash: u32) -> u8 {
        self.table.candidate(hash).map_or(0, Field::first_byte)
    }

    /// Adds a field. Returns false if it exists already.
    pub(super) fn add(&mut self, name: &[u8], value: &[u8], expires: Option<i64>) -> bool {
        let hash = self.hasher.hash(name);
        let is = |field: &Field| field.name() == name;
        let (_, is_new) = self.table.find_or_insert(hash, is, || Field::new(name, value, expires));
        self.volatile += usize::from(is_new && expires.is_some());
        is_new
    }

    /// Sets a field to a value; an existing field keeps its expiry. Returns whether it is new.
    pub(super) fn set(&mut self, name: &[u8], value: &[u8]) -> bool {
        let hash = self.hasher.hash(name);
        let is = |field: &Field| field.name() == name;
        let (field, is_new) = self.table.find_or_insert(hash, is, || Field::new(name, value, None));
        if !is_new {
            field.set_value(value);
        }
        is_new
    }

    /// Sets when a field expires. Returns false without the field.
    pub(super) fn set_expires(&mut self, name: &[u8], expires: Option<i64>) -> bool {
        let hash = self.hasher.hash(name);
        let found = self.table.find_mut(hash, |field| field.name() == name);
        let Some(field) = found else { return false };
        self.volatile -= usize::from(field.parts().expires.is_some());
        self.volatile += usize::from(expires.is_some());
        field.set_expires(expires);
        true
    }

    /// Removes a field. Returns false without it.
    pub(super) fn remove(&mut self, name: &[u8]) -> bool {
        let hash = self.hasher.hash(name);
        let Some(field) = self.table.remove(hash, |field| field.name() == name) else {
            return false;
        };
        self.volatile -= usize::from(field.parts().expires.is_some());
        true
    }

    /// The fields, in no order.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = Parts<'_>> + Clone {
        self.table.iter().map(Field::parts)
    }

    /// Returns a random field.
    pub(crate) fn random(&self, random: &mut fastrand::Rng) -> Option<Parts<'_>> {
        self.table.random(random).map(Field::parts)
    }

    /// Returns some fields from `cursor` on, as [`Table::scan`] does.
    pub(crate) fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut each: impl FnMut(Parts<'a>),
    ) -> u64 {
        self.table.scan(cursor, count, |field| each(field.parts()))
    }

    /// The bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.table.heap_bytes() + self.table.iter().map(Field::heap_bytes).sum::<usize>()
    }
}
