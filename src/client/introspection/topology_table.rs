//! PROXY TOPOLOGY for people: a table with one line per server, then the write gate, the last
//! failover and the Sentinels.

use crate::client::introspection::overview::{FailoverOverview, HoldOverview, Overview};
use crate::topology::{Report, SentinelOverview};
use tidegate_wire::units::columns;

const HEAD: [&str; 11] = [
    "ID",
    "ADDRESS",
    "ROLE",
    "STATE",
    "READS",
    "LAG-MS",
    "LAG-BYTES",
    "OFFSET",
    "IN-FLIGHT",
    "WEIGHT",
    "WHY-NO-READS",
];

/// The lines, the head first. None holds a line end.
pub(in crate::client) fn lines(overview: &Overview) -> Vec<String> {
    let rows: Vec<_> = overview.backends.iter().map(row).collect();
    let mut lines = columns(HEAD, &rows);
    let gate = &overview.gate;
    let state = if gate.open { "open" } else { "closed" };
    let in_sync = match gate.good {
        1 => "1 replica in sync".to_owned(),
        good => format!("{good} replicas in sync"),
    };
    lines.push(format!("write gate: {state}; {in_sync}, min-replicas-to-write is {}", gate.wanted));
    lines.extend(overview.hold.as_ref().map(|hold| {
        let HoldOverview { text, age_ms, left_ms, .. } = hold;
        match left_ms {
            0 => format!("requests for the master are refused: {text} (for {age_ms} ms)"),
            _ => format!(
                "requests for the master wait: {text} (for {age_ms} ms, {left_ms} ms more at most)"
            ),
        }
    }));
    lines.extend(overview.undecided.iter().map(|why| format!("writes are refused: {why}")));
    lines.extend(overview.failovers.last.as_ref().map(last_failover));
    lines.extend(overview.sentinel.iter().flat_map(sentinels));
    lines
}

/// What the majority of the Sentinels says, then what each of them says.
fn sentinels(overview: &SentinelOverview) -> Vec<String> {
    let said = match (&overview.master, overview.epoch) {
        (Some(master), Some(epoch)) => {
            format!("a majority names {master} as {} in epoch {epoch}", overview.master_name)
        }
        _ => format!("no majority names a server as {}", overview.master_name),
    };
    let failover = if overview.failover { "; a failover is under way" } else { "" };
    let (known, reachable) = (overview.sentinels.len(), overview.reachable());
    let mut lines = vec![format!("sentinels: {reachable} of {known} answer; {said}{failover}")];
    lines.extend(overview.sentinels.iter().map(|it| match (&it.master, it.epoch) {
        (Some(master), Some(epoch)) => {
            format!("sentinel {}: names {master} in epoch {epoch}", it.addr)
        }
        _ => {
            let why = it.reason.as_deref().unwrap_or("has not answered yet");
            format!("sentinel {}: {}", it.addr, why.replace(['\r', '\n'], " "))
        }
    }));
    lines
}

fn last_failover(last: &FailoverOverview) -> String {
    let FailoverOverview { from, to, cause, loss, .. } = last;
    let seconds = last.age_ms / 1000;
    format!("last failover: {seconds} s ago, from {from} ({cause}) to {to}; {loss}")
}

fn row(report: &Report) -> [String; 11] {
    let number = |known: Option<u64>| known.map_or_else(|| "-".to_owned(), |it| it.to_string());
    [
        report.id.to_string(),
        report.addr.to_string(),
        report.role.to_string(),
        report.state.map_or("-", |state| state.as_str()).to_owned(),
        if report.reads { "yes" } else { "no" }.to_owned(),
        number(report.lag_ms),
        number(report.lag_bytes),
        number(report.offset),
        report.in_flight.to_string(),
        report.weight.to_string(),
        report.why_not().unwrap_or_default().replace(['\r', '\n'], " "),
    ]
}
