//! What is to be saved later, and since when the data have changed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

/// The pause after a rewrite that failed, in milliseconds; it doubles with each further one.
const PAUSE_MIN_MS: u64 = 1000;
/// The longest pause.
const PAUSE_MAX_MS: u64 = 60_000;

/// The number of changes of the data. Data that are replaced have a count of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Changes {
    /// The engine's `data_epoch`.
    pub(in crate::engine) epoch: u64,
    /// The store's `dirty`.
    pub(in crate::engine) count: u64,
}

/// What is to be saved later.
#[derive(Debug, Default)]
pub(in crate::engine) struct Schedule {
    save: AtomicBool,
    rewrite: AtomicBool,
    /// The changes that the last save has.
    saved: Mutex<Changes>,
    /// No rewrite begins by itself before this time, in the engine's milliseconds.
    rewrite_after_ms: AtomicU64,
    rewrite_failures: AtomicU64,
    rewrites: AtomicU64,
}

impl Schedule {
    /// Wants a save as soon as one is possible (`BGSAVE SCHEDULE`).
    pub(in crate::engine) fn want_save(&self) {
        self.save.store(true, SeqCst);
    }

    /// Whether a save is wanted.
    pub(in crate::engine) fn wants_save(&self) -> bool {
        self.save.load(SeqCst)
    }

    /// Notes that a save begins.
    pub(in crate::engine) fn save_begins(&self) {
        self.save.store(false, SeqCst);
    }

    /// Wants a rewrite as soon as one is possible.
    pub(in crate::engine) fn want_rewrite(&self) {
        self.rewrite.store(true, SeqCst);
    }

    /// Whether a rewrite is wanted.
    pub(in crate::engine) fn wants_rewrite(&self) -> bool {
        self.rewrite.load(SeqCst)
    }

    /// Notes that a rewrite begins.
    pub(in crate::engine) fn rewrite_begins(&self) {
        self.rewrite.store(false, SeqCst);
        self.rewrites.fetch_add(1, SeqCst);
    }

    /// Notes how a rewrite has ended.
    pub(in crate::engine) fn rewrite_ended(&self, is_written: bool, now_ms: u64) {
        if is_written {
            self.rewrite_failures.store(0, SeqCst);
            return self.rewrite_after_ms.store(0, SeqCst);
        }
        let failures = self.rewrite_failures.fetch_add(1, SeqCst).min(16);
        let pause = (PAUSE_MIN_MS << failures).min(PAUSE_MAX_MS);
        self.rewrite_after_ms.store(now_ms.saturating_add(pause), SeqCst);
    }

    /// Whether a rewrite may begin by itself: not too soon after one that failed.
    pub(in crate::engine) fn may_rewrite(&self, now_ms: u64) -> bool {
        now_ms >= self.rewrite_after_ms.load(SeqCst)
    }

    /// The number of rewrites that have begun, and of the last ones that failed in a row.
    pub(in crate::engine) fn rewrites(&self) -> (u64, u64) {
        (self.rewrites.load(SeqCst), self.rewrite_failures.load(SeqCst))
    }

    /// Notes the changes that a save has.
    pub(in crate::engine) fn saved(&self, changes: Changes) {
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = changes;
    }

    /// Returns the number of changes since the last save.
    pub(in crate::engine) fn unsaved(&self, now: Changes) -> u64 {
        let saved = *self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        if saved.epoch == now.epoch { now.count.saturating_sub(saved.count) } else { now.count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_count_from_the_last_save_of_the_same_data() {
        let schedule = Schedule::default();
        let at = |epoch, count| Changes { epoch, count };
        assert_eq!(schedule.unsaved(at(0, 7)), 7);
        schedule.saved(at(0, 5));
        assert_eq!((schedule.unsaved(at(0, 7)), schedule.unsaved(at(1, 3))), (2, 3));
    }

    #[test]
    fn rewrites_that_fail_are_tried_ever_more_seldom() {
        let schedule = Schedule::default();
        assert!(schedule.may_rewrite(0));
        schedule.rewrite_ended(false, 0);
        assert!(!schedule.may_rewrite(999) && schedule.may_rewrite(1000));
        schedule.rewrite_ended(false, 1000);
        assert!(!schedule.may_rewrite(2999) && schedule.may_rewrite(3000));
        (0..20).for_each(|_| schedule.rewrite_ended(false, 3000));
        assert!(!schedule.may_rewrite(62_999) && schedule.may_rewrite(63_000));
        schedule.rewrite_ended(true, 3000);
        assert!(schedule.may_rewrite(3000));
    }
}
