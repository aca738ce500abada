//! How a master removes fields that have expired, and keys that it evicts.

use super::context::WriteCx;
use crate::call::EventClass;
use crate::dialect::Vendor;
use crate::keyspace::{Slot, ValueRef};
use crate::values::hashes::value::Hash;

/// The most fields that one command of Valkey removes.
const BATCH: usize = 1024;

impl WriteCx<'_> {
    /// Whether one command of the stream removes several expired fields of a hash.
    pub(crate) fn removes_fields_in_batches(&self) -> bool {
        self.dialect().vendor() == Vendor::Valkey
    }

    /// Evicts a key.
    pub(crate) fn evict(&mut self, key: &[u8]) {
        if self.db_mut().discard(key).is_some() {
            self.replicate(&[self.lazy_free().eviction_command(), key]);
            self.signal(EventClass::Evicted, "evicted", key);
        }
    }

    /// Removes up to `most` fields of a hash that have expired, the earliest first. Returns how
    /// many those were.
    pub(crate) fn expire_fields(&mut self, key: &[u8], most: usize) -> usize {
        let now = self.now;
        let Some(recorder) = self.recorder else { return 0 };
        let Some(ValueRef::Hash(hash)) = self.slot(key).map(Slot::value) else { return 0 };
        if !hash.is_volatile() {
            return 0;
        }
        let mut expired = hash.expired(now);
        expired.truncate(most);
        if expired.is_empty() {
            return 0;
        }
        let removed = self.edit(key, |hash: &mut Hash| {
            Ok(expired.iter().filter(|(_, field)| hash.remove(field)).count())
        });
        let batch = if self.removes_fields_in_batches() { BATCH } else { 1 };
        for fields in expired.chunks(batch) {
            let mut words: Vec<&[u8]> = vec![b"HDEL", key];
            words.extend(fields.iter().map(|(_, field)| &**field));
            recorder.add(self.db, &words);
        }
        if self.has_emptied && self.removes_fields_in_batches() {
            recorder.add(self.db, &[recorder.lazy_free().expire_command(), key]);
        }
        self.signal_edit(EventClass::Hash, "hexpired", key);
        removed.ok().flatten().unwrap_or(0)
    }
}
