//! One database: keys, their values, and when they expire.

use super::access::Access;
use super::former::Former;
use super::opaque_count::OpaqueCount;
use super::slot::{SMALL, Slot};
use super::snapshot_view::SnapshotView;
use super::value::Value;
use crate::primitives::{Hasher, Kind, Table};
use crate::values::strings::Str;

/// A database.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    slots: Table<Slot>,
    hasher: Hasher,
    /// How many keys expire.
    volatile: usize,
    /// How many hashes have fields that expire.
    volatile_hashes: usize,
    /// How many keys cannot be read here.
    opaque: OpaqueCount,
    /// The state when a snapshot began, while it is written.
    snapshot_view: Option<Box<SnapshotView>>,
    /// Removed values that the caller has still to free.
    former: Former,
}

/// A key that was removed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone {
    expires: Option<i64>,
}

impl Gone {
    /// Whether the key had expired at `now`; see [`Slot::is_expired`].
    pub(crate) fn is_expired(self, now: i64) -> bool {
        self.expires.is_some_and(|at| at < now)
    }
}

/// What is counted of a key: whether it or its fields expire, and whether it can be read.
#[derive(Clone, Copy, Debug, Default)]
struct Volatile {
    key: bool,
    fields: bool,
    opaque: OpaqueCount,
}

impl Volatile {
    fn of(slot: &Slot) -> Self {
        Self {
            key: slot.expires().is_some(),
            fields: slot.has_volatile_fields(),
            opaque: OpaqueCount::of(slot),
        }
    }
}

impl Database {
    pub(crate) fn new(hasher: Hasher) -> Self {
        Self {
            slots: Table::new(),
            hasher,
            volatile: 0,
            volatile_hashes: 0,
            opaque: OpaqueCount::default(),
            snapshot_view: None,
            former: Former::default(),
        }
    }

    /// How many keys cannot be read here.
    pub(crate) fn opaque(&self) -> OpaqueCount {
        self.opaque
    }

    /// The number of keys, expired ones included.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many keys expire.
    pub(crate) fn volatile(&self) -> usize {
        self.volatile
    }

    /// How many hashes have fields that expire.
    pub(crate) fn volatile_hashes(&self) -> usize {
        self.volatile_hashes
    }

    /// Makes room for `keys` in an empty database.
    pub(crate) fn reserve(&mut self, keys: usize) {
        self.slots.reserve(keys);
    }

    /// Returns the key, expired or not.
    pub(crate) fn get(&self, key: &[u8]) -> Option<&Slot> {
        self.slots.find(self.hasher.hash(key), |slot| slot.key() == key)
    }

    /// Returns the key, expired or not, to be changed in place. Its expiry, which is counted, must
    /// stay.
    pub(crate) fn slot_mut(&mut self, key: &[u8]) -> Option<&mut Slot> {
        let hash = self.hasher.hash(key);
        self.remember(hash, key);
        self.slots.find_mut(hash, |slot| slot.key() == key)
    }

    /// Records that a key was used; `next` makes its new access of the former one. It is no part of
    /// a snapshot.
    pub(crate) fn note_use(&mut self, key: &[u8], next: impl FnOnce(Option<Access>) -> Access) {
        let found = self.slots.find_mut(self.hasher.hash(key), |slot| slot.key() == key);
        if let Some(slot) = found {
            slot.set_access(Some(next(slot.access())));
        }
    }

    /// Sets a key to a string and replaces what was there. Returns whether it is new.
    pub(crate) fn set_str(
        &mut self,
        key: &[u8],
        expires: Option<i64>,
        kind: Kind,
        bytes: &[u8],
    ) -> bool {
        if bytes.len() > SMALL {
            return self.set(key, expires, Value::Str(Str::with_kind(kind, bytes.to_vec())));
        }
        let hash = self.hasher.hash(key);
        self.remember(hash, key);
        let is = |slot: &Slot| slot.key() == key;
        let new = || Slot::small(key, expires, kind, bytes);
        let (slot, is_new) = self.slots.find_or_insert(hash, is, new);
        let before = if is_new { Volatile::default() } else { Volatile::of(slot) };
        if !is_new && slot.expires() == expires && matches!(slot, Slot::Small(_)) {
            slot.set_small(kind, bytes);
        } else if !is_new {
            let access = slot.access();
            self.former.slot(std::mem::replace(slot, new()));
            if access.is_some() {
                slot.set_access(access);
            }
        }
        self.count(before, Volatile { key: expires.is_some(), ..Volatile::default() });
        is_new
    }

    /// Adds a key. If it exists already, returns it and changes nothing.
    pub(crate) fn add(&mut self, slot: Slot) -> Result<(), Slot> {
        let hash = self.hasher.hash(slot.key());
        if self.slots.find(hash, |other| other.key() == slot.key()).is_some() {
            return Err(slot);
        }
        self.remember(hash, slot.key());
        self.count(Volatile::default(), Volatile::of(&slot));
        self.slots.insert(hash, slot);
        Ok(())
    }

    /// Adds keys with their hashes, without looking whether they exist; [`Self::duplicate`] looks.
    pub(crate) fn add_new(&mut self, slots: impl Iterator<Item = (u32, Slot)>) {
        for (hash, slot) in slots {
            self.count(Volatile::default(), Volatile::of(&slot));
            self.slots.insert(hash, slot);
        }
    }

    /// Returns a key that is there twice.
    pub(crate) fn duplicate(&self) -> Option<&Slot> {
        self.slots.duplicate(|one, other| one.key() == other.key())
    }

    /// Sets a key to a value and replaces what was there. Returns whether it is new.
    pub(crate) fn set(&mut self, key: &[u8], expires: Option<i64>, value: Value) -> bool {
        let hash = self.hasher.hash(key);
        self.remember(hash, key);
        let new = Slot::new(key, expires, value);
        let after = Volatile::of(&new);
        let before = match self.slots.find_mut(hash, |slot| slot.key() == key) {
            Some(slot) => {
                let before = Volatile::of(slot);
                let access = slot.access();
                self.former.slot(std::mem::replace(slot, new));
                if access.is_some() {
                    slot.set_access(access);
                }
                Some(before)
            }
            None => {
                self.slots.insert(hash, new);
                None
            }
        };
        self.count(before.unwrap_or_default(), after);
        before.is_none()
    }

    /// Changes the value of a key. A collection that is empty afterwards is removed, which
    /// `is_gone` tells. Returns the result of `change`, or `None` without the key.
    pub(crate) fn edit<R>(
        &mut self,
        key: &[u8],
        is_gone: &mut bool,
        change: impl FnOnce(&mut Value) -> R,
    ) -> Option<R> {
        let hash = self.hasher.hash(key);
        self.remember(hash, key);
        let slot = self.slots.find_mut(hash, |slot| slot.key() == key)?;
        let before = slot.has_volatile_fields();
        let (outcome, gone) = match slot {
            Slot::Large(large) => {
                let outcome = change(&mut large.value);
                let gone = large.value.is_gone();
                if !gone {
                    slot.settle();
                }
                (outcome, gone)
            }
            Slot::Small(_) => {
                let mut value = slot.take_value();
                let outcome = change(&mut value);
                let gone = value.is_gone();
                if !gone {
                    slot.set_value(value);
                }
                (outcome, gone)
            }
        };
        *is_gone = gone;
        // The slot of an emptied collection is removed as it is now.
        let after = slot.has_volatile_fields();
        self.count_fields(before, after);
        if gone && let Some(slot) = self.take(hash, key) {
            self.former.slot(slot);
        }
        Some(outcome)
    }

    /// Removes a key whose value is not needed.
    pub(crate) fn discard(&mut self, key: &[u8]) -> Option<Gone> {
        let slot = self.remove(key)?;
        let gone = Gone { expires: slot.expires() };
        self.former.slot(slot);
        Some(gone)
    }

    /// The removed values that the caller has still to free.
    pub(crate) fn former(&mut self) -> &mut Former {
        &mut self.former
    }

    /// Removes a key and returns it.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<Slot> {
        let hash = self.hasher.hash(key);
        self.remember(hash, key);
        self.take(hash, key)
    }

    /// Removes a key whose former value has been remembered if necessary.
    fn take(&mut self, hash: u32, key: &[u8]) -> Option<Slot> {
        let slot = self.slots.remove(hash, |slot| slot.key() == key)?;
        self.count(Volatile::of(&slot), Volatile::default());
        Some(slot)
    }

    /// Sets when a key expires, in Unix milliseconds. Returns false without the key.
    pub(crate) fn set_expires(&mut self, key: &[u8], expires: Option<i64>) -> bool {
        let hash = self.hasher.hash(key);
        self.remember(hash, key);
        let found = self.slots.find_mut(hash, |slot| slot.key() == key);
        let Some(slot) = found else { return false };
        let before = slot.expires().is_some();
        slot.set_expires(expires);
        self.count_key(before, expires.is_some());
        true
    }

    /// Removes all keys.
    pub(crate) fn clear(&mut self) {
        let slots = std::mem::take(&mut self.slots);
        (self.volatile, self.volatile_hashes) = (0, 0);
        self.opaque = OpaqueCount::default();
        let unused = match &mut self.snapshot_view {
            Some(view) => view.empty(slots),
            None => Some(slots),
        };
        if let Some(slots) = unused {
            self.former.table(slots);
        }
    }

    /// Begins a snapshot view of the present state: see [`SnapshotView`].
    pub(crate) fn begin_snapshot_view(&mut self, db: usize) {
        self.snapshot_view = Some(Box::new(SnapshotView::new(db, self.len(), self.volatile)));
    }

    /// The snapshot view, if one is being written.
    pub(crate) fn snapshot_view(&self) -> Option<&SnapshotView> {
        self.snapshot_view.as_deref()
    }

    /// Notes that all keys of the snapshot view before `cursor` are written.
    pub(crate) fn advance_snapshot_view(&mut self, cursor: u64) {
        if let Some(view) = &mut self.snapshot_view {
            view.advance(cursor);
        }
    }

    /// Ends the snapshot view, which is written or no longer needed.
    pub(crate) fn end_snapshot_view(&mut self) {
        if let Some(view) = self.snapshot_view.take() {
            self.former.view(view);
        }
    }

    /// Calls `each` for some keys of the snapshot view, or of the database without one, as
    /// [`Table::scan`] does.
    pub(crate) fn part(&self, cursor: u64, count: usize, each: impl FnMut(&Slot)) -> u64 {
        match &self.snapshot_view {
            None => self.slots.scan(cursor, count, each),
            Some(view) => {
                let hash = |key: &[u8]| self.hasher.hash(key);
                view.part(&self.slots, (cursor, count), hash, each)
            }
        }
    }

    /// Keeps the present value of a key that is about to change, while a snapshot view is written.
    #[inline]
    fn remember(&mut self, hash: u32, key: &[u8]) {
        if let Some(view) = &mut self.snapshot_view {
            let slots = &self.slots;
            let now = || slots.find(hash, |slot| slot.key() == key).cloned();
            view.remember(hash, key, now);
        }
    }

    /// The keys, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }

    /// Calls `each` for some keys from `cursor` on, as [`Table::scan`] does.
    pub(crate) fn scan<'a>(&'a self, cursor: u64, count: usize, each: impl FnMut(&'a Slot)) -> u64 {
        self.slots.scan(cursor, count, each)
    }

    /// Returns a random key.
    pub(crate) fn random(&self, random: &mut fastrand::Rng) -> Option<&Slot> {
        self.slots.random(random)
    }

    fn count(&mut self, before: Volatile, after: Volatile) {
        self.count_key(before.key, after.key);
        self.count_fields(before.fields, after.fields);
        self.opaque.change(before.opaque, after.opaque);
    }

    fn count_key(&mut self, before: bool, after: bool) {
        self.volatile += usize::from(after);
        self.volatile -= usize::from(before);
    }

    fn count_fields(&mut self, before: bool, after: bool) {
        self.volatile_hashes += usize::from(after);
        self.volatile_hashes -= usize::from(before);
    }
}

mod warm;
