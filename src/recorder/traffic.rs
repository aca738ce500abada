//! Rates and percentiles over the last seconds, as `/status` shows them.

use std::collections::VecDeque;

use serde::Serialize;

use super::sample::{Sample, ServerSample};
use crate::telemetry::{Class, Kind};

/// The rates and percentiles between two samples. What is not known is null in JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Traffic {
    /// The number of the second, which goes up by one with each.
    tick: u64,
    /// The time between the two samples, in milliseconds.
    window_ms: u64,
    /// Requests of all classes per second.
    per_s: f64,
    /// Each class, then the requests that the proxy answered itself.
    classes: Vec<ClassTraffic>,
    /// Reads by the reason for their server.
    reads: Vec<ReasonTraffic>,
    /// Each server.
    servers: Vec<ServerTraffic>,
}

/// The requests of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct ClassTraffic {
    class: &'static str,
    per_s: f64,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
}

/// The reads with one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct ReasonTraffic {
    reason: &'static str,
    per_s: f64,
}

/// The requests to one server.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct ServerTraffic {
    id: u32,
    addr: String,
    reads_per_s: f64,
    writes_per_s: f64,
    pinned_per_s: f64,
    /// Its share of all reads, in percent.
    read_percent: Option<f64>,
    /// How fast its replication offset grows.
    replication_bytes_per_s: Option<f64>,
}

/// The reasons for a server, in the order of the page. A read that is asked again counts as
/// `retry`.
const REASONS: [Kind; 6] = [
    Kind::ReadFresh,
    Kind::ReadPolicy,
    Kind::ReadFallback,
    Kind::ReadOrphaned,
    Kind::ReadMaster,
    Kind::ReadRetry,
];

impl Traffic {
    /// The traffic over the samples of `window`, the oldest first, at the second of number `tick`.
    pub(super) fn of(tick: u64, window: &VecDeque<Sample>) -> Self {
        let (Some(first), Some(last)) = (window.front(), window.back()) else {
            return Self::default();
        };
        let window_ms = last.now_ms.saturating_sub(first.now_ms);
        let rate = |count: u64| per_second(count, window_ms);
        // A server that joined meanwhile counts from its first sample on.
        let earliest = |id| window.iter().find_map(|sample| sample.server(id));
        let mut pairs: Vec<(&ServerSample, &ServerSample)> = Vec::new();
        for now in &last.servers {
            pairs.push((now, earliest(now.report.id).unwrap_or(now)));
        }
        let sum = |of: &dyn Fn(&ServerSample) -> u64| {
            pairs.iter().map(|(now, before)| of(now).saturating_sub(of(before))).sum::<u64>()
        };
        let class = |(at, class): (usize, Class)| {
            let took = last.durations[at].since(&first.durations[at]);
            let ms = |percent| took.percentile_us(percent).map(|us| f64::from(us) / 1e3);
            let per_s = rate(sum(&|it| it.sent_of(class)));
            ClassTraffic { class: class.as_str(), per_s, p50_ms: ms(50), p99_ms: ms(99) }
        };
        let mut classes: Vec<_> = Class::ALL.into_iter().enumerate().map(class).collect();
        let per_s = rate(last.local.saturating_sub(first.local));
        classes.push(ClassTraffic { class: "local", per_s, p50_ms: None, p99_ms: None });
        let reason = |kind: Kind| {
            let per_s = rate(sum(&|it| it.sent[kind as usize]));
            ReasonTraffic { reason: kind.reason(), per_s }
        };
        let reads = sum(&|it| it.sent_of(Class::Read));
        let server =
            |(now, before): &(&ServerSample, &ServerSample)| server(now, before, window_ms, reads);
        Self {
            tick,
            window_ms,
            per_s: rounded(classes.iter().map(|it| it.per_s).sum()),
            classes,
            reads: REASONS.map(reason).into(),
            servers: pairs.iter().map(server).collect(),
        }
    }
}

fn server(
    now: &ServerSample,
    before: &ServerSample,
    window_ms: u64,
    all_reads: u64,
) -> ServerTraffic {
    let sent = |class| now.sent_of(class).saturating_sub(before.sent_of(class));
    let rate = |class| per_second(sent(class), window_ms);
    let grown = || now.report.offset?.checked_sub(before.report.offset?);
    let percent = || rounded(float(sent(Class::Read)) * 100.0 / float(all_reads));
    ServerTraffic {
        id: now.report.id,
        addr: now.report.addr.to_string(),
        reads_per_s: rate(Class::Read),
        writes_per_s: rate(Class::Write),
        pinned_per_s: rate(Class::Pinned),
        read_percent: (all_reads > 0).then(percent),
        replication_bytes_per_s: grown().map(|bytes| per_second(bytes, window_ms)),
    }
}

/// `count` per second, to a tenth; 0 where no time has passed.
fn per_second(count: u64, window_ms: u64) -> f64 {
    if window_ms == 0 { 0.0 } else { rounded(float(count) * 1e3 / float(window_ms)) }
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}
