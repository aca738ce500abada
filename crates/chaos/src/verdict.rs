//! What the checker finds.

use std::collections::BTreeMap;
use std::fmt;

use crate::history::{Micros, Operation, SECOND};

/// What holds in a run.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// No acknowledged write may be lost, whatever a promoted replica had: for runs with
    /// wait-replicas and the write gate, whose faults meet one server at a time.
    pub strict: bool,
    /// How long after a new master is established the proxy may still send writes to the old one.
    pub grace: Micros,
    /// The oldest data that a read may return.
    pub stale_after: Micros,
}

impl Default for Rules {
    fn default() -> Self {
        Self { strict: false, grace: 1_500_000, stale_after: 3 * SECOND }
    }
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub rule: &'static str,
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.text)
    }
}

/// The outcome of a check.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    pub violations: Vec<Violation>,
    /// The first lost writes in full, whether a rule allows the loss or not.
    pub losses: Vec<String>,
    /// Acknowledged writes.
    pub acknowledged: u64,
    /// Acknowledged writes that the promoted replica did not have: asynchronous replication.
    pub lost_unreplicated: u64,
    /// Acknowledged writes that the old master ran after the new one was promoted.
    pub lost_deposed: u64,
    /// Acknowledged writes that no failover explains.
    pub lost_unexplained: u64,
    /// Requests that were run twice.
    pub twice: u64,
    /// Messages that a subscriber missed around a fault.
    pub missed_messages: u64,
    /// The requests that did not succeed: by kind of client, then by code.
    pub errors: BTreeMap<(&'static str, String), u64>,
}

impl Verdict {
    pub fn violate(&mut self, rule: &'static str, text: impl Into<String>) {
        self.violations.push(Violation { rule, text: text.into() });
    }

    pub fn lost(&self) -> u64 {
        self.lost_unreplicated + self.lost_deposed
    }
}

/// A request in a report.
pub fn show(operation: &Operation) -> String {
    let Operation { client, kind, begun, ended, action, outcome } = operation;
    let seconds = |at: Micros| at as f64 / SECOND as f64;
    let (begun, ended) = (seconds(*begun), seconds(*ended));
    format!("client {client} ({kind}) {begun:.6}..{ended:.6} s: {action:?} -> {outcome:?}")
}
