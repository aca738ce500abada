//! The counters, declared once with their HELP texts.

#![expect(clippy::disallowed_macros, reason = "this is the place where metrics are declared")]

use std::sync::Arc;

use metrics::{Counter, counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::exposition::Exposition;
use super::requests::Total;
use super::{Durations, Gaps, Requests, Scene, families, process};

/// Handles to the metrics, made once at the start.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Requests by class, backend and reason.
    pub requests: Arc<Requests>,
    /// How long requests take.
    pub durations: Arc<Durations>,
    /// The times that clients were without their subscriptions.
    pub(crate) gaps: Arc<Gaps>,
    pub(crate) local_requests: Total,
    pub(crate) reads_fallen_back: Counter,
    pub(crate) reads_orphaned: Counter,
    pub(crate) server_queue_met: Counter,
    pub(crate) retries: Counter,
    pub(crate) keys_touched: Counter,
    pub(crate) timeouts: Counter,
    pub(crate) in_doubt: Counter,
    pub(crate) writes_refused: Counter,
    pub(crate) writes_held: Counter,
    pub(crate) writes_released: Counter,
    pub(crate) writes_expired: Counter,
    pub(crate) failover_held: Counter,
    pub(crate) failover_released: Counter,
    pub(crate) failover_expired: Counter,
    pub(crate) failover_refused: Counter,
    pub(crate) hold_clients_met: Counter,
    pub(crate) hold_bytes_met: Counter,
    pub(crate) reads_waited: Counter,
    pub(crate) reads_expired: Counter,
    pub(crate) reads_refused: Counter,
    pub(crate) reads_raised: Counter,
    pub(crate) reads_behind: Counter,
    pub(crate) reads_late: Counter,
    pub(crate) questions_to_master: Counter,
    pub(crate) questions_to_replica: Counter,
    pub(crate) table_collisions: Counter,
    pub(crate) writes_acknowledged: Counter,
    pub(crate) writes_unacknowledged: Counter,
    pub(crate) wait_checks: Counter,
    pub(crate) protocol_errors: Counter,
    pub(crate) output_limit_kills: LimitCounters,
    pub(crate) query_limit_kills: LimitCounters,
    pub(crate) rejected_clients: LimitCounters,
    pub(crate) evicted_clients: LimitCounters,
    pub(crate) accepted_clients: Counter,
    pub(crate) bytes_in: Counter,
    pub(crate) bytes_out: Counter,
}

/// The two counters of a limit at which the proxy closes clients.
#[derive(Clone, Debug)]
pub(crate) struct LimitCounters {
    closures: Counter,
    limit: Counter,
}

impl LimitCounters {
    /// Adds `n` to both counters.
    pub(crate) fn increment(&self, n: u64) {
        self.closures.increment(n);
        self.limit.increment(n);
    }
}

/// Renders all metrics for Prometheus.
#[derive(Debug)]
pub struct Exporter {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Default for Exporter {
    fn default() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        Self { recorder, handle }
    }
}

impl Exporter {
    /// Declares the counters and returns their handles.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        metrics::with_local_recorder(&self.recorder, Metrics::declare)
    }

    /// The text for a scrape.
    #[must_use]
    pub fn render(&self, metrics: &Metrics, scene: &Scene<'_>) -> String {
        self.handle.run_upkeep();
        let mut page = Exposition::after(self.handle.render());
        metrics.requests.render(&mut page, scene.topology);
        metrics.durations.render(&mut page);
        gap_families(&mut page, &metrics.gaps);
        families::render(&mut page, scene);
        process::render(&mut page);
        page.into_text()
    }
}

impl Metrics {
    fn declare() -> Self {
        let (closures, limits) = (closures(), limits());
        let (fallbacks, failover) = (fallbacks(), failover());
        let (consistency, questions) = (consistency(), questions());
        let both = |name| LimitCounters { closures: closures(name), limit: limits(name) };
        build_info();
        let requests = Arc::<Requests>::default();
        Self {
            local_requests: requests.local(),
            requests,
            durations: Arc::default(),
            gaps: Arc::default(),
            reads_fallen_back: fallbacks("master"),
            reads_orphaned: fallbacks("replica"),
            server_queue_met: limits("server-queue"),
            retries: plain("tidegate_retries_total", "Requests sent again, to another server."),
            keys_touched: plain("tidegate_keys_touched_total", "Keys touched at the master."),
            timeouts: plain("tidegate_request_timeouts_total", "Requests that timed out."),
            in_doubt: plain(
                "tidegate_writes_in_doubt_total",
                "Writes that were sent and whose outcome is unknown.",
            ),
            writes_refused: plain(
                "tidegate_writes_refused_total",
                "Writes refused because the write gate was closed.",
            ),
            writes_held: plain("tidegate_writes_held_total", "Writes held at the write gate."),
            writes_released: plain(
                "tidegate_writes_released_total",
                "Held writes that were sent when the write gate opened.",
            ),
            writes_expired: plain(
                "tidegate_writes_expired_total",
                "Held writes that were refused at the end of hold-timeout.",
            ),
            failover_held: failover("held"),
            failover_released: failover("released"),
            failover_expired: failover("expired"),
            failover_refused: failover("refused"),
            hold_clients_met: limits("hold-max-clients"),
            hold_bytes_met: limits("hold-max-bytes"),
            reads_waited: fallbacks("waited"),
            reads_expired: fallbacks("expired"),
            reads_refused: fallbacks("error"),
            reads_raised: consistency("master"),
            reads_behind: consistency("asked-again"),
            reads_late: consistency("waited"),
            questions_to_master: questions("master"),
            questions_to_replica: questions("replica"),
            table_collisions: table_collisions(),
            writes_acknowledged: plain(
                "tidegate_writes_acknowledged_total",
                "Writes answered after wait-replicas replicas had acknowledged them.",
            ),
            writes_unacknowledged: plain(
                "tidegate_writes_unacknowledged_total",
                "Writes that wait-replicas replicas did not acknowledge within wait-timeout.",
            ),
            wait_checks: plain(
                "tidegate_wait_checks_total",
                "WAIT commands sent for wait-replicas; one covers all writes before it.",
            ),
            protocol_errors: closures("protocol-error"),
            output_limit_kills: both("client-output-buffer-limit"),
            query_limit_kills: both("query-buffer-limit"),
            rejected_clients: both("max-clients"),
            evicted_clients: both("maxmemory-clients"),
            accepted_clients: plain("tidegate_clients_accepted_total", "Clients accepted."),
            bytes_in: plain("tidegate_client_received_bytes_total", "Bytes received from clients."),
            bytes_out: plain("tidegate_client_sent_bytes_total", "Bytes sent to clients."),
        }
    }
}

fn gap_families(page: &mut Exposition, gaps: &Gaps) {
    page.gauge("tidegate_subscription_gaps_open", "Clients without their subscriptions now.")
        .sample(&[], gaps.open());
    let help = "Times that a client was without its subscriptions, by outcome.";
    let mut ended = page.counter("tidegate_subscription_gaps_total", help);
    ended.sample(&[("outcome", "renewed")], gaps.renewed());
    ended.sample(&[("outcome", "closed")], gaps.closed());
    let help = "How long clients were without their subscriptions, added up.";
    let total = std::time::Duration::from_millis(gaps.total_ms());
    page.counter("tidegate_subscription_gap_seconds_total", help).sample(&[], total.as_secs_f64());
}

fn plain(name: &'static str, help: &'static str) -> Counter {
    describe_counter!(name, help);
    counter!(name)
}

/// Describes a family with one label; the returned function makes the counter of one value.
fn by(
    name: &'static str,
    help: &'static str,
    label: &'static str,
) -> impl Fn(&'static str) -> Counter {
    describe_counter!(name, help);
    move |value| counter!(name, label => value)
}

fn closures() -> impl Fn(&'static str) -> Counter {
    by(
        "tidegate_client_closures_total",
        "Clients that the proxy closed, by the limit or rule that they broke.",
        "reason",
    )
}

fn limits() -> impl Fn(&'static str) -> Counter {
    by("tidegate_limits_met_total", "Times that a limit was reached, by limit.", "limit")
}

fn fallbacks() -> impl Fn(&'static str) -> Counter {
    by("tidegate_read_fallbacks_total", "Reads that found no fresh replica, by outcome.", "outcome")
}

fn table_collisions() -> Counter {
    let help = "Writes that found the place of their key in use by another key.";
    plain("tidegate_write_table_collisions_total", help)
}

fn build_info() {
    describe_gauge!("tidegate_build_info", "Always 1; the label has the version.");
    gauge!("tidegate_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

fn consistency() -> impl Fn(&'static str) -> Counter {
    by(
        "tidegate_consistency_reads_total",
        "Reads that no replica was known to have the data for, by outcome.",
        "outcome",
    )
}

fn questions() -> impl Fn(&'static str) -> Counter {
    by("tidegate_offset_questions_total", "Questions to servers for their offset.", "to")
}

fn failover() -> impl Fn(&'static str) -> Counter {
    by(
        "tidegate_failover_requests_total",
        "Requests that found their master being replaced or out of reach, by outcome.",
        "outcome",
    )
}
