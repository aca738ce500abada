//! `/status`: everything at a glance, as JSON. The names are documented in `docs/metrics.md`.

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use crate::client::{Overview, Shared};
use crate::telemetry::{ConfigState, Figures};

/// The document.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    #[serde(flatten)]
    overview: Overview,
    ready: bool,
    /// Why it is not ready.
    reason: Option<String>,
    draining: bool,
    config: ConfigStatus,
    workers: Vec<WorkerStatus>,
    /// The engine, where there is one.
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
    let now_ms = shared.now_ms();
    let beats = shared.beats.all();
    let worker = |beat: &std::sync::Arc<crate::client::Beat>| WorkerStatus {
        name: beat.name.clone(),
        tick_age_ms: beat.age_ms(now_ms),
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
