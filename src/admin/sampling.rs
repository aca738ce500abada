//! A sample of the proxy's counters and states, for the recorder.

use std::sync::atomic::Ordering::Relaxed;

use crate::recorder::{Gate, Reloads, Sample, ServerSample};
use crate::telemetry::unix_ms;
use crate::topology::{Backend, Report, StaleReason};
use crate::worker::Shared;

/// The counters and states now. Only atomics are read, besides the lock of the totals by server,
/// which a worker takes for its first request to a server only.
pub(super) fn sample(shared: &Shared) -> Sample {
    let (topology, now_ms) = (shared.topology.load_full(), shared.now_ms());
    let shard = topology.sole_shard();
    let gate = &shard.gate;
    let server = |backend: &Backend| ServerSample {
        report: Report::of(backend, now_ms),
        sent: shared.metrics.requests.sent_to(backend.id),
        departures: StaleReason::ALL.map(|it| backend.health.progress.departures(it)),
    };
    Sample {
        now_ms,
        unix_ms: unix_ms(),
        servers: topology.backends().map(server).collect(),
        durations: shared.metrics.durations.read(),
        local: shared.metrics.requests.answered_locally(),
        gate: Gate { open: gate.is_open(now_ms), good: gate.good(now_ms), wanted: gate.wanted() },
        hold: shard.hold.map(|hold| hold.reason),
        failovers: shard.failovers.clone(),
        reloads: Reloads {
            generation: shared.reloads.generation(),
            successes: shared.reloads.successes(),
            failures: shared.reloads.failures(),
        },
        link: shared.engine.as_ref().map(|engine| engine.link_figures().link),
        draining: shared.draining.load(Relaxed),
        restarts: shared.tasks.all().iter().map(|record| record.failures()).sum(),
    }
}
