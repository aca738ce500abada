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
    /// Whether it is the engine of this process.
    pub(super) is_local: bool,
}

/// Everybody who is named: by proxy.toml, by the master's list where proxy.toml has none, and, so
/// that a failover is followed wherever it leads, the masters that replicas say they follow.
pub(super) fn known(
    config: &TopologyConfig,
    local: Option<&HostPort>,
    roster: &Roster,
    master: Option<BackendId>,
) -> Vec<Known> {
    let configured = std::iter::once(&config.master).chain(config.replicas.iter().flatten());
    let entry = |addr: &HostPort, is_configured| Known {
        addr: addr.clone(),
        is_configured,
        is_local: Some(addr) == local,
    };
    let mut known: Vec<Known> = configured.chain(local).map(|addr| entry(addr, true)).collect();
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
    // A promoted replica leaves the master's list and stays its rival.
    let claims = |member: &&Member| matches!(role(member), Some(ServerRole::Master { .. }));
    found.extend(roster.members().iter().filter(|it| !is_static && claims(it)).map(|it| &it.addr));
    for member in roster.members() {
        if let Some(ServerRole::Replica { master, .. }) = role(member)
            && (!is_static || seen.contains(&member.addr))
        {
            found.push(master);
        }
    }
    for addr in found {
        if known.len() < KNOWN_MAX && seen.insert(addr.clone()) {
            known.push(entry(addr, false));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{LinkState, ServerVersion};
    use tokio::time::Instant;

    fn config(replicas: Option<&[u16]>) -> TopologyConfig {
        TopologyConfig {
            master: HostPort::local(1),
            replicas: replicas.map(|ports| ports.iter().map(|p| HostPort::local(*p)).collect()),
            ..TopologyConfig::default()
        }
    }

    fn master(replicas: &[u16]) -> ServerRole {
        ServerRole::Master { replicas: replicas.iter().map(|p| HostPort::local(*p)).collect() }
    }

    fn replica_of(port: u16) -> ServerRole {
        ServerRole::Replica { master: HostPort::local(port), link: LinkState::Up }
    }

    /// Servers with ids 1, 2, ...; no role is no answer.
    fn roster(config: &TopologyConfig, servers: &[(u16, Option<ServerRole>)]) -> Roster {
        let mut roster = Roster::default();
        let configured = known(config, None, &roster, None);
        let known = servers.iter().map(|(port, _)| HostPort::local(*port)).map(|addr| Known {
            is_configured: configured.iter().any(|known| known.addr == addr),
            is_local: false,
            addr,
        });
        roster.update(&known.collect::<Vec<_>>(), Instant::now());
        for (id, (port, role)) in (1..).zip(servers) {
            let member = roster.get_mut(BackendId(id)).unwrap();
            member.run_id = format!("run {port}");
            member.said = Some(role.clone().ok_or_else(|| "silent".to_owned()).map(|role| {
                let (version, replid) = (ServerVersion::default(), String::new());
                let run_id = member.run_id.clone();
                Observation {
                    role,
                    run_id,
                    replid,
                    replid2: String::new(),
                    second_offset: None,
                    version,
                    loading: false,
                    eviction: None,
                    commands: 0,
                }
            }));
        }
        roster
    }

    fn ports(config: &TopologyConfig, roster: &Roster, master: Option<u32>) -> Vec<u16> {
        known(config, None, roster, master.map(BackendId))
            .iter()
            .map(|known| known.addr.port)
            .collect()
    }

    #[tokio::test]
    async fn a_list_is_the_list() {
        let config = config(Some(&[2, 2, 1]));
        let roster = roster(&config, &[(1, Some(master(&[2, 3]))), (2, Some(replica_of(1)))]);
        assert_eq!(ports(&config, &roster, Some(1)), [1, 2]);
    }

    #[tokio::test]
    async fn a_stranger_who_is_master_stays_known_without_followers() {
        let config = config(Some(&[2]));
        let roster = roster(&config, &[(1, None), (2, None), (3, Some(master(&[4])))]);
        assert_eq!(ports(&config, &roster, Some(3)), [1, 2, 3]);
    }

    #[tokio::test]
    async fn only_listed_servers_name_strangers() {
        let config = config(Some(&[2]));
        let servers = [(1, None), (2, Some(replica_of(3))), (3, Some(replica_of(4)))];
        assert_eq!(ports(&config, &roster(&config, &servers), Some(1)), [1, 2, 3]);
    }

    #[tokio::test]
    async fn without_a_list_the_master_has_it() {
        let config = config(None);
        let servers = [(1, Some(master(&[2, 3]))), (4, None)];
        assert_eq!(ports(&config, &roster(&config, &servers), Some(1)), [1, 2, 3]);
        // The master is silent: its last list is the best there is.
        let servers = [(1, None), (2, Some(replica_of(1))), (3, None)];
        assert_eq!(ports(&config, &roster(&config, &servers), Some(1)), [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_server_has_one_place_however_it_is_called() {
        let config = config(Some(&[2]));
        let servers = [(1, Some(master(&[]))), (2, Some(replica_of(9))), (9, Some(master(&[])))];
        let mut roster = roster(&config, &servers);
        roster.get_mut(BackendId(3)).unwrap().run_id = "run 1".to_owned();
        let alias = roster.get(BackendId(3)).unwrap();
        assert_eq!(canonical(&roster, alias).id, BackendId(1));
        let said = roster.get(BackendId(2)).unwrap().said.clone().unwrap().unwrap();
        assert_eq!(translated(&roster, &said).role, replica_of(1));
    }
}
