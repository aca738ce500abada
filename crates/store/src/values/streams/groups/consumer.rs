//! The consumers of a group.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::pending::Owner;
use tidegate_rdb::StreamId;

/// A consumer.
#[derive(Clone, Debug)]
pub(crate) struct Consumer {
    pub(crate) name: Arc<[u8]>,
    /// When the consumer was last seen, in Unix milliseconds.
    pub(crate) seen_ms: i64,
    /// When the consumer last got an entry, in Unix milliseconds; -1 is never.
    pub(crate) active_ms: i64,
    /// The entries that were delivered to it and are not acknowledged.
    pub(crate) pending: BTreeSet<StreamId>,
}

/// The consumers of a group, by name and by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Consumers {
    by_name: BTreeMap<Arc<[u8]>, Owner>,
    by_owner: Vec<Option<Consumer>>,
    free: Vec<Owner>,
}

impl Consumers {
    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// The consumers, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Owner, &Consumer)> {
        self.by_name.values().filter_map(|&owner| Some((owner, self.get(owner)?)))
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<Owner> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn get(&self, owner: Owner) -> Option<&Consumer> {
        self.by_owner.get(owner.0 as usize)?.as_ref()
    }

    pub(in crate::values::streams) fn get_mut(&mut self, owner: Owner) -> Option<&mut Consumer> {
        self.by_owner.get_mut(owner.0 as usize)?.as_mut()
    }

    /// Adds a consumer. Returns `None` if there is one of that name.
    pub(in crate::values::streams) fn add(
        &mut self,
        name: &[u8],
        seen_ms: i64,
        active_ms: i64,
    ) -> Option<Owner> {
        if self.by_name.contains_key(name) {
            return None;
        }
        let name: Arc<[u8]> = name.into();
        let consumer =
            Consumer { name: Arc::clone(&name), seen_ms, active_ms, pending: BTreeSet::new() };
        let owner = match self.free.pop() {
            Some(owner) => owner,
            None => {
                self.by_owner.push(None);
                Owner(u32::try_from(self.by_owner.len() - 1).ok()?)
            }
        };
        *self.by_owner.get_mut(owner.0 as usize)? = Some(consumer);
        self.by_name.insert(name, owner);
        Some(owner)
    }

    /// Removes a consumer and returns it.
    pub(in crate::values::streams) fn remove(&mut self, owner: Owner) -> Option<Consumer> {
        let consumer = self.by_owner.get_mut(owner.0 as usize)?.take()?;
        self.by_name.remove(&consumer.name);
        self.free.push(owner);
        Some(consumer)
    }

    pub(in crate::values::streams) fn heap_bytes(&self) -> usize {
        let id = size_of::<StreamId>();
        let of = |it: &Consumer| it.name.len() + 16 + it.pending.len() * (id + id / 3);
        self.by_owner.iter().flatten().map(of).sum::<usize>()
            + self.by_owner.capacity() * size_of::<Option<Consumer>>()
            + self.by_name.len() * size_of::<(Arc<[u8]>, Owner)>()
            + self.free.capacity() * size_of::<Owner>()
    }
}
