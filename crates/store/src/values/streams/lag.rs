//! How far a group has read: the number of entries that it has read, and of those that it has not,
//! if they are known.

use super::entries::id::ZERO;
use super::groups::Group;
use super::value::Stream;
use crate::dialect::Dialect;
use tidegate_rdb::StreamId;

impl Stream {
    /// Returns how many entries a group has not read; `None` if that is unknown
    /// (`streamReplyWithCGLag`).
    pub(crate) fn lag(&self, group: &Group, dialect: Dialect) -> Option<i64> {
        if self.entries_added == 0 || self.length == 0 && dialect.counts_lag_from_first() {
            return Some(0);
        }
        let before_all = group.last_id.max(self.max_deleted_id) < self.first_id;
        if before_all && dialect.counts_lag_from_first() {
            return Some(self.length.cast_signed());
        }
        let known = group.entries_read.filter(|_| {
            !self.has_deleted_beyond(group.last_id, dialect)
                && (!dialect.counts_lag_from_first() || group.last_id >= self.first_id)
        });
        let read = known.or_else(|| self.read_until(group.last_id, dialect))?;
        Some(self.entries_added.wrapping_sub(read).cast_signed())
    }

    /// Returns how many entries a group has read once it has delivered this one.
    pub(crate) fn read_after(&self, group: &Group, id: StreamId, dialect: Dialect) -> Option<u64> {
        let from = if dialect.counts_read_from_first() { group.last_id } else { id };
        let counts = !self.has_deleted_beyond(from, dialect)
            && (!dialect.counts_read_from_first() || group.last_id >= self.first_id);
        match group.entries_read {
            Some(read) if counts => Some(read.wrapping_add(1)),
            read if self.entries_added == 0 => read,
            _ => self.read_until(id, dialect),
        }
    }

    /// Returns the number of this entry among all that were ever added, 1 for the first; `None` if
    /// deleted entries make it unknown (`streamEstimateDistanceFromFirstEverEntry`).
    fn read_until(&self, id: StreamId, dialect: Dialect) -> Option<u64> {
        let added = self.entries_added;
        if added == 0 {
            return Some(0);
        }
        if self.length == 0 && id <= self.last_id {
            return Some(added);
        }
        if dialect.counts_read_from_first() && id != ZERO && id < self.max_deleted_id {
            return None;
        }
        if id >= self.last_id {
            return (id == self.last_id).then_some(added);
        }
        let whole = self.max_deleted_id == ZERO || self.max_deleted_id < self.first_id;
        let before = added.wrapping_sub(self.length);
        match id.cmp(&self.first_id) {
            std::cmp::Ordering::Less if whole => Some(before),
            std::cmp::Ordering::Equal if whole => Some(before.wrapping_add(1)),
            _ => None,
        }
    }

    /// Whether an entry at or beyond this id may have been deleted (`streamRangeHasTombstones`).
    fn has_deleted_beyond(&self, id: StreamId, dialect: Dialect) -> bool {
        let deleted = self.max_deleted_id;
        let before_first = !dialect.counts_read_from_first() && deleted < self.first_id;
        self.length > 0 && deleted != ZERO && id <= deleted && !before_first
    }
}
