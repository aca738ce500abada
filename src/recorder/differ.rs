//! The events between two samples.

use super::event::{EventKind, Level, News};
use super::sample::{Sample, ServerSample};
use crate::telemetry::LinkFigure;
use crate::topology::{Freshness, Report, Role, StaleReason};

/// The first event.
pub(super) fn started() -> News {
    news(EventKind::Proxy, Level::Note, "Tidegate started")
}

/// What happened between two samples.
pub(super) fn differ(before: &Sample, now: &Sample) -> Vec<News> {
    let mut found = Vec::new();
    masters(before, now, &mut found);
    servers(before, now, &mut found);
    gate(before, now, &mut found);
    hold(before, now, &mut found);
    reloads(before, now, &mut found);
    link(before, now, &mut found);
    if now.draining && !before.draining {
        found.push(news(EventKind::Proxy, Level::Note, "draining: the process ends"));
    }
    if now.restarts > before.restarts {
        let text = "a task of the process failed and is started again; see the tasks and the log";
        found.push(news(EventKind::Proxy, Level::Bad, text));
    }
    found
}

fn news(kind: EventKind, level: Level, text: impl Into<String>) -> News {
    News { kind, level, server: None, text: text.into() }
}

fn about(report: &Report, kind: EventKind, level: Level, text: impl Into<String>) -> News {
    News { server: Some(report.addr.to_string()), ..news(kind, level, text) }
}

fn masters(before: &Sample, now: &Sample, found: &mut Vec<News>) {
    let (old, new) = (before.master(), now.master());
    let added = now.failovers.count().saturating_sub(before.failovers.count());
    if let Some(last) = now.failovers.last.as_ref().filter(|_| added > 0) {
        let more = if added > 1 { format!("; {added} failovers at once") } else { String::new() };
        let (from, to, cause, loss) = (&last.from, &last.to, last.cause, last.loss);
        let text = format!("{to} is master in place of {from} ({cause}); {loss}{more}");
        let it = news(EventKind::Failover, Level::Bad, text);
        found.push(News { server: Some(to.to_string()), ..it });
        return;
    }
    match (&old, &new) {
        (None, Some(addr)) => {
            let it = news(EventKind::Master, Level::Good, "is the master");
            found.push(News { server: Some(addr.clone()), ..it });
        }
        (Some(addr), None) => {
            let it = news(EventKind::Master, Level::Bad, "no server is known to be master");
            found.push(News { server: Some(addr.clone()), ..it });
        }
        (Some(old), Some(addr)) if old != addr => {
            let text = format!("is the master in place of {old}");
            let it = news(EventKind::Master, Level::Note, text);
            found.push(News { server: Some(addr.clone()), ..it });
        }
        _ => {}
    }
    let both = before.failovers.last.as_ref().zip(now.failovers.last.as_ref());
    if let Some((_, last)) = both.filter(|(old, last)| old.loss != last.loss) {
        let text = format!("more is known about the last failover: {}", last.loss);
        found.push(news(EventKind::Failover, Level::Note, text));
    }
}

fn servers(before: &Sample, now: &Sample, found: &mut Vec<News>) {
    for server in &now.servers {
        let report = &server.report;
        match before.server(report.id) {
            Some(earlier) => changed(earlier, server, found),
            None => {
                let text = format!("joined: {}", condition(report));
                found.push(about(report, EventKind::Topology, Level::Note, text));
            }
        }
    }
    for gone in before.servers.iter().filter(|it| now.server(it.report.id).is_none()) {
        let text = format!("left the topology; it was {}", condition(&gone.report));
        found.push(about(&gone.report, EventKind::Topology, Level::Note, text));
    }
}

/// What has become of a server that both samples have.
fn changed(before: &ServerSample, now: &ServerSample, found: &mut Vec<News>) {
    let (old, new) = (&before.report, &now.report);
    // The master's own events tell of it.
    if new.role == Role::Master {
        return;
    }
    let mut tell = |level, text: String| found.push(about(new, EventKind::Server, level, text));
    let is_changed = old.role != new.role || old.state != new.state || old.excluded != new.excluded;
    if is_changed {
        let was_well = old.excluded.is_none() && old.state == Some(Freshness::Fresh);
        let is_well = new.excluded.is_none() && new.state == Some(Freshness::Fresh);
        let level = match (was_well, is_well) {
            (false, true) => Level::Good,
            (true, true) => Level::Note,
            _ => Level::Bad,
        };
        tell(level, condition(new));
        return;
    }
    let left = |it: &(StaleReason, (u64, u64))| it.1.1 > it.1.0;
    let departures = before.departures.into_iter().zip(now.departures);
    let mut left = StaleReason::ALL.into_iter().zip(departures).filter(left);
    if let Some((reason, _)) = left.next().filter(|_| new.state == Some(Freshness::Fresh)) {
        tell(Level::Note, format!("was not fresh for a moment ({reason})"));
    }
}

/// Role and state of a server, in words.
fn condition(report: &Report) -> String {
    let mut text = match (report.role, report.state) {
        (Role::Master, _) | (_, None) => report.role.to_string(),
        (Role::Replica, Some(state)) => format!("replica, {state}"),
        (Role::Unknown, Some(state)) => state.to_string(),
    };
    let reasons = [report.reason.map(|it| it.to_string()), report.excluded.clone()];
    let reasons: Vec<_> = reasons.into_iter().flatten().collect();
    if !reasons.is_empty() {
        text.push_str(&format!(" ({})", reasons.join(": ")));
    }
    text
}

fn gate(before: &Sample, now: &Sample, found: &mut Vec<News>) {
    let (old, new) = (before.gate, now.gate);
    if old.open == new.open {
        return;
    }
    let numbers = format!("{} of {} replicas in sync", new.good, new.wanted);
    let (level, word) = if new.open { (Level::Good, "open") } else { (Level::Bad, "closed") };
    found.push(news(EventKind::Gate, level, format!("the write gate is {word}: {numbers}")));
}

fn hold(before: &Sample, now: &Sample, found: &mut Vec<News>) {
    match (before.hold, now.hold) {
        (old, new) if old == new => {}
        (_, Some(reason)) => {
            let text = format!("requests wait: {}", reason.in_words());
            found.push(news(EventKind::Hold, Level::Bad, text));
        }
        (_, None) => found.push(news(EventKind::Hold, Level::Good, "requests no longer wait")),
    }
}

fn reloads(before: &Sample, now: &Sample, found: &mut Vec<News>) {
    let (old, new) = (before.reloads, now.reloads);
    if new.failures > old.failures {
        let text = "reload refused: proxy.toml has a mistake or cannot be read; see the log";
        found.push(news(EventKind::Reload, Level::Bad, text));
    }
    if new.generation > old.generation {
        let text = format!("reloaded proxy.toml: configuration {} is in force", new.generation);
        found.push(news(EventKind::Reload, Level::Good, text));
    } else if new.successes > old.successes {
        found.push(news(
            EventKind::Reload,
            Level::Note,
            "reloaded proxy.toml: nothing has changed",
        ));
    }
}

fn link(before: &Sample, now: &Sample, found: &mut Vec<News>) {
    let Some(state) = now.link.filter(|_| now.link != before.link) else { return };
    let level = match state {
        LinkFigure::Up | LinkFigure::Master => Level::Good,
        LinkFigure::Syncing => Level::Note,
        LinkFigure::Down | LinkFigure::Halted => Level::Bad,
    };
    let text = format!("the engine's replication is {}", state.as_str());
    found.push(news(EventKind::Engine, level, text));
}
