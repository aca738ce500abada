//! The state of saving: whether a save is under way, and how the last one ended.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

use crate::engine::state::unix_ms;

/// The state of saving, shared by the thread that saves and the clients that ask.
#[derive(Debug)]
pub(in crate::engine) struct Saves {
    goes_on: AtomicBool,
    /// The start of the process, and of the last save, in Unix seconds.
    started: i64,
    last_try: AtomicI64,
    /// The time at which the present save began, in Unix milliseconds; 0 if there is none.
    began_ms: AtomicI64,
    /// The time of the last save that was written, in Unix seconds; 0 if there was none.
    last: AtomicI64,
    last_failed: AtomicBool,
    /// How long the last save took, in seconds; -1 if there was none.
    last_took: AtomicI64,
}

impl Default for Saves {
    fn default() -> Self {
        Self {
            goes_on: AtomicBool::new(false),
            started: unix_ms() / 1000,
            last_try: AtomicI64::new(0),
            began_ms: AtomicI64::new(0),
            last: AtomicI64::new(0),
            last_failed: AtomicBool::new(false),
            last_took: AtomicI64::new(-1),
        }
    }
}

impl Saves {
    /// Claims the next save; false if one is under way.
    pub(in crate::engine) fn claim(&self) -> bool {
        !self.goes_on.swap(true, Relaxed)
    }

    /// Gives a claim back without a save.
    pub(in crate::engine) fn release(&self) {
        self.goes_on.store(false, Relaxed);
    }

    /// Whether a save is claimed and not over.
    pub(in crate::engine) fn go_on(&self) -> bool {
        self.goes_on.load(Relaxed)
    }

    /// Notes that the claimed save begins to write.
    pub(in crate::engine) fn begin(&self) {
        self.began_ms.store(unix_ms(), Relaxed);
        self.last_try.store(unix_ms() / 1000, Relaxed);
    }

    /// Notes that the save is over.
    pub(in crate::engine) fn end(&self, is_written: bool) {
        self.last_took.store(self.running(), Relaxed);
        self.began_ms.store(0, Relaxed);
        if is_written {
            self.last.store(unix_ms() / 1000, Relaxed);
        }
        self.last_failed.store(!is_written, Relaxed);
        self.goes_on.store(false, Relaxed);
    }

    /// Returns the time at which the last save began, in Unix seconds.
    pub(in crate::engine) fn last_try(&self) -> i64 {
        self.last_try.load(Relaxed)
    }

    /// Returns the start of the process, in Unix seconds.
    pub(in crate::engine) const fn started(&self) -> i64 {
        self.started
    }

    /// Returns the time of the last save that was written, in Unix seconds.
    pub(in crate::engine) fn last(&self) -> Option<i64> {
        Some(self.last.load(Relaxed)).filter(|seconds| *seconds > 0)
    }

    /// Whether the last save failed.
    pub(in crate::engine) fn last_failed(&self) -> bool {
        self.last_failed.load(Relaxed)
    }

    /// Returns how long the last save took, in seconds; -1 if there was none.
    pub(in crate::engine) fn last_took(&self) -> i64 {
        self.last_took.load(Relaxed)
    }

    /// Returns for how long the present save has been under way, in seconds; -1 if there is none.
    pub(in crate::engine) fn running(&self) -> i64 {
        match self.began_ms.load(Relaxed) {
            0 => -1,
            began => (unix_ms() - began).max(0) / 1000,
        }
    }
}
