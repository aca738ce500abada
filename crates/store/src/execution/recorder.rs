//! Recording what a command does at a master beside its reply.

use std::cell::{Cell, RefCell};

use crate::call::{Change, Effects, EventClass, LazyFree};

/// What the stream gets of a request that changed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Propagation {
    /// The request itself, if it changed data.
    Verbatim,
    /// The request itself, in any case.
    Forced,
    /// Only the commands that were recorded.
    Recorded,
}

/// Records the effects of one request. A command that only reads records too: the keys that it
/// finds expired, and those that it misses.
#[derive(Debug)]
pub(crate) struct Recorder {
    effects: RefCell<Effects>,
    propagation: Cell<Propagation>,
    /// Expired keys that a reader found, and that are still to be removed.
    expired: RefCell<Vec<(usize, Box<[u8]>)>>,
    lazy_free: LazyFree,
}

impl Recorder {
    /// Returns a recorder that appends to `effects`.
    #[inline]
    pub(crate) fn new(effects: Effects, lazy_free: LazyFree) -> Self {
        Self {
            effects: RefCell::new(effects),
            propagation: Cell::new(Propagation::Verbatim),
            expired: RefCell::default(),
            lazy_free,
        }
    }

    /// Returns the effects. If the request `changed` data, the stream gets it, unless the command
    /// has recorded something in its place.
    #[inline]
    pub(crate) fn finish(self, db: usize, changed: bool) -> Effects {
        let mut effects = self.effects.into_inner();
        let is_due = match self.propagation.get() {
            Propagation::Verbatim => changed,
            Propagation::Forced => true,
            Propagation::Recorded => false,
        };
        if is_due {
            effects.add_verbatim(db);
        }
        effects
    }

    pub(crate) fn lazy_free(&self) -> LazyFree {
        self.lazy_free
    }

    /// Whether events of the class are recorded.
    pub(crate) fn wants(&self, class: EventClass) -> bool {
        self.effects.borrow().wants(class)
    }

    /// Whether keys are recorded that may serve clients that block.
    pub(crate) fn wants_ready(&self) -> bool {
        self.effects.borrow().wants_ready()
    }

    /// Records an event.
    #[inline]
    pub(crate) fn event(&self, class: EventClass, name: &'static str, db: usize, key: &[u8]) {
        self.effects.borrow_mut().add_event(class, name, db, key);
    }

    /// Records that a key was changed.
    #[inline]
    pub(crate) fn changed(&self, db: usize, key: &[u8]) {
        self.effects.borrow_mut().add_change(db, key);
    }

    /// Records a change of whole databases.
    pub(crate) fn changed_widely(&self, change: Change<'_>) {
        self.effects.borrow_mut().add_wide_change(change);
    }

    /// Records that a key may serve clients that block.
    pub(crate) fn ready(&self, db: usize, key: &[u8]) {
        self.effects.borrow_mut().add_ready(db, key);
    }

    /// Adds a command to the stream, before the request itself.
    pub(crate) fn add(&self, db: usize, words: &[&[u8]]) {
        self.effects.borrow_mut().add_command(db, words.iter().copied());
    }

    /// Adds a command to the stream in place of the request.
    pub(crate) fn replace(&self, db: usize, words: &[&[u8]]) {
        self.omit();
        self.add(db, words);
    }

    /// Lets the stream have the request even if it changed nothing.
    pub(crate) fn force(&self) {
        self.propagation.set(Propagation::Forced);
    }

    /// Keeps the request itself out of the stream.
    pub(crate) fn omit(&self) {
        self.propagation.set(Propagation::Recorded);
    }

    /// Notes that the commands stay apart in the stream.
    pub(crate) fn be_loose(&self) {
        self.effects.borrow_mut().be_loose();
    }

    /// Records that a reader found a key expired, which is still to be removed.
    pub(crate) fn find_expired(&self, db: usize, key: &[u8]) {
        let is_known = {
            let expired = self.expired.borrow();
            expired.iter().any(|(other, known)| *other == db && **known == *key)
        };
        if !is_known {
            self.record_expired(db, key);
            self.expired.borrow_mut().push((db, key.into()));
        }
    }

    /// Records that an expired key is being removed, unless a reader has found it before.
    pub(crate) fn remove_expired(&self, db: usize, key: &[u8]) {
        if !self.forget_expired(db, key) {
            self.record_expired(db, key);
        }
    }

    /// Forgets that a reader found a key expired, because the key is being removed. Returns false
    /// if none has.
    pub(crate) fn forget_expired(&self, db: usize, key: &[u8]) -> bool {
        let mut expired = self.expired.borrow_mut();
        let at = expired.iter().position(|(other, known)| *other == db && **known == *key);
        at.map(|at| expired.swap_remove(at)).is_some()
    }

    fn record_expired(&self, db: usize, key: &[u8]) {
        let mut effects = self.effects.borrow_mut();
        effects.add_command(db, [self.lazy_free.expire_command(), key].into_iter());
        effects.add_event(EventClass::Expired, "expired", db, key);
        effects.add_change(db, key);
        effects.add_expired();
    }

    /// Whether keys were found expired, and are still to be removed.
    #[inline]
    pub(crate) fn has_expired(&self) -> bool {
        !self.expired.borrow().is_empty()
    }

    /// Returns the keys that were found expired.
    pub(crate) fn take_expired(&self) -> Vec<(usize, Box<[u8]>)> {
        self.expired.take()
    }
}
