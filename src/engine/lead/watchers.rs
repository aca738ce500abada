//! The clients of a master that watch keys (`WATCH`), and which of them a change concerns
//! (`touchWatchedKey`).

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use foldhash::fast::RandomState;

use tidegate_store::Change;

/// Whether a key that a client watches was changed. The client drops it when it watches no more.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Touched(Rc<Cell<bool>>);

impl Touched {
    /// Whether a key was changed.
    pub(in crate::engine) fn get(&self) -> bool {
        self.0.get()
    }
}

/// A client that watches a key.
#[derive(Debug)]
struct Watcher {
    db: usize,
    /// Whether the key was there when the client began to watch it.
    was_there: bool,
    touched: Weak<Cell<bool>>,
}

/// The clients that watch keys, by key.
#[derive(Debug, Default)]
pub(in crate::engine) struct Watchers {
    by_key: HashMap<Box<[u8]>, Vec<Watcher>, RandomState>,
    /// The number of watchers, those included that were dropped.
    count: usize,
    /// The number at which dropped watchers are removed.
    sweep_at: usize,
}

/// The least number of watchers at which dropped ones are removed.
const SWEEP_MIN: usize = 64;

impl Watchers {
    /// Adds a client that watches a key.
    pub(in crate::engine) fn add(
        &mut self,
        (db, key): (usize, &[u8]),
        was_there: bool,
        by: &Touched,
    ) {
        if self.count >= self.sweep_at.max(SWEEP_MIN) {
            self.sweep();
        }
        let watcher = Watcher { db, was_there, touched: Rc::downgrade(&by.0) };
        self.by_key.entry(key.into()).or_default().push(watcher);
        self.count += 1;
    }

    /// Whether no client watches a key, as far as is known.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Tells the clients that watch what has changed.
    pub(super) fn note(&self, change: &Change<'_>) {
        match *change {
            Change::Key { db, key } => {
                if let Some(watchers) = self.by_key.get(key) {
                    watchers.iter().filter(|it| it.db == db).for_each(Watcher::touch);
                }
            }
            // A key that was missing and was not changed since is missing still.
            Change::Database(db) => self.touch_all(|it| it.db == db && it.was_there),
            Change::All => self.touch_all(|it| it.was_there),
            // EXEC looks whether a key that was missing is there now.
            Change::Swap(one, other) if one == other => {}
            Change::Swap(one, other) => {
                self.touch_all(|it| (it.db == one || it.db == other) && it.was_there);
            }
        }
    }

    fn touch_all(&self, is_concerned: impl Fn(&Watcher) -> bool) {
        let all = self.by_key.values().flatten();
        all.filter(|it| is_concerned(it)).for_each(Watcher::touch);
    }

    /// Removes the watchers that were dropped.
    fn sweep(&mut self) {
        for watchers in self.by_key.values_mut() {
            watchers.retain(|it| it.touched.strong_count() > 0);
        }
        self.by_key.retain(|_, watchers| !watchers.is_empty());
        self.count = self.by_key.values().map(Vec::len).sum();
        self.sweep_at = self.count * 2;
    }
}

impl Watcher {
    fn touch(&self) {
        if let Some(touched) = self.touched.upgrade() {
            touched.set(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watching(watchers: &mut Watchers, db: usize, key: &str, was_there: bool) -> Touched {
        let touched = Touched::default();
        watchers.add((db, key.as_bytes()), was_there, &touched);
        touched
    }

    #[test]
    fn a_change_concerns_those_who_watch_the_key_in_its_database() {
        let mut watchers = Watchers::default();
        let own = watching(&mut watchers, 1, "k", true);
        let other_db = watching(&mut watchers, 0, "k", true);
        let other_key = watching(&mut watchers, 1, "l", true);
        watchers.note(&Change::Key { db: 1, key: b"k" });
        assert_eq!([&own, &other_db, &other_key].map(Touched::get), [true, false, false]);
    }

    #[test]
    fn an_emptied_database_concerns_those_whose_keys_were_there() {
        let mut watchers = Watchers::default();
        let there = watching(&mut watchers, 0, "k", true);
        let missing = watching(&mut watchers, 0, "l", false);
        let elsewhere = watching(&mut watchers, 5, "k", true);
        watchers.note(&Change::Database(0));
        assert_eq!([&there, &missing, &elsewhere].map(Touched::get), [true, false, false]);
        watchers.note(&Change::All);
        assert_eq!([&missing, &elsewhere].map(Touched::get), [false, true]);
    }

    #[test]
    fn a_swap_concerns_those_whose_keys_were_there_unless_it_changes_nothing() {
        let mut watchers = Watchers::default();
        let there = watching(&mut watchers, 3, "k", true);
        let missing = watching(&mut watchers, 3, "l", false);
        let elsewhere = watching(&mut watchers, 5, "k", true);
        watchers.note(&Change::Swap(3, 3));
        assert!(!there.get());
        watchers.note(&Change::Swap(0, 3));
        assert_eq!([&there, &missing, &elsewhere].map(Touched::get), [true, false, false]);
    }

    #[test]
    fn clients_that_watch_no_more_are_forgotten() {
        let mut watchers = Watchers::default();
        let kept = watching(&mut watchers, 0, "kept", true);
        for number in 0..10 * SWEEP_MIN {
            drop(watching(&mut watchers, 0, &number.to_string(), true));
        }
        assert!(watchers.count <= SWEEP_MIN + 1 && watchers.by_key.len() <= SWEEP_MIN + 1);
        watchers.note(&Change::Key { db: 0, key: b"kept" });
        assert!(kept.get());
    }
}
