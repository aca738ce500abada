//! What is made of the answers: the judgement, the fence, the picture.

use std::sync::Arc;

use tokio::time::Instant;

use super::known::known;
use super::news;
use super::picture::{backends, evidence, is_same};
use super::roster::Member;
use super::rounds::Monitor;
use crate::config::Config;
use crate::topology::{ServerRole, Topology, Vacancy, Verdict, elect};

/// How long after a server was heard to claim the title everything is judged at each answer. What
/// changes later is told by other answers than before.
const DISPUTE_MS: u64 = 15_000;

/// How long the last master is asked again and again whether it still claims the title.
const CONFIRM_MS: u64 = 50;

impl Monitor {
    /// Publishes what follows from the answers, if it is news, and asks the servers that are newly
    /// named.
    pub(super) fn publish(&mut self) {
        let (config, now) = (self.config.load_full(), Instant::now());
        self.named.follow(&config.topology.master);
        self.tell_missing_master();
        if self.named.is_new && self.roster.at(&self.named.addr).is_some_and(Member::has_answered) {
            // The operator's word: it counts more than the last master, which stays it until here.
            self.named.is_new = false;
            self.replace_master();
            // It goes by its new name from here on.
            self.update(&config, now);
        }
        let mut verdict = self.decide(&config, now);
        if self.update(&config, now) {
            verdict = self.decide(&config, now);
        }
        let old = self.topology.load_full();
        let mut new = old.sole_shard().clone();
        new.backends = backends(&self.roster, &config, verdict.master());
        new.vacancy = vacancy(verdict);
        if let Some(Ok(master)) = new.master().and_then(|m| self.roster.get(m.id)?.said.as_ref()) {
            new.server = master.version.clone();
            new.eviction.clone_from(&master.eviction);
            let touches = self.lesson.executed.observe(&master.run_id, master.commands);
            if let (Some(touches), Some(backend)) = (touches, new.master()) {
                backend.health.touches.grant(touches);
            }
        }
        let learned = self.lesson.learned();
        self.watch.follow(new.master().map(|master| master.id), &self.roster);
        // The numbers first: who is told of a new server finds it judged.
        let mut is_news = self.judge();
        let new = Topology::new(old.generation + 1, learned, new, Vec::new());
        if !is_same(&old, &new) {
            news::tell(&old, &new, self.now_ms());
            news::tell_eviction(&config, old.sole_shard(), new.sole_shard());
            self.topology.store(Arc::new(new));
            is_news = true;
        }
        // Not before all is told: a write that waits would go to the master that it comes from.
        self.tell_news(is_news);
        self.ask(|roster| roster.unasked().map(|member| member.id).collect());
        self.confirm();
        self.learn(&config, now);
    }

    /// Wakes the clients that wait, if there is news for them.
    pub(super) fn tell_news(&self, is_news: bool) {
        if is_news {
            self.news.notify_waiters();
        }
    }

    /// Tells once that the server which proxy.toml newly names as master does not answer.
    fn tell_missing_master(&mut self) {
        let said = self.roster.at(&self.named.addr).and_then(|named| named.said.as_ref());
        if let Some(Err(why)) = said
            && self.named.is_missing()
        {
            news::tell_missing_master(
                &self.named.addr,
                why,
                self.topology.load().sole_shard().master(),
            );
        }
    }

    /// Has a master whose title is disputed say at once whether it still claims it.
    fn confirm(&mut self) {
        let Some(master) = self.master.filter(|_| self.is_unconfirmed) else { return };
        if self.topology.load().sole_shard().master().is_some_and(|it| it.id == master) {
            self.ask_position(master);
        }
    }

    /// Lets in the servers that are named now, and lets go of others; true if one left.
    pub(super) fn update(&mut self, config: &Config, now: Instant) -> bool {
        let local = self.engine.as_ref().map(|engine| engine.addr());
        let named = known(&config.topology, local.as_ref(), &self.roster, self.master);
        self.roster.update(&named, now)
    }

    /// Judges which server is master; one that is deposed is fenced before anything else happens.
    fn decide(&mut self, config: &Config, now: Instant) -> Verdict {
        let evidence = evidence(&self.roster, &config.topology, (self.epoch, now));
        self.reign.learn(&evidence);
        let verdict = elect(&evidence, &self.reign);
        self.depose(&verdict);
        self.reign.record(&verdict, &evidence);
        self.master = verdict.master().or(self.master);
        let master = self.master.and_then(|id| evidence.servers.iter().find(|it| it.id == id));
        let others = || evidence.servers.iter().filter(|it| Some(it.id) != self.master);
        let newest_ms = others().filter(|it| it.claims()).map(|it| it.changed_ms).max();
        let is_new = newest_ms.is_some_and(|at_ms| evidence.now_ms - at_ms < DISPUTE_MS);
        self.is_unsettled = is_new || !matches!(verdict, Verdict::Master(_) | Verdict::NoMaster);
        let is_fresh = newest_ms.is_some_and(|at_ms| evidence.now_ms - at_ms < CONFIRM_MS);
        self.is_unconfirmed =
            is_fresh && master.is_some_and(|it| newest_ms > Some(it.confirmed_ms));
        verdict
    }

    /// Fences the last master where it is master no more by another's word than its own: it still
    /// claims, or it is silent.
    fn depose(&self, verdict: &Verdict) {
        let picture = self.topology.load();
        let shown = picture.sole_shard().master().map(|master| master.id);
        let Some(old) = self.master.and_then(|id| self.roster.get(id)) else { return };
        let is_over = match verdict {
            Verdict::Master(id) => *id != old.id,
            Verdict::Undecided(_) => shown == Some(old.id),
            Verdict::HandingOver(_) | Verdict::NoMaster => false,
        };
        let said = old.said.as_ref().and_then(|said| said.as_ref().ok());
        let is_orderly = said.is_some_and(|it| matches!(it.role, ServerRole::Replica { .. }));
        if is_over && !is_orderly {
            old.health.fence.raise();
        }
    }

    /// Another server is master because proxy.toml says so, and it itself. The old one, and the
    /// servers that only it knew, must not stand in when that one fails: they have other data.
    fn replace_master(&mut self) {
        self.reign.override_by_operator();
        let old = self.master.take().and_then(|id| self.roster.get(id)).map(|old| &old.run_id);
        let new = self.roster.at(&self.named.addr).filter(|new| new.is_master());
        if new.is_some_and(|new| old != Some(&new.run_id)) {
            self.roster.forget_strangers();
        }
    }
}

fn vacancy(verdict: Verdict) -> Vacancy {
    match verdict {
        Verdict::Undecided(reason) => Vacancy { undecided: Some(reason), handover_until_ms: None },
        Verdict::HandingOver(until_ms) => {
            Vacancy { undecided: None, handover_until_ms: Some(until_ms) }
        }
        Verdict::Master(_) | Verdict::NoMaster => Vacancy::default(),
    }
}
