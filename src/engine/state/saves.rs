//! How saving goes: that one is under way, and what became of the last one.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

use super::clock::unix_ms;

/// Shared by whoever saves and whoever tells of it.
#[derive(Debug)]
pub(in crate::engine) struct Saves {
    goes_on: AtomicBool,
    /// When the one under way began, in Unix milliseconds; 0 is none.
    began_ms: AtomicI64,
    /// When one was written last, in Unix seconds; 0 is never.
    last: AtomicI64,
    last_failed: AtomicBool,
    /// How long it took, in seconds; -1 is never.
    last_took: AtomicI64,
}

impl Default for Saves {
    fn default() -> Self {
        Self {
            goes_on: AtomicBool::new(false),
            began_ms: AtomicI64::new(0),
            last: AtomicI64::new(0),
            last_failed: AtomicBool::new(false),
            last_took: AtomicI64::new(-1),
        }
    }
}

impl Saves {
    /// Claims the next one; false if one goes on.
    pub(in crate::engine) fn claim(&self) -> bool {
        !self.goes_on.swap(true, Relaxed)
    }

    /// Whether one was claimed and is not over.
    pub(in crate::engine) fn go_on(&self) -> bool {
        self.goes_on.load(Relaxed)
    }

    /// The one that was claimed begins to write.
    pub(in crate::engine) fn begin(&self) {
        self.began_ms.store(unix_ms(), Relaxed);
    }

    /// It is over.
    pub(in crate::engine) fn end(&self, is_written: bool) {
        self.last_took.store(self.running(), Relaxed);
        self.began_ms.store(0, Relaxed);
        if is_written {
            self.last.store(unix_ms() / 1000, Relaxed);
        }
        self.last_failed.store(!is_written, Relaxed);
        self.goes_on.store(false, Relaxed);
    }

    /// When one was written last, in Unix seconds.
    pub(in crate::engine) fn last(&self) -> Option<i64> {
        Some(self.last.load(Relaxed)).filter(|seconds| *seconds > 0)
    }

    /// Whether the last one failed.
    pub(in crate::engine) fn last_failed(&self) -> bool {
        self.last_failed.load(Relaxed)
    }

    /// How long the last one took, in seconds; -1 if there was none.
    pub(in crate::engine) fn last_took(&self) -> i64 {
        self.last_took.load(Relaxed)
    }

    /// For how long one has been under way, in seconds; -1 if none is.
    pub(in crate::engine) fn running(&self) -> i64 {
        match self.began_ms.load(Relaxed) {
            0 => -1,
            began => (unix_ms() - began).max(0) / 1000,
        }
    }
}
