//! The mutable half of one shard: the published half follows from it.

use tokio::time::Instant;

use super::election::Election;
use super::evidence::evidence;
use super::failover_watch::{FailoverWatch, Reason};
use super::freshness::FreshnessWatch;
use super::losses::LossWatch;
use super::named_master::NamedMaster;
use super::servers::backends;
use super::signs::{OutsideSigns, sign};
use crate::config::{Config, HostPort};
use crate::monitor::roster::alias::canonical;
use crate::monitor::roster::list::Roster;
use crate::topology::{Authority, BackendId, Executed, Hold, HoldReason, Shard, Verdict};
use tidegate_wire::units::millis;

/// The mutable half of one shard: what the monitor has to remember in order to publish the
/// [`Shard`]. A topology without a cluster has one, to which every known server belongs.
#[derive(Debug)]
pub(in crate::monitor) struct WatchedShard {
    /// The published half, as it was published last.
    published: Shard,
    /// The server that proxy.toml names as master.
    pub(in crate::monitor) named: NamedMaster,
    /// Which server is master.
    pub(in crate::monitor) election: Election,
    /// Which replicas are fresh, and whether the write gate is open.
    pub(in crate::monitor) freshness: FreshnessWatch,
    /// The commands that the master has executed.
    executed: Executed,
    /// What each failover has lost.
    pub(in crate::monitor) losses: LossWatch,
    /// The outcome of the last election.
    verdict: Verdict,
    /// Whether requests that need the master wait.
    failover: FailoverWatch,
}

impl WatchedShard {
    /// The shard that is published as `shard`. `named` is the master that proxy.toml names.
    pub(in crate::monitor) fn resume(shard: &Shard, named: Option<&HostPort>) -> Self {
        Self {
            published: shard.clone(),
            named: NamedMaster::new(named.cloned()),
            election: Election::resume(shard.master().map(|master| master.id)),
            freshness: FreshnessWatch::new(std::sync::Arc::clone(&shard.gate)),
            executed: Executed::default(),
            losses: LossWatch::resume(shard.failovers.clone()),
            verdict: shard.master().map_or(Verdict::NoMaster, |master| Verdict::Master(master.id)),
            failover: FailoverWatch::default(),
        }
    }

    /// The published half.
    pub(in crate::monitor) const fn published(&self) -> &Shard {
        &self.published
    }

    /// The server that was elected last, even if there is no master now.
    pub(in crate::monitor) const fn master(&self) -> Option<BackendId> {
        self.election.master()
    }

    /// Elects the master; `authority` is what the Sentinels say. A master that is deposed is fenced
    /// before anything else happens.
    pub(in crate::monitor) fn elect(
        &mut self,
        roster: &Roster,
        config: &Config,
        authority: Option<Authority>,
        clock: (Instant, Instant),
    ) -> Verdict {
        let last = self.master();
        self.election.rename_authority(|addr| roster.at(addr).map(|it| canonical(roster, it)));
        let evidence = evidence(roster, &config.topology, authority, clock);
        let verdict = self.election.hold(&evidence);
        let shown = self.published.master().map(|master| master.id);
        if let Some(last) = last.and_then(|id| roster.get(id))
            && verdict.deposes(last.id, last.is_replica(), shown == Some(last.id))
        {
            last.health.fence.raise();
        }
        verdict
    }

    /// Takes the outcome of the election into the published half.
    pub(in crate::monitor) fn apply(&mut self, verdict: Verdict, roster: &Roster, config: &Config) {
        let shard = &mut self.published;
        shard.backends = backends(roster, config, verdict.master());
        shard.undecided = match &verdict {
            Verdict::Undecided(reason) => Some(reason.clone()),
            _ => None,
        };
        self.verdict = verdict;
        let master = shard.master().and_then(|master| roster.get(master.id));
        if let Some(history) = master.map(|master| master.roles.history(&shard.history)) {
            shard.history = history;
        }
        if let Some(master) = master.and_then(|master| master.answer()) {
            let keys = self.executed.observe(&master.run_id, master.commands);
            if let (Some(keys), Some(backend)) = (keys, shard.master()) {
                backend.health.touches.grant(keys);
            }
            shard.server = master.version.clone();
            shard.eviction.clone_from(&master.eviction);
        }
        let master = shard.master().map(|master| master.id);
        self.freshness.follow(master, roster);
    }

    /// Notes what the present master lacks of the last one's data.
    pub(in crate::monitor) fn note_losses(&mut self, roster: &Roster, now: Instant, now_ms: u64) {
        let master = self.published.master().map(|master| master.id);
        self.losses.follow(master, roster, now, now_ms);
        self.published.failovers.clone_from(self.losses.tally());
    }

    /// Takes into the published half whether requests that need the master wait at `now`.
    pub(in crate::monitor) fn hold(
        &mut self,
        roster: &Roster,
        config: &Config,
        outside: OutsideSigns,
        clock: (Instant, Instant),
    ) {
        let (reason, now_ms) = (self.reason(roster, config, outside, clock), ms(clock));
        let (patience, master) = (config.writes.failover_hold, self.published.master());
        self.published.hold = self.failover.judge(reason, patience, master.map(|it| it.id), now_ms);
    }

    /// Logs that the write gate has opened or closed, if it is to be logged.
    pub(in crate::monitor) fn log_gate(&mut self, config: &Config, now_ms: u64) {
        let is_held = self.published.hold.is_some();
        self.freshness.log_gate(config.writes.on_closed, is_held, now_ms);
    }

    /// Whether the reason why requests wait for the master is another one than the published.
    pub(in crate::monitor) fn is_hold_outdated(
        &self,
        roster: &Roster,
        config: &Config,
        outside: OutsideSigns,
        clock: (Instant, Instant),
    ) -> bool {
        let reason = self.reason(roster, config, outside, clock).map(Reason::shown);
        let published = self.published.hold.map(|hold| hold.reason);
        let has_other_end =
            |hold: Hold| outside.operator_until_ms.is_some_and(|it| it != hold.until_ms);
        if self.published.hold.is_some_and(has_other_end) {
            return true;
        }
        let is_off = config.writes.failover_hold.is_zero() && outside.operator_until_ms.is_none();
        reason != published && !(is_off && published.is_none())
    }

    /// Why requests that need the master have to wait now.
    fn reason(
        &self,
        roster: &Roster,
        config: &Config,
        outside: OutsideSigns,
        clock: (Instant, Instant),
    ) -> Option<Reason> {
        match outside.operator_until_ms {
            Some(until_ms) => Some(Reason::Operator { until_ms }),
            None => self.sign(roster, config, outside, clock).map(Reason::Sign),
        }
    }

    fn sign(
        &self,
        roster: &Roster,
        config: &Config,
        outside: OutsideSigns,
        clock: (Instant, Instant),
    ) -> Option<HoldReason> {
        let verdict = (&self.verdict, self.master());
        let times = (clock.1, config.topology.probe_timeout);
        let first = sign(roster, &self.published, verdict, outside.is_announced, times);
        first.or_else(|| {
            let (patience, now_ms) = (config.writes.failover_hold, ms(clock));
            let is_new = self.failover.is_successor(self.published.master().map(|it| it.id));
            let lacks_replicas = is_new
                && !self.failover.is_over(patience, now_ms)
                && self.lacks_replicas(config, now_ms);
            lacks_replicas.then_some(HoldReason::FewReplicas)
        })
    }

    /// Whether the master has too few replicas in sync for its writes to be accepted.
    fn lacks_replicas(&self, config: &Config, now_ms: u64) -> bool {
        let gate = &self.published.gate;
        !gate.is_open(now_ms) || gate.good(now_ms) < config.writes.wait_replicas
    }

    /// Takes the operator's choice of another master, which counts more than the last one. The last
    /// master, and the servers that only it named, must not take over when the new one fails: they
    /// have other data.
    pub(in crate::monitor) fn replace_master(&mut self, roster: &mut Roster) {
        self.named.is_new = false;
        self.losses.override_by_operator();
        let last = self.election.override_by_operator().and_then(|id| roster.get(id));
        let last = last.map(|last| &last.run_id);
        let new = self.named.addr.as_ref().and_then(|addr| roster.at(addr));
        let new = new.filter(|new| new.is_master());
        if new.is_some_and(|new| last != Some(&new.run_id)) {
            roster.remove_unlisted();
        }
    }

    /// Whether a replica that may serve reads is not proven to be fresh yet.
    pub(in crate::monitor) fn awaits_fresh_replicas(&self, now_ms: u64) -> bool {
        let is_pending = |it: &crate::topology::Backend| {
            it.excluded.is_none() && !it.health.progress.is_fresh(now_ms)
        };
        self.published.master().is_some() && self.published.replicas().any(is_pending)
    }
}

/// The time in milliseconds of the process's clock.
fn ms((epoch, now): (Instant, Instant)) -> u64 {
    millis(now.saturating_duration_since(epoch))
}
