//! The keys of a database as they were when a snapshot began, while the database goes on changing.
//!
//! The writer goes through a database by ascending hashes, some keys at a time. A command that
//! changes a key which the writer has not reached leaves the former value in the view. So a command
//! waits for one piece at most, and the snapshot has what was there when it began. The price is one
//! copy of each large value at its first change.

use std::collections::BTreeMap;

use super::slot::Slot;
use crate::primitives::Table;

/// A view of one database.
#[derive(Clone, Debug)]
pub(crate) struct SnapshotView {
    /// The number of the database when the snapshot began; `SWAPDB` moves it.
    db: usize,
    keys: usize,
    volatile: usize,
    /// The hash below which all keys are written.
    from: u64,
    /// The former values of keys that have changed since; `None` for a key that did not exist.
    before: BTreeMap<(u32, Box<[u8]>), Option<Slot>>,
    /// All keys when the database was emptied, without those that had changed.
    emptied: Option<Table<Slot>>,
}

impl SnapshotView {
    /// Returns the view of the database of number `db`, which has `keys` keys now; `volatile` of
    /// them expire.
    pub(crate) fn new(db: usize, keys: usize, volatile: usize) -> Self {
        Self { db, keys, volatile, from: 0, before: BTreeMap::new(), emptied: None }
    }

    /// The number of the database when the snapshot began.
    pub(crate) fn db(&self) -> usize {
        self.db
    }

    pub(crate) fn len(&self) -> usize {
        self.keys
    }

    pub(crate) fn volatile(&self) -> usize {
        self.volatile
    }

    /// Keeps the present value of a key that is about to change; `now` finds it.
    pub(crate) fn remember(&mut self, hash: u32, key: &[u8], now: impl FnOnce() -> Option<Slot>) {
        if u64::from(hash) >= self.from && self.emptied.is_none() {
            self.before.entry((hash, key.into())).or_insert_with(now);
        }
    }

    /// Takes the keys of a database that is emptied. Returns them if they do not belong to the
    /// view.
    pub(crate) fn empty(&mut self, slots: Table<Slot>) -> Option<Table<Slot>> {
        if self.emptied.is_some() {
            return Some(slots);
        }
        self.emptied = Some(slots);
        None
    }

    /// About how many keys there are to free.
    pub(crate) fn weight(&self) -> usize {
        self.before.len() + self.emptied.as_ref().map_or(0, Table::len)
    }

    /// Calls `each` for at least `count` keys of the view from `cursor` on. Returns the next
    /// cursor, as [`Table::scan`] does; `live` is the present table of the database.
    pub(crate) fn part(
        &self,
        live: &Table<Slot>,
        (cursor, count): (u64, usize),
        hash: impl Fn(&[u8]) -> u32,
        mut each: impl FnMut(&Slot),
    ) -> u64 {
        let slots = self.emptied.as_ref().unwrap_or(live);
        let next = slots.scan(cursor, count, |slot| {
            let unchanged = self.before.is_empty() || {
                let key = slot.key();
                !self.before.contains_key(&(hash(key), key.into()))
            };
            if unchanged {
                each(slot);
            }
        });
        let end = if next == 0 { u64::MAX } else { next };
        let first = u32::try_from(cursor).unwrap_or(u32::MAX);
        let rest = self.before.range((first, Box::default())..);
        let passed = rest.take_while(|((hash, _), _)| u64::from(*hash) < end);
        passed.filter_map(|(_, slot)| slot.as_ref()).for_each(each);
        next
    }

    /// Notes that all keys before `cursor` are written.
    pub(crate) fn advance(&mut self, cursor: u64) {
        self.from = if cursor == 0 { u64::MAX } else { cursor };
        match u32::try_from(self.from) {
            Ok(from) => self.before = self.before.split_off(&(from, Box::default())),
            Err(_) => self.before.clear(),
        }
    }
}
