//! What was measured, for people and for programs.

use std::fmt::Write as _;

use crate::idle::Step;
use crate::run::Outcome;

const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

/// The figures of a run.
pub(crate) fn text(outcome: &Outcome) -> String {
    let mut out = String::new();
    let tally = &outcome.tally;
    let _ = writeln!(
        out,
        "{:.0} requests/s: {} replies in {:.2} s, {} misses, {} errors",
        rate(outcome),
        tally.replies,
        outcome.elapsed.as_secs_f64(),
        tally.misses,
        tally.errors.total(),
    );
    for (text, count) in tally.errors.kinds() {
        let _ = writeln!(out, "  error {count} x {text}");
    }
    let _ = write!(out, "latency us:");
    for (name, value) in latencies(outcome) {
        let _ = write!(out, " {name} {value:.1}");
    }
    for usage in &outcome.processes {
        let _ = write!(
            out,
            "\n{}: {:.2} us CPU per reply, {:.2} cores, {} KiB",
            usage.label,
            per_reply(outcome, usage.cpu.as_secs_f64()),
            usage.cpu.as_secs_f64() / outcome.elapsed.as_secs_f64(),
            usage.rss,
        );
    }
    let others = outcome.others.as_secs_f64() / outcome.elapsed.as_secs_f64();
    let _ = write!(out, "\neverything else on this machine: {others:.2} cores");
    out
}

/// The same as one line of JSON.
pub(crate) fn json(outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    let mut out = format!(
        "{{\"seconds\":{:.4},\"replies\":{},\"requests_per_second\":{:.1},\"misses\":{},\"errors\":{}",
        outcome.elapsed.as_secs_f64(),
        tally.replies,
        rate(outcome),
        tally.misses,
        tally.errors.total(),
    );
    let kinds = tally.errors.kinds().map(|(text, count)| (text, count.to_string()));
    object(&mut out, "error_kinds", kinds);
    let latencies = latencies(outcome).map(|(name, value)| (name, format!("{value:.2}")));
    object(&mut out, "latency_us", latencies);
    let seconds = |cpu: std::time::Duration| format!("{:.4}", cpu.as_secs_f64());
    let usages = || outcome.processes.iter();
    let cpu = usages().map(|usage| {
        (&*usage.label, format!("{:.4}", per_reply(outcome, usage.cpu.as_secs_f64())))
    });
    object(&mut out, "cpu_us_per_reply", cpu);
    object(&mut out, "cpu_seconds", usages().map(|usage| (&*usage.label, seconds(usage.cpu))));
    object(&mut out, "rss_kib", usages().map(|usage| (&*usage.label, usage.rss.to_string())));
    let _ = write!(out, ",\"others_cpu_seconds\":{}}}", seconds(outcome.others));
    out
}

/// Memory by number of idle clients.
pub(crate) fn idle_text(steps: &[Step]) -> String {
    let mut out = String::from("idle clients: resident KiB");
    for step in steps {
        let _ = write!(out, "\n{:>6}:", step.clients);
        for (label, rss) in &step.rss {
            let _ = write!(out, " {label} {rss}");
        }
    }
    out
}

/// The same as one line of JSON.
pub(crate) fn idle_json(steps: &[Step]) -> String {
    let steps: Vec<_> = steps
        .iter()
        .map(|step| {
            let mut out = format!("{{\"clients\":{}", step.clients);
            let rss = step.rss.iter().map(|(label, rss)| (label.as_str(), rss.to_string()));
            object(&mut out, "rss_kib", rss);
            out + "}"
        })
        .collect();
    format!("{{\"idle\":[{}]}}", steps.join(","))
}

fn rate(outcome: &Outcome) -> f64 {
    outcome.tally.replies as f64 / outcome.elapsed.as_secs_f64()
}

fn per_reply(outcome: &Outcome, seconds: f64) -> f64 {
    seconds * 1e6 / outcome.tally.replies.max(1) as f64
}

fn latencies(outcome: &Outcome) -> impl Iterator<Item = (&'static str, f64)> {
    let latency = &outcome.tally.latency;
    QUANTILES.map(|(name, q)| (name, latency.value_at_quantile(q) as f64 / 1e3)).into_iter()
}

/// Appends `,"name":{"key":value,...}`.
fn object<'a>(out: &mut String, name: &str, fields: impl Iterator<Item = (&'a str, String)>) {
    let _ = write!(out, ",\"{name}\":{{");
    for (at, (key, value)) in fields.enumerate() {
        out.push_str(if at == 0 { "\"" } else { ",\"" });
        for c in key.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                c if c < ' ' => drop(write!(out, "\\u{:04x}", u32::from(c))),
                c => out.push(c),
            }
        }
        let _ = write!(out, "\":{value}");
    }
    out.push('}');
}
