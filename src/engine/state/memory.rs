//! How much memory the process has in use, whether that is too much, and what can be done then.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tikv_jemalloc_ctl::{epoch, stats};

use super::engine::Engine;
use tidegate_store::Former;

/// How many elements of removed values wait to be freed at most, beside the last one that came.
const FREEING_MAX: u64 = 4_000_000;

/// Bytes that are allocated, by whomever in the process; `None` where another allocator than the
/// program's runs (in tests).
pub(in crate::engine) fn used() -> Option<u64> {
    // The numbers are those of the last epoch.
    epoch::advance().ok()?;
    let bytes = u64::try_from(stats::allocated::read().ok()?).ok()?;
    (bytes > 0).then_some(bytes)
}

/// There is no room for more.
#[derive(Debug, thiserror::Error)]
#[error("maxmemory is reached: {used} of {limit} bytes")]
pub(in crate::engine) struct Full {
    used: u64,
    limit: u64,
}

impl Engine {
    /// Looks whether there is room for more (`maxmemory`). What is being freed takes none: it is
    /// gone in a moment.
    ///
    /// # Errors
    /// There is none.
    pub(in crate::engine) fn check_memory(&self) -> Result<(), Full> {
        let limit = self.config.load().replica.maxmemory.map(|limit| limit.bytes());
        if self.freer.len() > 0 {
            return Ok(());
        }
        match (limit, limit.and_then(|_| used())) {
            (Some(limit), Some(used)) if used > limit => Err(Full { used, limit }),
            _ => Ok(()),
        }
    }

    /// As [`Self::check_memory`], while a full resync's data are loaded: where there is no room
    /// for the old data beside them, those are given up.
    ///
    /// # Errors
    /// There is none, and no data to give up.
    pub(in crate::engine) fn make_room(&self) -> Result<(), Full> {
        match self.check_memory() {
            Err(full) if self.has_given_up_data() => {
                tracing::warn!("the old data are given up to make room for the new: {full}");
                self.check_memory()
            }
            looked => looked,
        }
    }

    /// Gives the data up; false if there are none. Only a full resync brings others.
    fn has_given_up_data(&self) -> bool {
        let mut store = self.store_mut();
        if store.keyspace().is_empty() {
            return false;
        }
        store.give_up();
        true
    }

    /// Frees what was removed from the data, on a thread of its own. The caller holds no lock.
    pub(super) fn free(&self, former: Former) {
        let weight = former.weight() as u64;
        let waiting = self.freeing.fetch_add(weight, Relaxed);
        if waiting > FREEING_MAX {
            // More is removed than that thread can free: the caller has to wait.
            drop(former);
            self.freeing.fetch_sub(weight, Relaxed);
            return;
        }
        let freeing = Arc::clone(&self.freeing);
        self.freer.run(move || {
            drop(former);
            freeing.fetch_sub(weight, Relaxed);
        });
    }
}
