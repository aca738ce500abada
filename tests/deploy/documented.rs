//! The metrics as `docs/metrics.md` has them: the names, labels and labels' values that queries may
//! use.

use std::collections::{BTreeMap, BTreeSet};

use crate::promql::{self, Selector};
use crate::read;

/// What Prometheus's clients tell of any process, and Prometheus itself of any target.
const STANDARD: [&str; 9] = [
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
    "up",
    "ALERTS",
];

/// Labels that Prometheus adds to whatever it scrapes.
const ADDED: [&str; 2] = ["instance", "job"];

#[derive(Debug, Default)]
pub(crate) struct Documented {
    /// By name: labels with their values; no values are any values.
    pub(crate) metrics: BTreeMap<String, Labels>,
    histograms: BTreeSet<String>,
}

type Labels = BTreeMap<String, BTreeSet<String>>;

impl Documented {
    pub(crate) fn load() -> Self {
        Self::parse(&read("docs/metrics.md"))
    }

    fn parse(text: &str) -> Self {
        let mut this = Self::default();
        for row in text.lines().filter(|line| line.starts_with("| `tidegate_")) {
            let mut cells = row.trim_matches('|').split('|').map(str::trim);
            let (names, labels) = (cells.next().unwrap(), cells.next().unwrap());
            let histogram = cells.next().unwrap().starts_with("histogram");
            for name in quoted(names) {
                this.metrics.insert(name.to_owned(), parse_labels(labels));
                if histogram {
                    this.histograms.insert(name.to_owned());
                }
            }
        }
        // Which request has which reason is a table of its own.
        let reasons = text.split("| `class` | `reason` |").nth(1).unwrap_or_default();
        let rows = reasons.lines().skip(2).take_while(|line| line.starts_with('|'));
        let known = this.metrics.get_mut("tidegate_requests_total").unwrap();
        let known = known.get_mut("reason").unwrap();
        for row in rows {
            let reason = row.split('|').nth(2).unwrap_or_default();
            known.extend(quoted(reason).into_iter().map(str::to_owned));
        }
        this
    }

    /// The documented name behind one in a query: `x` for `x_bucket` of the histogram `x`.
    pub(crate) fn base<'a>(&self, name: &'a str) -> &'a str {
        let ends = ["_bucket", "_sum", "_count"];
        let cut = ends.iter().find_map(|end| name.strip_suffix(end));
        cut.filter(|cut| self.histograms.contains(*cut)).unwrap_or(name)
    }

    /// What is wrong with a query: names, labels and values that are documented nowhere.
    pub(crate) fn mistakes(&self, query: &str) -> Vec<String> {
        let scanned = promql::scan(query);
        let mut wrong = Vec::new();
        let mut labels: BTreeSet<&str> = ADDED.into();
        for selector in &scanned.selectors {
            let base = self.base(&selector.name);
            if STANDARD.contains(&base) {
                continue;
            }
            let Some(known) = self.metrics.get(base) else {
                wrong.push(format!("{} is not in docs/metrics.md", selector.name));
                continue;
            };
            let bucket = selector.name.ends_with("_bucket");
            labels.extend(known.keys().map(String::as_str).chain(bucket.then_some("le")));
            if self.histograms.contains(&selector.name) {
                wrong.push(format!("{} is a histogram", selector.name));
            }
            wrong.extend(matched(selector, known));
        }
        let unknown = scanned.grouped.iter().filter(|label| !labels.contains(label.as_str()));
        wrong.extend(unknown.map(|label| format!("nothing has the label {label}")));
        wrong
    }
}

/// The matchers of a selector against what its metric has.
fn matched(selector: &Selector, known: &Labels) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, value) in &selector.matchers {
        if ADDED.contains(&label.as_str()) {
            continue;
        }
        let Some(values) = known.get(label) else {
            wrong.push(format!("{} has no label {label}", selector.name));
            continue;
        };
        for value in value.split('|').filter(|it| !it.starts_with('$') && !it.is_empty()) {
            if !values.is_empty() && !values.contains(value) {
                wrong.push(format!("{} has no {label} = {value}", selector.name));
            }
        }
    }
    wrong
}

/// "`backend`, `role` = `master`, `replica`": labels, the last of a part perhaps with its values.
fn parse_labels(cell: &str) -> Labels {
    let mut labels = Labels::new();
    for part in without_parentheses(cell).split(';') {
        let (names, values) = part.split_once('=').unwrap_or((part, ""));
        let names = quoted(names);
        for name in &names {
            labels.insert((*name).to_owned(), BTreeSet::new());
        }
        if let Some(last) = names.last().and_then(|name| labels.get_mut(*name)) {
            last.extend(quoted(values).into_iter().map(str::to_owned));
        }
    }
    labels
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0;
    let mut keep = |c: &char| match c {
        '(' => {
            depth += 1;
            false
        }
        ')' => {
            depth -= 1;
            false
        }
        _ => depth == 0,
    };
    text.chars().filter(|c| keep(c)).collect()
}

#[test]
fn the_document_is_understood() {
    let documented = Documented::load();
    assert!(documented.metrics.len() > 40, "{:#?}", documented.metrics);
    let values = |metric: &str, label: &str| documented.metrics[metric][label].clone();
    assert!(values("tidegate_requests_total", "class").contains("pinned"));
    assert!(values("tidegate_requests_total", "reason").contains("orphaned"));
    assert!(values("tidegate_requests_total", "backend").is_empty());
    assert!(values("tidegate_backend_exclusions_total", "reason").contains("lag-bytes"));
    assert!(values("tidegate_backend_role", "role").contains("master"));
    assert!(documented.metrics["tidegate_clients"].is_empty());
    assert_eq!(
        documented.base("tidegate_request_duration_seconds_bucket"),
        "tidegate_request_duration_seconds"
    );
}

#[test]
fn mistakes_in_queries_are_found() {
    let documented = Documented::load();
    for good in [
        "tidegate_clients",
        "sum by (le) (rate(tidegate_request_duration_seconds_bucket{class=~\"read|write\"}[1m]))",
        "max by (backend) (tidegate_backend_role{role=\"master\", instance=~\"$instance\"} == 1)",
        "up{job=\"tidegate\"} unless on (instance) process_open_fds",
    ] {
        assert_eq!(documented.mistakes(good), Vec::<String>::new(), "{good}");
    }
    for bad in [
        "tidegate_client",
        "sum by (backend) (tidegate_clients)",
        "tidegate_clients{backend=\"x\"}",
        "rate(tidegate_requests_total{class=\"reads\"}[1m])",
        "rate(tidegate_requests_total{reason=~\"fresh|stale\"}[1m])",
        "rate(tidegate_request_duration_seconds[1m])",
        "tidegate_clients_bucket",
    ] {
        assert_ne!(documented.mistakes(bad), Vec::<String>::new(), "{bad}");
    }
}
