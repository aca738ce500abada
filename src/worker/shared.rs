//! What all workers share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::held_writes::HeldWrites;
use super::operations::Operations;
use super::reloads::Reloads;
use super::scripts::Scripts;
use crate::config::Config;
use crate::consistency::WriteTable;
use crate::engine::{Engine, ScriptReads};
use crate::registry::{OperatorHold, Pause, Registry};
use crate::tasks::Board;
use crate::telemetry::Metrics;
use crate::topology::Topology;
use tidegate_wire::units::millis;

/// Handles to the state of the process; made once, by `proxy`.
#[derive(Debug)]
pub struct Shared {
    /// The configuration in force.
    pub config: Arc<ArcSwap<Config>>,
    /// The servers, as the monitor sees them.
    pub topology: Arc<ArcSwap<Topology>>,
    /// The replica in this process, if there is one.
    pub engine: Option<Arc<Engine>>,
    /// The scripts that the replica in this process runs.
    pub script_reads: Option<ScriptReads>,
    /// Every client.
    pub registry: Registry,
    /// `CLIENT PAUSE`.
    pub pause: Pause,
    /// `PROXY HOLD`.
    pub operator_hold: Arc<OperatorHold>,
    /// The operations that clients ask for.
    pub operations: Operations,
    /// The last writes of all clients.
    pub writes: Arc<WriteTable>,
    /// What is known about scripts and functions.
    pub scripts: Scripts,
    /// How reloads went, and the clients that ask for one.
    pub reloads: Reloads,
    /// The writes that are held at the write gate.
    pub held_writes: HeldWrites,
    /// The tasks of the process.
    pub tasks: Board,
    /// Where the process's clock begins.
    pub epoch: Instant,
    /// Notified when a worker has reason to doubt the topology.
    pub suspect: Arc<Notify>,
    /// Notified when requests that wait may pass: another master is known, the write gate has
    /// opened, or a replica is fresh again.
    pub news: Arc<Notify>,
    /// Set when the process is to end: no new clients, no new requests.
    pub draining: AtomicBool,
    /// The counters.
    pub metrics: Metrics,
}

impl Shared {
    /// What a process starts with: no client, no pause, nothing held.
    #[must_use]
    pub fn new(
        config: Arc<ArcSwap<Config>>,
        topology: Arc<ArcSwap<Topology>>,
        engine: Option<Arc<Engine>>,
        (tasks, epoch): (Board, Instant),
        metrics: Metrics,
    ) -> Self {
        let writes = Arc::<WriteTable>::default();
        if config.load().reads.consistency.notes_writes() {
            writes.use_from_start();
        }
        Self {
            config,
            topology,
            script_reads: engine.clone().map(ScriptReads::new),
            engine,
            registry: Registry::default(),
            pause: Pause::default(),
            operator_hold: Arc::default(),
            operations: Operations::default(),
            writes,
            scripts: Scripts::default(),
            reloads: Reloads::default(),
            held_writes: HeldWrites::default(),
            tasks,
            epoch,
            suspect: Arc::default(),
            news: Arc::default(),
            draining: AtomicBool::new(false),
            metrics,
        }
    }

    /// `at` in milliseconds of the process's clock.
    pub fn ms_of(&self, at: Instant) -> u64 {
        millis(at.saturating_duration_since(self.epoch))
    }

    /// Milliseconds of the process's clock.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        millis(self.epoch.elapsed())
    }
}
