//! Keeps the numbers true: who is near enough to the master to serve, and whether enough are for
//! writes. The rules are in `topology`; here they get what was heard, and what follows is put
//! where the workers look.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::roster::Roster;
use crate::config::Config;
use crate::topology::{BackendId, Freshness, Limits, Sample, Tracker, Turn, WriteGate};
use tidegate_wire::units::millis;

/// The tracker, and where its findings go.
#[derive(Debug)]
pub(super) struct Watch {
    tracker: Tracker,
    gate: Arc<WriteGate>,
    /// What was told of the gate.
    told_open: bool,
    /// Those of whom it was told that they are stale.
    stale: HashSet<BackendId>,
}

impl Watch {
    pub(super) fn new(gate: Arc<WriteGate>) -> Self {
        Self { tracker: Tracker::default(), gate, told_open: true, stale: HashSet::new() }
    }

    /// A server told how far it has come.
    pub(super) fn observe(&mut self, id: BackendId, sample: Sample) {
        self.tracker.observe(id, sample);
    }

    /// This is the master now, and these are the servers.
    pub(super) fn follow(&mut self, master: Option<BackendId>, roster: &Roster) {
        self.tracker.follow(master);
        self.tracker.retain(|id| roster.get(id).is_some());
        self.stale.retain(|id| roster.get(*id).is_some());
    }

    /// Judges every server anew; whether more requests may pass than before.
    pub(super) fn judge(&mut self, roster: &Roster, config: &Config, now_ms: u64) -> bool {
        let limits = limits(config);
        let mut is_news = false;
        for member in roster.members() {
            let (finding, turn) = self.tracker.judge(member.id, now_ms, &limits);
            let progress = &member.health.progress;
            progress.set(finding);
            if let Some(turn) = turn {
                is_news |= turn.stale_reason.is_none();
                if let Some(stale_reason) = turn.stale_reason {
                    progress.count_departure(stale_reason);
                }
                tell(&member.addr.to_string(), turn, &mut self.stale);
            }
        }
        let was_open = self.gate.is_open(now_ms);
        self.tracker.judge_gate(&self.gate, now_ms, &limits);
        self.tell_gate(now_ms);
        is_news || !was_open && self.gate.is_open(now_ms)
    }

    /// Tells once that it closed or opened. It also closes by itself, when what kept it open has
    /// run out; and while no master was heard, it is no news that it is closed.
    fn tell_gate(&mut self, now_ms: u64) {
        let (good, wanted) = (self.gate.good(), self.gate.wanted());
        let is_open = self.gate.is_open(now_ms);
        if is_open == self.told_open || self.tracker.master_heard_ms().is_none() {
            return;
        }
        self.told_open = is_open;
        if is_open {
            tracing::info!(good, wanted, "write gate open");
        } else {
            tracing::error!(good, wanted, "write gate closed: writes are refused");
        }
    }
}

/// Tells what only the numbers show; `news` tells what a server says of itself.
fn tell(addr: &str, turn: Turn, stale: &mut HashSet<BackendId>) {
    let lag = turn.lag_ms.map(|ms| format!("{:?}", Duration::from_millis(ms)));
    let bytes = turn.lag_bytes;
    match turn.stale_reason {
        Some(stale_reason) if stale_reason.freshness() == Freshness::Stale => {
            stale.insert(turn.id);
            tracing::warn!(backend = addr, lag, bytes, "replica is stale: {stale_reason}");
        }
        Some(_) => {}
        None if stale.remove(&turn.id) => {
            tracing::info!(backend = addr, lag, bytes, "replica is fresh again");
        }
        None => {}
    }
}

fn limits(config: &Config) -> Limits {
    let (reads, writes) = (&config.reads, &config.writes);
    Limits {
        max_lag_ms: reads.max_lag.map(millis),
        max_lag_bytes: reads.max_lag_bytes.map(|bytes| bytes.bytes()),
        rejoin_percent: u64::from(reads.rejoin_percent),
        rejoin_after_ms: millis(reads.rejoin_after),
        probe_timeout_ms: millis(config.topology.probe_timeout),
        gate_wanted: writes.min_replicas_to_write,
        gate_max_lag_ms: millis(writes.min_replicas_max_lag),
        gate_max_lag_bytes: writes.min_replicas_max_lag_bytes.map(|bytes| bytes.bytes()),
    }
}
