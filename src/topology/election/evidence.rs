//! What is known of the servers when it is judged which one is master.

use super::Reign;
use crate::topology::{Attached, BackendId, LinkState, Observation, ServerRole};
use tidegate_wire::units::HostPort;

/// The oldest acknowledgement of an attached replica that counts, in milliseconds. A master tells
/// the age in whole seconds, and replicas acknowledge once a second.
const ACK_MAX_MS: u64 = 3_000;

/// How long an answer of the last master is waited for once another server claims to be it.
const CONFIRM_MS: u64 = 50;

/// One server: what it said last, and when that changed.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Its identity.
    pub id: BackendId,
    /// Where it listens.
    pub addr: HostPort,
    /// Whether proxy.toml names it.
    pub is_listed: bool,
    /// Whether it follows the master that this process finds, so that it supports no claim.
    pub is_echo: bool,
    /// What it said last; `Err` says why it gave no answer, `None` is a server not heard yet.
    pub said: Option<Result<Observation, String>>,
    /// Its replication offset.
    pub offset: Option<u64>,
    /// The replicas that it, a master, feeds.
    pub attached: Vec<Attached>,
    /// How long the question that it was asked last has waited for an answer.
    pub silent_ms: u64,
    /// When the last question was sent to which it answered as a master.
    pub confirmed_ms: u64,
    /// Since when it has the role that it has, and follows the master that it follows.
    pub changed_ms: u64,
    /// How it became a master, where that was seen.
    pub promotion: Option<Promotion>,
}

/// A replica became a master without a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// When that was heard.
    pub at_ms: u64,
    /// Whether it closed its clients' connections in the same moment, as Sentinel makes it do.
    pub severed: bool,
}

impl Witness {
    /// Its last answer, unless that has been taken back.
    #[must_use]
    pub fn answer(&self) -> Option<&Observation> {
        self.said.as_ref()?.as_ref().ok()
    }

    /// Whether it said that it is a master.
    #[must_use]
    pub fn claims(&self) -> bool {
        self.answer().is_some_and(|said| matches!(said.role, ServerRole::Master { .. }))
    }

    /// The id of its history; empty where it does not tell.
    #[must_use]
    pub fn replid(&self) -> &str {
        self.answer().map_or("", |said| said.replid.as_str())
    }

    /// The master that it follows, and how its link is.
    #[must_use]
    pub fn follows(&self) -> Option<(&HostPort, LinkState)> {
        match &self.answer()?.role {
            ServerRole::Replica { master, link } => Some((master, *link)),
            _ => None,
        }
    }
}

/// Everything that is known at one moment.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// All known servers, each once.
    pub servers: Vec<Witness>,
    /// The master that proxy.toml names.
    pub configured: HostPort,
    /// The time, in milliseconds of the process's clock.
    pub now_ms: u64,
    /// A server that leaves a question unanswered for so long counts as silent.
    pub silence_ms: u64,
}

/// How many servers support a claim: known replicas that follow the claimant first, then replicas
/// of its own list that are not known here.
pub(super) type Support = (usize, usize);

impl Evidence {
    /// The server with this id.
    pub(super) fn get(&self, id: BackendId) -> Option<&Witness> {
        self.servers.iter().find(|it| it.id == id)
    }

    /// The server at this address.
    pub(super) fn at(&self, addr: &HostPort) -> Option<&Witness> {
        self.servers.iter().find(|it| &it.addr == addr)
    }

    /// Whether `it` leaves a question unanswered for too long.
    pub(super) const fn is_silent(&self, it: &Witness) -> bool {
        it.silent_ms >= self.silence_ms
    }

    /// Whether `incumbent` was heard to be a master after `rival` was. In an orderly hand-over the
    /// old master is demoted first, and must not be judged by what it said before.
    pub(super) const fn is_confirmed(&self, incumbent: &Witness, rival: &Witness) -> bool {
        incumbent.confirmed_ms >= rival.changed_ms
            || self.now_ms.saturating_sub(rival.changed_ms) >= CONFIRM_MS
    }

    /// The servers that say they are masters, have their data and answer.
    pub(super) fn claimants(&self) -> impl Iterator<Item = &Witness> {
        let is_ready = |it: &Witness| it.answer().is_some_and(|said| !said.loading);
        self.servers.iter().filter(move |it| it.claims() && is_ready(it) && !self.is_silent(it))
    }

    /// The known replicas that follow `claimant`: their link is up, or they take its snapshot.
    pub(super) fn followers<'e>(
        &'e self,
        claimant: &'e Witness,
    ) -> impl Iterator<Item = &'e Witness> {
        self.servers.iter().filter(move |it| {
            let counts = !it.is_echo && it.id != claimant.id && !self.is_silent(it);
            counts
                && it.follows().is_some_and(|(master, link)| {
                    master == &claimant.addr && link != LinkState::Down
                })
        })
    }

    /// What speaks for `claimant`.
    pub(super) fn support(&self, claimant: &Witness) -> Support {
        let is_stranger = |one: &&Attached| {
            let is_heard = |it: &Witness| it.said.is_some() && it.addr == one.addr;
            one.age_ms <= ACK_MAX_MS && !self.servers.iter().any(is_heard)
        };
        // A replica that was heard speaks for itself: the list of a master that lost it is out of
        // date.
        let strangers = claimant.attached.iter().filter(is_stranger).count();
        let strangers = if self.is_silent(claimant) { 0 } else { strangers };
        (self.followers(claimant).count(), strangers)
    }

    /// Whether a listed server has not been heard yet.
    pub(super) fn is_early(&self) -> bool {
        self.servers.iter().any(|it| it.is_listed && !it.is_echo && it.said.is_none())
    }

    /// The histories in which the last master's data is: those of its reign, or before the first
    /// one those of the replicas of the configured master.
    pub(super) fn histories<'e>(&'e self, reign: &'e Reign) -> Vec<&'e str> {
        if reign.master().is_some() {
            return reign.histories().iter().map(String::as_str).collect();
        }
        let named = self.servers.iter().filter(|it| {
            it.is_listed && it.follows().is_some_and(|(master, _)| master == &self.configured)
        });
        named.map(Witness::replid).filter(|replid| !replid.is_empty()).collect()
    }
}
