//! A consumer group: the last entry that it delivered, its consumers, and the pending entries.

use std::collections::{BTreeMap, btree_map};

use super::consumer::{Consumer, Consumers};
use super::pending::{Owner, Pending};
use tidegate_rdb::StreamId;

/// A consumer group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The last entry that the group delivered.
    pub(crate) last_id: StreamId,
    /// How many entries the group has read, if that is known.
    pub(crate) entries_read: Option<u64>,
    consumers: Consumers,
    /// The entries that were delivered and not acknowledged.
    pending: BTreeMap<StreamId, Pending>,
}

impl Group {
    pub(crate) fn new(last_id: StreamId, entries_read: Option<u64>) -> Self {
        Self { last_id, entries_read, consumers: Consumers::default(), pending: BTreeMap::new() }
    }

    pub(crate) fn consumers(&self) -> &Consumers {
        &self.consumers
    }

    pub(crate) fn pending(&self) -> &BTreeMap<StreamId, Pending> {
        &self.pending
    }

    /// Returns the pending entries from `start` on.
    pub(crate) fn pending_from(&self, start: StreamId) -> btree_map::Range<'_, StreamId, Pending> {
        self.pending.range(start..)
    }

    /// Returns the consumer of this name, which is created if there is none.
    pub(crate) fn consumer_or_new(&mut self, name: &[u8], now: i64) -> Owner {
        match self.consumers.find(name) {
            Some(owner) => owner,
            None => self.add_consumer(name, now).unwrap_or(Owner::NONE),
        }
    }

    /// Adds a consumer. Returns `None` if there is one of that name.
    pub(crate) fn add_consumer(&mut self, name: &[u8], now: i64) -> Option<Owner> {
        self.consumers.add(name, now, -1)
    }

    /// Adds a consumer of a snapshot.
    pub(in crate::values::streams) fn restore_consumer(
        &mut self,
        name: &[u8],
        seen: i64,
        active: i64,
    ) -> Option<Owner> {
        self.consumers.add(name, seen, active)
    }

    /// Adds a pending entry of a snapshot. Returns false if there is one of that id.
    pub(in crate::values::streams) fn restore_pending(
        &mut self,
        id: StreamId,
        pending: Pending,
    ) -> bool {
        if let Some(consumer) = self.consumers.get_mut(pending.owner) {
            consumer.pending.insert(id);
        }
        self.pending.insert(id, pending).is_none()
    }

    /// Removes a consumer with all its pending entries. Returns how many those were.
    pub(crate) fn remove_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let owner = self.consumers.find(name)?;
        let consumer = self.consumers.remove(owner)?;
        for id in &consumer.pending {
            self.pending.remove(id);
        }
        Some(consumer.pending.len())
    }

    /// Notes that the consumer was seen, and that it gets an entry if `active`.
    pub(crate) fn see(&mut self, owner: Owner, now: i64, active: bool) {
        if let Some(consumer) = self.consumers.get_mut(owner) {
            consumer.seen_ms = now;
            if active {
                consumer.active_ms = now;
            }
        }
    }

    /// Notes that the consumer got an entry.
    pub(crate) fn activate(&mut self, owner: Owner, now: i64) {
        if let Some(consumer) = self.consumers.get_mut(owner) {
            consumer.active_ms = now;
        }
    }

    /// Returns a pending entry, to change when and how often it was delivered.
    pub(crate) fn pending_mut(&mut self, id: StreamId) -> Option<&mut Pending> {
        self.pending.get_mut(&id)
    }

    /// Makes an entry pending for this consumer, wherever it was.
    pub(crate) fn assign(&mut self, id: StreamId, pending: Pending) {
        let before = self.pending.insert(id, pending).map(|before| before.owner);
        if before == Some(pending.owner) {
            return;
        }
        if let Some(consumer) = before.and_then(|owner| self.consumers.get_mut(owner)) {
            consumer.pending.remove(&id);
        }
        if let Some(consumer) = self.consumers.get_mut(pending.owner) {
            consumer.pending.insert(id);
        }
    }

    /// Removes a pending entry. Returns false if it was not pending.
    pub(crate) fn acknowledge(&mut self, id: StreamId) -> bool {
        let Some(pending) = self.pending.remove(&id) else { return false };
        if let Some(consumer) = self.consumers.get_mut(pending.owner) {
            consumer.pending.remove(&id);
        }
        true
    }

    /// Returns the consumer that an entry is pending for.
    pub(crate) fn owner(&self, pending: &Pending) -> Option<&Consumer> {
        self.consumers.get(pending.owner)
    }

    pub(in crate::values::streams) fn heap_bytes(&self) -> usize {
        let entry = size_of::<(StreamId, Pending)>();
        self.consumers.heap_bytes() + self.pending.len() * (entry + entry / 3)
    }
}
