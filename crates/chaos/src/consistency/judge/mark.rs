//! A version of a register, with the time at which it was known to exist.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Milliseconds since the run began.
pub type Millis = u32;

/// The highest version that a session or a proxy has learned of; version 0 is the register before its first write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub version: u32,
    /// When a reply told of it.
    pub at: Millis,
}

impl Mark {
    pub fn new(version: u32, at: Millis) -> Self {
        Self { version, at }
    }

    /// Keeps the higher version; of the same version the first time.
    pub fn raise(&mut self, other: Self) {
        if other.version > self.version {
            *self = other;
        }
    }

    fn packed(self) -> u64 {
        u64::from(self.version) << 32 | u64::from(!self.at)
    }

    fn unpacked(word: u64) -> Self {
        let low = u32::try_from(word & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        Self { version: u32::try_from(word >> 32).unwrap_or(u32::MAX), at: !low }
    }
}

/// A mark that all threads raise.
#[derive(Debug)]
pub struct SharedMark(AtomicU64);

impl Default for SharedMark {
    fn default() -> Self {
        Self(AtomicU64::new(Mark::default().packed()))
    }
}

impl SharedMark {
    pub fn raise(&self, mark: Mark) {
        self.0.fetch_max(mark.packed(), SeqCst);
    }

    pub fn get(&self) -> Mark {
        Mark::unpacked(self.0.load(SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_mark_keeps_the_higher_version_and_its_first_time() {
        let shared = SharedMark::default();
        assert_eq!(shared.get(), Mark::default());
        for mark in [Mark::new(3, 50), Mark::new(3, 40), Mark::new(2, 60), Mark::new(3, 70)] {
            shared.raise(mark);
        }
        assert_eq!(shared.get(), Mark::new(3, 40));
        let mut own = Mark::default();
        own.raise(Mark::new(3, 50));
        own.raise(Mark::new(2, 60));
        assert_eq!(own, Mark::new(3, 50));
    }
}
