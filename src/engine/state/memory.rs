//! The memory that the process has in use, its limit, and what frees memory.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tikv_jemalloc_ctl::{epoch, stats};

use super::engine::Engine;
use tidegate_store::Former;

/// The most elements of removed values that wait to be freed, beside the value that came last.
const FREEING_MAX: u64 = 4_000_000;

/// Returns the bytes that the process has allocated; `None` where another allocator than the
/// program's runs (in tests).
pub(in crate::engine) fn used() -> Option<u64> {
    // The statistics are those of the last epoch.
    epoch::advance().ok()?;
    let bytes = u64::try_from(stats::allocated::read().ok()?).ok()?;
    (bytes > 0).then_some(bytes)
}

/// The error of `maxmemory`.
#[derive(Debug, thiserror::Error)]
#[error("maxmemory is reached: {used} of {limit} bytes")]
pub(in crate::engine) struct Full {
    used: u64,
    limit: u64,
}

impl Engine {
    /// Checks that memory in use is below `maxmemory`. While data are being freed the check passes,
    /// because their memory is free in a moment.
    ///
    /// # Errors
    /// [`Full`], if `maxmemory` is reached.
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

    /// As [`Self::check_memory`], while the data of a full resync are loaded. Where there is no
    /// room for the old data beside them, the engine gives the old data up.
    ///
    /// # Errors
    /// [`Full`], if `maxmemory` is reached and there are no data to give up.
    pub(in crate::engine) fn make_room(&self) -> Result<(), Full> {
        match self.check_memory() {
            Err(full) if self.has_given_up_data() => {
                tracing::warn!("the engine drops its old data to make room for the new: {full}");
                self.check_memory()
            }
            looked => looked,
        }
    }

    /// Gives the data up; false if there are none. Only a full resync brings new data.
    fn has_given_up_data(&self) -> bool {
        let mut store = self.store_mut();
        if store.keyspace().is_empty() {
            return false;
        }
        store.give_up();
        true
    }

    /// Frees removed data on a thread of its own. The caller holds no lock.
    pub(super) fn free(&self, former: Former) {
        let weight = former.weight() as u64;
        let waiting = self.freeing.fetch_add(weight, Relaxed);
        if waiting > FREEING_MAX {
            // Data are removed faster than that thread frees them: the caller waits.
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
