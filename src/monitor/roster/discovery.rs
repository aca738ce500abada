//! Which servers ought to be known.

use std::collections::HashSet;

use super::list::Roster;
use super::named_server::NamedServer;
use crate::config::{HostPort, TopologyConfig};
use crate::topology::{BackendId, ServerRole};

/// The most servers that are known at a time: those that proxy.toml may list, and as many again.
const KNOWN_MAX: usize = 2048;

/// The servers that proxy.toml or the Sentinels name; if proxy.toml lists no replicas, those on the
/// master's list; and, so that a failover is followed wherever it leads, the masters that replicas
/// report, and the replicas of engines. While a majority of the Sentinels speaks, the master's list
/// does not count: Sentinels know which replicas must not be used (`replica-announced no`).
pub(in crate::monitor) fn named_servers(
    config: &TopologyConfig,
    local: Option<&HostPort>,
    sentinel: &NamedBySentinels,
    roster: &Roster,
    master: Option<BackendId>,
) -> Vec<NamedServer> {
    let configured = config.named_servers();
    let entry = |addr: &HostPort, is_configured| NamedServer {
        addr: addr.clone(),
        is_configured,
        is_local: Some(addr) == local,
    };
    let mut known: Vec<NamedServer> =
        configured.iter().chain(local).map(|addr| entry(addr, true)).collect();
    let mut seen: HashSet<HostPort> = HashSet::new();
    known.retain(|known| seen.insert(known.addr.clone()));

    let is_static = config.replicas.is_some();
    let mut found: Vec<&HostPort> = sentinel.servers.iter().flatten().collect();
    let waits_for_sentinels = config.uses_sentinel() && sentinel.servers.is_none();
    let master = master.and_then(|id| roster.get(id));
    match master.map(|master| (&master.addr, master.role())) {
        Some((addr, Some(ServerRole::Master { replicas }))) if !waits_for_sentinels => {
            found.push(addr);
            let has_list = !is_static && !sentinel.speak;
            found.extend(replicas.iter().filter(|_| has_list));
        }
        // No master has a list now: a server of the last list may be the next master.
        _ if !is_static && !sentinel.speak => {
            found.extend(roster.members().iter().map(|member| &member.addr))
        }
        _ => {}
    }
    // No master and no Sentinel knows the replicas of an engine.
    let engines = roster.members().iter().filter(|it| !is_static && it.is_replica());
    found.extend(engines.flat_map(|it| it.roles.attached()).map(|attached| &attached.addr));
    // A promoted replica leaves the master's list, and may be the next master.
    let claimants = roster.members().iter().filter(|it| !is_static && it.is_master());
    found.extend(claimants.map(|it| &it.addr));
    for member in roster.members() {
        if let Some(ServerRole::Replica { master, .. }) = member.role()
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

/// What the Sentinels say about the servers.
#[derive(Clone, Debug, Default)]
pub(in crate::monitor) struct NamedBySentinels {
    /// Whether a majority of them speaks now.
    pub(in crate::monitor) speak: bool,
    /// The servers that the majority named last, the master first; `None` if it never has.
    pub(in crate::monitor) servers: Option<Vec<HostPort>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::roster::alias::{canonical, translated};
    use crate::topology::{LinkState, Observation, ServerVersion};
    use tokio::time::Instant;

    fn config(replicas: Option<&[u16]>) -> TopologyConfig {
        TopologyConfig {
            master: Some(HostPort::local(1)),
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
        let configured = named_servers(config, None, &NamedBySentinels::default(), &roster, None);
        let known =
            servers.iter().map(|(port, _)| HostPort::local(*port)).map(|addr| NamedServer {
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
                    data_epoch: 0,
                }
            }));
        }
        roster
    }

    fn ports(config: &TopologyConfig, roster: &Roster, master: Option<u32>) -> Vec<u16> {
        named_servers(config, None, &NamedBySentinels::default(), roster, master.map(BackendId))
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
    async fn an_unlisted_master_stays_known_without_followers() {
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

    #[tokio::test]
    async fn sentinels_name_the_servers() {
        let config =
            TopologyConfig { sentinels: vec![HostPort::local(9)], ..TopologyConfig::default() };
        let servers = [(1, Some(master(&[2, 7]))), (2, Some(replica_of(1))), (3, None)];
        let roster = roster(&config, &servers);
        let named = |sentinels: &NamedBySentinels| -> Vec<u16> {
            let named = named_servers(&config, None, sentinels, &roster, Some(BackendId(1)));
            named.iter().map(|known| known.addr.port).collect()
        };
        let mut sentinels = NamedBySentinels::default();
        assert_eq!(named(&sentinels), [1, 2, 3], "they have not spoken: all stay");
        sentinels.servers = Some(vec![HostPort::local(1), HostPort::local(2), HostPort::local(4)]);
        sentinels.speak = true;
        assert_eq!(named(&sentinels), [1, 2, 4], "the master's list does not count");
        sentinels.speak = false;
        assert_eq!(named(&sentinels), [1, 2, 4, 7], "they are silent: it does");
    }
}
