//! The first line of the page, what is wrong, and the greatest numbers.

use maud::{Markup, html};

use crate::view::words::{DASH, maybe_ms, number, rate, span};
use crate::view::{Condition, Document, Severity};

/// The title of the page, which tells the state in a browser's tab.
pub(super) fn title(document: &Document) -> String {
    let (fresh, all) = fresh(document);
    let state = if document.ready { "ready" } else { "NOT READY" };
    format!("{state}, {fresh}/{all} fresh \u{2013} Tidegate")
}

/// How many replicas serve reads, and how many servers other than the master there are.
fn fresh(document: &Document) -> (usize, usize) {
    let is_good = |it: &&_| Condition::of(it).severity == Severity::Good;
    (document.others().filter(is_good).count(), document.others().count())
}

/// Name, state and links.
pub(super) fn head(document: &Document) -> Markup {
    let state = if document.ready { "good" } else { "bad" };
    let sign = if document.ready { "\u{2714}" } else { "\u{2716}" };
    html! {
        h1 { "Tidegate " span .version { (document.version) } }
        p .pill .(state) {
            span .sign aria-hidden="true" { (sign) } " "
            @if document.ready { "ready" } @else { "not ready" }
        }
        p .quiet { "up " (span(document.uptime_ms)) }
        nav aria-label="Pages for programs" {
            a href="status" { "/status" } " "
            a href="metrics" { "/metrics" } " "
            a href="healthz" { "/healthz" } " "
            a href="readyz" { "/readyz" }
        }
    }
}

/// What is wrong or waits, each with its reason.
pub(super) fn alerts(document: &Document) -> Markup {
    let gate = &document.gate;
    let down: Vec<_> = document.tasks.iter().filter(|task| !task.running).collect();
    html! {
        @if let Some(reason) = document.reason.as_ref().filter(|_| !document.ready) {
            p .alert .bad { strong { "Not ready: " } (reason) }
        }
        @if let Some(why) = &document.undecided {
            p .alert .bad { strong { "No master: " } (why) }
        }
        @if let Some(hold) = &document.hold {
            p .alert .warning {
                strong { "Requests wait for the master: " } (hold.text)
                ", for " (span(hold.age_ms))
                @if hold.left_ms > 0 { "; for " (span(hold.left_ms)) " more" }
                @else { "; by now they are refused" }
            }
        }
        @if !gate.open {
            p .alert .warning {
                strong { "The write gate is closed: " }
                (gate.good) " of " (gate.wanted) " replicas in sync, "
                (number(gate.held)) " clients held"
            }
        }
        @if !document.config.last_reload_successful {
            p .alert .warning {
                strong { "The last reload was refused: " } (document.config.file)
                " has a mistake, and the configuration before it is in force"
            }
        }
        @for task in &down {
            p .alert .bad {
                strong { (task.name) " does not run: " }
                (task.reason.as_deref().unwrap_or(DASH))
            }
        }
    }
}

fn tile(label: &str, value: &str, unit: &str, note: Markup, state: &str) -> Markup {
    html! {
        div .tile .(state) {
            dt { (label) }
            dd {
                span .value { (value) } @if !unit.is_empty() { span .unit { " " (unit) } }
                span .note { (note) }
            }
        }
    }
}

/// The greatest numbers.
pub(super) fn tiles(document: &Document) -> Markup {
    let class = |name: &str| {
        document.traffic.classes.iter().find(|it| it.class == name).cloned().unwrap_or_default()
    };
    let (reads, writes) = (class("read"), class("write"));
    let times = |it: &crate::view::Class| {
        html! { "p50 " (maybe_ms(it.p50_ms)) " \u{b7} p99 " (maybe_ms(it.p99_ms)) }
    };
    let (fresh, all) = fresh(document);
    let gate = &document.gate;
    let replicas = if fresh == all { "" } else { "warning" };
    let (word, state) = if gate.open { ("open", "") } else { ("closed", "warning") };
    let hold = document.hold.as_ref().map_or("no hold", |hold| &*hold.reason);
    let held = html! { (gate.good) " in sync, wants " (gate.wanted) " \u{b7} " (hold) };
    let last = html! { (document.failovers.count) " failovers" };
    let busy = html! { "of " (number(document.clients.max)) };
    let all_requests = html! { "over " (document.traffic.window_ms / 1_000) " s" };
    html! {
        dl .tiles aria-label="Summary" {
            (tile("Requests", &rate(document.traffic.per_s), "/s", all_requests, ""))
            (tile("Reads", &rate(reads.per_s), "/s", times(&reads), ""))
            (tile("Writes", &rate(writes.per_s), "/s", times(&writes), ""))
            (tile("Replicas fresh", &format!("{fresh}/{all}"), "", last, replicas))
            (tile("Write gate", word, "", held, state))
            (tile("Clients", &number(document.clients.connected), "", busy, ""))
        }
    }
}
