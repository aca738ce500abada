//! Whether the process ends, and with a save.

use std::sync::{Mutex, PoisonError};

/// Whether the process ends. SIGTERM ends it without a word here.
#[derive(Debug, Default)]
pub(in crate::engine) struct Ending(Mutex<Option<Farewell>>);

/// What becomes of the data at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) enum Farewell {
    /// They are saved, unless the append-only file has them.
    #[default]
    AsConfigured,
    /// They are saved (`SHUTDOWN SAVE`).
    Save,
    /// They are not saved (`SHUTDOWN NOSAVE`).
    NoSave,
}

impl Ending {
    /// Notes that the process ends. Returns whether it did not before.
    pub(in crate::engine) fn begin(&self, farewell: Farewell) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(farewell).is_none()
    }

    /// Whether a client or the disk ends the process.
    pub(in crate::engine) fn has_begun(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// What becomes of the data.
    pub(in crate::engine) fn farewell(&self) -> Farewell {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_default()
    }
}
