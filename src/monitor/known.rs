//! Which servers ought to be known, and which addresses are one server.

use std::collections::HashSet;

use super::roster::{Member, Roster};
use crate::config::{HostPort, TopologyConfig};
use crate::topology::{BackendId, Observation, ServerRole};

/// Most servers that are known at a time: those that proxy.toml may list, and as many again.
const KNOWN_MAX: usize = 2048;

/// A server that somebody names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub(super) addr: HostPort,
    /// Whether proxy.toml names it.
    pub(super) is_configured: bool,
}

/// Everybody who is named: by proxy.toml, by the master's list where proxy.toml has none, and, so
/// that a failover is followed wherever it leads, the masters that replicas say they follow.
pub(super) fn known(
    config: &TopologyConfig,
    roster: &Roster,
    master: Option<BackendId>,
) -> Vec<Known> {
    let configured = std::iter::once(&config.master).chain(config.replicas.iter().flatten());
    let mut known: Vec<Known> =
        configured.map(|addr| Known { addr: addr.clone(), is_configured: true }).collect();
    let mut seen: HashSet<HostPort> = HashSet::new();
    known.retain(|known| seen.insert(known.addr.clone()));

    let is_static = config.replicas.is_some();
    let mut found: Vec<&HostPort> = Vec::new();
    let master = master.and_then(|id| roster.get(id));
    match master.map(|master| (&master.addr, role(master))) {
        Some((addr, Some(ServerRole::Master { replicas }))) => {
            found.push(addr);
            found.extend(replicas.iter().filter(|_| !is_static));
        }
        // Nobody's list: whoever was on the last one may be the next master.
        _ if !is_static => found.extend(roster.members().iter().map(|member| &member.addr)),
        _ => {}
    }
    for member in roster.members() {
        if let Some(ServerRole::Replica { master, .. }) = role(member)
            && (!is_static || seen.contains(&member.addr))
        {
            found.push(master);
        }
    }
    for addr in found {
        if known.len() < KNOWN_MAX && seen.insert(addr.clone()) {
            known.push(Known { addr: addr.clone(), is_configured: false });
        }
    }
    known
}

fn role(member: &Member) -> Option<&ServerRole> {
    member.said.as_ref()?.as_ref().ok().map(|said| &said.role)
}

/// The member that stands for `member`'s process: servers know each other by addresses that
/// proxy.toml may spell otherwise (a name, another interface), and the run id tells that it is one.
pub(super) fn canonical<'r>(roster: &'r Roster, member: &'r Member) -> &'r Member {
    if member.is_configured || member.run_id.is_empty() {
        return member;
    }
    let same = roster.members().iter().filter(|other| other.run_id == member.run_id);
    same.min_by_key(|other| (!other.is_configured, other.id)).unwrap_or(member)
}

/// What `member` said, with its master under the address by which we know it.
pub(super) fn translated(roster: &Roster, said: &Observation) -> Observation {
    let mut said = said.clone();
    if let ServerRole::Replica { master, .. } = &mut said.role
        && let Some(member) = roster.at(master)
    {
        master.clone_from(&canonical(roster, member).addr);
    }
    said
}
