//! The engine: what its threads share with the workers, the monitor and the metrics.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use parking_lot::{MappedRwLockReadGuard, RwLock, RwLockReadGuard};
use tokio::sync::Notify;

use super::acl::Allowed;
use super::background::Background;
use super::clock::random_id;
use super::feeding::Feeding;
use super::hub::Hub;
use super::known_commands::{Known, known};
use super::link_info::LinkInfo;
use super::role::Role;
use super::saving::{Aof, Ending, PayloadSave, Saves, Schedule};
use super::waiting::{Progress, Turns};
use crate::config::{Config, HostPort, ReplicaOf};
use crate::registry::Registry;
use crate::tasks::{Board, Kind, Record};
use crate::topology::Topology;
use tidegate_replication::{LinkState, LinkStatus, Offsets};
use tidegate_store::{Dialect, Store};
use tidegate_wire::units::{ReplId, ReplOffset, millis};

/// A value in cache lines of its own. All readers write the state of a lock, so it must not lie
/// beside what they only read.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Line<T>(pub(super) T);

/// The embedded replica. Its own threads, the workers and the monitor share it.
#[derive(Debug)]
pub struct Engine {
    pub(in crate::engine) config: Arc<ArcSwap<Config>>,
    pub(in crate::engine) topology: Arc<ArcSwap<Topology>>,
    pub(super) store: Line<Arc<RwLock<Box<Store>>>>,
    /// The offset of the data that a reader finds under the lock (`slave_repl_offset`).
    applied: AtomicU64,
    /// The offset of the last byte that has arrived (`slave_read_repl_offset`).
    received: AtomicU64,
    /// How often the data came to belong to another history, or to none for sure. It changes under
    /// the lock of [`LinkInfo`], and before a reader sees data of the other history.
    data_epoch: AtomicU64,
    /// The database that the stream had selected at `applied`.
    pub(in crate::engine) stream_db: AtomicUsize,
    /// Whether the engine is a master.
    pub(in crate::engine) role: Role,
    /// The thread that frees former data.
    pub(in crate::engine) freer: Background,
    /// The number of elements that wait to be freed.
    pub(super) freeing: Arc<AtomicU64>,
    /// The thread that answers reads that cost too much for a worker.
    pub(in crate::engine) slow_reads: Background,
    /// The turns of long reads and of the link.
    pub(in crate::engine) turns: Turns,
    /// The link panics when it applies a command with this key.
    #[cfg(debug_assertions)]
    panic_key: OnceLock<&'static str>,
    /// The state of saving.
    pub(in crate::engine) saves: Saves,
    /// Whether the payload of a full resync is becoming the snapshot.
    pub(in crate::engine) payload_save: PayloadSave,
    /// The append-only file, its rewrites, and what is to be saved later.
    pub(in crate::engine) aof: Aof,
    pub(in crate::engine) rewrites: Saves,
    pub(in crate::engine) schedule: Schedule,
    /// When the master last sent something.
    heard_ms: AtomicU64,
    /// How often the engine was told to try again while replication is halted.
    nudges: AtomicU64,
    link_info: Mutex<LinkInfo>,
    run_id: ReplId,
    /// The seed of every store of this engine. A scan's cursor outlives a full resync because the
    /// seed does.
    pub(in crate::engine) seed: u64,
    /// Every command: the versions that have it, and whether the engine answers it in place.
    pub(in crate::engine) known: Box<[Known]>,
    /// The commands that the engine may serve in place.
    pub(in crate::engine) allowed: Allowed,
    /// The dialect of the store, for readers that do not hold the lock.
    pub(in crate::engine) dialect: AtomicU32,
    pub(in crate::engine) databases: usize,
    /// The port that the engine listens on, once it listens.
    port: OnceLock<u16>,
    epoch: Instant,
    /// The subscribers and the monitors of its own port.
    pub(in crate::engine) hub: Hub,
    /// The clients of its own port.
    pub(in crate::engine) clients: Registry,
    /// The way to the thread that feeds sub-replicas.
    pub(in crate::engine) feeding: Feeding,
    /// Its name, where a process has several engines.
    name: Option<String>,
    /// The file that `CONFIG REWRITE` writes.
    pub(in crate::engine) config_file: Option<PathBuf>,
    /// Whether the process ends, and with a save.
    pub(in crate::engine) ending: Ending,
    /// Tells when [`Self::applied`] has changed.
    pub(in crate::engine) progress: Progress,
    /// Notified when `SHUTDOWN` ends the process.
    pub(in crate::engine) stop: Arc<Notify>,
    /// The tasks of the process.
    pub(in crate::engine) tasks: Board,
}

impl Engine {
    /// Returns an engine without data, which follows no master yet.
    #[must_use]
    pub fn new(config: Arc<ArcSwap<Config>>, topology: Arc<ArcSwap<Topology>>) -> Self {
        let now = config.load();
        let link_info = LinkInfo::new(now.replica.repl_backlog_size);
        let databases = usize::try_from(now.replica.databases).unwrap_or(usize::MAX);
        let leads = now.replica.replicaof == ReplicaOf::NoOne;
        drop(now);
        let seed = fastrand::u64(..);
        let store = Store::new(databases, Dialect::default(), seed);
        // A master answers when it has loaded its data.
        let store = if leads { store.void() } else { store };
        Self {
            config,
            topology,
            known: known(),
            allowed: Allowed::default(),
            dialect: AtomicU32::new(store.dialect().to_bits()),
            store: Line(Arc::new(RwLock::new(Box::new(store)))),
            databases,
            applied: AtomicU64::new(0),
            received: AtomicU64::new(0),
            data_epoch: AtomicU64::new(0),
            stream_db: AtomicUsize::new(0),
            role: Role::new(leads),
            freer: Background::new("replica-free"),
            freeing: Arc::default(),
            slow_reads: Background::new("replica-read"),
            turns: Turns::default(),
            #[cfg(debug_assertions)]
            panic_key: OnceLock::new(),
            saves: Saves::default(),
            payload_save: PayloadSave::default(),
            aof: Aof::default(),
            rewrites: Saves::default(),
            schedule: Schedule::default(),
            heard_ms: AtomicU64::new(0),
            nudges: AtomicU64::new(0),
            link_info: Mutex::new(link_info),
            run_id: random_id(),
            seed,
            port: OnceLock::new(),
            epoch: Instant::now(),
            hub: Hub::default(),
            clients: Registry::default(),
            feeding: Feeding::default(),
            name: None,
            config_file: None,
            ending: Ending::default(),
            progress: Progress::default(),
            stop: Arc::default(),
            tasks: Board::default(),
        }
    }

    /// Ends the clients of its own port whose user is none any more, as `is_user` says.
    pub fn end_without_user(&self, is_user: impl Fn(crate::session::Identity) -> bool) {
        self.clients.end_without_user(is_user);
    }

    /// Returns how many logins have failed at its own port.
    #[must_use]
    pub fn login_failures(&self) -> u64 {
        self.clients.logins.failures()
    }

    /// Returns the number of keys whose values the engine cannot read.
    #[must_use]
    pub fn opaque_keys(&self) -> usize {
        self.store().opaque_keys()
    }

    /// Adds the file that configured the process, and `stop`, which ends the process when it is
    /// notified: `CONFIG REWRITE` and `SHUTDOWN` need them.
    #[must_use]
    pub fn in_process(self, config_file: PathBuf, stop: Arc<Notify>) -> Self {
        Self { config_file: Some(config_file), stop, ..self }
    }

    /// Lets `SHUTDOWN` notify `stop`, which ends the process.
    #[must_use]
    pub fn ending(self, stop: Arc<Notify>) -> Self {
        Self { stop, ..self }
    }

    /// Names the engine after its address, where a process has several.
    #[must_use]
    pub fn named(self, addr: &HostPort) -> Self {
        Self { name: Some(addr.to_string()), ..self }
    }

    /// Returns a record on the board of tasks.
    pub(in crate::engine) fn record(&self, kind: Kind, what: &str) -> Arc<Record> {
        self.tasks.record(kind, &self.task_name(what))
    }

    /// Returns the name of one of its tasks.
    pub(in crate::engine) fn task_name(&self, what: &str) -> String {
        self.name.as_ref().map_or_else(|| what.to_owned(), |name| format!("{what} of {name}"))
    }

    /// Returns the span of its log lines, which names it if it has a name.
    pub(in crate::engine) fn span(&self) -> tracing::Span {
        match &self.name {
            Some(name) => tracing::info_span!("engine", server = %name),
            None => tracing::Span::none(),
        }
    }

    /// Brings another configuration into force. Which master it follows stays as it is.
    pub fn reconfigure(&self, new: Config) {
        self.config.rcu(|old| {
            let mut new = new.clone();
            new.replica.replicaof.clone_from(&old.replica.replicaof);
            Arc::new(new)
        });
    }

    /// Whether it has the data of a master, or its own as a master.
    #[must_use]
    pub fn has_data(&self) -> bool {
        self.link_info().has_data
    }

    /// Puts the threads of the engine on this board.
    #[must_use]
    pub fn with_tasks(self, tasks: Board) -> Self {
        Self { tasks, ..self }
    }

    /// Returns the `run_id` of its INFO.
    #[must_use]
    pub fn run_id(&self) -> ReplId {
        self.run_id
    }

    /// The clients of its own port.
    #[must_use]
    pub fn clients(&self) -> &Registry {
        &self.clients
    }

    /// Returns its own port, if it listens.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port.get().copied()
    }

    /// Sets the port that the engine listens on.
    pub(in crate::engine) fn listens_on(&self, port: u16) {
        // Only the start of the engine calls it, once.
        let _ = self.port.set(port);
    }

    /// Locks the data for a reader.
    pub fn store(&self) -> MappedRwLockReadGuard<'_, Store> {
        RwLockReadGuard::map(self.store.0.read(), |store| &**store)
    }

    /// Returns the offset up to which the data are the master's. Exact while the caller holds
    /// [`Self::store`].
    #[must_use]
    pub fn applied(&self) -> ReplOffset {
        ReplOffset::new(self.applied.load(SeqCst))
    }

    /// Resolves when the data include the place `offset` of the stream.
    pub async fn reaches(&self, offset: u64) {
        self.progress.until(|| self.applied().get() >= offset).await;
    }

    /// Returns the offset of the last byte that the master has sent.
    #[must_use]
    pub fn received(&self) -> ReplOffset {
        ReplOffset::new(self.received.load(Relaxed))
    }

    /// Returns how often the data came to belong to another history. Exact while the caller holds
    /// [`Self::store`].
    #[must_use]
    pub fn data_epoch(&self) -> u64 {
        self.data_epoch.load(Relaxed)
    }

    /// Notes that the data belong to another history than before. Workers do not read them until the
    /// monitor has judged them. A caller that changes the data calls it under the lock of the store.
    /// `info` is locked and gets the other history under the same lock.
    pub(in crate::engine) fn begin_data_epoch(&self, _info: &MutexGuard<'_, LinkInfo>) {
        self.data_epoch.fetch_add(1, Relaxed);
    }

    /// Returns the milliseconds since the engine was made.
    pub(in crate::engine) fn now_ms(&self) -> u64 {
        millis(self.epoch.elapsed())
    }

    pub(in crate::engine) fn link_info(&self) -> MutexGuard<'_, LinkInfo> {
        self.link_info.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the link panic when it applies a command with this key: for tests.
    #[cfg(debug_assertions)]
    #[doc(hidden)]
    pub fn panic_at(&self, key: &'static str) {
        // Only the first one counts.
        let _ = self.panic_key.set(key);
    }

    /// Panics if [`Self::panic_at`] has named a key of this command.
    #[cfg(debug_assertions)]
    pub(in crate::engine) fn panic_if_told(&self, args: &[&[u8]]) {
        let told = self.panic_key.get().is_some_and(|key| args.get(1) == Some(&key.as_bytes()));
        assert!(!told, "the link was told to panic");
    }

    /// Whether the engine is a master. Exact while the caller holds the lock of the store.
    #[must_use]
    #[inline]
    pub fn leads(&self) -> bool {
        self.role.leads()
    }

    /// Publishes the offset of a master's stream. The caller holds the lock of the store.
    pub(super) fn advance(&self, len: u64) {
        let before = self.applied.fetch_add(len, SeqCst);
        self.received.store(before + len, Relaxed);
        self.progress.note();
    }

    /// Publishes the offsets of the link. A caller that changes the data calls it under the lock of
    /// the store.
    pub(in crate::engine) fn publish(&self, offsets: &Offsets) {
        let before = self.applied.swap(offsets.applied().get(), SeqCst);
        self.received.store(offsets.read().get(), Relaxed);
        if before != offsets.applied().get() {
            self.progress.note();
        }
    }

    /// Notes that the master has sent something.
    pub(in crate::engine) fn heard(&self, now_ms: u64) {
        self.heard_ms.store(now_ms, Relaxed);
    }

    /// Returns the state of the link, with the time when the master last sent something.
    pub(in crate::engine) fn link_status(&self, info: &LinkInfo) -> LinkStatus {
        let mut status = info.status;
        status.heard(self.heard_ms.load(Relaxed));
        status
    }

    /// Makes the link try again at once while replication is halted.
    pub fn nudge(&self) {
        self.nudges.fetch_add(1, Relaxed);
    }

    /// Returns how often [`Self::nudge`] was called.
    pub(in crate::engine) fn nudges(&self) -> u64 {
        self.nudges.load(Relaxed)
    }

    /// Moves the link to another state.
    pub(in crate::engine) fn enter(&self, state: LinkState) {
        let now = self.now_ms();
        self.link_info().status.enter(state, now);
    }
}
