//! Keeps the freshness of a shard's replicas and its write gate up to date. The rules are in
//! `topology`; here the tracker gets the samples, and its findings are written where the workers
//! read them.

use std::collections::HashSet;
use std::sync::Arc;

use crate::config::{Config, HostPort, OnClosed};
use crate::monitor::roster::list::Roster;
use crate::topology::{BackendId, Freshness, Limits, Sample, Tracker, Turn, WriteGate};
use tidegate_wire::units::millis;

/// How long after a master's first answer a gate that was never open is not logged, in milliseconds.
const START_MS: u64 = 2_000;

/// The tracker of one shard, which has the timeline of the master's offset, and the places where
/// its findings are written.
#[derive(Debug)]
pub(in crate::monitor) struct FreshnessWatch {
    tracker: Tracker,
    gate: Arc<WriteGate>,
    /// Whether the gate is open according to the log.
    logged_open: bool,
    /// Whether the gate has been open since the start.
    has_opened: bool,
    /// When a master had answered for the first time.
    heard_ms: Option<u64>,
    /// The replicas that are stale according to the log.
    stale: HashSet<BackendId>,
}

impl FreshnessWatch {
    pub(in crate::monitor) fn new(gate: Arc<WriteGate>) -> Self {
        Self {
            tracker: Tracker::default(),
            gate,
            logged_open: true,
            has_opened: false,
            heard_ms: None,
            stale: HashSet::new(),
        }
    }

    /// Takes a server's place in the replication stream.
    pub(in crate::monitor) fn observe(&mut self, id: BackendId, sample: Sample) {
        self.tracker.observe(id, sample);
    }

    /// Notes which server is master now, and which servers are known.
    pub(in crate::monitor) fn follow(&mut self, master: Option<BackendId>, roster: &Roster) {
        self.tracker.follow(master);
        self.tracker.retain(|id| roster.get(id).is_some());
        self.stale.retain(|id| roster.get(*id).is_some());
    }

    /// Judges every server at `now_ms`. True if more requests may pass than before.
    pub(in crate::monitor) fn judge(
        &mut self,
        roster: &Roster,
        config: &Config,
        now_ms: u64,
    ) -> bool {
        let limits = limits(config);
        let mut is_more = false;
        for member in roster.members() {
            let (finding, turn) = self.tracker.judge(member.id, now_ms, &limits);
            let progress = &member.health.progress;
            progress.set(finding);
            if let Some(turn) = turn {
                is_more |= turn.stale_reason.is_none();
                if let Some(stale_reason) = turn.stale_reason {
                    progress.count_departure(stale_reason);
                }
                log_turn(&member.addr, turn, &mut self.stale);
            }
        }
        let was_open = self.gate.is_open(now_ms);
        self.tracker.judge_gate(&self.gate, now_ms, &limits);
        is_more || !was_open && self.gate.is_open(now_ms)
    }

    /// Whether the gate was never open, and a master answered for the first time a moment ago.
    fn is_starting(&self, now_ms: u64) -> bool {
        let is_new = |heard_ms| now_ms.saturating_sub(heard_ms) < START_MS;
        !self.has_opened && self.heard_ms.is_none_or(is_new)
    }

    /// Logs once that the gate closed or opened. It also closes by itself, when the proofs that
    /// kept it open have run out. While requests wait for a master (`is_held`) the gate decides
    /// about none, and at a start its replicas have yet to be asked: then it is not said to be
    /// closed.
    pub(in crate::monitor) fn log_gate(&mut self, on_closed: OnClosed, is_held: bool, now_ms: u64) {
        let (good, wanted) = (self.gate.good(now_ms), self.gate.wanted());
        let is_open = self.gate.is_open(now_ms);
        self.has_opened |= is_open;
        let is_known = self.tracker.master_heard_ms().is_some();
        if is_known {
            self.heard_ms.get_or_insert(now_ms);
        }
        let says_nothing = is_held || !is_known || self.is_starting(now_ms);
        if is_open == self.logged_open || !is_open && says_nothing {
            return;
        }
        self.logged_open = is_open;
        if is_open {
            tracing::info!(good, wanted, "write gate open");
        } else {
            let writes = match on_closed {
                OnClosed::Error => "refused",
                OnClosed::Hold => "held",
            };
            tracing::error!(good, wanted, "write gate closed: writes are {writes}");
        }
    }
}

/// Logs that a replica became stale or fresh. Other reasons why it serves no reads are in its
/// answers, and are logged as changes of the topology.
fn log_turn(addr: &HostPort, turn: Turn, stale: &mut HashSet<BackendId>) {
    let (lag_ms, lag_bytes) = (turn.lag_ms, turn.lag_bytes);
    match turn.stale_reason {
        Some(stale_reason) if stale_reason.freshness() == Freshness::Stale => {
            stale.insert(turn.id);
            tracing::warn!(
                backend = %addr, lag_ms, lag_bytes, "replica is stale: {stale_reason}"
            );
        }
        Some(_) => {}
        None if stale.remove(&turn.id) => {
            tracing::info!(backend = %addr, lag_ms, lag_bytes, "replica is fresh again");
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

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::monitor::roster::named_server::NamedServer;
    use crate::topology::{Attached, LinkState, ServerRole};

    const MASTER: BackendId = BackendId(1);
    const REPLICA: BackendId = BackendId(2);

    fn sample(role: ServerRole, offset: u64, ms: u64) -> Sample {
        let attached = Attached { addr: HostPort::local(2), offset, age_ms: 0 };
        let is_master = matches!(role, ServerRole::Master { .. });
        Sample {
            is_failing_over: false,
            role,
            replid: "a".to_owned(),
            offset: Some(offset),
            end: None,
            replid2: String::new(),
            second_offset: None,
            attached: is_master.then_some(attached).into_iter().collect(),
            loading: false,
            counts: true,
            addrs: vec![HostPort::local(if is_master { 1 } else { 2 })],
            sent_ms: ms,
            received_ms: ms,
            took_us: 1,
        }
    }

    /// The master and its replica report these offsets.
    fn hear(watch: &mut FreshnessWatch, (master, replica): (u64, u64), ms: u64) {
        watch.observe(MASTER, sample(ServerRole::Master { replicas: Vec::new() }, master, ms));
        let role = ServerRole::Replica { master: HostPort::local(1), link: LinkState::Up };
        watch.observe(REPLICA, sample(role, replica, ms));
    }

    #[tokio::test]
    async fn a_fresh_replica_and_an_open_gate_are_news_once() {
        let mut roster = Roster::default();
        let named = |port| NamedServer {
            addr: HostPort::local(port),
            is_configured: true,
            is_local: false,
        };
        roster.update(&[named(1), named(2)], Instant::now());
        let mut config = Config::default();
        config.writes.min_replicas_to_write = 1;
        let gate = Arc::<WriteGate>::default();
        let mut watch = FreshnessWatch::new(Arc::clone(&gate));
        assert!(!watch.judge(&roster, &config, 1_000) && !gate.is_open(1_000));
        watch.follow(Some(MASTER), &roster);
        hear(&mut watch, (100, 100), 1_010);
        assert!(watch.judge(&roster, &config, 1_020) && gate.is_open(1_020));
        assert!(!watch.judge(&roster, &config, 1_030), "nothing changed");
        let progress = &roster.get(REPLICA).unwrap().health.progress;
        assert!(progress.is_fresh(1_030));
        // The replica answers no more, and its proof expires.
        assert!(!watch.judge(&roster, &config, 60_000));
        assert!(!progress.is_fresh(60_000) && !gate.is_open(60_000));
    }
}
