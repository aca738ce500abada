//! What a round, or all rounds of a run, found: as a table and as a line of JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use tidegate_test_support::scrape::Scrape;

use super::judge::excuse::Excuses;
use super::judge::level::{Level, Rule};
use super::judge::registers::Registers;
use super::judge::tally::{Breach, Tally};
use crate::json::quoted;

/// How many violations are kept in full.
const KEPT: usize = 12;

/// The reads that a proxy has sent, by reason, as `/metrics` shows them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reads(BTreeMap<String, f64>);

impl Reads {
    pub fn add(&mut self, scrape: &Scrape) {
        for sample in scrape.matching("tidegate_requests_total", &[("class", "read")]) {
            let reason = sample.labels.get("reason").cloned().unwrap_or_default();
            *self.0.entry(reason).or_default() += sample.value;
        }
    }

    /// The share of reads that replicas answered, of those that were not asked again.
    pub fn share_of_replicas(&self) -> f64 {
        let of = |reason: &str| self.0.get(reason).copied().unwrap_or_default();
        let all: f64 = self.0.iter().filter(|(it, _)| *it != "retry").map(|(_, count)| count).sum();
        (of("fresh") + of("orphaned")) / all.max(1.0)
    }
}

/// The outcome.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub tally: Tally,
    pub reads: Reads,
    pub seconds: f64,
    pub faults: u64,
    pub rounds: u64,
    /// Promises that were broken, and that a failover explains.
    excused: BTreeMap<(Level, Rule, &'static str), u64>,
    violations: BTreeMap<(Level, Rule), u64>,
    /// Wrong replies, and other faults that no rule counts.
    pub wrong: Vec<String>,
    /// The first violations in full.
    pub examples: Vec<String>,
    /// The failovers, for people.
    pub failovers: Vec<String>,
    /// Where the logs were copied to, if a rule was broken.
    pub logs: Option<PathBuf>,
}

impl Report {
    pub(super) fn new(tally: Tally, wrong: Vec<String>) -> Self {
        Self { tally, wrong, rounds: 1, ..Self::default() }
    }

    /// Separates violations from what failovers explain.
    pub(super) fn judge(&mut self, excuses: &Excuses, registers: &Registers) {
        self.failovers = excuses.lines();
        for breach in std::mem::take(&mut self.tally.breaches) {
            match excuses.explain(&breach, registers) {
                Some(why) => {
                    *self.excused.entry((breach.level, breach.rule, why)).or_default() += 1;
                }
                None => {
                    *self.violations.entry((breach.level, breach.rule)).or_default() += 1;
                    if self.examples.len() < KEPT {
                        self.examples.push(show(&breach));
                    }
                }
            }
        }
    }

    /// Adds another round.
    pub fn add(&mut self, other: Self) {
        self.tally.add(other.tally);
        for (reason, count) in other.reads.0 {
            *self.reads.0.entry(reason).or_default() += count;
        }
        self.seconds += other.seconds;
        self.faults += other.faults;
        self.rounds += other.rounds;
        for (key, count) in other.excused {
            *self.excused.entry(key).or_default() += count;
        }
        for (key, count) in other.violations {
            *self.violations.entry(key).or_default() += count;
        }
        self.wrong.extend(other.wrong);
        self.examples.extend(other.examples);
    }

    /// Whether a promise was broken.
    pub fn is_broken(&self) -> bool {
        !self.violations.is_empty() || !self.wrong.is_empty() || self.tally.dropped > 0
    }

    /// How many replies broke a rule at a level, whether the level promises it or not.
    pub fn broken(&self, level: Level, rule: Rule) -> u64 {
        self.tally.count(level, rule).broken
    }

    pub fn violations(&self, level: Level, rule: Rule) -> u64 {
        self.violations.get(&(level, rule)).copied().unwrap_or_default()
    }

    fn excused(&self, level: Level, rule: Rule) -> u64 {
        let of = |((l, r, _), count): (&(Level, Rule, &str), &u64)| {
            if (*l, *r) == (level, rule) { *count } else { 0 }
        };
        self.excused.iter().map(of).sum()
    }

    /// A table: a row for each rule and level.
    pub fn table(&self) -> String {
        let mut out = format!(
            "{:10} {:30} {:>10} {:>10} {:>8} {:>10}\n",
            "level", "rule", "judged", "broken", "excused", "violations"
        );
        for level in self.tally.levels() {
            for rule in Rule::ALL {
                let count = self.tally.count(level, rule);
                if count.judged == 0 {
                    continue;
                }
                let violations = if rule.is_promised(level) {
                    self.violations(level, rule).to_string()
                } else {
                    "no promise".to_owned()
                };
                let (judged, broken) = (count.judged, count.broken);
                let (word, excused) = (rule.word(), self.excused(level, rule));
                let level = level.word();
                writeln!(
                    out,
                    "{level:10} {word:30} {judged:>10} {broken:>10} {excused:>8} {violations:>10}"
                )
                .unwrap();
            }
        }
        out
    }

    /// What was done, in one line.
    pub fn summary(&self) -> String {
        let tally = &self.tally;
        let errors: Vec<_> =
            tally.errors.iter().map(|(code, count)| format!("{count} {code}")).collect();
        let reads: Vec<_> =
            self.reads.0.iter().map(|(reason, count)| format!("{count:.0} {reason}")).collect();
        format!(
            "{} operations ({} reads, {} writes, {} others) in {:.0} s, {} faults, {} connections; \
             reads at replicas: {:.1} % ({}); registers given up: {}; without success: {}",
            tally.operations(),
            tally.reads,
            tally.writes,
            tally.others,
            self.seconds,
            self.faults,
            tally.reconnects,
            self.reads.share_of_replicas() * 100.0,
            reads.join(", "),
            tally.retired,
            if errors.is_empty() { "none".to_owned() } else { errors.join(", ") },
        )
    }

    /// One object of JSON, without the end of the line.
    pub fn json(&self, name: &str, seed: u64, server: &str) -> String {
        let mut rules = Vec::new();
        for level in self.tally.levels() {
            for rule in Rule::ALL {
                let count = self.tally.count(level, rule);
                rules.push(format!(
                    "{{\"level\":{},\"rule\":{},\"promised\":{},\"judged\":{},\"broken\":{},\
                     \"excused\":{},\"violations\":{}}}",
                    quoted(level.word()),
                    quoted(rule.word()),
                    rule.is_promised(level),
                    count.judged,
                    count.broken,
                    self.excused(level, rule),
                    self.violations(level, rule),
                ));
            }
        }
        let pairs = |it: &mut dyn Iterator<Item = (String, f64)>| {
            let all: Vec<_> = it.map(|(key, n)| format!("{}:{n:.0}", quoted(&key))).collect();
            format!("{{{}}}", all.join(","))
        };
        let errors = self.tally.errors.iter().map(|(key, count)| (key.clone(), *count as f64));
        let reads = self.reads.0.iter().map(|(key, count)| (key.clone(), *count));
        format!(
            "{{\"round\":{},\"seed\":{seed},\"server\":{},\"seconds\":{:.1},\"operations\":{},\
             \"reads\":{},\"writes\":{},\"faults\":{},\"share_of_replicas\":{:.4},\
             \"reads_by_reason\":{},\"errors\":{},\"given_up\":{},\"wrong\":{},\"rules\":[{}]}}",
            quoted(name),
            quoted(server),
            self.seconds,
            self.tally.operations(),
            self.tally.reads,
            self.tally.writes,
            self.faults,
            self.reads.share_of_replicas(),
            pairs(&mut { reads }),
            pairs(&mut { errors }),
            self.tally.retired,
            self.wrong.len(),
            rules.join(","),
        )
    }
}

fn show(breach: &Breach) -> String {
    let Breach { rule, level, version, mark, at, sent, text, is_there, pipeline, .. } = breach;
    let there = if *is_there { ", which the master still had" } else { "" };
    format!(
        "{} at {}: {text}: sent at {sent} ms, version {version} at {at} ms, against version {} known \
         at {} ms{there}\n    in {pipeline}",
        rule.word(),
        level.word(),
        mark.version,
        mark.at,
    )
}
