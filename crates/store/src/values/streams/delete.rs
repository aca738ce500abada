//! Deletes entries, and the references of groups to them.

use super::value::Stream;
use tidegate_rdb::{Corrupt, StreamId};

/// What happens to groups that refer to an entry which is to be deleted (Redis 8.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum References {
    /// The groups keep it among their pending entries.
    #[default]
    Keep,
    /// The entry is removed from the pending entries.
    Delete,
    /// The entry is deleted only if every group has delivered it and it is pending in none.
    Acknowledged,
}

/// The result of deleting an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deleted {
    /// The entry is deleted.
    Gone,
    /// A group refers to the entry.
    Referred,
    /// The entry did not exist.
    Missing,
}

impl Stream {
    /// Deletes entries (`XDEL`). Returns how many existed.
    pub(crate) fn delete(&mut self, ids: &[StreamId]) -> Result<u64, Corrupt> {
        let mut deleted = 0;
        for &id in ids {
            deleted += u64::from(self.delete_one(id)?);
        }
        self.settle_first(deleted > 0);
        Ok(deleted)
    }

    /// Deletes one entry, and takes groups into account. The caller calls [`Self::settle_first`]
    /// after the last one.
    pub(crate) fn delete_with(
        &mut self,
        id: StreamId,
        references: References,
    ) -> Result<Deleted, Corrupt> {
        match references {
            References::Delete => self.forget(id),
            References::Acknowledged if !self.groups.is_empty() => {
                let lowest = self.lowest_last_id();
                self.delivered_to_all = Some(lowest);
                if self.is_referred_to(id, lowest) {
                    return Ok(Deleted::Referred);
                }
            }
            _ => {}
        }
        Ok(if self.delete_one(id)? { Deleted::Gone } else { Deleted::Missing })
    }

    /// Returns the lowest last id of all groups, of which there have to be some.
    pub(super) fn lowest_last_id(&self) -> StreamId {
        let lowest = || self.groups.values().map(|group| group.last_id).min();
        self.delivered_to_all.or_else(lowest).unwrap_or_default()
    }

    /// Whether a group has not delivered an entry yet, or has it pending; `lowest` is the lowest of
    /// their last ids.
    pub(super) fn is_referred_to(&self, id: StreamId, lowest: StreamId) -> bool {
        id > lowest || self.groups.values().any(|group| group.pending().contains_key(&id))
    }

    /// Removes an entry from the pending entries of all groups.
    pub(crate) fn forget(&mut self, id: StreamId) {
        for group in self.groups.values_mut() {
            group.acknowledge(id);
        }
    }

    /// Finds the first entry after entries were deleted.
    pub(crate) fn settle_first(&mut self, deleted: bool) {
        if deleted && (self.length == 0 || self.entry(self.first_id).is_none()) {
            self.find_first();
        }
    }

    fn delete_one(&mut self, id: StreamId) -> Result<bool, Corrupt> {
        let Some((node, entry)) = self.nodes.find(id) else { return Ok(false) };
        let position = entry.position;
        self.nodes.delete(node, &[position])?;
        self.length = self.length.wrapping_sub(1);
        self.max_deleted_id = self.max_deleted_id.max(id);
        Ok(true)
    }
}
