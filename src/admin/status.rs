//! `/status`: everything at a glance, as JSON. The names are documented in `docs/metrics.md`.

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde::Serialize;

use crate::client::Shared;
use crate::telemetry::{ConfigState, Figures};
use crate::topology::{Backend, Role, Topology};

/// The document.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    version: &'static str,
    uptime_ms: u64,
    ready: bool,
    /// Why it is not ready.
    reason: Option<String>,
    draining: bool,
    config: ConfigStatus,
    topology_generation: u64,
    master: Option<String>,
    backends: Vec<BackendStatus>,
    gate: GateStatus,
    clients: ClientsStatus,
    workers: Vec<WorkerStatus>,
    /// The engine, where there is one.
    replica: Option<ReplicaStatus>,
}

#[derive(Debug, Serialize)]
struct ConfigStatus {
    generation: u64,
    file: String,
}

#[derive(Debug, Serialize)]
struct BackendStatus {
    addr: String,
    id: u32,
    role: String,
    /// Of the data of a server that is not the master.
    state: Option<&'static str>,
    /// Why it is not fresh.
    reason: Option<&'static str>,
    /// Why it serves no reads, whatever its data.
    excluded: Option<String>,
    offset: Option<u64>,
    lag_ms: Option<u64>,
    lag_bytes: Option<u64>,
    /// Whether it could serve reads now, `reads.from` aside.
    reads: bool,
    resting: bool,
    weight: u32,
    in_flight: i64,
    connections: i64,
    probe_age_ms: Option<u64>,
    /// With its fraction: to the microsecond.
    probe_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
struct GateStatus {
    open: bool,
    good: u32,
    wanted: u32,
    held: usize,
}

#[derive(Debug, Serialize)]
struct ClientsStatus {
    connected: usize,
    max: usize,
}

#[derive(Debug, Serialize)]
struct WorkerStatus {
    name: String,
    tick_age_ms: u64,
}

#[derive(Debug, Serialize)]
struct ReplicaStatus {
    link: &'static str,
    /// Why it stands still, or why the last link ended.
    reason: Option<String>,
    applied_offset: u64,
    received_offset: u64,
    clients: usize,
}

/// How things are.
pub(super) fn of(
    shared: &Shared,
    (config, file): (ConfigState, &Path),
    ready: Result<(), String>,
) -> Status {
    let (topology, now_ms) = (shared.topology.load_full(), shared.now_ms());
    let beats = shared.beats.all();
    let worker = |beat: &std::sync::Arc<crate::client::Beat>| WorkerStatus {
        name: beat.name.clone(),
        tick_age_ms: beat.age_ms(now_ms),
    };
    Status {
        version: env!("CARGO_PKG_VERSION"),
        uptime_ms: now_ms,
        ready: ready.is_ok(),
        reason: ready.err(),
        draining: shared.draining.load(Relaxed),
        config: ConfigStatus { generation: config.generation, file: file.display().to_string() },
        topology_generation: topology.generation,
        master: topology.master().map(|master| master.addr.to_string()),
        backends: topology.backends.iter().map(|it| backend(it, now_ms)).collect(),
        gate: gate(&topology, shared.held_writes.clients(), now_ms),
        clients: ClientsStatus {
            connected: shared.registry.len(),
            max: shared.config.load().proxy.max_clients,
        },
        workers: beats.iter().map(worker).collect(),
        replica: shared.engine.as_ref().map(|engine| replica(engine.link_figures())),
    }
}

fn replica(figures: Figures) -> ReplicaStatus {
    ReplicaStatus {
        link: figures.link.word(),
        reason: figures.reason,
        applied_offset: figures.applied,
        received_offset: figures.received,
        clients: figures.clients,
    }
}

fn gate(topology: &Topology, held: usize, now_ms: u64) -> GateStatus {
    let gate = &topology.gate;
    GateStatus { open: gate.is_open(now_ms), good: gate.good(), wanted: gate.wanted(), held }
}

fn backend(backend: &Backend, now_ms: u64) -> BackendStatus {
    let (health, progress) = (&backend.health, &backend.health.progress);
    let is_master = backend.role == Role::Master;
    let of_others = |number: Option<u64>| number.filter(|_| !is_master);
    let silence = progress.silence_ms(now_ms);
    BackendStatus {
        addr: backend.addr.to_string(),
        id: backend.id.0,
        role: backend.role.to_string(),
        state: (!is_master).then(|| progress.freshness(now_ms).word()),
        reason: progress.doubt(now_ms).filter(|_| !is_master).map(|doubt| doubt.word()),
        excluded: backend.excluded.clone(),
        offset: progress.offset(),
        lag_ms: of_others(progress.lag_ms(now_ms)),
        lag_bytes: of_others(progress.lag_bytes()),
        reads: backend.can_read(now_ms),
        resting: health.is_resting(now_ms),
        weight: backend.weight,
        in_flight: health.load.in_flight(),
        connections: health.load.connections(),
        probe_age_ms: silence,
        probe_ms: silence.map(|_| Duration::from_micros(progress.took_us()).as_secs_f64() * 1e3),
    }
}
