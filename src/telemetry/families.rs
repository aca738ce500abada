//! The metrics that are computed from the present state at a scrape, so that backends that have
//! left the topology leave no series behind.

use std::time::Duration;

use super::exposition::{Exposition, Value};
use super::replica::{self, Figures};
use super::tls;
use crate::config::Certificates;
use crate::tasks::{Board, Kind};
use crate::topology::{
    Backend, Cause, Freshness, HoldReason, Report, Role, SentinelOverview, Shard, StaleReason,
    Topology,
};

/// The state of the process at a scrape.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// The servers and the write gate.
    pub topology: &'a Topology,
    /// The time, in milliseconds of the process's clock.
    pub now_ms: u64,
    /// `topology.probe-timeout` in milliseconds: a backend that has been silent for longer is not
    /// up.
    pub probe_timeout_ms: u64,
    /// The number of connected clients.
    pub clients: usize,
    /// `proxy.max-clients`.
    pub max_clients: usize,
    /// The failed logins at the proxy's port, and at the engine's.
    pub login_failures: [u64; 2],
    /// The number of clients whose writes are held.
    pub writes_held: usize,
    /// The state of the configuration.
    pub config: ConfigState,
    /// The certificates in use.
    pub certificates: &'a Certificates,
    /// The tasks of the process.
    pub tasks: &'a Board,
    /// The counters of the engine, if there is one.
    pub replica: Option<Figures>,
}

/// The configuration in force, and the results of reloads.
#[derive(Clone, Copy, Debug)]
pub struct ConfigState {
    /// The number of the configuration in force; 1 is the first.
    pub generation: u64,
    /// Reloads that succeeded.
    pub successes: u64,
    /// Reloads that failed and changed nothing.
    pub failures: u64,
    /// Whether the last reload succeeded.
    pub last_succeeded: bool,
    /// When a configuration was last loaded, in seconds since 1970.
    pub last_success_unix_seconds: u64,
}

/// Writes all families of `scene`.
pub(super) fn render(page: &mut Exposition, scene: &Scene<'_>) {
    config_families(page, scene.config);
    client_families(page, scene);
    topology_families(page, scene.topology, scene.now_ms);
    failover_families(page, scene.topology);
    sentinel_families(page, scene.topology);
    role_and_state(page, scene);
    progress_families(page, scene);
    load_families(page, scene);
    exclusions(page, scene.topology);
    task_families(page, scene.tasks);
    tls::render(page, scene.certificates);
    if let Some(figures) = &scene.replica {
        replica::render(page, figures);
    }
}

fn config_families(page: &mut Exposition, config: ConfigState) {
    let mut gauge = |name, help, value: Value| page.gauge(name, help).sample(&[], value);
    gauge(
        "tidegate_config_generation",
        "Number of the configuration in force; 1 is the first.",
        config.generation.into(),
    );
    gauge(
        "tidegate_config_last_reload_successful",
        "1 if the last reload succeeded, or if there was none.",
        config.last_succeeded.into(),
    );
    gauge(
        "tidegate_config_last_reload_success_timestamp_seconds",
        "When a valid configuration was last loaded, in seconds since 1970.",
        config.last_success_unix_seconds.into(),
    );
    let mut reloads = page.counter("tidegate_config_reloads_total", "Reloads, by result.");
    reloads.sample(&[("result", "success")], config.successes);
    reloads.sample(&[("result", "failure")], config.failures);
}

fn client_families(page: &mut Exposition, scene: &Scene<'_>) {
    page.gauge("tidegate_clients", "Connected clients.").sample(&[], scene.clients);
    page.gauge("tidegate_max_clients", "Clients that may be connected at a time (max-clients).")
        .sample(&[], scene.max_clients);
    let help = "Logins with a wrong password, by port.";
    let mut failures = page.counter("tidegate_login_failures_total", help);
    for (port, count) in ["proxy", "replica"].into_iter().zip(scene.login_failures) {
        failures.sample(&[("port", port)], count);
    }
    let help = "Clients whose requests are held, at the write gate or in a failover.";
    page.gauge("tidegate_writes_held", help).sample(&[], scene.writes_held);
}

fn topology_families(page: &mut Exposition, topology: &Topology, now_ms: u64) {
    let gate = &topology.sole_shard().gate;
    page.gauge("tidegate_good_replicas", "Replicas in sync, as the write gate counts them.")
        .sample(&[], gate.good(now_ms));
    page.gauge("tidegate_min_replicas_to_write", "Replicas in sync that the write gate requires.")
        .sample(&[], gate.wanted());
    page.gauge("tidegate_write_gate_open", "1 if the write gate accepts writes.")
        .sample(&[], gate.is_open(now_ms));
    page.gauge("tidegate_topology_generation", "Topologies published so far.")
        .sample(&[], topology.generation);
    let help = "1 for the reason why requests wait for the master now.";
    let mut holds = page.gauge("tidegate_failover_hold", help);
    let hold = topology.sole_shard().hold;
    for reason in HoldReason::ALL {
        let is_reason = hold.is_some_and(|hold| hold.reason == reason);
        holds.sample(&[("reason", reason.as_str())], is_reason);
    }
}

fn failover_families(page: &mut Exposition, topology: &Topology) {
    let sum = |of: &dyn Fn(&Shard) -> u64| topology.shards().map(of).sum::<u64>();
    let help = "Failovers, by what had become of the old master.";
    let mut failovers = page.counter("tidegate_failovers_total", help);
    for cause in Cause::ALL {
        failovers.sample(&[("cause", cause.as_str())], sum(&|it| it.failovers.of(cause)));
    }
    let help = "Failovers whose new master lacks bytes of the old one's replication stream.";
    page.counter("tidegate_failovers_with_loss_total", help)
        .sample(&[], sum(&|it| it.failovers.with_loss));
    let help = "Failovers of which it is not known whether writes were lost.";
    page.counter("tidegate_failovers_unverified_total", help)
        .sample(&[], sum(&|it| it.failovers.unverified));
    let help = "Bytes of replication streams that are known to be lost in failovers.";
    page.counter("tidegate_failover_lost_bytes_total", help)
        .sample(&[], sum(&|it| it.failovers.lost_bytes));
}

fn sentinel_families(page: &mut Exposition, topology: &Topology) {
    let none = SentinelOverview::default();
    let sentinels = topology.sentinels.as_deref().unwrap_or(&none);
    let mut gauge = |name, help, value: usize| page.gauge(name, help).sample(&[], value);
    gauge("tidegate_sentinels", "Known Sentinels of the master.", sentinels.sentinels.len());
    let help = "Sentinels that answer the polls.";
    gauge("tidegate_sentinels_reachable", help, sentinels.reachable());
    let help = "Sentinels that name the same master in the same epoch, if they are a majority.";
    gauge("tidegate_sentinels_agreeing", help, sentinels.agreeing());
    let help = "Times that a majority of the Sentinels named another master.";
    page.counter("tidegate_sentinel_switches_total", help).sample(&[], sentinels.switches);
}

fn role_and_state(page: &mut Exposition, scene: &Scene<'_>) {
    let up = |it: &Backend| Some((!it.is_silent(scene.now_ms, scene.probe_timeout_ms)).into());
    let help = "1 if the backend has answered the monitor within probe-timeout.";
    each(page.gauge("tidegate_backend_up", help), scene, up);
    let mut roles = page.gauge("tidegate_backend_role", "1 for the role that the backend has.");
    for backend in scene.topology.backends() {
        let addr = backend.addr.to_string();
        for role in [Role::Master, Role::Replica, Role::Unknown] {
            let labels = [("backend", &*addr), ("role", &role.to_string())];
            roles.sample(&labels, backend.role == role);
        }
    }
    let help = "1 if the backend reports role:master and is not the elected master.";
    each(page.gauge("tidegate_backend_claims_master", help), scene, |it| {
        Some(it.claims_master().into())
    });
    let help = "1 for the state of a replica's data.";
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
    let help = "Replication offset that the backend last reported.";
    each(page.gauge("tidegate_backend_replication_offset_bytes", help), scene, |it| {
        Report::of(it, now_ms).offset.map(Value::from)
    });
    let help = "Upper bound of the age of the backend's data.";
    each(page.gauge("tidegate_backend_lag_seconds", help), scene, |it| {
        Report::of(it, now_ms).lag_ms.map(seconds)
    });
    let help = "Bytes of the replication stream that the backend lacks.";
    each(page.gauge("tidegate_backend_lag_bytes", help), scene, |it| {
        Report::of(it, now_ms).lag_bytes.map(Value::from)
    });
    let help = "Duration of the last answered probe.";
    each(page.gauge("tidegate_backend_probe_duration_seconds", help), scene, |it| {
        let progress = &it.health.progress;
        let took = Duration::from_micros(progress.took_us());
        progress.silence_ms(now_ms).map(|_| took.as_secs_f64().into())
    });
    let help = "Time since the last answered probe was sent.";
    each(page.gauge("tidegate_backend_probe_age_seconds", help), scene, |it| {
        Report::of(it, now_ms).probe_age_ms.map(seconds)
    });
}

fn load_families(page: &mut Exposition, scene: &Scene<'_>) {
    let help = "Requests sent and not answered, over all workers.";
    each(page.gauge("tidegate_backend_requests_in_flight", help), scene, |it| {
        Some(Report::of(it, scene.now_ms).in_flight.into())
    });
    let help = "Connections to the backend, over all workers.";
    each(page.gauge("tidegate_backend_connections", help), scene, |it| {
        Some(Report::of(it, scene.now_ms).connections.into())
    });
    let help = "Shared connections that replaced a lost one.";
    each(page.counter("tidegate_backend_reconnects_total", help), scene, |it| {
        Some(it.health.load.reconnects().into())
    });
}

fn exclusions(page: &mut Exposition, topology: &Topology) {
    let help = "Times that a replica stopped being fresh, by reason.";
    let mut family = page.counter("tidegate_backend_exclusions_total", help);
    for backend in topology.backends() {
        let addr = backend.addr.to_string();
        for stale_reason in StaleReason::ALL {
            // A replica that was fresh had been measured, and was not rejoining.
            if !matches!(stale_reason, StaleReason::Unmeasured | StaleReason::Rejoining) {
                let labels = [("backend", &*addr), ("reason", stale_reason.as_str())];
                family.sample(&labels, backend.health.progress.departures(stale_reason));
            }
        }
    }
}

fn task_families(page: &mut Exposition, tasks: &Board) {
    let now_ms = tasks.now_ms();
    let help = "Panics, by the kind of task.";
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

/// Writes one sample for every backend for which `value` returns a value.
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
