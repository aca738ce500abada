//! `/status`: the state of the proxy as JSON. `docs/metrics.md` documents the names.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use crate::client::Overview;
use crate::tasks::{Kind, Record};
use crate::telemetry::{ConfigState, Figures};
use crate::worker::Shared;

/// The document at `/status`.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    #[serde(flatten)]
    overview: Overview,
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
) -> Status {
    let now_ms = shared.now_ms();
    let worker = |record: &Arc<Record>| WorkerStatus {
        name: record.name().to_owned(),
        tick_age_ms: record.age_ms(now_ms),
    };
    Status {
        overview: Overview::of(shared),
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
