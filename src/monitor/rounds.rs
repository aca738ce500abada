//! The monitor: when who is asked, and what is made of it.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::known::known;
use super::learn::{LearnError, Lesson, learn};
use super::link::Dial;
use super::news;
use super::picture::{backends, is_same};
use super::probe::{Probed, probe};
use super::roster::Roster;
use crate::command::Learned;
use crate::config::{Config, HostPort};
use crate::topology::{BackendId, Observation, Topology};

/// How long a master may take to answer where `request-timeout` sets no limit.
const MASTER_PATIENCE: Duration = Duration::from_secs(60);

/// From the start of one round to the next.
const PERIOD: Duration = Duration::from_secs(1);
/// The least time between two rounds, however many suspicions there are.
const GAP: Duration = Duration::from_millis(50);
/// How long a round waits for the slow when a master is known.
const GRACE: Duration = Duration::from_millis(50);

/// Keeps a [`Topology`] true.
#[derive(Debug)]
pub struct Monitor {
    config: Arc<ArcSwap<Config>>,
    topology: Arc<ArcSwap<Topology>>,
    suspect: Arc<Notify>,
    epoch: Instant,
    roster: Roster,
    tasks: JoinSet<Report>,
    /// The last that was master, also while there is none.
    master: Option<BackendId>,
    /// The master that proxy.toml named when it was last looked at.
    configured: HostPort,
    lesson: Lesson,
}

/// What a task brings home.
#[derive(Debug)]
enum Report {
    Probed(BackendId, Box<Probed>),
    Learned(String, Result<Learned, LearnError>),
}

impl Monitor {
    /// A monitor that knows nothing yet. `epoch` is where the process's clock begins.
    #[must_use]
    pub fn new(
        config: Arc<ArcSwap<Config>>,
        topology: Arc<ArcSwap<Topology>>,
        suspect: Arc<Notify>,
        epoch: Instant,
    ) -> Self {
        let configured = config.load().topology.master.clone();
        let lesson = Lesson::new(Arc::clone(&topology.load().learned));
        Self {
            config,
            topology,
            suspect,
            epoch,
            roster: Roster::default(),
            tasks: JoinSet::new(),
            master: None,
            configured,
            lesson,
        }
    }

    /// One round: asks every known server, and those that are named on the way, and publishes what
    /// changed. Once a master is known the slow get 50 ms; what they say later is
    /// taken when it comes. Needs a tokio runtime, of whatever kind.
    pub async fn round(&mut self) {
        self.round_until(|monitor| monitor.master.is_some()).await;
    }

    /// As [`Self::round`], but everybody gets their whole time (`connect-timeout`).
    pub async fn whole_round(&mut self) {
        self.round_until(|_| false).await;
    }

    /// Rounds for ever: every second, when a back-off ends, and at once when somebody suspects
    /// that something has changed.
    pub async fn run(mut self) {
        loop {
            let started = Instant::now();
            self.round().await;
            self.rest(started).await;
        }
    }

    /// Every known server and its last answer; none from who was not asked yet.
    pub fn observations(&self) -> impl Iterator<Item = (&HostPort, Result<&Observation, &str>)> {
        self.roster.members().iter().filter_map(move |member| {
            let said = member.said.as_ref()?;
            Some((&member.addr, said.as_ref().map_err(String::as_str)))
        })
    }

    async fn round_until(&mut self, is_enough: impl Fn(&Self) -> bool) {
        let grace = Instant::now() + GRACE;
        self.hear_ready();
        self.publish();
        self.ask(|roster| roster.due(Instant::now()).map(|member| member.id).collect());
        let mut is_late = false;
        while !self.tasks.is_empty() {
            tokio::select! {
                report = self.tasks.join_next() => {
                    self.hear(report);
                    self.hear_ready();
                }
                () = sleep_until(grace), if !is_late => is_late = true,
            }
            if is_late || self.tasks.is_empty() {
                self.publish();
                if is_late && is_enough(self) {
                    break;
                }
            }
        }
    }

    /// Until the next round; whoever is late is heard meanwhile.
    async fn rest(&mut self, started: Instant) {
        let (soon, late) = (started + GAP, started + PERIOD);
        let next = self.roster.next_retry(Instant::now()).map_or(late, |at| at.clamp(soon, late));
        loop {
            tokio::select! {
                () = sleep_until(next) => return,
                () = self.suspect.notified() => return sleep_until(soon).await,
                report = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    self.hear(report);
                    self.hear_ready();
                    self.publish();
                }
            }
        }
    }

    /// Asks those that `choose` picks.
    fn ask(&mut self, choose: impl FnOnce(&mut Roster) -> Vec<BackendId>) {
        let config = self.config.load_full();
        for id in choose(&mut self.roster) {
            if let Some(member) = self.roster.get_mut(id) {
                let mut dial = Dial::new(&member.addr, &config);
                if self.master == Some(id) {
                    // Busy is not gone: requests wait as long for it, and nobody can take its place.
                    let patience = config.topology.request_timeout.unwrap_or(MASTER_PATIENCE);
                    dial = dial.patient_for_answers(patience);
                }
                let link = member.take_link();
                let task = async move { Report::Probed(id, Box::new(probe(link, dial).await)) };
                member.set_asking(self.tasks.spawn(task));
            }
        }
    }

    fn hear_ready(&mut self) {
        while let Some(report) = self.tasks.try_join_next() {
            self.hear(Some(report));
        }
    }

    fn hear(&mut self, report: Option<Result<Report, tokio::task::JoinError>>) {
        let now = Instant::now();
        match report {
            Some(Ok(Report::Probed(id, probed))) => {
                let Some(member) = self.roster.get_mut(id) else { return };
                let now_ms = u64::try_from((now - self.epoch).as_millis()).unwrap_or(u64::MAX);
                // A server that is reached again serves again before its rest is over.
                if member.hear(*probed, now) && member.health.is_resting(now_ms) {
                    member.health.answered();
                }
            }
            Some(Ok(Report::Learned(run_id, outcome))) => self.lesson.end(run_id, outcome, now),
            // A task that was aborted with its member, or panicked: the member is asked again.
            Some(Err(_)) | None => {}
        }
    }

    /// Publishes what follows from the answers, if it is news, and asks whoever is newly named.
    fn publish(&mut self) {
        let (config, now) = (self.config.load_full(), Instant::now());
        if config.topology.master != self.configured {
            // The operator's word: it counts more than who was master.
            self.configured.clone_from(&config.topology.master);
            self.master = None;
        }
        let mut new = Topology::clone(&self.topology.load());
        new.backends = backends(&self.roster, &config, self.master);
        self.master = new.master().map(|master| master.id).or(self.master);
        let named = known(&config.topology, &self.roster, self.master);
        if self.roster.update(&named, now) {
            new.backends = backends(&self.roster, &config, self.master);
        }
        if let Some(Ok(master)) = new.master().and_then(|m| self.roster.get(m.id)?.said.as_ref()) {
            new.server = master.version.clone();
        }
        new.learned = self.lesson.learned();
        let old = self.topology.load_full();
        if !is_same(&old, &new) {
            new.generation = old.generation + 1;
            news::tell(&old, &new);
            self.topology.store(Arc::new(new));
        }
        self.ask(|roster| roster.unasked().map(|member| member.id).collect());
        self.learn(&config, now);
    }

    /// Asks a master for its commands, once per run of its process.
    fn learn(&mut self, config: &Config, now: Instant) {
        let Some(member) = self.master.and_then(|id| self.roster.get(id)) else { return };
        let is_there = matches!(&member.said, Some(Ok(said)) if !said.loading);
        if is_there && self.lesson.begin(&member.run_id, now) {
            let (dial, run_id) = (Dial::new(&member.addr, config), member.run_id.clone());
            self.tasks.spawn(async move { Report::Learned(run_id, learn(dial).await) });
        }
    }
}
