//! The rows of all runs of a trial and a program.

use std::collections::BTreeMap;

use super::record::Record;
use crate::history::MILLISECOND;

const HEAD: &str = "\
| failover | program | runs | acknowledged | lost | twice | errors | longest wait, ms: most, median \
| longest gap, ms: most, median | after +switch-master, ms: most, median | on the old master \
| stale reads |
|---|---|---|---|---|---|---|---|---|---|---|---|";

/// The table of all records, in the order of the first run of each row.
pub fn table(records: &[Record]) -> String {
    let mut groups: Vec<Vec<&Record>> = Vec::new();
    for record in records {
        let key = |it: &Record| (it.trial, it.program.clone(), it.pace);
        let same = |it: &&mut Vec<&Record>| key(it[0]) == key(record);
        match groups.iter_mut().find(same) {
            Some(group) => group.push(record),
            None => groups.push(vec![record]),
        }
    }
    let rows: Vec<_> = groups.iter().map(|group| row(group)).collect();
    format!("{HEAD}\n{}", rows.join("\n"))
}

fn row(runs: &[&Record]) -> String {
    let sum = |of: fn(&Record) -> u64| grouped(runs.iter().map(|it| of(it)).sum());
    let waits = runs.iter().map(|it| it.longest_wait() as f64 / MILLISECOND as f64).collect();
    let gap = |it: &&Record| (it.gap.1 - it.gap.0) as f64 / MILLISECOND as f64;
    let gaps = runs.iter().map(gap).collect();
    let resumed = runs.iter().filter_map(|it| it.resumed_after_switch()).collect();
    let last = runs.iter().filter_map(|it| it.last_on_old_after_switch()).reduce(f64::max);
    let old = match last {
        Some(last) => format!("{}; last {last:.0} ms", sum(|it| it.reached_old)),
        None => sum(|it| it.reached_old),
    };
    format!(
        "| {}{} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {old} | {} |",
        runs[0].trial.title(),
        runs[0].pace.remark(),
        runs[0].program,
        runs.len(),
        sum(|it| it.acknowledged),
        sum(|it| it.lost),
        sum(|it| it.twice),
        errors(runs),
        spread(waits),
        spread(gaps),
        spread(resumed),
        sum(|it| it.stale_reads),
    )
}

/// The errors of all kinds of clients, by code; what a kind alone has is named.
fn errors(runs: &[&Record]) -> String {
    let mut codes = BTreeMap::<&str, BTreeMap<&str, u64>>::new();
    for ((kind, code), count) in runs.iter().flat_map(|it| &it.errors) {
        *codes.entry(code).or_default().entry(kind).or_default() += count;
    }
    let text = |(code, kinds): (&&str, &BTreeMap<&str, u64>)| {
        let total = grouped(kinds.values().sum());
        match kinds.keys().collect::<Vec<_>>()[..] {
            [kind] => format!("{total} {code} ({kind})"),
            _ => format!("{total} {code}"),
        }
    };
    let all: Vec<_> = codes.iter().map(text).collect();
    if all.is_empty() { "0".to_owned() } else { all.join(", ") }
}

/// The greatest and the middle one.
fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    match values.last() {
        Some(most) => format!("{most:.0}, {:.0}", values[values.len() / 2]),
        None => "–".to_owned(),
    }
}

/// A number with commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
