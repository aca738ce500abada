//! What the engine's threads and those who read from it share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use parking_lot::{MappedRwLockReadGuard, RwLock, RwLockReadGuard};
use tokio::sync::Notify;

use super::acl::Allowed;
use super::background::Background;
use super::clock::random_id;
use super::hub::Hub;
use super::known_commands::{Known, known};
use super::link_info::LinkInfo;
use super::payload_save::PayloadSave;
use super::saves::Saves;
use super::turns::Turns;
use crate::config::{Config, HostPort, ReplicaOf};
use crate::registry::Registry;
use crate::tasks::Board;
use crate::topology::Topology;
use tidegate_replication::{LinkState, LinkStatus, Offsets};
use tidegate_store::{Dialect, Store};
use tidegate_wire::units::{ReplId, ReplOffset, millis};

/// Cache lines of its own: what all readers write, as a lock's state, is not beside what they only
/// read.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Line<T>(pub(super) T);

/// The embedded replica. Shared by its own threads, the workers and the monitor.
#[derive(Debug)]
pub struct Engine {
    pub(in crate::engine) config: Arc<ArcSwap<Config>>,
    pub(in crate::engine) topology: Arc<ArcSwap<Topology>>,
    pub(super) store: Line<RwLock<Box<Store>>>,
    /// `slave_repl_offset`, of the data that a reader finds under the lock.
    applied: AtomicU64,
    /// `slave_read_repl_offset`
    received: AtomicU64,
    /// The database that the stream has selected, as of `applied`.
    pub(in crate::engine) stream_db: AtomicUsize,
    /// Frees former data.
    pub(super) freer: Background,
    /// How many elements wait to be freed.
    pub(super) freeing: Arc<AtomicU64>,
    /// Answers reads that cost too much for a worker.
    pub(in crate::engine) slow_reads: Background,
    /// Long reads and the link take turns.
    pub(in crate::engine) turns: Turns,
    /// The link panics when it applies a command with this key.
    #[cfg(debug_assertions)]
    panic_key: OnceLock<&'static str>,
    /// How saving goes.
    pub(in crate::engine) saves: Saves,
    /// Whether a full resync's payload is becoming the snapshot.
    pub(in crate::engine) payload_save: PayloadSave,
    /// When the master last said something.
    heard_ms: AtomicU64,
    /// Counts who told an engine that stands still to try again.
    nudges: AtomicU64,
    link_info: Mutex<LinkInfo>,
    run_id: ReplId,
    /// Of all data that it will ever hold: a scan's cursor outlives a full resync.
    pub(in crate::engine) seed: u64,
    /// What it knows of commands: their versions, and which it answers in place.
    pub(in crate::engine) known: Box<[Known]>,
    /// What may be served in place.
    pub(in crate::engine) allowed: Allowed,
    /// The store's dialect, for those who do not hold the store.
    pub(in crate::engine) dialect: AtomicU32,
    pub(in crate::engine) databases: usize,
    /// The port it listens on, once it does.
    port: OnceLock<u16>,
    epoch: Instant,
    /// Who is subscribed, and who monitors.
    pub(in crate::engine) hub: Hub,
    /// The clients of its own port.
    pub(in crate::engine) clients: Registry,
    /// The file that `CONFIG REWRITE` writes.
    pub(in crate::engine) config_file: Option<PathBuf>,
    /// `SHUTDOWN NOSAVE` was said.
    ends_unsaved: AtomicBool,
    /// Told when `SHUTDOWN` is to end the process.
    pub(super) stop: Arc<Notify>,
    /// The tasks of the process.
    pub(in crate::engine) tasks: Board,
}

impl Engine {
    /// An engine without data, which follows nobody yet.
    #[must_use]
    pub fn new(config: Arc<ArcSwap<Config>>, topology: Arc<ArcSwap<Topology>>) -> Self {
        let now = config.load();
        let link_info = LinkInfo::new(now.replica.repl_backlog_size);
        let databases = usize::try_from(now.replica.databases).unwrap_or(usize::MAX);
        drop(now);
        let seed = fastrand::u64(..);
        let store = Store::new(databases, Dialect::default(), seed);
        Self {
            config,
            topology,
            known: known(),
            allowed: Allowed::default(),
            dialect: AtomicU32::new(store.dialect().to_bits()),
            store: Line(RwLock::new(Box::new(store))),
            databases,
            applied: AtomicU64::new(0),
            received: AtomicU64::new(0),
            stream_db: AtomicUsize::new(0),
            freer: Background::new("replica-free"),
            freeing: Arc::default(),
            slow_reads: Background::new("replica-read"),
            turns: Turns::default(),
            #[cfg(debug_assertions)]
            panic_key: OnceLock::new(),
            saves: Saves::default(),
            payload_save: PayloadSave::default(),
            heard_ms: AtomicU64::new(0),
            nudges: AtomicU64::new(0),
            link_info: Mutex::new(link_info),
            run_id: random_id(),
            seed,
            port: OnceLock::new(),
            epoch: Instant::now(),
            hub: Hub::default(),
            clients: Registry::default(),
            config_file: None,
            ends_unsaved: AtomicBool::new(false),
            stop: Arc::default(),
            tasks: Board::default(),
        }
    }

    /// How many logins have failed at its own port.
    #[must_use]
    pub fn login_failures(&self) -> u64 {
        self.clients.logins.failures()
    }

    /// How many keys there are whose values cannot be read here.
    #[must_use]
    pub fn opaque_keys(&self) -> usize {
        self.store().opaque_keys()
    }

    /// In a process that was configured by this file, and ends when `stop` is notified: what
    /// `CONFIG REWRITE` and `SHUTDOWN` need.
    #[must_use]
    pub fn in_process(self, config_file: PathBuf, stop: Arc<Notify>) -> Self {
        Self { config_file: Some(config_file), stop, ..self }
    }

    /// With its threads on this board.
    #[must_use]
    pub fn with_tasks(self, tasks: Board) -> Self {
        Self { tasks, ..self }
    }

    /// `run_id` of its INFO.
    #[must_use]
    pub fn run_id(&self) -> ReplId {
        self.run_id
    }

    /// The clients of its own port.
    #[must_use]
    pub fn clients(&self) -> &Registry {
        &self.clients
    }

    /// The port of its own that it listens on, if it does.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port.get().copied()
    }

    /// It listens on this port from now on.
    pub(in crate::engine) fn listens_on(&self, port: u16) {
        // Said once, at the start.
        let _ = self.port.set(port);
    }

    /// The data, for readers.
    pub fn store(&self) -> MappedRwLockReadGuard<'_, Store> {
        RwLockReadGuard::map(self.store.0.read(), |store| &**store)
    }

    /// The offset up to which the data is the master's. Exact while [`Self::store`] is held.
    #[must_use]
    pub fn applied(&self) -> ReplOffset {
        ReplOffset::new(self.applied.load(Relaxed))
    }

    /// The offset of the last byte that came from the master.
    #[must_use]
    pub fn received(&self) -> ReplOffset {
        ReplOffset::new(self.received.load(Relaxed))
    }

    /// Milliseconds since it was made.
    pub(in crate::engine) fn now_ms(&self) -> u64 {
        millis(self.epoch.elapsed())
    }

    pub(in crate::engine) fn link_info(&self) -> MutexGuard<'_, LinkInfo> {
        self.link_info.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the link panic when it applies a command with this key: for tests.
    #[cfg(debug_assertions)]
    #[doc(hidden)]
    pub fn panic_at(&self, key: &'static str) {
        // Only the first one counts.
        let _ = self.panic_key.set(key);
    }

    /// Panics if [`Self::panic_at`] said so.
    #[cfg(debug_assertions)]
    pub(in crate::engine) fn panic_if_told(&self, args: &[&[u8]]) {
        let told = self.panic_key.get().is_some_and(|key| args.get(1) == Some(&key.as_bytes()));
        assert!(!told, "the link was told to panic");
    }

    /// Tells everybody how far the link is. Held together with the store's lock by whoever
    /// changes the data.
    pub(in crate::engine) fn publish(&self, offsets: &Offsets) {
        self.applied.store(offsets.applied().get(), Relaxed);
        self.received.store(offsets.read().get(), Relaxed);
    }

    /// Whom the configuration says to follow now. While the topology knows no master that is the
    /// last one it knew: a replica holds on to its master, and the link may be well.
    pub(in crate::engine) fn wanted_master(&self) -> Option<HostPort> {
        match &self.config.load().replica.replicaof {
            ReplicaOf::Server(server) => {
                self.link_info().topology_master = None;
                Some(server.clone())
            }
            ReplicaOf::Topology => {
                let now = self.topology.load().master().map(|it| it.addr.clone());
                let mut info = self.link_info();
                if now.is_some() {
                    info.topology_master = now;
                }
                info.topology_master.clone()
            }
        }
    }

    /// Whether that is `master`. Asked with every read of the link, so it takes no memory.
    pub(in crate::engine) fn is_wanted(&self, master: &HostPort) -> bool {
        match &self.config.load().replica.replicaof {
            ReplicaOf::Server(server) => server == master,
            ReplicaOf::Topology => match self.topology.load().master() {
                Some(now) => &now.addr == master,
                None => self.link_info().topology_master.as_ref() == Some(master),
            },
        }
    }

    /// The master said something.
    pub(in crate::engine) fn heard(&self, now_ms: u64) {
        self.heard_ms.store(now_ms, Relaxed);
    }

    /// How the link is, as of the last word from the master.
    pub(in crate::engine) fn link_status(&self, info: &LinkInfo) -> LinkStatus {
        let mut status = info.status;
        status.heard(self.heard_ms.load(Relaxed));
        status
    }

    /// Lets an engine that stands still try again, at once.
    pub fn nudge(&self) {
        self.nudges.fetch_add(1, Relaxed);
    }

    /// How often [`Self::nudge`] was said.
    pub(in crate::engine) fn nudges(&self) -> u64 {
        self.nudges.load(Relaxed)
    }

    /// The link comes to another state.
    pub(in crate::engine) fn enter(&self, state: LinkState) {
        let now = self.now_ms();
        self.link_info().status.enter(state, now);
    }

    /// `SHUTDOWN`: the process is to end, and to save the data first or not.
    pub(in crate::engine) fn end_process(&self, saves: bool) {
        self.ends_unsaved.store(!saves, Relaxed);
        self.stop.notify_one();
    }

    /// The process ends: saves the data, unless `SHUTDOWN NOSAVE` was said.
    pub fn save_at_end(&self) {
        if !self.ends_unsaved.load(Relaxed) {
            // It is told in the log if it could not be done.
            drop(self.save());
        }
    }

    /// `dbfilename` in `dir`
    pub(in crate::engine) fn snapshot_path(&self) -> PathBuf {
        self.dir().join(&self.config.load().replica.dbfilename)
    }

    /// `dir`, the whole path.
    pub(in crate::engine) fn full_dir(&self) -> String {
        let dir = self.dir();
        let full = std::path::absolute(&dir).unwrap_or(dir);
        full.display().to_string()
    }

    /// `dir`
    pub(in crate::engine) fn dir(&self) -> PathBuf {
        PathBuf::from(&self.config.load().replica.dir)
    }
}
