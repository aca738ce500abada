//! The servers as the monitor sees them, and the topology that it publishes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use super::asking::link::Dial;
use super::asking::probe::Probed;
use super::judging::embedded;
use super::judging::master_commands::MasterCommands;
use super::judging::shard::WatchedShard;
use super::judging::signs::OutsideSigns;
use super::reporting::log;
use super::reporting::publisher::Publisher;
use super::roster::discovery::named_servers;
use super::roster::endpoint::Finding;
use super::roster::list::Roster;
use super::sentinels::news::FromSentinel;
use super::sentinels::watch::{Effect, SentinelWatch};
use crate::config::Config;
use crate::engine::Engine;
use crate::registry::OperatorHold;
use crate::topology::{BackendId, Topology, Verdict};
use tidegate_wire::units::millis;

/// How much earlier than the first news of its failover a promotion may be seen.
const EARLIER: Duration = Duration::from_secs(5);

/// The servers as the monitor sees them. Takes their answers, publishes the topology that follows,
/// and says what has to be asked next. Asks nothing itself; times are given by the caller.
#[derive(Debug)]
pub(super) struct Watched {
    /// Where the process's clock begins.
    epoch: Instant,
    /// The engine of this process.
    pub(super) engine: Option<Arc<Engine>>,
    pub(super) roster: Roster,
    pub(super) sentinels: SentinelWatch,
    pub(super) shard: WatchedShard,
    pub(super) commands: MasterCommands,
    pub(super) publisher: Publisher,
    /// Whether an operator holds the requests that need the master.
    pub(super) operator_hold: Arc<OperatorHold>,
}

/// What has to be asked after a topology was published.
#[derive(Debug, Default)]
pub(super) struct ToAsk {
    /// Servers that were never asked.
    pub(super) servers: Vec<BackendId>,
    /// A master whose role another server disputes: is it still master?
    pub(super) is_master: Option<BackendId>,
    /// The run id of a master whose commands are not known, and the way to it.
    pub(super) commands: Option<(String, Dial)>,
}

impl Watched {
    /// The servers of the published `topology`.
    pub(super) fn resume(
        topology: Arc<ArcSwap<Topology>>,
        config: &Config,
        (epoch, now): (Instant, Instant),
    ) -> Self {
        let current = topology.load_full();
        Self {
            epoch,
            engine: None,
            roster: Roster::resume(&current, now),
            sentinels: SentinelWatch::default(),
            shard: WatchedShard::resume(
                current.sole_shard(),
                config.topology.named_master().as_ref(),
            ),
            commands: MasterCommands::new(&current),
            publisher: Publisher::new(topology),
            operator_hold: Arc::default(),
        }
    }

    fn ms(&self, at: Instant) -> u64 {
        millis(at.saturating_duration_since(self.epoch))
    }

    /// Whether a replica that may serve reads is not proven to be fresh yet.
    pub(super) fn awaits_fresh_replicas(&self, now: Instant) -> bool {
        self.shard.awaits_fresh_replicas(self.ms(now))
    }

    /// Reads the state of the engine of this process, which is asked nothing. True if it has
    /// changed.
    pub(super) fn look_at_engine(&mut self, now: Instant) -> bool {
        let Some(engine) = &self.engine else { return false };
        let clock = (now, self.ms(now));
        let is_change = embedded::look(engine, &mut self.roster, &mut self.shard.freshness, clock);
        if is_change {
            // It may have reached its master before the monitor does.
            self.roster.hurry(now);
        }
        is_change
    }

    /// Marks the replicas that have not answered in time as unknown. A master has
    /// `request-timeout`. True if one was marked.
    pub(super) fn expire(&mut self, config: &Config, now: Instant) -> bool {
        let (master, mut is_change) = (self.shard.master(), false);
        for member in self.roster.members_mut().iter_mut().filter(|it| Some(it.id) != master) {
            is_change |= member.expire(config.topology.probe_timeout, now);
        }
        is_change
    }

    /// Judges the replicas' freshness and the write gate. True if more requests may pass than
    /// before.
    pub(super) fn judge(&mut self, config: &Config, now: Instant) -> bool {
        let now_ms = self.ms(now);
        let is_more = self.shard.freshness.judge(&self.roster, config, now_ms);
        self.shard.log_gate(config, now_ms);
        is_more
    }

    /// Takes the outcome of a whole probe.
    pub(super) fn hear_probe(&mut self, id: BackendId, mut probed: Probed, now: Instant) {
        let now_ms = self.ms(now);
        let Some(member) = self.roster.get_mut(id) else { return };
        let moved = probed.reached.and_then(|at| member.endpoint.reach(at));
        if let Some(before) = moved {
            // The answer is another server's, which has to give it under its own identity.
            self.replace_moved(id, before, probed.reached, now);
            return;
        }
        // A server that is reached again gets requests again before its rest is over.
        if member.hear(&mut probed, now) && member.health.is_resting(now_ms) {
            member.health.answered();
        }
        if member.is_master() {
            self.shard.election.hear_claim(id);
        }
        if let Some(sample) = probed.sample.take() {
            self.shard.losses.observe(member, &sample);
            self.shard.freshness.observe(id, sample);
        }
    }

    /// Takes the outcome of the short question. True if it shows a change, so that the servers have
    /// to be asked everything at once.
    pub(super) fn hear_position(&mut self, id: BackendId, probed: Probed, now: Instant) -> bool {
        let Some(member) = self.roster.get_mut(id) else { return false };
        let mut is_change = member.hear_position(probed.link, probed.sample.as_ref(), now);
        if let Some(mut sample) = probed.sample {
            sample.loading = member.is_loading();
            is_change |= self.shard.losses.observe(member, &sample);
            self.shard.freshness.observe(id, sample);
        }
        is_change
    }

    /// Follows proxy.toml to the Sentinels that it lists.
    pub(super) fn follow_sentinels(&mut self, config: &Config, now: Instant) {
        let now_ms = self.ms(now);
        self.sentinels.follow(&config.topology, now_ms);
        self.sentinels.note_carried_out(self.has_promotion(now));
        self.sentinels.tick(now_ms);
    }

    /// Notes that the Sentinels are asked in another way from now on.
    pub(super) fn redial_sentinels(&mut self, now: Instant) {
        self.sentinels.redial(self.ms(now));
    }

    /// Takes news of a Sentinel.
    pub(super) fn hear_sentinel(&mut self, from: FromSentinel, now: Instant) -> Effect {
        self.sentinels.note_carried_out(self.has_promotion(now));
        self.sentinels.hear(from, self.ms(now))
    }

    /// Whether another server than the master has been promoted since Sentinels began the failover
    /// that they carry out.
    fn has_promotion(&self, now: Instant) -> bool {
        let Some((_, since_ms)) = self.sentinels.failover_stage() else { return false };
        let limit = Duration::from_millis(self.ms(now).saturating_sub(since_ms)) + EARLIER;
        let is_other = |id| self.shard.published().master().is_none_or(|master| master.id != id);
        let members = self.roster.members().iter();
        members.into_iter().any(|it| is_other(it.id) && it.is_promoted(now, limit))
    }

    /// Takes the addresses to which a server's name leads now. True if the server has to be
    /// replaced by another one.
    pub(super) fn hear_addresses(
        &mut self,
        id: BackendId,
        found: Result<Vec<IpAddr>, String>,
        config: &Config,
        now: Instant,
    ) -> bool {
        let Some(member) = self.roster.get_mut(id) else { return false };
        let is_well = member.is_well(config.topology.probe_timeout, now);
        let finding = member.endpoint.hear(found, is_well);
        log::resolved(&member.addr, member.endpoint.addr(), &finding);
        let Finding::Moved(before) = finding else { return false };
        self.replace_moved(id, before, None, now);
        true
    }

    /// Puts another server in the place of one whose name does not lead to `before` any more.
    fn replace_moved(
        &mut self,
        id: BackendId,
        before: SocketAddr,
        reached: Option<SocketAddr>,
        now: Instant,
    ) {
        let new = self.roster.replace(id, reached, now).and_then(|new| self.roster.get(new));
        if let Some(new) = new {
            log::moved(&new.addr, before);
        }
    }

    /// Publishes what follows from the answers, if it is a change.
    pub(super) fn publish(&mut self, config: &Config, now: Instant) -> ToAsk {
        self.check_named_master(config, now);
        let mut verdict = self.elect(config, now);
        if self.update(config, now) {
            verdict = self.elect(config, now);
        }
        self.shard.apply(verdict, &self.roster, config);
        self.shard.note_losses(&self.roster, now, self.ms(now));
        // First the numbers: a worker that sees a new server finds it judged.
        let now_ms = self.ms(now);
        let mut is_more = self.shard.freshness.judge(&self.roster, config, now_ms);
        let outside = self.outside_signs(now);
        self.shard.hold(&self.roster, config, outside, (self.epoch, now));
        self.shard.log_gate(config, now_ms);
        let others = (self.commands.known(), self.sentinels.overview());
        let is_starting = self.awaits_first_answers();
        let view = (self.shard.published(), is_starting);
        is_more |= self.publisher.publish(view, others, config, now_ms);
        // Last the clients: one that woke earlier would send its write to the last master.
        self.publisher.wake_if(is_more);
        ToAsk {
            servers: self.roster.unasked().map(|member| member.id).collect(),
            is_master: self.disputed_master(),
            commands: self.commands_to_ask(config, now),
        }
    }

    /// Whether a server or the first Sentinels have yet to answer a question, or to fail, for the
    /// first time.
    fn awaits_first_answers(&self) -> bool {
        self.sentinels.is_early() || self.roster.members().iter().any(|it| it.said.is_none())
    }

    /// Elects the master from the servers' answers and the Sentinels' statement.
    fn elect(&mut self, config: &Config, now: Instant) -> Verdict {
        let authority = self.sentinels.authority(&self.roster);
        if self.sentinels.drops_former(authority.as_ref(), self.ms(now)) {
            self.shard.election.forget_authority();
        }
        let last = self.shard.master();
        let verdict = self.shard.elect(&self.roster, config, authority, (self.epoch, now));
        if last.is_some() && verdict.master().is_some_and(|id| Some(id) != last) {
            self.sentinels.note_other_master();
        }
        let statement = self.shard.election.statement().filter(|_| !self.sentinels.is_succeeding());
        let elected = verdict.master().and_then(|id| self.roster.get(id));
        let is_named =
            elected.is_some_and(|elected| statement.is_some_and(|it| it.master == elected.addr));
        self.sentinels.note_election(statement, is_named);
        verdict
    }

    /// Follows proxy.toml to the server that it names as master. One that a reload names is master
    /// as soon as it has answered; until then the last master stays.
    fn check_named_master(&mut self, config: &Config, now: Instant) {
        let named = &mut self.shard.named;
        named.follow(config.topology.named_master().as_ref());
        let Some(addr) = named.addr.clone() else { return };
        let said = self.roster.at(&addr).and_then(|it| it.said.as_ref());
        match said {
            Some(Err(why)) if named.is_missing() => {
                log::missing_master(&addr, why, self.shard.published().master());
            }
            Some(Ok(_)) if named.is_new => {
                self.shard.replace_master(&mut self.roster);
                // The address by which it is known may be another one from here on.
                self.update(config, now);
            }
            _ => {}
        }
    }

    /// Notes whether the master gets requests of this proxy. `have_reported` tells whether all
    /// workers have reported their requests under way since a time.
    pub(super) fn note_quiet(&mut self, have_reported: impl Fn(u64) -> bool, now: Instant) {
        let now_ms = self.ms(now);
        let shard = self.shard.published();
        let is_idle = |since_ms| {
            let master = shard.master().or_else(|| shard.backend(self.shard.master()?));
            let in_flight = master.map_or(0, |master| master.health.load.in_flight());
            in_flight == 0 && have_reported(since_ms)
        };
        let is_quiet = shard.hold.is_some_and(|hold| is_idle(hold.since_ms));
        self.shard.losses.set_quiet(is_quiet.then_some(now_ms));
    }

    /// Whether requests have to begin or to cease to wait for the master.
    pub(super) fn is_hold_outdated(&self, config: &Config, now: Instant) -> bool {
        let clock = (self.epoch, now);
        self.shard.is_hold_outdated(&self.roster, config, self.outside_signs(now), clock)
    }

    fn outside_signs(&self, now: Instant) -> OutsideSigns {
        OutsideSigns {
            is_announced: self.sentinels.failover_stage().is_some(),
            operator_until_ms: self.operator_hold.until(self.ms(now)),
        }
    }

    /// Adds the servers that are named now, and removes others. True if one was removed.
    pub(super) fn update(&mut self, config: &Config, now: Instant) -> bool {
        // An engine that is a master is a server like any other.
        let engine = self.engine.as_ref().filter(|engine| !engine.leads());
        let local = engine.map(|engine| engine.addr());
        let master = self.shard.master();
        let by_sentinels = self.sentinels.named();
        let named =
            named_servers(&config.topology, local.as_ref(), by_sentinels, &self.roster, master);
        self.roster.update(&named, now)
    }

    /// The published master, if another server disputes its role.
    fn disputed_master(&self) -> Option<BackendId> {
        let published = self.shard.published().master().map(|it| it.id);
        self.shard.election.unconfirmed_master().filter(|it| Some(*it) == published)
    }

    /// The master whose commands have to be asked for: once for each process.
    fn commands_to_ask(&mut self, config: &Config, now: Instant) -> Option<(String, Dial)> {
        let member = self.roster.get(self.shard.master()?)?;
        let is_ready = member.answer().is_some_and(|said| !said.loading);
        let is_due = is_ready && self.commands.begin(&member.run_id, now);
        is_due.then(|| {
            let dial = Dial::new(&member.addr, config).pinned_to(member.endpoint.addr());
            (member.run_id.clone(), dial)
        })
    }
}

#[cfg(test)]
mod tests;
