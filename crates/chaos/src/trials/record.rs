//! What a run of a trial was like, and its line of JSON.

use std::collections::BTreeMap;

use super::scene::Trial;
use crate::history::{MILLISECOND, Micros};
use crate::json::quoted;

/// The width of a bucket of [`Record::acknowledged_per_bucket`].
pub const BUCKET: Micros = 50 * MILLISECOND;

/// Something that was seen at a time.
#[derive(Clone, Debug)]
pub struct Event {
    pub at: Micros,
    pub source: String,
    pub text: String,
}

/// When the failover of a run was over: the new master had a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Within `failover-hold`.
    InTime,
    /// Later, because Sentinel took its time: requests that waited for it have failed.
    Late,
    /// Not while the trial waited. What was written cannot be read, so nothing is said of losses.
    Never,
}

impl Pace {
    /// Its name in a line of JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::InTime => "in time",
            Self::Late => "late",
            Self::Never => "never",
        }
    }

    /// What the title of a row says of it.
    pub(super) fn remark(self) -> &'static str {
        match self {
            Self::InTime => "",
            Self::Late => "; Sentinel later than failover-hold",
            Self::Never => "; no failover",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Record {
    pub trial: Trial,
    pub pace: Pace,
    pub program: String,
    pub server: String,
    pub seed: u64,
    /// Whether the proxy followed the Sentinels.
    pub discovers: bool,
    /// When the failover was begun.
    pub fault: Micros,
    pub acknowledged: u64,
    pub lost: u64,
    pub twice: u64,
    /// Requests without success, by kind of client and code.
    pub errors: BTreeMap<(&'static str, String), u64>,
    /// The longest time that a client waited for a reply, in us, by client.
    pub waits: BTreeMap<usize, Micros>,
    /// The longest time without an acknowledged write after the fault: begin and end.
    pub gap: (Micros, Micros),
    /// The first Sentinel's +switch-master, and the one that makes a majority.
    pub switches: Option<(Micros, Micros)>,
    /// Writes that the old master ran although they were sent after the new one was established.
    pub reached_old: u64,
    /// The end of the last acknowledged write that the old master ran after the fault.
    pub last_on_old: Option<Micros>,
    pub stale_reads: u64,
    /// The rules that were broken, with their number.
    pub broken: BTreeMap<&'static str, u64>,
    /// The first losses and violations in full.
    pub examples: Vec<String>,
    pub acknowledged_per_bucket: Vec<u32>,
    pub events: Vec<Event>,
}

fn ms(at: Micros) -> f64 {
    at as f64 / MILLISECOND as f64
}

impl Record {
    pub fn longest_wait(&self) -> Micros {
        self.waits.values().copied().max().unwrap_or(0)
    }

    /// From the first Sentinel's +switch-master to the first write after the gap, in ms.
    pub fn resumed_after_switch(&self) -> Option<f64> {
        self.switches.map(|(first, _)| ms(self.gap.1) - ms(first))
    }

    /// From the majority's switch to the last write that the old master acknowledged, in ms.
    pub fn last_on_old_after_switch(&self) -> Option<f64> {
        Some(ms(self.last_on_old?) - ms(self.switches?.1))
    }

    pub fn json(&self) -> String {
        let number =
            |it: Option<f64>| it.map_or_else(|| "null".to_owned(), |it| format!("{it:.3}"));
        let errors: Vec<_> = self
            .errors
            .iter()
            .map(|((kind, code), count)| format!("{}:{count}", quoted(&format!("{kind} {code}"))))
            .collect();
        let waits: Vec<_> = self
            .waits
            .iter()
            .map(|(client, wait)| format!("\"{client}\":{:.1}", ms(*wait)))
            .collect();
        let broken: Vec<_> =
            self.broken.iter().map(|(rule, count)| format!("{}:{count}", quoted(rule))).collect();
        let buckets: Vec<_> = self.acknowledged_per_bucket.iter().map(u32::to_string).collect();
        let event = |it: &Event| {
            let (source, text) = (quoted(&it.source), quoted(&it.text));
            format!("{{\"ms\":{:.1},\"source\":{source},\"text\":{text}}}", ms(it.at))
        };
        let events: Vec<_> = self.events.iter().map(event).collect();
        format!(
            "{{\"trial\":{},\"pace\":{},\"program\":{},\"server\":{},\"seed\":{},\"discovery\":{},\
             \"fault_ms\":{:.1},\"acknowledged\":{},\"lost\":{},\"twice\":{},\"errors\":{{{}}},\
             \"longest_wait_ms\":{:.1},\"waits_ms\":{{{}}},\"gap_ms\":[{:.1},{:.1}],\
             \"switch_ms\":{},\"majority_switch_ms\":{},\"resumed_after_switch_ms\":{},\
             \"reached_old\":{},\"last_on_old_after_switch_ms\":{},\"stale_reads\":{},\
             \"broken\":{{{}}},\"bucket_ms\":{},\"buckets\":[{}],\"events\":[{}]}}",
            quoted(self.trial.word()),
            quoted(self.pace.word()),
            quoted(&self.program),
            quoted(&self.server),
            self.seed,
            quoted(if self.discovers { "sentinel" } else { "static" }),
            ms(self.fault),
            self.acknowledged,
            self.lost,
            self.twice,
            errors.join(","),
            ms(self.longest_wait()),
            waits.join(","),
            ms(self.gap.0),
            ms(self.gap.1),
            number(self.switches.map(|it| ms(it.0))),
            number(self.switches.map(|it| ms(it.1))),
            number(self.resumed_after_switch()),
            self.reached_old,
            number(self.last_on_old_after_switch()),
            self.stale_reads,
            broken.join(","),
            BUCKET / MILLISECOND,
            buckets.join(","),
            events.join(","),
        )
    }
}
