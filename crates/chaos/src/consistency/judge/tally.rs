//! Counts per rule and level, and the findings that break a promise.

use std::collections::BTreeMap;

use super::level::{Level, Rule};
use super::mark::Millis;
use super::session::Finding;

/// How many broken promises one client keeps in full.
const KEPT: usize = 2_000;

/// How many replies a rule has judged, and how many of them broke it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub judged: u64,
    pub broken: u64,
}

/// A reply that breaks a rule which its level promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    pub rule: Rule,
    pub level: Level,
    pub key: usize,
    /// The version in the reply.
    pub version: u32,
    pub mark: super::mark::Mark,
    /// When the reply arrived.
    pub at: Millis,
    /// When its request was sent.
    pub sent: Millis,
    /// Whether the master had exactly the version of the mark right after the reply.
    pub is_there: bool,
    /// The client, its proxy, and what it asked for.
    pub text: String,
    /// The pipeline of the request, in words.
    pub pipeline: String,
}

impl Breach {
    /// A reply that was read at `at`, with this version of `key`, to a request that was sent at `sent`.
    /// Neither its client nor its pipeline is named, and the master did not have the mark's version.
    pub fn new(
        Finding { rule, mark, .. }: Finding,
        level: Level,
        (key, version): (usize, u32),
        (at, sent): (Millis, Millis),
    ) -> Self {
        let (is_there, text, pipeline) = (false, String::new(), String::new());
        Self { rule, level, key, version, mark, at, sent, is_there, text, pipeline }
    }
}

/// What one client, or all of them, have counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: BTreeMap<(Level, Rule), Count>,
    pub breaches: Vec<Breach>,
    /// Breaches that are not kept.
    pub dropped: u64,
    /// Requests with success.
    pub reads: u64,
    pub writes: u64,
    /// Other requests: MULTI, SELECT, PUBLISH, LPUSH, BLPOP, PROXY.
    pub others: u64,
    /// Requests without success, by code.
    pub errors: BTreeMap<String, u64>,
    /// Registers that are written no more, because the fate of a write is unknown.
    pub retired: u64,
    /// Replies that belong to no request of this kind.
    pub wrong: Vec<String>,
    pub reconnects: u64,
}

impl Tally {
    pub fn count(&self, level: Level, rule: Rule) -> Count {
        self.counts.get(&(level, rule)).copied().unwrap_or_default()
    }

    /// The levels at which replies were judged.
    pub fn levels(&self) -> Vec<Level> {
        let has = |level: &Level| self.counts.keys().any(|(it, _)| it == level);
        Level::ALL.into_iter().filter(has).collect()
    }

    /// Notes what a rule says of a reply; `breach` describes the reply where a promise is broken.
    /// Returns whether a breach was kept.
    pub fn note(
        &mut self,
        level: Level,
        finding: Finding,
        breach: impl FnOnce(Finding) -> Breach,
    ) -> bool {
        let count = self.counts.entry((level, finding.rule)).or_default();
        count.judged += 1;
        count.broken += u64::from(finding.is_broken);
        if !finding.is_broken || !finding.rule.is_promised(level) {
            return false;
        }
        let has_room = self.breaches.len() < KEPT;
        if has_room {
            self.breaches.push(breach(finding));
        } else {
            self.dropped += 1;
        }
        has_room
    }

    pub fn error(&mut self, code: &str) {
        if let Some(count) = self.errors.get_mut(code) {
            *count += 1;
        } else {
            self.errors.insert(code.to_owned(), 1);
        }
    }

    pub fn add(&mut self, other: Self) {
        for (key, count) in other.counts {
            let own = self.counts.entry(key).or_default();
            own.judged += count.judged;
            own.broken += count.broken;
        }
        for (code, count) in other.errors {
            *self.errors.entry(code).or_default() += count;
        }
        self.breaches.extend(other.breaches);
        self.wrong.extend(other.wrong);
        self.dropped += other.dropped;
        self.reads += other.reads;
        self.writes += other.writes;
        self.others += other.others;
        self.retired += other.retired;
        self.reconnects += other.reconnects;
    }

    pub fn operations(&self) -> u64 {
        self.reads + self.writes + self.others
    }
}
