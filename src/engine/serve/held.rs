//! The lock of the store, taken once for requests that lie together.

use parking_lot::MappedRwLockReadGuard;

use crate::engine::Engine;
use crate::engine::state::Locked;
use tidegate_store::Store;

/// How many reads are answered under one lock. The link waits for that long.
const READS_PER_LOCK: u32 = 64;

/// The lock of the store, held or not. It lives on the stack of one turn, so no task holds it over
/// an await.
#[derive(Debug)]
pub(super) struct Held<'e> {
    engine: &'e Engine,
    /// At most one of the two locks is held.
    reading: Option<MappedRwLockReadGuard<'e, Store>>,
    writing: Option<Locked<'e>>,
    reads: u32,
    /// Whether the lock is kept, so that all reads are from one state of the data (`EXEC`).
    is_kept: bool,
}

impl<'e> Held<'e> {
    pub(super) fn new(engine: &'e Engine) -> Self {
        Self { engine, reading: None, writing: None, reads: 0, is_kept: false }
    }

    /// Returns the data for a read.
    pub(super) fn store(&mut self) -> &Store {
        self.reads += 1;
        if self.reads > READS_PER_LOCK {
            self.release();
        }
        match &self.writing {
            Some(store) => store,
            None => self.reading.get_or_insert_with(|| self.engine.store()),
        }
    }

    /// Runs a long read. The link has its turn first, and short reads of others go on meanwhile.
    pub(super) fn long<R>(&mut self, read: impl FnOnce(&Store) -> R) -> R {
        let engine = self.engine;
        if self.writing.is_some() {
            return read(self.store());
        }
        self.release();
        let turn = if self.is_kept { engine.turns.enter() } else { engine.turns.begin() };
        let outcome = read(self.store());
        self.release();
        drop(turn);
        outcome
    }

    /// Returns the data for a change.
    pub(super) fn store_mut(&mut self) -> &mut Store {
        self.reading = None;
        self.writing.get_or_insert_with(|| self.engine.store_mut())
    }

    /// Releases the lock, unless it is kept.
    pub(super) fn release(&mut self) {
        if !self.is_kept {
            self.reading = None;
            self.writing = None;
            self.reads = 0;
        }
    }

    /// Keeps the lock from now on; for changes if `writes`.
    pub(super) fn keep(&mut self, writes: bool) {
        if writes {
            self.store_mut();
        } else {
            self.store();
        }
        self.is_kept = true;
    }

    /// Releases the lock that was kept.
    pub(super) fn let_go(&mut self) {
        self.is_kept = false;
        self.release();
    }
}
