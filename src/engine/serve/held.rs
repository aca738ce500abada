//! The lock of the store, taken once for requests that lie together.

use parking_lot::MappedRwLockReadGuard;

use super::port_context::PortContext;
use crate::engine::state::{Locked, StoreGuard};
use tidegate_store::Store;

/// How many requests are answered under one lock. Others wait for that long.
const REQUESTS_PER_LOCK: u32 = 64;

/// The lock of the store, held or not. It lives on the stack of one turn, so no task holds it over
/// an await. What a master has executed under the lock is in its stream before the lock is released.
#[derive(Debug)]
pub(super) struct Held<'e> {
    context: &'e PortContext,
    /// At most one of the two locks is held.
    reading: Option<MappedRwLockReadGuard<'e, Store>>,
    writing: Option<Locked<'e>>,
    requests: u32,
    /// The time of day that all requests get while the lock is kept, so that all are from one state of
    /// the data and one moment (`EXEC`); `None` while it is not kept.
    kept_ms: Option<i64>,
    /// The multibulk request that is being handled; a master's stream gets its bytes.
    pub(super) frame: &'e [u8],
}

impl<'e> Held<'e> {
    pub(super) fn new(context: &'e PortContext) -> Self {
        Self { context, reading: None, writing: None, requests: 0, kept_ms: None, frame: &[] }
    }

    /// Returns the time of day for a request, in milliseconds.
    pub(super) fn now_ms(&self) -> i64 {
        self.kept_ms.unwrap_or_else(|| self.context.look().unix)
    }

    /// Returns the data for a read.
    pub(super) fn store(&mut self) -> &Store {
        self.count();
        match &self.writing {
            Some(store) => store,
            None => self.reading.get_or_insert_with(|| self.context.engine.store()),
        }
    }

    /// Fetches into the processor's cache what requests with these second and third words will look
    /// up.
    pub(super) fn warm(&mut self, db: usize, names: &[[&[u8]; 2]]) {
        let store: &Store = match &self.writing {
            Some(store) => store,
            None => self.reading.get_or_insert_with(|| self.context.engine.store()),
        };
        store.warm(db, names);
    }

    /// Runs a long read. The link has its turn first, and short reads of others go on meanwhile.
    pub(super) fn long<R>(&mut self, read: impl FnOnce(&Store) -> R) -> R {
        let engine = &self.context.engine;
        if self.writing.is_some() {
            return read(self.store());
        }
        self.release();
        let turn = if self.is_kept() { engine.turns.enter() } else { engine.turns.begin() };
        let outcome = read(self.store());
        self.release();
        drop(turn);
        outcome
    }

    /// Returns the data for a change.
    pub(super) fn store_mut(&mut self) -> &mut Locked<'e> {
        self.count();
        self.reading = None;
        self.writing.get_or_insert_with(|| self.context.engine.store_mut())
    }

    /// Counts a request. After a number of them others have their turn.
    fn count(&mut self) {
        self.requests += 1;
        if self.requests > REQUESTS_PER_LOCK {
            self.release();
        }
    }

    /// Releases the lock, unless it is kept.
    pub(super) fn release(&mut self) {
        if !self.is_kept() {
            self.unlock();
        }
    }

    /// Whether the lock is kept.
    pub(super) const fn is_kept(&self) -> bool {
        self.kept_ms.is_some()
    }

    /// Keeps the lock from now on; for changes if `writes`.
    pub(super) fn keep(&mut self, writes: bool) {
        if writes {
            self.store_mut();
        } else {
            self.store();
        }
        self.kept_ms = Some(self.now_ms());
    }

    /// Releases the lock that was kept.
    pub(super) fn let_go(&mut self) {
        self.kept_ms = None;
        self.release();
    }

    /// Hands on what was executed so far, under the lock for changes.
    pub(super) fn commit(&self) {
        if let Some(store) = &self.writing {
            self.context.lead.borrow_mut().commit(store);
        }
    }

    /// Returns a lock that goes on with this one for changes.
    pub(super) fn resume(context: &'e PortContext, store: Locked<'e>) -> Self {
        let mut held = Self::new(context);
        held.writing = Some(store);
        held
    }

    /// Takes the lock for changes away, to be held for longer than this turn.
    pub(super) fn detach(&mut self) -> StoreGuard {
        let guard = self.store_mut().detach();
        self.kept_ms = None;
        // What is left is the lock of an empty store.
        self.writing = None;
        guard
    }

    fn unlock(&mut self) {
        self.commit();
        self.reading = None;
        self.writing = None;
        self.requests = 0;
        self.context.engine.hub.tracking.broadcast();
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // After a panic the data are given up, and what was executed with them.
        if !std::thread::panicking() {
            self.unlock();
        }
    }
}
