//! Whether the payload of a full resync is becoming the snapshot on the disk.

use std::sync::{Condvar, Mutex, PoisonError};

/// Whether it goes on.
#[derive(Debug, Default)]
pub(in crate::engine) struct PayloadSave {
    goes_on: Mutex<bool>,
    over: Condvar,
}

impl PayloadSave {
    /// Waits until it is over. Who has said before that he saves (`Saves::claim`) is not
    /// overtaken by another one.
    pub(in crate::engine) fn wait(&self) {
        let mut goes_on = self.goes_on.lock().unwrap_or_else(PoisonError::into_inner);
        while *goes_on {
            goes_on = self.over.wait(goes_on).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Begins one, unless one goes on or `is_saving` says that somebody saves.
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
