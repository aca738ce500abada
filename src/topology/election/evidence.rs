//! What is known of the servers when the master is elected.
//!
//! There are three kinds of evidence: a server's claim that it is master, a replica's opinion which
//! server is (the one that it follows), and the statement of an outside authority.

use super::authority::Authority;
use crate::topology::{Attached, BackendId, LinkState, Observation, ServerRole};
use tidegate_wire::units::HostPort;

/// The oldest acknowledgement of an attached replica that counts, in milliseconds. A master reports
/// the age in whole seconds, and replicas acknowledge once a second.
const ACK_MAX_MS: u64 = 3_000;

/// How long the election waits for an answer of the last master once another server claims to be
/// master.
const CONFIRM_MS: u64 = 50;

/// One server: its last answer, and when its role changed.
#[derive(Clone, Debug)]
pub struct ServerEvidence {
    /// Its identity.
    pub id: BackendId,
    /// Where it listens.
    pub addr: HostPort,
    /// Whether proxy.toml names it.
    pub is_listed: bool,
    /// Whether it is the engine of this process. That follows the master which the proxy elects,
    /// so its opinion supports no claim.
    pub is_embedded: bool,
    /// Its last answer; `Err` has the reason why there is none, `None` before the first question.
    pub said: Option<Result<Observation, String>>,
    /// Its replication offset.
    pub offset: Option<u64>,
    /// The replicas that are attached to it, if it is a master.
    pub attached: Vec<Attached>,
    /// How long it has left the last question unanswered.
    pub silent_ms: u64,
    /// When the last question was sent to which it answered `role:master`.
    pub confirmed_ms: u64,
    /// Since when it has its role and, as a replica, its master.
    pub changed_ms: u64,
    /// Its promotion from replica to master, if the proxy saw it.
    pub promotion: Option<Promotion>,
}

/// A replica became a master without a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// When the proxy learnt of it.
    pub at_ms: u64,
    /// Whether the server closed its clients' connections in the same moment, as Sentinel makes it
    /// do.
    pub severed: bool,
}

impl ServerEvidence {
    /// Its last answer, unless a later question had none.
    #[must_use]
    pub fn answer(&self) -> Option<&Observation> {
        self.said.as_ref()?.as_ref().ok()
    }

    /// Its claim: whether it reports `role:master`.
    #[must_use]
    pub fn claims(&self) -> bool {
        self.answer().is_some_and(|said| matches!(said.role, ServerRole::Master { .. }))
    }

    /// Its opinion: the master that it follows, and the state of its link.
    #[must_use]
    pub fn follows(&self) -> Option<(&HostPort, LinkState)> {
        match &self.answer()?.role {
            ServerRole::Replica { master, link } => Some((master, *link)),
            _ => None,
        }
    }

    /// Its replication id; empty if it reports none.
    #[must_use]
    pub fn replid(&self) -> &str {
        self.answer().map_or("", |said| said.replid.as_str())
    }
}

/// Everything that is known at one moment.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// All known servers, each once: their claims and their opinions.
    pub servers: Vec<ServerEvidence>,
    /// What an outside authority says now; `None` if there is none, or it does not answer.
    pub authority: Option<Authority>,
    /// The master that proxy.toml names; `None` if Sentinels name it.
    pub configured: Option<HostPort>,
    /// The time, in milliseconds of the process's clock.
    pub now_ms: u64,
    /// A server that leaves a question unanswered for so long counts as silent.
    pub silence_ms: u64,
}

/// How many servers support a claim: first the known replicas that follow the claimant, then the
/// replicas that only its own list names.
pub(super) type Support = (usize, usize);

impl Evidence {
    /// The server with this id.
    pub(super) fn get(&self, id: BackendId) -> Option<&ServerEvidence> {
        self.servers.iter().find(|it| it.id == id)
    }

    /// The server at this address.
    pub(super) fn at(&self, addr: &HostPort) -> Option<&ServerEvidence> {
        self.servers.iter().find(|it| &it.addr == addr)
    }

    /// The server that proxy.toml names as master.
    pub(super) fn configured(&self) -> Option<&ServerEvidence> {
        self.at(self.configured.as_ref()?)
    }

    /// Whether `it` leaves a question unanswered for too long.
    pub(super) const fn is_silent(&self, it: &ServerEvidence) -> bool {
        it.silent_ms >= self.silence_ms
    }

    /// Whether `incumbent` has reported `role:master` since `rival` has. In an orderly hand-over
    /// the old master is demoted first, and its earlier answers must not count.
    pub(super) const fn is_confirmed(
        &self,
        incumbent: &ServerEvidence,
        rival: &ServerEvidence,
    ) -> bool {
        incumbent.confirmed_ms >= rival.changed_ms
            || self.now_ms.saturating_sub(rival.changed_ms) >= CONFIRM_MS
    }

    /// The servers that report `role:master`, have loaded their data and answer.
    pub(super) fn claimants(&self) -> impl Iterator<Item = &ServerEvidence> {
        let is_ready = |it: &ServerEvidence| it.answer().is_some_and(|said| !said.loading);
        self.servers.iter().filter(move |it| it.claims() && is_ready(it) && !self.is_silent(it))
    }

    /// The known replicas that follow `claimant`: their link is up, or they load its snapshot.
    pub(super) fn followers<'e>(
        &'e self,
        claimant: &'e ServerEvidence,
    ) -> impl Iterator<Item = &'e ServerEvidence> {
        self.servers.iter().filter(move |it| {
            let counts = !it.is_embedded && it.id != claimant.id && !self.is_silent(it);
            counts
                && it.follows().is_some_and(|(master, link)| {
                    master == &claimant.addr && link != LinkState::Down
                })
        })
    }

    /// How many servers support `claimant`.
    pub(super) fn support(&self, claimant: &ServerEvidence) -> Support {
        // A replica that answers the proxy gives its opinion itself: the list of a master that
        // lost it is out of date.
        let is_unknown = |one: &&Attached| {
            let is_heard = |it: &ServerEvidence| it.said.is_some() && it.addr == one.addr;
            // An engine follows the master that its proxy elects. The master may list it by another
            // address than that of its own port.
            let is_engine = |it: &ServerEvidence| it.is_embedded && it.addr.port == one.addr.port;
            let is_known = |it: &ServerEvidence| is_heard(it) || is_engine(it);
            one.age_ms <= ACK_MAX_MS && !self.servers.iter().any(is_known)
        };
        let unknown = claimant.attached.iter().filter(is_unknown).count();
        let unknown = if self.is_silent(claimant) { 0 } else { unknown };
        (self.followers(claimant).count(), unknown)
    }

    /// Whether a listed server has not answered yet.
    pub(super) fn is_early(&self) -> bool {
        self.servers.iter().any(|it| it.is_listed && !it.is_embedded && it.said.is_none())
    }
}
