//! What is read off the state of things at the moment of a scrape: servers that have left leave
//! nothing behind.

use std::time::Duration;

use super::exposition::{Exposition, Value};
use super::replica::{self, Figures};
use crate::tasks::{Board, Kind};
use crate::topology::{Backend, Freshness, Report, Role, StaleReason, Topology};

/// The state of things.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// The servers.
    pub topology: &'a Topology,
    /// The time, in milliseconds of the process's clock.
    pub now_ms: u64,
    /// A server that has not answered for so long, in milliseconds, is not up.
    pub probe_timeout_ms: u64,
    /// Clients connected.
    pub clients: usize,
    /// `proxy.max-clients`.
    pub max_clients: usize,
    /// Failed logins so far, at the proxy's port and at the engine's.
    pub login_failures: [u64; 2],
    /// Clients whose writes are held.
    pub writes_held: usize,
    /// The configuration.
    pub config: ConfigState,
    /// The tasks of the process.
    pub tasks: &'a Board,
    /// The engine, where there is one.
    pub replica: Option<Figures>,
}

/// How reloads went so far.
#[derive(Clone, Copy, Debug)]
pub struct ConfigState {
    /// Which configuration is in force.
    pub generation: u64,
    /// Reloads that went well.
    pub successes: u64,
    /// Reloads that changed nothing, because of a mistake.
    pub failures: u64,
    /// Whether the last one went well.
    pub last_succeeded: bool,
    /// When that one was, or the start, in seconds since 1970.
    pub last_success_unix_seconds: u64,
}

/// Writes all families of `scene`.
pub(super) fn render(page: &mut Exposition, scene: &Scene<'_>) {
    config_families(page, scene.config);
    client_families(page, scene);
    topology_families(page, scene.topology, scene.now_ms);
    role_and_state(page, scene);
    progress_families(page, scene);
    load_families(page, scene);
    exclusions(page, scene.topology);
    task_families(page, scene.tasks);
    if let Some(figures) = &scene.replica {
        replica::render(page, figures);
    }
}

fn config_families(page: &mut Exposition, config: ConfigState) {
    let mut gauge = |name, help, value: Value| page.gauge(name, help).sample(&[], value);
    gauge(
        "tidegate_config_generation",
        "Which configuration is in force; 1 is the first.",
        config.generation.into(),
    );
    gauge(
        "tidegate_config_last_reload_successful",
        "1 if the last reload went well.",
        config.last_succeeded.into(),
    );
    gauge(
        "tidegate_config_last_reload_success_timestamp_seconds",
        "When a configuration was last loaded.",
        config.last_success_unix_seconds.into(),
    );
    let mut reloads = page.counter("tidegate_config_reloads_total", "Reloads, by how they went.");
    reloads.sample(&[("result", "success")], config.successes);
    reloads.sample(&[("result", "failure")], config.failures);
}

fn client_families(page: &mut Exposition, scene: &Scene<'_>) {
    page.gauge("tidegate_clients", "Clients connected now.").sample(&[], scene.clients);
    page.gauge("tidegate_max_clients", "Clients that may be connected at a time.")
        .sample(&[], scene.max_clients);
    let help = "Logins with a wrong password, by the port.";
    let mut failures = page.counter("tidegate_login_failures_total", help);
    for (port, count) in ["proxy", "replica"].into_iter().zip(scene.login_failures) {
        failures.sample(&[("port", port)], count);
    }
    page.gauge("tidegate_writes_held", "Clients whose writes are held now.")
        .sample(&[], scene.writes_held);
}

fn topology_families(page: &mut Exposition, topology: &Topology, now_ms: u64) {
    let gate = &topology.sole_shard().gate;
    page.gauge("tidegate_good_replicas", "Replicas that keep up, as the write gate counts them.")
        .sample(&[], gate.good());
    page.gauge("tidegate_min_replicas_to_write", "Replicas that the write gate wants.")
        .sample(&[], gate.wanted());
    page.gauge("tidegate_write_gate_open", "1 if writes are let through.")
        .sample(&[], gate.is_open(now_ms));
    page.gauge("tidegate_topology_generation", "Pictures of the servers published.")
        .sample(&[], topology.generation);
}

fn role_and_state(page: &mut Exposition, scene: &Scene<'_>) {
    let up = |it: &Backend| Some((!it.is_silent(scene.now_ms, scene.probe_timeout_ms)).into());
    let help = "1 if it has answered the monitor within probe-timeout.";
    each(page.gauge("tidegate_backend_up", help), scene, up);
    let mut roles = page.gauge("tidegate_backend_role", "1 for the role that it has.");
    for backend in scene.topology.backends() {
        let addr = backend.addr.to_string();
        for role in [Role::Master, Role::Replica, Role::Unknown] {
            let labels = [("backend", &*addr), ("role", &role.to_string())];
            roles.sample(&labels, backend.role == role);
        }
    }
    let help = "1 for the state that its data is in; servers other than the master.";
    let mut states = page.gauge("tidegate_backend_state", help);
    for backend in scene.topology.backends() {
        let addr = backend.addr.to_string();
        let Some(is) = Report::of(backend, scene.now_ms).state else { continue };
        for state in Freshness::ALL {
            states.sample(&[("backend", &*addr), ("state", state.as_str())], is == state);
        }
    }
}

fn progress_families(page: &mut Exposition, scene: &Scene<'_>) {
    let now_ms = scene.now_ms;
    let help = "Replication offset, as it told last.";
    each(page.gauge("tidegate_backend_replication_offset_bytes", help), scene, |it| {
        Report::of(it, now_ms).offset.map(Value::from)
    });
    let help = "How old its data may be now, at most.";
    each(page.gauge("tidegate_backend_lag_seconds", help), scene, |it| {
        Report::of(it, now_ms).lag_ms.map(seconds)
    });
    let help = "How far it is behind the master.";
    each(page.gauge("tidegate_backend_lag_bytes", help), scene, |it| {
        Report::of(it, now_ms).lag_bytes.map(Value::from)
    });
    let help = "How long the last probe took that was answered.";
    each(page.gauge("tidegate_backend_probe_duration_seconds", help), scene, |it| {
        let progress = &it.health.progress;
        let took = Duration::from_micros(progress.took_us());
        progress.silence_ms(now_ms).map(|_| took.as_secs_f64().into())
    });
    let help = "How long ago that probe was sent.";
    each(page.gauge("tidegate_backend_probe_age_seconds", help), scene, |it| {
        Report::of(it, now_ms).probe_age_ms.map(seconds)
    });
}

fn load_families(page: &mut Exposition, scene: &Scene<'_>) {
    let help = "Requests under way, over all workers.";
    each(page.gauge("tidegate_backend_requests_in_flight", help), scene, |it| {
        Some(Report::of(it, scene.now_ms).in_flight.into())
    });
    let help = "Connections, over all workers.";
    each(page.gauge("tidegate_backend_connections", help), scene, |it| {
        Some(Report::of(it, scene.now_ms).connections.into())
    });
    let help = "Shared connections opened in place of one that was lost.";
    each(page.counter("tidegate_backend_reconnects_total", help), scene, |it| {
        Some(it.health.load.reconnects().into())
    });
}

fn exclusions(page: &mut Exposition, topology: &Topology) {
    let help = "Times a replica stopped being fresh, by why.";
    let mut family = page.counter("tidegate_backend_exclusions_total", help);
    for backend in topology.backends() {
        let addr = backend.addr.to_string();
        for stale_reason in StaleReason::ALL {
            // Whoever was fresh was measured, and had joined.
            if !matches!(stale_reason, StaleReason::Unmeasured | StaleReason::Rejoining) {
                let labels = [("backend", &*addr), ("reason", stale_reason.as_str())];
                family.sample(&labels, backend.health.progress.departures(stale_reason));
            }
        }
    }
}

fn task_families(page: &mut Exposition, tasks: &Board) {
    let now_ms = tasks.now_ms();
    let help = "Panics in tasks of the process, by the kind of task.";
    let mut panics = page.counter("tidegate_task_panics_total", help);
    for kind in Kind::ALL {
        panics.sample(&[("task", kind.as_str())], tasks.panics(kind));
    }
    let help = "Long-running tasks that are down or hang, by the kind of task.";
    let mut down = page.gauge("tidegate_tasks_down", help);
    for kind in Kind::ALL {
        let records = tasks.of(kind);
        if !records.is_empty() {
            let faulty = records.iter().filter(|record| record.fault(now_ms).is_some()).count();
            down.sample(&[("task", kind.as_str())], faulty);
        }
    }
}

/// One sample for every backend that has a value.
fn each(
    mut family: super::exposition::Family<'_>,
    scene: &Scene<'_>,
    value: impl Fn(&Backend) -> Option<Value>,
) {
    for backend in scene.topology.backends() {
        if let Some(value) = value(backend) {
            family.sample(&[("backend", &backend.addr.to_string())], value);
        }
    }
}

fn seconds(millis: u64) -> Value {
    Duration::from_millis(millis).as_secs_f64().into()
}
