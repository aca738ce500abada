//! The monitor: its parts, and the rounds in which it asks the servers.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::task::JoinError;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::asking::link::Dial;
use super::asking::probe::Probed;
use super::beat::Beat;
use super::questions::{Outcome, Questions};
use super::reporting::liveness::Liveness;
use super::schedule::{Schedule, patience};
use super::sentinels::news::FromSentinel;
use super::sentinels::tasks::SentinelTasks;
use super::watched::Watched;
use crate::config::{Config, HostPort};
use crate::engine::Engine;
use crate::net::Resolver;
use crate::registry::OperatorHold;
use crate::topology::{BackendId, Observation, Topology};

/// How long a round waits for slow servers once a master is known.
const GRACE: Duration = Duration::from_millis(50);

/// Keeps a [`Topology`] up to date.
#[derive(Debug)]
pub struct Monitor {
    config: Arc<ArcSwap<Config>>,
    /// Notified when a worker has reason to doubt the topology.
    suspect: Arc<Notify>,
    watched: Watched,
    questions: Questions,
    sentinels: SentinelTasks,
    schedule: Schedule,
    liveness: Liveness,
}

impl Monitor {
    /// A monitor that continues from the published `topology`. `epoch` is where the process's clock
    /// begins.
    #[must_use]
    pub fn new(
        config: Arc<ArcSwap<Config>>,
        topology: Arc<ArcSwap<Topology>>,
        suspect: Arc<Notify>,
        epoch: Instant,
    ) -> Self {
        let now = Instant::now();
        let watched = Watched::resume(topology, &config.load(), (epoch, now));
        Self {
            config,
            suspect,
            watched,
            questions: Questions::new(epoch),
            sentinels: SentinelTasks::default(),
            schedule: Schedule::new(now),
            liveness: Liveness::default(),
        }
    }

    /// Notifies `news` when requests that wait may pass.
    #[must_use]
    pub fn telling(mut self, news: Arc<Notify>) -> Self {
        self.watched.publisher.set_wake(news);
        self
    }

    /// Requests that need the master wait while `operator_hold` says so.
    #[must_use]
    pub fn holding(mut self, operator_hold: Arc<OperatorHold>) -> Self {
        self.watched.operator_hold = operator_hold;
        self
    }

    /// Resolves the servers' names with `resolver`.
    #[must_use]
    pub fn resolving_with(mut self, resolver: Resolver) -> Self {
        self.questions.set_resolver(resolver);
        self
    }

    /// With the engine of this process among the servers, and a record on the board of tasks.
    #[must_use]
    pub fn in_process(mut self, engine: Option<Arc<Engine>>, liveness: Liveness) -> Self {
        self.watched.engine = engine;
        self.liveness = liveness;
        self
    }

    /// One round: asks every known server, and the servers that answers name, and publishes what
    /// changed. Once a master is known, the round waits 50 ms for slow servers; later answers are
    /// taken when they come. Needs a tokio runtime, of whatever kind.
    pub async fn round(&mut self) {
        self.round_until(|monitor| monitor.watched.shard.master().is_some()).await;
    }

    /// As [`Self::round`], but waits for each server's `connect-timeout` and `probe-timeout`.
    pub async fn whole_round(&mut self) {
        self.round_until(|_| false).await;
    }

    /// Rounds until every replica that may serve reads is fresh, for at most `patience`.
    pub async fn settle(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        self.round().await;
        while Instant::now() < deadline && self.watched.awaits_fresh_replicas(Instant::now()) {
            self.step(deadline, true).await;
        }
    }

    /// Rounds without end: every second, when the pause before an attempt ends, and at once when a
    /// worker doubts the topology. In between every server is asked for its offset.
    pub async fn run(mut self) {
        self.take_over().await;
        loop {
            let started = Instant::now();
            self.round().await;
            self.wait_for_round(started).await;
        }
    }

    /// Every known server that was asked, and its last answer.
    pub fn observations(&self) -> impl Iterator<Item = (&HostPort, Result<&Observation, &str>)> {
        self.watched.roster.members().iter().filter_map(move |member| {
            let said = member.said.as_ref()?;
            Some((&member.addr, said.as_ref().map_err(String::as_str)))
        })
    }

    /// Asks the servers of the topology that it found, and waits for their answers. The published
    /// topology stays meanwhile, so that requests go on while a monitor replaces one that panicked.
    async fn take_over(&mut self) {
        let config = self.config.load_full();
        self.watched.update(&config, Instant::now());
        let unasked: Vec<_> = self.watched.roster.unasked().map(|member| member.id).collect();
        self.probe(unasked);
        let mut until = Instant::now() + self.whole_time();
        let mut awaits_master = self.watched.shard.master().is_some();
        while let Ok(Some(outcome)) = timeout_at(until, self.questions.next()).await {
            self.hear(outcome);
            let master = self.watched.shard.master().and_then(|id| self.watched.roster.get(id));
            if awaits_master && master.is_none_or(|master| master.said.is_some()) {
                awaits_master = false;
                until = until.min(Instant::now() + GRACE);
            }
        }
    }

    async fn round_until(&mut self, is_enough: impl Fn(&Self) -> bool) {
        let now = Instant::now();
        let (grace, deadline) = (now + GRACE, now + self.whole_time());
        self.liveness.note(self.whole_time());
        self.schedule.begin_round(now, self.config.load().topology.probe_period);
        self.hear_ready();
        let is_change = self.watched.look_at_engine(now);
        self.schedule.note_change(is_change);
        self.publish();
        let due: Vec<_> = self.watched.roster.due(Instant::now()).map(|member| member.id).collect();
        self.probe(due);
        if self.schedule.is_look_up_due(now) {
            let members = self.watched.roster.members_mut().iter_mut();
            members.for_each(|member| self.questions.resolve(member));
        }
        let mut is_late = false;
        while self.is_asking() && Instant::now() < deadline {
            tokio::select! {
                Some(outcome) = self.questions.next() => {
                    self.hear(outcome);
                    self.hear_ready();
                }
                Some(news) = self.sentinels.next() => self.hear_sentinel(news),
                () = sleep_until(grace), if !is_late => is_late = true,
                () = sleep_until(deadline) => {}
            }
            // Servers that have not answered for longer are not waited for if the others suffice.
            if is_late || !self.is_awaiting() || self.watched.shard.election.is_disputed() {
                self.publish();
                if is_enough(self) && (is_late || !self.is_awaiting()) {
                    break;
                }
            }
        }
        self.expire();
    }

    /// Waits until the next round begins. Meanwhile, however soon that is, the short questions go
    /// on, and answers and news are taken.
    async fn wait_for_round(&mut self, started: Instant) {
        let next = Schedule::next_round(started, self.watched.roster.next_retry(Instant::now()));
        let mut is_due = self.schedule.has_changed();
        loop {
            let until = if is_due { Schedule::soonest(started) } else { next };
            if until <= Instant::now() {
                return;
            }
            is_due |= self.step(until, !is_due).await || self.schedule.has_changed();
        }
    }

    /// Does what is to be done next before `until`; true if that is a round, because a worker
    /// doubts the topology. `hears_doubt` is false where a round is due anyway.
    async fn step(&mut self, until: Instant, hears_doubt: bool) -> bool {
        tokio::select! {
            () = sleep_until(until) => {}
            () = self.suspect.notified(), if hears_doubt => return true,
            () = sleep_until(self.schedule.beat.next()) => self.ask_positions(),
            Some(news) = self.sentinels.next() => self.hear_sentinel(news),
            Some(outcome) = self.questions.next() => {
                let is_whole = self.hear(outcome);
                if self.hear_ready() || is_whole || self.watched.shard.election.is_disputed() {
                    self.publish();
                }
            }
        }
        false
    }

    /// Whether a question to a server or a first one to a Sentinel is under way.
    fn is_asking(&self) -> bool {
        !self.questions.is_empty() || self.watched.sentinels.is_early()
    }

    /// Starts and ends the tasks of the Sentinels, as proxy.toml and the Sentinels themselves say.
    fn keep_sentinels(&mut self) {
        let config = self.config.load_full();
        let now = Instant::now();
        self.watched.follow_sentinels(&config, now);
        if self.sentinels.is_outdated(&config) {
            self.watched.redial_sentinels(now);
        }
        if self.sentinels.keep(&config, self.watched.sentinels.addrs()) {
            self.liveness.probe_panicked();
        }
    }

    /// Takes news of a Sentinel, and does what they make necessary.
    fn hear_sentinel(&mut self, news: FromSentinel) {
        let now = Instant::now();
        let mut next = Some(news);
        let (mut is_change, mut wants_poll) = (false, false);
        while let Some(news) = next {
            let effect = self.watched.hear_sentinel(news, now);
            is_change |= effect.is_change;
            wants_poll |= effect.wants_poll;
            self.schedule.note_change(effect.wants_round);
            next = self.sentinels.try_next();
        }
        if wants_poll {
            self.sentinels.hurry();
        }
        if is_change {
            self.publish();
        }
    }

    /// Whether a question is under way that may be answered soon.
    fn is_awaiting(&self) -> bool {
        if self.watched.sentinels.is_early() {
            return true;
        }
        let now = Instant::now();
        let hung = self.watched.roster.members().iter().filter(|it| it.contact.is_late(now, GRACE));
        self.questions.len() > hung.count()
    }

    /// The time within which every server has answered that a round waits for.
    fn whole_time(&self) -> Duration {
        let topology = &self.config.load().topology;
        // One Sentinel may have to name another one, and that one the servers.
        let sentinels = if topology.uses_sentinel() { topology.connect_timeout * 2 } else { GRACE };
        let servers = topology.connect_timeout + topology.probe_timeout + topology.probe_period;
        sentinels + servers
    }

    /// Asks these servers everything.
    fn probe(&mut self, ids: impl IntoIterator<Item = BackendId>) {
        let config = self.config.load_full();
        for id in ids {
            if let Some(member) = self.watched.roster.get_mut(id) {
                let patience = patience(&config, self.watched.shard.master() == Some(id));
                let dial = Dial::new(&member.addr, &config).pinned_to(member.endpoint.addr());
                let dial = dial.patient_for_answers(patience);
                self.questions.probe(member, dial);
            }
        }
    }

    /// Asks for the replication offset: the master at every beat, every other server at its own.
    fn ask_positions(&mut self) {
        let now = Instant::now();
        let is_change = self.watched.look_at_engine(now);
        self.schedule.note_change(is_change);
        self.liveness.note(self.whole_time());
        let period = self.config.load().topology.probe_period;
        let number = self.schedule.beat.advance(now, period);
        let liveness = &self.liveness;
        self.watched.note_quiet(|since_ms| liveness.workers_have_reported(since_ms), now);
        let master = self.watched.shard.master();
        // The next master may be any of them, and each moment counts.
        let asks_all = self.watched.sentinels.failover_stage().is_some();
        for member in self.watched.roster.members_mut() {
            if Some(member.id) == master || asks_all || Beat::is_for(number, member.id) {
                self.questions.ask_position(member);
            }
        }
        self.expire();
        if self.watched.shard.election.is_unsettled() || self.is_hold_outdated() {
            // Time alone may change the outcome.
            self.publish();
        } else {
            let is_more = self.watched.judge(&self.config.load(), Instant::now());
            self.watched.publisher.wake_if(is_more);
        }
    }

    /// Marks the replicas that have not answered in time as unknown.
    fn expire(&mut self) {
        if self.watched.expire(&self.config.load(), Instant::now()) {
            self.publish();
        }
    }

    /// Takes the outcomes that are there. True if one may change the topology.
    fn hear_ready(&mut self) -> bool {
        let mut is_whole = false;
        while let Some(outcome) = self.questions.try_next() {
            is_whole |= self.hear(outcome);
        }
        is_whole
    }

    /// Takes the outcome of a question. True if it may change the topology.
    fn hear(&mut self, outcome: Result<Outcome, JoinError>) -> bool {
        let now = Instant::now();
        match outcome {
            Ok(Outcome::Probed(id, probed)) => {
                self.watched.hear_probe(id, *probed, now);
                self.questions.resolve_failed(self.watched.roster.get_mut(id));
            }
            Ok(Outcome::Resolved(id, found)) => {
                return self.watched.hear_addresses(id, found, &self.config.load(), now);
            }
            Ok(Outcome::Position(id, probed)) => {
                self.hear_position(id, *probed, now);
                return false;
            }
            Ok(Outcome::Commands(run_id, outcome)) => {
                self.watched.commands.end(run_id, outcome, now);
            }
            Err(error) if error.is_panic() => self.liveness.probe_panicked(),
            // A question that was cancelled because its server was removed.
            Err(_) => {}
        }
        true
    }

    fn hear_position(&mut self, id: BackendId, probed: Probed, now: Instant) {
        let has_sample = probed.sample.is_some();
        let is_change = self.watched.hear_position(id, probed, now);
        self.schedule.note_change(is_change);
        if self.is_hold_outdated() {
            // Every write that is sent meanwhile may be lost.
            self.publish();
        } else if has_sample {
            let is_more = self.watched.judge(&self.config.load(), now);
            // A change of a server's role wakes clients with the next topology.
            self.watched.publisher.wake_if(is_more && !self.schedule.has_changed());
        }
        let member = self.watched.roster.get_mut(id);
        if member.is_some_and(|member| member.contact.take_wanted()) {
            self.probe([id]);
        }
    }

    /// Whether requests have to begin or to cease to wait for the master.
    fn is_hold_outdated(&self) -> bool {
        self.watched.is_hold_outdated(&self.config.load(), Instant::now())
    }

    /// Publishes what follows from the answers, and asks what has to be asked then. Follows
    /// proxy.toml to its Sentinels first: what the last ones said does not count with a new one.
    fn publish(&mut self) {
        self.keep_sentinels();
        let to_ask = self.watched.publish(&self.config.load_full(), Instant::now());
        self.probe(to_ask.servers);
        if let Some(master) = to_ask.is_master.and_then(|id| self.watched.roster.get_mut(id)) {
            self.questions.ask_position(master);
        }
        if let Some((run_id, dial)) = to_ask.commands {
            self.questions.ask_commands(run_id, dial);
        }
    }
}

#[cfg(test)]
mod tests;
