//! The write lock of the store.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use parking_lot::{ArcRwLockWriteGuard, RawRwLock, RwLock};

use super::engine::Engine;
use tidegate_replication::LinkState;
use tidegate_store::{Change, Former, Store};

/// How long a writer waits for the lock of the store in one try. No reader gets the lock meanwhile.
const KNOCK: Duration = Duration::from_millis(2);
/// How long a writer waits for the end of a long read in one try.
const ROUND: Duration = Duration::from_millis(100);

/// The write lock of the place of the store, without what belongs to [`Locked`].
pub(in crate::engine) type StoreGuard = ArcRwLockWriteGuard<RawRwLock, Box<Store>>;

/// The write lock of the store. A panic under the lock may leave a change half made. The engine
/// then gives the data up, before a reader sees them.
#[derive(Debug)]
pub(in crate::engine) struct Locked<'e> {
    engine: &'e Engine,
    store: StoreGuard,
    /// Data to be freed, dropped after the lock.
    former: Removed<'e>,
}

impl Engine {
    /// Locks the data to change them.
    pub(in crate::engine) fn store_mut(&self) -> Locked<'_> {
        loop {
            self.turns.wait(ROUND);
            if let Some(store) = self.store.0.try_write_arc_for(KNOCK) {
                return Locked::new(self, store);
            }
        }
    }

    /// Gives the data up, because the link has ended in an unknown state. Until a full resync the
    /// engine serves nothing, saves nothing and resumes nothing. `halted` says that there will be
    /// no full resync.
    pub(in crate::engine) fn abandon(&self, why: String, halted: bool) {
        self.store_mut().give_up();
        let now = self.now_ms();
        let mut info = self.link_info();
        info.status.enter(LinkState::Connect, now);
        info.transfer = None;
        info.halted = halted.then(|| why.clone());
        info.last_fault = Some(why);
    }

    /// Goes on with a lock that was detached.
    pub(in crate::engine) fn relock(&self, guard: StoreGuard) -> Locked<'_> {
        Locked::new(self, guard)
    }

    /// As [`Self::store_mut`], for the link; `None` if a long read takes longer than `patience`.
    pub(in crate::engine) fn try_store_mut(&self, patience: Duration) -> Option<Locked<'_>> {
        if !self.turns.wait(patience) {
            return None;
        }
        self.store.0.try_write_arc_for(KNOCK).map(|store| Locked::new(self, store))
    }
}

impl<'e> Locked<'e> {
    pub(super) fn new(engine: &'e Engine, store: StoreGuard) -> Self {
        Self { engine, store, former: Removed { engine, store: None, former: Former::default() } }
    }

    /// Gives the data up, because they may differ from the master's. Reads are refused with
    /// `-LOADING` until a full resync brings new data.
    pub(in crate::engine) fn give_up(&mut self) {
        let void = self.store.void();
        self.replace(void);
        let mut info = self.engine.link_info();
        info.has_data = false;
        info.identity.distrust();
        self.engine.begin_data_epoch(&info);
    }

    /// Appends to the stream what a master has executed under this lock. `db` is the database that
    /// the stream has selected behind it.
    pub(in crate::engine) fn commit(&self, stream: &[u8], db: usize) {
        let engine = self.engine;
        engine.advance(stream.len() as u64);
        engine.stream_db.store(db, Relaxed);
        let mut info = engine.link_info();
        engine.log_stream(&info, stream);
        let is_followed = !info.source.is_empty();
        if is_followed {
            // After a kill no replica must be ahead of the file.
            engine.log_flush();
        }
        info.source.append(stream);
        drop(info);
        if is_followed {
            engine.feeding.notify();
        }
    }

    /// Puts this store in the place of the other one, which is returned.
    pub(in crate::engine) fn exchange(&mut self, store: Box<Store>) -> Box<Store> {
        std::mem::replace(&mut *self.store, store)
    }

    /// Takes the lock away. What is left is the lock of an empty store.
    pub(in crate::engine) fn detach(&mut self) -> StoreGuard {
        let empty = Arc::new(RwLock::new(Box::new(Store::new(1, self.store.dialect(), 0))));
        std::mem::replace(&mut self.store, empty.write_arc())
    }

    /// Puts another store in the place of this one. The old store is freed after the lock is
    /// released.
    pub(in crate::engine) fn replace(&mut self, store: Store) {
        self.engine.hub.tracking.note(&Change::All, None);
        self.former.store = Some(std::mem::replace(&mut **self.store, store));
    }
}

impl Deref for Locked<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Store {
        &mut self.store
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.give_up();
        }
        self.former.former = self.store.take_former();
    }
}

/// Replaced and removed data that are to be freed.
#[derive(Debug)]
struct Removed<'e> {
    engine: &'e Engine,
    store: Option<Store>,
    former: Former,
}

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        if let Some(store) = self.store.take() {
            self.engine.freer.run(move || drop(store));
        }
        if !self.former.is_empty() {
            self.engine.free(std::mem::take(&mut self.former));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    use super::*;
    use crate::config::Config;
    use crate::engine::state::Start;
    use tidegate_replication::{Announcement, Position, Replica, SyncRequest};
    use tidegate_store::CallContext;
    use tidegate_wire::resp::RespVersion;

    #[test]
    fn a_panic_while_the_data_are_changed_gives_them_up() {
        let config = Arc::new(arc_swap::ArcSwap::from_pointee(Config::default()));
        let engine = Engine::new(config, Arc::default());
        let context = CallContext { db: 0, now_ms: 0, version: RespVersion::V2 };
        let mut out = Vec::new();
        engine.store_mut().write(context, &[b"SET", b"k", b"v"], &mut out);
        engine.store().read(context, &[b"GET", b"k"], &mut out);
        assert_eq!(out, b"+OK\r\n$1\r\nv\r\n");
        let panics = AssertUnwindSafe(|| {
            let mut store = engine.store_mut();
            store.write(context, &[b"SET", b"k", b"half"], &mut Vec::new());
            panic!("as a command might");
        });
        assert!(catch_unwind(panics).is_err());
        out.clear();
        engine.store().read(context, &[b"GET", b"k"], &mut out);
        assert!(out.starts_with(b"-LOADING"), "{}", out.escape_ascii());
    }

    /// A replica that is ahead of the file would need all data after a kill.
    #[test]
    fn the_file_has_what_replicas_get() {
        let config = Arc::new(arc_swap::ArcSwap::from_pointee(Config::default()));
        let engine = Engine::new(config, Arc::default());
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("commands");
        let opened = File::options().append(true).create(true).open(&file).unwrap();
        engine.aof.turn_on();
        let mut info = engine.link_info();
        let position =
            Position { replid: info.identity.replid(), offset: info.source.backlog().last() };
        engine.aof.arm(opened, Start { position, second: None, db: 0 }).unwrap();
        let asked = [&b"PSYNC"[..], b"?", b"-1"];
        let request = SyncRequest::parse(&asked).unwrap();
        let replica = Replica::new(&Announcement::default(), request, "127.0.0.1".to_owned(), 10);
        let identity = info.identity;
        info.source.attach(1, replica, &identity, 0);
        drop(info);
        let command = b"*1\r\n$4\r\nPING\r\n";
        engine.store_mut().commit(command, 0);
        let written = std::fs::read(&file).unwrap();
        assert!(memchr::memmem::find(&written, command).is_some(), "{}", written.escape_ascii());
    }
}
