//! `/status`: the state of the proxy as JSON. `docs/metrics.md` documents the names.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use crate::client::Overview;
use crate::recorder::{Event, Recorder, Traffic};
use crate::tasks::{Kind, Record};
use crate::telemetry::{ConfigState, Figures, unix_ms};
use crate::worker::Shared;
use tidegate_wire::units::{ByteSize, millis};

/// The document at `/status`.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    #[serde(flatten)]
    overview: Overview,
    /// The present time, in milliseconds since 1970.
    unix_ms: u64,
    ready: bool,
    /// Why the proxy is not ready.
    reason: Option<String>,
    draining: bool,
    config: ConfigStatus,
    workers: Vec<WorkerStatus>,
    /// The long-running tasks, workers included.
    tasks: Vec<TaskStatus>,
    /// The engine, if there is one.
    replica: Option<ReplicaStatus>,
    limits: LimitsStatus,
    traffic: Traffic,
    /// The last events, the newest first.
    events: Vec<Event>,
}

/// The most events in the document. `/history` has all of them.
const EVENTS_MAX: usize = 40;

/// What a replica has to keep to serve reads; null is no limit.
#[derive(Debug, Serialize)]
struct LimitsStatus {
    max_lag_ms: Option<u64>,
    max_lag_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct ConfigStatus {
    generation: u64,
    last_reload_successful: bool,
    file: String,
}

#[derive(Debug, Serialize)]
struct WorkerStatus {
    name: String,
    tick_age_ms: u64,
}

#[derive(Debug, Serialize)]
struct TaskStatus {
    name: String,
    running: bool,
    /// How often the task was restarted.
    restarts: u64,
    /// Why the task does not run, or its last failure.
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct ReplicaStatus {
    link: &'static str,
    /// Why replication has halted, or why the last link ended.
    reason: Option<String>,
    applied_offset: u64,
    received_offset: u64,
    clients: usize,
}

/// The document for the present state.
pub(super) fn of(
    shared: &Shared,
    (config, file): (ConfigState, &Path),
    ready: Result<(), String>,
    recorder: &Recorder,
) -> Status {
    let reads = &shared.config.load_full().reads;
    let now_ms = shared.now_ms();
    let worker = |record: &Arc<Record>| WorkerStatus {
        name: record.name().to_owned(),
        tick_age_ms: record.age_ms(now_ms),
    };
    Status {
        overview: Overview::of(shared),
        unix_ms: unix_ms(),
        ready: ready.is_ok(),
        reason: ready.err(),
        draining: shared.draining.load(Relaxed),
        config: ConfigStatus {
            generation: config.generation,
            last_reload_successful: config.last_succeeded,
            file: file.display().to_string(),
        },
        workers: shared.tasks.of(Kind::Worker).iter().map(worker).collect(),
        tasks: shared.tasks.all().iter().map(|record| task(record, now_ms)).collect(),
        replica: shared.engine.as_ref().map(|engine| replica(engine.link_figures())),
        limits: LimitsStatus {
            max_lag_ms: reads.max_lag.map(millis),
            max_lag_bytes: reads.max_lag_bytes.map(ByteSize::bytes),
        },
        traffic: recorder.traffic(),
        events: recorder.events(now_ms).into_iter().take(EVENTS_MAX).collect(),
    }
}

fn task(record: &Record, now_ms: u64) -> TaskStatus {
    let fault = record.fault(now_ms);
    TaskStatus {
        name: record.name().to_owned(),
        running: fault.is_none(),
        restarts: record.failures() - u64::from(record.is_down()),
        reason: fault.or_else(|| record.history(now_ms)),
    }
}

fn replica(figures: Figures) -> ReplicaStatus {
    ReplicaStatus {
        link: figures.link.as_str(),
        reason: figures.reason,
        applied_offset: figures.applied,
        received_offset: figures.received,
        clients: figures.clients,
    }
}
