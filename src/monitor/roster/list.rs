//! The list of the known servers.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::member::Member;
use super::named_server::NamedServer;
use crate::config::HostPort;
use crate::topology::{BackendId, Health, LinkState, ServerRole, Topology};

/// How long a server stays that no server names any more. A replica leaves its master's list when
/// it is promoted, and is needed when the master dies.
const LINGER: Duration = Duration::from_secs(60);
/// How many addresses keep their id when they are not known any more.
const REMEMBERED_MAX: usize = 4096;

/// All known servers.
#[derive(Debug, Default)]
pub(in crate::monitor) struct Roster {
    members: Vec<Member>,
    ids: HashMap<HostPort, (BackendId, Arc<Health>)>,
    last_id: u32,
}

impl Roster {
    /// The servers of a published topology, each with the identity that it has there. They have to
    /// be asked again.
    pub(in crate::monitor) fn resume(topology: &Topology, now: Instant) -> Self {
        let mut roster = Self::default();
        for it in topology.backends() {
            roster.last_id = roster.last_id.max(it.id.0);
            roster.ids.insert(it.addr.clone(), (it.id, Arc::clone(&it.health)));
            let (addr, is_local) = (it.addr.clone(), it.is_local);
            let named = NamedServer { addr, is_configured: false, is_local };
            roster.add(&named, it.endpoint, now);
        }
        roster
    }

    /// All of them, in the order in which they became known.
    pub(in crate::monitor) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(in crate::monitor) fn get(&self, id: BackendId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    pub(in crate::monitor) fn get_mut(&mut self, id: BackendId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.id == id)
    }

    pub(in crate::monitor) fn at(&self, addr: &HostPort) -> Option<&Member> {
        self.members.iter().find(|member| &member.addr == addr)
    }

    /// All of them, mutable.
    pub(in crate::monitor) fn members_mut(&mut self) -> &mut [Member] {
        &mut self.members
    }

    /// The servers that are to be asked now.
    pub(in crate::monitor) fn due(&mut self, now: Instant) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut().filter_map(move |member| member.is_due(now).then_some(member))
    }

    /// Ends the pause before the next attempt to reach a server that a replica has reached as its
    /// master.
    pub(in crate::monitor) fn hurry(&mut self, now: Instant) {
        let reached = |member: &Member| match member.role() {
            Some(ServerRole::Replica { master, link }) => {
                (*link != LinkState::Down).then(|| master.clone())
            }
            _ => None,
        };
        let reached: Vec<_> = self.members.iter().filter_map(reached).collect();
        for member in self.members.iter_mut().filter(|it| matches!(it.said, Some(Err(_)))) {
            if reached.contains(&member.addr) {
                member.contact.hurry(now);
            }
        }
    }

    /// The servers that were never asked.
    pub(in crate::monitor) fn unasked(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.is_unasked())
    }

    /// When the next pause before an attempt to reach a server ends.
    pub(in crate::monitor) fn next_retry(&self, now: Instant) -> Option<Instant> {
        self.members.iter().map(|member| member.contact.retry_at()).filter(|at| *at > now).min()
    }

    /// Adds the servers that are named and were not known, and removes those that are not named any
    /// more: at once if proxy.toml named them, after a while if servers did. True if one was
    /// removed.
    pub(in crate::monitor) fn update(&mut self, named: &[NamedServer], now: Instant) -> bool {
        let before = self.members.len();
        for member in &mut self.members {
            let named = named.iter().find(|named| named.addr == member.addr);
            if named.is_some() || member.is_configured {
                member.is_configured = named.is_some_and(|named| named.is_configured);
                member.is_local = named.is_some_and(|named| named.is_local);
                member.named_at = named.map(|_| now);
            }
        }
        self.members.retain(|member| member.named_at.is_some_and(|at| now - at < LINGER));
        let is_smaller = self.members.len() < before;
        for named in named {
            if self.at(&named.addr).is_none() {
                self.add(named, None, now);
            }
        }
        is_smaller
    }

    /// Removes all servers that proxy.toml does not name, at once.
    pub(in crate::monitor) fn remove_unlisted(&mut self) {
        self.members.retain(|member| member.is_configured);
    }

    /// Puts another server in the place of this one, whose name leads elsewhere: to `reached`, if
    /// that is known. Nothing that is known of the old one holds for it. Returns its id.
    pub(in crate::monitor) fn replace(
        &mut self,
        id: BackendId,
        reached: Option<SocketAddr>,
        now: Instant,
    ) -> Option<BackendId> {
        let at = self.members.iter().position(|member| member.id == id)?;
        let old = self.members.remove(at);
        self.ids.remove(&old.addr);
        let Member { addr, is_configured, is_local, named_at, .. } = old;
        self.add(&NamedServer { addr, is_configured, is_local }, reached, now);
        let new = self.members.last_mut()?;
        new.named_at = named_at;
        Some(new.id)
    }

    fn add(&mut self, named: &NamedServer, reached: Option<SocketAddr>, now: Instant) {
        let identity = self.identity(&named.addr);
        self.members.push(Member::new(identity, named, reached, now));
    }

    /// The identity of the server at `addr`: the same address gets the same id, unless thousands of
    /// others came between.
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
