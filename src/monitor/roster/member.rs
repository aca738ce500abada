//! A known server: its identity, the connection to it, its last answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::contact::Contact;
use super::endpoint::Endpoint;
use super::named_server::NamedServer;
use super::role_record::RoleRecord;
use crate::config::HostPort;
use crate::monitor::asking::link::Link;
use crate::monitor::asking::probe::{Probed, Said};
use crate::topology::{
    BackendId, Health, LinkState, Observation, Sample, ServerEvidence, ServerRole,
};

/// The reason that is given for a server that was too busy to answer from the beginning.
const BUSY: &str = "busy running a script";

/// A known server.
#[derive(Debug)]
pub(in crate::monitor) struct Member {
    pub(in crate::monitor) id: BackendId,
    pub(in crate::monitor) addr: HostPort,
    /// Where its name led when it was reached.
    pub(in crate::monitor) endpoint: Endpoint,
    pub(in crate::monitor) health: Arc<Health>,
    /// Whether proxy.toml names it.
    pub(in crate::monitor) is_configured: bool,
    /// Whether it is the engine of this process, which is read directly, without a connection.
    pub(in crate::monitor) is_local: bool,
    /// Its last answer; `None` before the first question.
    pub(in crate::monitor) said: Option<Said>,
    /// The last run id that it reported, kept while it does not answer.
    pub(in crate::monitor) run_id: String,
    pub(in crate::monitor) contact: Contact<Link>,
    /// When its role changed.
    pub(in crate::monitor) roles: RoleRecord,
    /// The role and the replication id that it reported since the last whole probe, if they differ
    /// from those of the probe.
    drift: Option<(ServerRole, String)>,
    /// When it was named last; `None` once it has to be removed.
    pub(super) named_at: Option<Instant>,
}

impl Member {
    /// A server that has not been asked yet.
    pub(super) fn new(
        (id, health): (BackendId, Arc<Health>),
        named: &NamedServer,
        reached: Option<SocketAddr>,
        now: Instant,
    ) -> Self {
        Self {
            id,
            addr: named.addr.clone(),
            endpoint: Endpoint::new(&named.addr, reached),
            health,
            is_configured: named.is_configured,
            is_local: named.is_local,
            said: None,
            run_id: String::new(),
            contact: Contact::new(now),
            roles: RoleRecord::new(now),
            drift: None,
            named_at: Some(now),
        }
    }

    /// Whether it answers: its last answer was good, and no later one is overdue.
    pub(in crate::monitor) fn is_well(&self, timeout: Duration, now: Instant) -> bool {
        self.answer().is_some() && !self.contact.is_late(now, timeout)
    }

    /// Whether it is to be asked now.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        !self.is_local && self.contact.is_due(now)
    }

    /// Whether it was never asked.
    pub(super) const fn is_unasked(&self) -> bool {
        self.said.is_none() && self.contact.is_idle() && !self.is_local
    }

    /// Notes that `task` asks it.
    pub(in crate::monitor) fn begin(&mut self, task: AbortHandle, now: Instant) {
        self.contact.begin(task, now);
        self.roles.ask(now);
    }

    /// Notes that its answer is overdue if it has been for `timeout`: it counts as not answering,
    /// though it may still answer. True if that is a change.
    pub(in crate::monitor) fn expire(&mut self, timeout: Duration, now: Instant) -> bool {
        let is_change = self.contact.is_late(now, timeout) && !matches!(self.said, Some(Err(_)));
        if is_change {
            self.said = Some(Err(format!("no answer within {timeout:?}")));
            self.contact.give_up();
        }
        is_change
    }

    /// Takes the answer to the short question. True if it shows that the last whole answer does not
    /// hold any more, so that the server has to be asked everything at once.
    pub(in crate::monitor) fn hear_position(
        &mut self,
        link: Option<Link>,
        sample: Option<&Sample>,
        now: Instant,
    ) -> bool {
        let is_lost = link.is_none();
        if is_lost {
            self.roles.sever(now);
        } else {
            self.roles.answer();
        }
        self.contact.end_short(link);
        let Some(sample) = sample else { return is_lost };
        self.roles.take_position(sample);
        let is_same = self
            .answer()
            .is_some_and(|said| said.role == sample.role && said.replid == sample.replid);
        let drift = (!is_same).then(|| (sample.role.clone(), sample.replid.clone()));
        let is_change = drift.is_some() && drift != self.drift;
        self.drift = drift;
        is_change
    }

    /// Takes the present state of the engine of this process. True if it differs from the last one.
    pub(in crate::monitor) fn see(&mut self, said: Said, now: Instant) -> bool {
        if let Ok(said) = &said {
            self.take_role(said, now);
        }
        let is_change = self.said.as_ref() != Some(&said);
        self.said = Some(said);
        is_change
    }

    /// Takes the outcome of a whole probe. True if the server can serve again, after it may have
    /// been unable to.
    pub(in crate::monitor) fn hear(&mut self, probed: &mut Probed, now: Instant) -> bool {
        if probed.was_severed {
            self.roles.sever(now);
        }
        if let Some(sample) = &probed.sample {
            self.roles.take_position(sample);
        }
        if probed.link.is_some() {
            self.roles.answer();
        }
        self.contact.end_whole(probed.link.take(), probed.is_new, now);
        match probed.said.take() {
            None if self.said.is_none() => self.said = Some(Err(BUSY.to_owned())),
            // A server that is too busy to answer is most likely what it was before.
            None => {}
            Some(said) => {
                if let Ok(said) = &said {
                    self.take_role(said, now);
                }
                self.said = Some(said);
                self.drift = None;
            }
        }
        self.can_serve() && self.contact.take_back()
    }

    /// Notes its process, and when its role changed; before the answer is stored.
    fn take_role(&mut self, said: &Observation, now: Instant) {
        let before = self.said.as_ref().and_then(|said| said.as_ref().ok());
        self.roles.take_role(before, said, now);
        self.run_id.clone_from(&said.run_id);
    }

    /// What the election takes into account of it, with `said` as its answer. `epoch` is where the
    /// process's clock begins.
    pub(in crate::monitor) fn evidence(
        &self,
        said: Option<Said>,
        clock: (Instant, Instant),
    ) -> ServerEvidence {
        ServerEvidence {
            id: self.id,
            addr: self.addr.clone(),
            is_listed: self.is_configured,
            is_embedded: self.is_local,
            said,
            ..self.roles.evidence(clock)
        }
    }

    /// Its last answer, if it answered the last question.
    pub(in crate::monitor) fn answer(&self) -> Option<&Observation> {
        self.said.as_ref()?.as_ref().ok()
    }

    /// The role that it reported, if it answered the last question.
    pub(in crate::monitor) fn role(&self) -> Option<&ServerRole> {
        self.answer().map(|said| &said.role)
    }

    /// Whether it reported `role:master`.
    pub(in crate::monitor) fn is_master(&self) -> bool {
        matches!(self.role(), Some(ServerRole::Master { .. }))
    }

    /// Whether it reported `role:slave`.
    pub(in crate::monitor) fn is_replica(&self) -> bool {
        matches!(self.role(), Some(ServerRole::Replica { .. }))
    }

    /// Whether it has become a master at most `limit` ago, or reports so in answer to the last short
    /// question.
    pub(in crate::monitor) fn is_promoted(&self, now: Instant, limit: Duration) -> bool {
        let drift = self.drift.as_ref().filter(|_| self.is_replica());
        drift.is_some_and(|(role, _)| matches!(role, ServerRole::Master { .. }))
            || self.is_master() && self.roles.is_promoted_within(limit, now)
    }

    /// Whether its last whole answer was a master's, and its answer to the last short question is
    /// not.
    pub(in crate::monitor) fn reports_demotion(&self) -> bool {
        let drift = self.drift.as_ref().filter(|_| self.is_master());
        drift.is_some_and(|(role, _)| !matches!(role, ServerRole::Master { .. }))
    }

    /// Whether it was loading its data when it answered last.
    pub(in crate::monitor) fn is_loading(&self) -> bool {
        self.answer().is_some_and(|said| said.loading)
    }

    /// Whether it could serve requests.
    fn can_serve(&self) -> bool {
        self.answer().is_some_and(|said| {
            !said.loading
                && match said.role {
                    ServerRole::Master { .. } => true,
                    ServerRole::Replica { link, .. } => link == LinkState::Up,
                    ServerRole::Other(_) => false,
                }
        })
    }
}
