//! The known servers: identity, connection, last answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::known::Known;
use super::link::Link;
use super::probe::{Probed, Said};
use super::testimony::Testimony;
use crate::config::HostPort;
use crate::topology::{
    BackendId, Health, LinkState, Observation, Sample, ServerRole, Topology, ServerEvidence,
};

/// The pause before the first reconnect; it doubles with every failure.
const BACK_OFF_MIN: Duration = Duration::from_millis(100);
/// The longest pause: an attempt costs a server little, and a failover waits for it.
const BACK_OFF_MAX: Duration = Duration::from_secs(1);
/// How long a server is asked that nobody names any more. A replica leaves its master's list when
/// it is promoted, and is wanted again when the master dies.
const LINGER: Duration = Duration::from_secs(60);
/// What is told of a server that was too busy from the beginning.
const BUSY: &str = "busy running a script";
/// How many addresses keep their id when they are not known any more.
const REMEMBERED_MAX: usize = 4096;

/// A known server.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: BackendId,
    pub(super) addr: HostPort,
    pub(super) health: Arc<Health>,
    /// Whether proxy.toml names it.
    pub(super) is_configured: bool,
    /// The engine of this process: nobody connects to it, it is looked at.
    pub(super) is_local: bool,
    /// `None` until it was asked.
    pub(super) said: Option<Said>,
    /// The last run id that it told, kept while it is silent.
    pub(super) run_id: String,
    link: Option<Link>,
    asking: Option<AbortHandle>,
    /// When the question under way was asked.
    asked_at: Instant,
    /// It is to be asked everything as soon as the short question under way is answered.
    is_wanted: bool,
    /// What it told between two whole probes, where that was another thing than before.
    drift: Option<(ServerRole, String)>,
    failures: u32,
    retry_at: Instant,
    /// When it was named last; `None` once it has to go.
    named_at: Option<Instant>,
    /// It was reached over a new connection and has not been well since.
    is_back: bool,
    /// What it adds to the evidence of which server is master.
    pub(super) testimony: Testimony,
}

impl Member {
    /// Whether it is to be asked now. One that is being asked already is wanted after that.
    fn is_due(&mut self, now: Instant) -> bool {
        if self.is_local {
            return false;
        }
        let is_idle = self.asking.as_ref().is_none_or(AbortHandle::is_finished);
        self.is_wanted = self.retry_at <= now && !is_idle;
        self.retry_at <= now && is_idle
    }

    /// Whether it was due while something was under way; told once.
    pub(super) fn take_wanted(&mut self) -> bool {
        std::mem::take(&mut self.is_wanted)
    }

    /// Notes that it is asked; its connection goes along.
    pub(super) fn take_link(&mut self) -> Option<Link> {
        self.link.take()
    }

    /// See [`Self::take_link`].
    pub(super) fn set_asking(&mut self, task: AbortHandle, now: Instant) {
        self.asking = Some(task);
        self.asked_at = now;
        self.testimony.ask(now);
    }

    /// Whether it has not answered the question under way for `grace`.
    pub(super) fn is_hung(&self, now: Instant, grace: Duration) -> bool {
        self.asking.is_some() && now.saturating_duration_since(self.asked_at) >= grace
    }

    /// Its connection, for the short question, if nothing is under way on it.
    pub(super) fn idle_link(&mut self) -> Option<Link> {
        if self.asking.is_some() { None } else { self.link.take() }
    }

    /// It has not answered for `timeout`: nobody waits longer, though it may still answer. True
    /// when that is news.
    pub(super) fn expire(&mut self, timeout: Duration, now: Instant) -> bool {
        let late = self.asking.is_some() && now.saturating_duration_since(self.asked_at) >= timeout;
        let is_news = late && !matches!(self.said, Some(Err(_)));
        if is_news {
            self.said = Some(Err(format!("no answer within {timeout:?}")));
            self.is_back = true;
        }
        is_news
    }

    /// Takes the answer to the short question; true when it tells that what was said before does
    /// not hold any more, so that the server has to be asked again at once.
    pub(super) fn hear_pulse(
        &mut self,
        link: Option<Link>,
        sample: Option<&Sample>,
        now: Instant,
    ) -> bool {
        self.asking = None;
        let lost = link.is_none();
        if lost {
            self.testimony.sever(now);
        } else {
            self.testimony.answer();
        }
        self.link = link;
        let Some(sample) = sample else { return lost };
        self.testimony.take_position(sample);
        let said = self.said.as_ref().and_then(|said| said.as_ref().ok());
        let same = said.is_some_and(|it| it.role == sample.role && it.replid == sample.replid);
        let drift = (!same).then(|| (sample.role.clone(), sample.replid.clone()));
        let is_news = drift.is_some() && drift != self.drift;
        self.drift = drift;
        is_news
    }

    /// Takes what the engine of this process is now; true when that is another thing than before.
    pub(super) fn see(&mut self, said: Said) -> bool {
        if let Ok(said) = &said {
            self.take_role(said, Instant::now());
        }
        let is_news = self.said.as_ref() != Some(&said);
        self.said = Some(said);
        is_news
    }

    /// Takes the outcome. True when the server is well again after it was, perhaps, not.
    pub(super) fn hear(&mut self, probed: &mut Probed, now: Instant) -> bool {
        self.asking = None;
        self.is_wanted = false;
        self.is_back |= probed.is_new && probed.link.is_some();
        if probed.was_severed {
            self.testimony.sever(now);
        }
        if let Some(sample) = &probed.sample {
            self.testimony.take_position(sample);
        }
        self.link = probed.link.take();
        if self.link.is_some() {
            self.failures = 0;
            self.testimony.answer();
        } else {
            self.retry_at = now + back_off(self.failures);
            self.failures = self.failures.saturating_add(1);
        }
        match probed.said.take() {
            // What it said before it became too busy is still the best guess.
            None if self.said.is_none() => self.said = Some(Err(BUSY.to_owned())),
            None => {}
            Some(said) => {
                if let Ok(said) = &said {
                    self.take_role(said, now);
                }
                self.said = Some(said);
            }
        }
        self.is_well() && std::mem::take(&mut self.is_back)
    }

    /// Notes its process, and when its role changed; before the answer is put in place.
    fn take_role(&mut self, said: &Observation, now: Instant) {
        let before = self.said.as_ref().and_then(|said| said.as_ref().ok());
        self.testimony.take_role(before, said, now);
        self.run_id.clone_from(&said.run_id);
    }

    /// What is known of it, its answer as `said`. `epoch` is where the process's clock begins.
    pub(super) fn witness(
        &self,
        said: Option<Result<Observation, String>>,
        clock: (Instant, Instant),
    ) -> ServerEvidence {
        let testimony = self.testimony.told(clock);
        ServerEvidence {
            id: self.id,
            addr: self.addr.clone(),
            is_listed: self.is_configured,
            is_embedded: self.is_local,
            said,
            ..testimony
        }
    }

    /// Whether it answered when it was last asked.
    pub(super) const fn has_answered(&self) -> bool {
        matches!(self.said, Some(Ok(_)))
    }

    /// Whether it said that it is a master.
    pub(super) fn is_master(&self) -> bool {
        matches!(&self.said, Some(Ok(said)) if matches!(said.role, ServerRole::Master { .. }))
    }

    /// Whether it was loading its data when it was last asked.
    pub(super) fn is_loading(&self) -> bool {
        matches!(&self.said, Some(Ok(said)) if said.loading)
    }

    /// Whether it could serve.
    fn is_well(&self) -> bool {
        matches!(&self.said, Some(Ok(said)) if !said.loading && match said.role {
            ServerRole::Master { .. } => true,
            ServerRole::Replica { link, .. } => link == LinkState::Up,
            ServerRole::Other(_) => false,
        })
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(task) = &self.asking {
            task.abort();
        }
    }
}

fn back_off(failures: u32) -> Duration {
    let pause = BACK_OFF_MIN.saturating_mul(1 << failures.min(16)).min(BACK_OFF_MAX);
    pause.mul_f64(0.75 + fastrand::f64() / 2.0)
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Roster {
    members: Vec<Member>,
    ids: HashMap<HostPort, (BackendId, Arc<Health>)>,
    last_id: u32,
}

impl Roster {
    /// The servers of a published topology, each with the identity that it has there. They have to
    /// be asked anew.
    pub(super) fn resume(topology: &Topology, now: Instant) -> Self {
        let mut roster = Self::default();
        for it in topology.backends() {
            roster.last_id = roster.last_id.max(it.id.0);
            roster.ids.insert(it.addr.clone(), (it.id, Arc::clone(&it.health)));
            let (addr, is_local) = (it.addr.clone(), it.is_local);
            roster.join(&Known { addr, is_configured: false, is_local }, now);
        }
        roster
    }

    /// In the order in which they became known.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(super) fn get(&self, id: BackendId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    pub(super) fn get_mut(&mut self, id: BackendId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.id == id)
    }

    pub(super) fn at(&self, addr: &HostPort) -> Option<&Member> {
        self.members.iter().find(|member| &member.addr == addr)
    }

    /// All of them, to be changed.
    pub(super) fn members_mut(&mut self) -> &mut [Member] {
        &mut self.members
    }

    /// Those to be asked now.
    pub(super) fn due(&mut self, now: Instant) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut().filter_map(move |member| member.is_due(now).then_some(member))
    }

    /// Ends the pause before a server is asked again that a replica has reached as its master.
    pub(super) fn hurry(&mut self, now: Instant) {
        let reached = |member: &Member| match &member.said {
            Some(Ok(Observation { role: ServerRole::Replica { master, link }, .. })) => {
                (*link != LinkState::Down).then(|| master.clone())
            }
            _ => None,
        };
        let reached: Vec<_> = self.members.iter().filter_map(reached).collect();
        let is_failing = |it: &&mut Member| matches!(it.said, Some(Err(_))) && it.link.is_none();
        for member in self.members.iter_mut().filter(is_failing) {
            if reached.contains(&member.addr) {
                member.retry_at = member.retry_at.min(now);
            }
        }
    }

    /// Those that were never asked.
    pub(super) fn unasked(&mut self) -> impl Iterator<Item = &mut Member> {
        let unasked = |it: &&mut Member| it.said.is_none() && it.asking.is_none() && !it.is_local;
        self.members.iter_mut().filter(unasked)
    }

    /// When the next back-off ends.
    pub(super) fn next_retry(&self, now: Instant) -> Option<Instant> {
        self.members.iter().map(|member| member.retry_at).filter(|at| *at > now).min()
    }

    /// Lets in who is named and was not known, and lets go who is named no more: at once where
    /// proxy.toml named it, after a while where servers did. True when anybody left.
    pub(super) fn update(&mut self, named: &[Known], now: Instant) -> bool {
        let before = self.members.len();
        for member in &mut self.members {
            let known = named.iter().find(|known| known.addr == member.addr);
            if known.is_some() || member.is_configured {
                member.is_configured = known.is_some_and(|known| known.is_configured);
                member.is_local = known.is_some_and(|known| known.is_local);
                member.named_at = known.map(|_| now);
            }
        }
        self.members.retain(|member| member.named_at.is_some_and(|at| now - at < LINGER));
        let left = self.members.len() < before;
        for known in named {
            if self.at(&known.addr).is_none() {
                self.join(known, now);
            }
        }
        left
    }

    /// Lets go of all that proxy.toml does not name, at once.
    pub(super) fn forget_strangers(&mut self) {
        self.members.retain(|member| member.is_configured);
    }

    fn join(&mut self, known: &Known, now: Instant) {
        let (id, health) = self.identity(&known.addr);
        self.members.push(Member {
            id,
            addr: known.addr.clone(),
            health,
            is_configured: known.is_configured,
            is_local: known.is_local,
            said: None,
            run_id: String::new(),
            link: None,
            asking: None,
            asked_at: now,
            is_wanted: false,
            drift: None,
            failures: 0,
            retry_at: now,
            named_at: Some(now),
            is_back: false,
            testimony: Testimony::new(now),
        });
    }

    /// The same address gets the same id, unless thousands of others came between.
    fn identity(&mut self, addr: &HostPort) -> (BackendId, Arc<Health>) {
        if let Some((id, health)) = self.ids.get(addr) {
            return (*id, Arc::clone(health));
        }
        if self.ids.len() >= REMEMBERED_MAX {
            let members = &self.members;
            self.ids.retain(|addr, _| members.iter().any(|member| &member.addr == addr));
        }
        self.last_id += 1;
        let identity = (BackendId(self.last_id), Arc::default());
        self.ids.insert(addr.clone(), identity.clone());
        identity
    }
}

#[cfg(test)]
mod tests;
