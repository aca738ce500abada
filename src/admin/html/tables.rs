//! The tables: servers, classes of requests, reads, and the process.

use maud::{Markup, html};

use super::plot::{Line, peak, plot};
use crate::view::words::{DASH, lag, maybe_ms, ms, number, rate, size};
use crate::view::{Class, ClassSeries, Condition, Document, Series, Server};

/// Every server.
pub(super) fn servers(document: &Document) -> Markup {
    html! {
        section aria-labelledby="servers" {
            h2 #servers { "Servers" }
            div .scroll { table {
                thead { tr {
                    th scope="col" { "State" } th scope="col" { "Address" }
                    th scope="col" { "Lag" } th scope="col" { "Behind" }
                    th scope="col" { "Reads/s" } th scope="col" { "Writes/s" }
                    th scope="col" { "In flight" } th scope="col" { "Connections" }
                    th scope="col" { "Reply time" } th scope="col" { "Probe" }
                    th scope="col" { "Weight" } th scope="col" .text { "Why no reads" }
                } }
                tbody { @for it in &document.backends { (server(document, it)) } }
            } }
        }
    }
}

fn server(document: &Document, server: &Server) -> Markup {
    let condition = Condition::of(server);
    let (severity, traffic) = (condition.severity, document.traffic_of(server.id));
    let latency = u32::try_from(server.latency_us).ok().filter(|it| *it > 0);
    html! {
        tr data-server=(server.addr) data-state=(condition.word) {
            td .state .(severity.as_str()) {
                span .sign aria-hidden="true" { (severity.sign()) } " " (condition.word)
            }
            th scope="row" .addr {
                (server.addr) @if server.local { span .quiet { " in this process" } }
            }
            td { (lag(server.lag_ms)) }
            td { (size(server.lag_bytes)) }
            td { (rate(traffic.reads_per_s)) }
            td { (rate(traffic.writes_per_s)) }
            td { (number(server.in_flight)) }
            td { (number(server.connections)) }
            td { (maybe_ms(latency.map(|it| f64::from(it) / 1e3))) }
            td { (maybe_ms(server.probe_ms)) }
            td { (server.weight) }
            td .text { (condition.why.as_deref().unwrap_or(DASH)) }
        }
    }
}

/// Requests by class.
pub(super) fn classes(document: &Document, series: &Series) -> Markup {
    html! {
        section aria-labelledby="classes" {
            h2 #classes { "Requests by class" }
            div .scroll { table {
                thead { tr {
                    th scope="col" .text { "Class" } th scope="col" { "Requests/s" }
                    th scope="col" { "p50" } th scope="col" { "p99" }
                    th scope="col" .text { "Requests/s, 10 min" }
                    th scope="col" .text { "p99, 10 min" }
                } }
                tbody {
                    @for it in &document.traffic.classes { (class(it, series.class(&it.class))) }
                }
            } }
        }
    }
}

fn class(class: &Class, series: Option<&ClassSeries>) -> Markup {
    let spark = |values: &[Option<u32>], what: &str, shown: &dyn Fn(u32) -> String| {
        let peak = peak(values);
        let top = f64::from(peak.unwrap_or(0));
        let highest = peak.map_or_else(|| DASH.to_owned(), shown);
        let label = format!("{what} of the class {} over ten minutes", class.class);
        html! {
            span .spark {
                (plot(&[Line { values, class: "spark" }], top, None, &html! {}, &label))
                span .quiet { "\u{2264} " (highest) }
            }
        }
    };
    html! {
        tr {
            th scope="row" .text { (class.class) }
            td { (rate(class.per_s)) }
            td { (maybe_ms(class.p50_ms)) }
            td { (maybe_ms(class.p99_ms)) }
            @match series {
                Some(series) => {
                    td .text {
                        (spark(&series.per_s, "requests", &|it| format!("{}/s", rate(it.into()))))
                    }
                    td .text {
                        (spark(&series.p99_us, "p99", &|it| ms(f64::from(it) / 1e3)))
                    }
                }
                None => { td .text { (DASH) } td .text { (DASH) } }
            }
        }
    }
}

/// A bar of `percent`.
fn bar(percent: f64, class: &str) -> Markup {
    let width = format!("{:.1}", percent.clamp(0.0, 100.0));
    html! {
        svg class=(format!("bar {class}")) viewBox="0 0 100 10" preserveAspectRatio="none"
            aria-hidden="true" {
            rect .rest x="0" y="0" width="100" height="10" {}
            rect .part x="0" y="0" width=(width) height="10" {}
        }
    }
}

/// The servers that answer the reads, and the reasons for them.
pub(super) fn reads(document: &Document) -> Markup {
    let traffic = &document.traffic;
    let all: f64 = traffic.reads.iter().map(|it| it.per_s).sum();
    html! {
        section aria-labelledby="reads" {
            h2 #reads { "Reads: by server, and why there" }
            div .scroll { table {
                thead { tr {
                    th scope="col" .text { "Server" } th scope="col" { "Reads/s" }
                    th scope="col" { "Share" } th scope="col" .text { span .unseen { "Bar" } }
                } }
                tbody {
                    @for it in &traffic.servers { tr {
                        th scope="row" .addr { (it.addr) }
                        td { (rate(it.reads_per_s)) }
                        td { @match it.read_percent {
                            Some(percent) => (format!("{percent:.0} %")),
                            None => (DASH),
                        } }
                        td .text { (bar(it.read_percent.unwrap_or(0.0), "server")) }
                    } }
                }
                tbody {
                    @for it in &traffic.reads { tr {
                        @let percent = if all > 0.0 { it.per_s * 100.0 / all } else { 0.0 };
                        th scope="row" .text { (reason(&it.reason)) }
                        td { (rate(it.per_s)) }
                        td { @if all > 0.0 { (format!("{percent:.0} %")) } @else { (DASH) } }
                        td .text { (bar(percent, "reason")) }
                    } }
                }
            } }
        }
    }
}

/// A reason of `tidegate_requests_total` in words.
fn reason(name: &str) -> &str {
    match name {
        "fresh" => "replica is fresh",
        "policy" => "reads.from says master",
        "fallback" => "no replica is fresh",
        "orphaned" => "master is out of reach",
        "master" => "only the master may answer",
        "retry" => "asked again",
        other => other,
    }
}

/// Connections, configuration and tasks.
pub(super) fn process(document: &Document) -> Markup {
    let failovers = &document.failovers;
    let (mut to_servers, mut under_way) = (0, 0);
    for server in &document.backends {
        to_servers += server.connections;
        under_way += server.in_flight;
    }
    let row = |name: &str, value: Markup| html! { tr { th scope="row" .text { (name) } td .text { (value) } } };
    let config = &document.config;
    html! {
        section aria-labelledby="process" {
            h2 #process { "Process" }
            div .scroll { table .facts { tbody {
                (row("Clients", html! {
                    (number(document.clients.connected)) " of " (number(document.clients.max))
                }))
                (row("Connections to servers", html! { (number(to_servers)) }))
                (row("Requests under way", html! { (number(under_way)) }))
                (row("Held at the gate", html! { (number(document.gate.held)) " clients" }))
                (row("Failovers", html! {
                    (failovers.count) ", " (failovers.with_loss) " with loss, "
                    (failovers.unverified) " unverified"
                }))
                (row("Configuration", html! {
                    (config.file) ", generation " (config.generation) ", last reload "
                    @if config.last_reload_successful { "successful" } @else { "refused" }
                }))
                @if let Some(replica) = &document.replica {
                    (row("Engine", html! {
                        "link " (replica.link) ", applied to " (number(replica.applied_offset))
                        @if let Some(reason) = &replica.reason { ", " (reason) }
                    }))
                }
                @for task in &document.tasks {
                    (row(&task.name, html! {
                        @if task.running { "runs" } @else { strong { "does not run" } }
                        @if task.restarts > 0 { ", " (task.restarts) " restarts" }
                        @if let Some(reason) = &task.reason { ": " (reason) }
                    }))
                }
            } } }
        }
    }
}
