//! The monitor: when who is asked, and what is made of it.

mod take_over;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::beat::Beat;
use super::freshness::Watch;
use super::inside;
use super::learn::{Lesson, learn};
use super::life::Life;
use super::link::Dial;
use super::named_master::NamedMaster;
use super::probe::{Probed, probe, pulse};
use super::report::Report;
use super::roster::Roster;
use crate::config::{Config, HostPort};
use crate::engine::Engine;
use crate::topology::{BackendId, Observation, ElectionState, Topology};
use tidegate_wire::units::millis;

/// How long a master may take to answer where `request-timeout` sets no limit.
const MASTER_PATIENCE: Duration = Duration::from_secs(60);
/// How long a replica's answer is waited for after it counts as unknown: one that was only stopped
/// is back with its next word, without connecting anew.
const REPLICA_PATIENCE: Duration = Duration::from_secs(10);

/// From the start of one round to the next.
const PERIOD: Duration = Duration::from_secs(1);
/// The least time between two rounds, however many suspicions there are.
const GAP: Duration = Duration::from_millis(50);
/// How long a round waits for the slow when a master is known.
const GRACE: Duration = Duration::from_millis(50);

/// Keeps a [`Topology`] true.
#[derive(Debug)]
pub struct Monitor {
    pub(super) config: Arc<ArcSwap<Config>>,
    pub(super) topology: Arc<ArcSwap<Topology>>,
    suspect: Arc<Notify>,
    pub(super) epoch: Instant,
    /// The engine of this process.
    pub(super) engine: Option<Arc<Engine>>,
    pub(super) roster: Roster,
    tasks: JoinSet<Report>,
    /// The last that was master, also while there is none.
    pub(super) master: Option<BackendId>,
    /// What is remembered of the last master and its rivals.
    pub(super) reign: ElectionState,
    /// More than one server says that it is master, or another master is expected.
    pub(super) is_unsettled: bool,
    /// A server was heard to claim that it is master since the last one said so.
    pub(super) is_unconfirmed: bool,
    pub(super) named: NamedMaster,
    /// Notified when requests that wait may pass.
    pub(super) news: Arc<Notify>,
    pub(super) lesson: Lesson,
    pub(super) watch: Watch,
    beat: Beat,
    /// Somebody told something new in passing: the next round comes at once.
    is_hasty: bool,
    life: Life,
}

impl Monitor {
    /// A monitor that knows what `topology` tells. `epoch` is where the process's clock begins.
    #[must_use]
    pub fn new(
        config: Arc<ArcSwap<Config>>,
        topology: Arc<ArcSwap<Topology>>,
        suspect: Arc<Notify>,
        epoch: Instant,
    ) -> Self {
        let named = NamedMaster::new(config.load().topology.master.clone());
        let roster = Roster::resume(&topology.load(), Instant::now());
        let master = topology.load().sole_shard().master().map(|master| master.id);
        let lesson = Lesson::new(Arc::clone(&topology.load().learned));
        let watch = Watch::new(Arc::clone(&topology.load().sole_shard().gate));
        Self {
            config,
            topology,
            suspect,
            epoch,
            engine: None,
            roster,
            tasks: JoinSet::new(),
            master,
            reign: ElectionState::resume(master),
            is_unsettled: false,
            is_unconfirmed: false,
            named,
            news: Arc::default(),
            lesson,
            watch,
            beat: Beat::new(Instant::now()),
            is_hasty: false,
            life: Life::default(),
        }
    }

    /// Notifies `news` when requests that wait may pass.
    #[must_use]
    pub fn telling(self, news: Arc<Notify>) -> Self {
        Self { news, ..self }
    }

    /// With the engine of this process among the servers, and a place on the board of tasks.
    #[must_use]
    pub fn in_process(self, engine: Option<Arc<Engine>>, life: Life) -> Self {
        Self { engine, life, ..self }
    }

    /// One round: asks every known server, and those that are named on the way, and publishes what
    /// changed. Once a master is known the slow get 50 ms; what they say later is
    /// taken when it comes. Needs a tokio runtime, of whatever kind.
    pub async fn round(&mut self) {
        self.round_until(|monitor| monitor.master.is_some()).await;
    }

    /// As [`Self::round`], but waits for each server's `connect-timeout` and `probe-timeout`.
    pub async fn whole_round(&mut self) {
        self.round_until(|_| false).await;
    }

    /// Rounds until every replica that could be fresh is, for at most `patience`.
    pub async fn settle(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        self.round().await;
        while Instant::now() < deadline && self.is_rising() {
            self.step(deadline).await;
        }
    }

    /// Whether a replica that may serve reads is not proven to be fresh yet.
    fn is_rising(&self) -> bool {
        let (topology, now_ms) = (self.topology.load_full(), self.now_ms());
        let shard = topology.sole_shard();
        let pending = |it: &crate::topology::Backend| {
            it.excluded.is_none() && !it.health.progress.is_fresh(now_ms)
        };
        shard.master().is_some() && shard.replicas().any(pending)
    }

    /// Rounds for ever: every second, when a back-off ends, and at once when a worker suspects that
    /// something has changed. In between every server is asked for its offset.
    pub async fn run(mut self) {
        self.take_over().await;
        loop {
            let started = Instant::now();
            self.round().await;
            self.rest(started).await;
        }
    }

    /// Every known server that was asked, and its last answer.
    pub fn observations(&self) -> impl Iterator<Item = (&HostPort, Result<&Observation, &str>)> {
        self.roster.members().iter().filter_map(move |member| {
            let said = member.said.as_ref()?;
            Some((&member.addr, said.as_ref().map_err(String::as_str)))
        })
    }

    async fn round_until(&mut self, is_enough: impl Fn(&Self) -> bool) {
        let now = Instant::now();
        let (grace, deadline) = (now + GRACE, now + self.whole_time());
        self.is_hasty = false;
        self.life.strike(self.whole_time());
        self.beat.keep_to(now, self.config.load().topology.probe_period);
        self.hear_ready();
        self.look_inside();
        self.publish();
        self.ask(|roster| roster.due(Instant::now()).map(|member| member.id).collect());
        let mut is_late = false;
        while !self.tasks.is_empty() && Instant::now() < deadline {
            tokio::select! {
                report = self.tasks.join_next() => {
                    self.hear(report);
                    self.hear_ready();
                }
                () = sleep_until(grace), if !is_late => is_late = true,
                () = sleep_until(deadline) => {}
            }
            // A server that has hung for longer is not waited for where the others suffice.
            if is_late || !self.is_awaiting() || self.is_disputed() {
                self.publish();
                if is_enough(self) && (is_late || !self.is_awaiting()) {
                    break;
                }
            }
        }
        self.expire();
    }

    /// Whether a known master may have lost its title to another server that was heard.
    fn is_disputed(&self) -> bool {
        self.is_unsettled && self.master.is_some()
    }

    /// Whether something is under way that may end soon.
    fn is_awaiting(&self) -> bool {
        let now = Instant::now();
        let hung = self.roster.members().iter().filter(|member| member.is_hung(now, GRACE));
        self.tasks.len() > hung.count()
    }

    /// The time within which every server that is waited for has answered.
    fn whole_time(&self) -> Duration {
        let topology = &self.config.load().topology;
        topology.connect_timeout + topology.probe_timeout + topology.probe_period + GRACE
    }

    /// Until the next round; whoever is late is heard meanwhile.
    async fn rest(&mut self, started: Instant) {
        let (soon, late) = (started + GAP, started + PERIOD);
        let next = self.roster.next_retry(Instant::now()).map_or(late, |at| at.clamp(soon, late));
        while Instant::now() < next {
            if self.is_hasty || self.step(next).await {
                return sleep_until(soon).await;
            }
        }
    }

    /// Does the next thing that is to be done before `until`; true if that is a whole round.
    async fn step(&mut self, until: Instant) -> bool {
        tokio::select! {
            () = sleep_until(until) => {}
            () = self.suspect.notified() => return true,
            () = sleep_until(self.beat.next()) => self.pulse(),
            report = self.tasks.join_next(), if !self.tasks.is_empty() => {
                let is_whole = self.hear(report);
                if self.hear_ready() || is_whole || self.is_disputed() {
                    self.publish();
                }
            }
        }
        false
    }

    /// Asks those that `choose` picks.
    pub(super) fn ask(&mut self, choose: impl FnOnce(&mut Roster) -> Vec<BackendId>) {
        let (config, epoch) = (self.config.load_full(), self.epoch);
        for id in choose(&mut self.roster) {
            if let Some(member) = self.roster.get_mut(id) {
                // Busy is not gone: requests wait as long for a master, and nobody can take its
                // place.
                let patience = match self.master {
                    Some(master) if master == id => {
                        config.topology.request_timeout.unwrap_or(MASTER_PATIENCE)
                    }
                    _ => REPLICA_PATIENCE,
                };
                let dial = Dial::new(&member.addr, &config).patient_for_answers(patience);
                let link = member.take_link();
                let task =
                    async move { Report::Probed(id, Box::new(probe(link, dial, epoch).await)) };
                member.set_asking(self.tasks.spawn(task), Instant::now());
            }
        }
    }

    /// Asks how far they have come: the master at every beat, every other server at its own.
    fn pulse(&mut self) {
        self.look_inside();
        self.life.strike(self.whole_time());
        let (now, master) = (Instant::now(), self.master);
        let number = self.beat.strike(now, self.config.load().topology.probe_period);
        let is_due = |id: BackendId| Some(id) == master || Beat::is_for(number, id);
        let ids: Vec<_> = self.roster.members().iter().map(|member| member.id).collect();
        for id in ids.into_iter().filter(|id| is_due(*id)) {
            self.ask_position(id);
        }
        self.expire();
        if self.is_unsettled {
            // Time alone may decide it.
            self.publish();
        } else {
            let is_news = self.judge();
            self.tell_news(is_news);
        }
    }

    /// Asks one server how far it has come, unless it is being asked something.
    pub(super) fn ask_position(&mut self, id: BackendId) {
        let epoch = self.epoch;
        if let Some(member) = self.roster.get_mut(id)
            && let Some(link) = member.idle_link()
        {
            let task = async move { Report::Pulse(id, Box::new(pulse(link, epoch).await)) };
            member.set_asking(self.tasks.spawn(task), Instant::now());
        }
    }

    /// Looks at the engine of this process, which takes no question.
    fn look_inside(&mut self) {
        if let Some(engine) = &self.engine {
            let now_ms = millis(self.epoch.elapsed());
            if inside::look(engine, &mut self.roster, &mut self.watch, now_ms) {
                self.is_hasty = true;
                // It may have reached its master before the monitor does.
                self.roster.hurry(Instant::now());
            }
        }
    }

    /// Replicas that have not answered in time are unknown. A master has `request-timeout`.
    fn expire(&mut self) {
        let (now, timeout) = (Instant::now(), self.config.load().topology.probe_timeout);
        let mut is_news = false;
        for member in self.roster.members_mut() {
            if Some(member.id) != self.master {
                is_news |= member.expire(timeout, now);
            }
        }
        if is_news {
            self.publish();
        }
    }

    pub(super) fn now_ms(&self) -> u64 {
        millis(self.epoch.elapsed())
    }

    /// Judges the numbers anew; whether more requests may pass than before.
    pub(super) fn judge(&mut self) -> bool {
        let now_ms = self.now_ms();
        self.watch.judge(&self.roster, &self.config.load(), now_ms)
    }

    /// See [`Self::hear`].
    fn hear_ready(&mut self) -> bool {
        let mut is_whole = false;
        while let Some(report) = self.tasks.try_join_next() {
            is_whole |= self.hear(Some(report));
        }
        is_whole
    }

    /// Takes what a task brings home; true if that may be news for the picture.
    fn hear(&mut self, report: Option<Result<Report, tokio::task::JoinError>>) -> bool {
        let now = Instant::now();
        match report {
            Some(Ok(Report::Probed(id, probed))) => self.hear_probe(id, *probed, now),
            Some(Ok(Report::Pulse(id, probed))) => {
                self.hear_pulse(id, *probed);
                return false;
            }
            Some(Ok(Report::Learned(run_id, outcome))) => self.lesson.end(run_id, outcome, now),
            Some(Err(error)) if error.is_panic() => self.life.probe_panicked(),
            // A task that was aborted with its member.
            Some(Err(_)) | None => {}
        }
        true
    }

    fn hear_probe(&mut self, id: BackendId, mut probed: Probed, now: Instant) {
        let now_ms = self.now_ms();
        let Some(member) = self.roster.get_mut(id) else { return };
        // A server that is reached again serves again before its rest is over.
        if member.hear(&mut probed, now) && member.health.is_resting(now_ms) {
            member.health.answered();
        }
        // Another claim is judged at once, whatever answers are still to come.
        self.is_unsettled |= member.is_master() && self.master.is_some_and(|it| it != id);
        if let Some(sample) = probed.sample.take() {
            self.watch.observe(id, sample);
        }
    }

    fn hear_pulse(&mut self, id: BackendId, probed: Probed) {
        let Some(member) = self.roster.get_mut(id) else { return };
        self.is_hasty |= member.hear_pulse(probed.link, probed.sample.as_ref(), Instant::now());
        let (is_wanted, is_loading) = (member.take_wanted(), member.is_loading());
        if let Some(mut sample) = probed.sample {
            sample.loading = is_loading;
            self.watch.observe(id, sample);
            let is_news = self.judge();
            // What a server says of its role is told with the next picture.
            self.tell_news(is_news && !self.is_hasty);
        }
        if is_wanted {
            self.ask(|_| vec![id]);
        }
    }

    /// Asks a master for its commands, once per run of its process.
    pub(super) fn learn(&mut self, config: &Config, now: Instant) {
        let Some(member) = self.master.and_then(|id| self.roster.get(id)) else { return };
        let is_there = matches!(&member.said, Some(Ok(said)) if !said.loading);
        if is_there && self.lesson.begin(&member.run_id, now) {
            let (dial, run_id) = (Dial::new(&member.addr, config), member.run_id.clone());
            self.tasks.spawn(async move { Report::Learned(run_id, learn(dial).await) });
        }
    }
}
