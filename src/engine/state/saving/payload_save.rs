//! Whether the payload of a full resync is becoming the snapshot on the disk.

use std::sync::{Condvar, Mutex, PoisonError};

/// Whether the payload is being written, and what tells of the end.
#[derive(Debug, Default)]
pub(in crate::engine) struct PayloadSave {
    goes_on: Mutex<bool>,
    over: Condvar,
}

impl PayloadSave {
    /// Waits until the payload is written. A save that has claimed its turn before (`Saves::claim`)
    /// is not overtaken by another payload.
    pub(in crate::engine) fn wait(&self) {
        let mut goes_on = self.goes_on.lock().unwrap_or_else(PoisonError::into_inner);
        while *goes_on {
            goes_on = self.over.wait(goes_on).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Begins, unless a payload is being written or `is_saving` says that a save is under way.
    pub(in crate::engine) fn begin(&self, is_saving: impl FnOnce() -> bool) -> bool {
        let mut goes_on = self.goes_on.lock().unwrap_or_else(PoisonError::into_inner);
        if *goes_on || is_saving() {
            return false;
        }
        *goes_on = true;
        true
    }

    pub(in crate::engine) fn end(&self) {
        *self.goes_on.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.over.notify_all();
    }
}
