//! Who is master, given what everybody says.

use std::sync::Arc;

use super::{Backend, BackendId, Health, LinkState, Observation, Role, ServerRole};
use crate::units::HostPort;

/// A known server and its last answer.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its identity.
    pub id: BackendId,
    /// Where it listens.
    pub addr: HostPort,
    /// Its share of reads.
    pub weight: u32,
    /// See [`Backend::is_local`].
    pub is_local: bool,
    /// Why the configuration lets it serve nothing, if it does not.
    pub barred: Option<String>,
    /// Its numbers.
    pub health: Arc<Health>,
    /// What it said; `Err` says why it did not.
    pub said: Result<Observation, String>,
}

/// Puts the candidates in their places, the master first.
///
/// `configured` is the master of proxy.toml, `previous` the one of the last picture. A server is
/// master only by its own word. Where several say so, the previous master stays: the others are
/// used for nothing. Where the one that was master now follows another, that one is it.
#[must_use]
pub fn elect(
    candidates: Vec<Candidate>,
    configured: &HostPort,
    previous: Option<BackendId>,
) -> Vec<Backend> {
    let master = master_of(&candidates, configured, previous);
    let master = master.map(|(id, addr)| Elected { id, replid: replid_of(&candidates, &addr) });
    let mut backends: Vec<Backend> =
        candidates.into_iter().map(|candidate| place(candidate, master.as_ref())).collect();
    backends.sort_by_key(|backend| (backend.role != Role::Master, backend.id));
    backends
}

/// Who won.
struct Elected {
    id: BackendId,
    /// Its history; empty where it does not tell.
    replid: String,
}

fn replid_of(candidates: &[Candidate], addr: &HostPort) -> String {
    let master = candidates.iter().find(|candidate| &candidate.addr == addr);
    let said = master.and_then(|master| master.said.as_ref().ok());
    said.map(|said| said.replid.clone()).unwrap_or_default()
}

fn claims(candidate: &Candidate) -> bool {
    matches!(&candidate.said, Ok(said) if matches!(said.role, ServerRole::Master { .. }))
}

fn master_of(
    candidates: &[Candidate],
    configured: &HostPort,
    previous: Option<BackendId>,
) -> Option<(BackendId, HostPort)> {
    let found = |candidate: &Candidate| Some((candidate.id, candidate.addr.clone()));
    let previous = previous.and_then(|id| candidates.iter().find(|c| c.id == id));
    let incumbent = previous.or_else(|| candidates.iter().find(|c| &c.addr == configured));
    if let Some(incumbent) = incumbent {
        if claims(incumbent) {
            return found(incumbent);
        }
        if let Ok(Observation { role: ServerRole::Replica { master, .. }, .. }) = &incumbent.said {
            let successor = candidates.iter().find(|c| &c.addr == master && claims(c));
            if let Some(successor) = successor {
                return found(successor);
            }
        }
    }
    // The most followed of those that say so: a server that was just started is master, too.
    candidates.iter().filter(|c| claims(c)).max_by_key(|c| followers(candidates, c)).and_then(found)
}

fn followers(candidates: &[Candidate], master: &Candidate) -> usize {
    let follows = |c: &&Candidate| {
        matches!(&c.said, Ok(Observation { role: ServerRole::Replica { master: of, .. }, .. })
            if of == &master.addr)
    };
    let attached = match &master.said {
        Ok(Observation { role: ServerRole::Master { replicas }, .. }) => replicas.len(),
        _ => 0,
    };
    candidates.iter().filter(follows).count().max(attached)
}

fn place(candidate: Candidate, master: Option<&Elected>) -> Backend {
    let Candidate { id, addr, weight, is_local, barred, health, said } = candidate;
    let scan_tag = said.as_ref().map_or(0, Observation::scan_tag);
    let (role, excluded) = match said {
        Err(reason) => (Role::Unknown, Some(reason)),
        Ok(said) => role_of(&said, id, master),
    };
    let excluded = barred.filter(|_| role != Role::Master).or(excluded);
    Backend { id, addr, role, weight, scan_tag, excluded, is_local, health }
}

fn role_of(said: &Observation, id: BackendId, master: Option<&Elected>) -> (Role, Option<String>) {
    match &said.role {
        ServerRole::Master { .. } if master.is_some_and(|master| master.id == id) => {
            (Role::Master, said.loading.then(|| "loading".to_owned()))
        }
        ServerRole::Master { .. } => (Role::Unknown, Some("says it is a master too".to_owned())),
        ServerRole::Other(role) => (Role::Unknown, Some(format!("its role is {role}"))),
        ServerRole::Replica { link, .. } => {
            let excluded = match link {
                _ if said.loading => Some("loading"),
                LinkState::Up if master.is_some_and(|master| is_foreign(said, master)) => {
                    Some("its data is not the master's: it follows another one")
                }
                LinkState::Up => None,
                LinkState::Syncing => Some("in full sync"),
                // Without a master it may stand in all the same: see `Standing`.
                LinkState::Down => Some("its link to its master is down"),
            };
            (Role::Replica, excluded.map(str::to_owned))
        }
    }
}

/// Whether a replica whose link is up has the data of another master. Addresses do not tell: one
/// server may have many.
fn is_foreign(said: &Observation, master: &Elected) -> bool {
    !said.replid.is_empty() && !master.replid.is_empty() && said.replid != master.replid
}

#[cfg(test)]
mod tests {
    use super::super::ServerVersion;
    use super::*;

    fn candidate(port: u16, role: Option<ServerRole>) -> Candidate {
        let said = role.map(|role| Observation {
            role,
            run_id: port.to_string(),
            replid: "one".to_owned(),
            version: ServerVersion::default(),
            loading: false,
        });
        Candidate {
            id: BackendId(u32::from(port)),
            addr: HostPort::local(port),
            weight: 1,
            is_local: false,
            barred: None,
            health: Arc::default(),
            said: said.ok_or_else(|| "does not answer".to_owned()),
        }
    }

    fn master() -> Option<ServerRole> {
        Some(ServerRole::Master { replicas: Vec::new() })
    }

    fn replica_of(port: u16) -> Option<ServerRole> {
        Some(ServerRole::Replica { master: HostPort::local(port), link: LinkState::Up })
    }

    fn roles(candidates: Vec<Candidate>, previous: Option<u32>) -> Vec<(u32, Role)> {
        let backends = elect(candidates, &HostPort::local(1), previous.map(BackendId));
        backends.iter().map(|backend| (backend.id.0, backend.role)).collect()
    }

    #[test]
    fn the_configured_master_is_master_if_it_says_so() {
        let all = vec![candidate(1, master()), candidate(2, replica_of(1))];
        assert_eq!(roles(all, None), [(1, Role::Master), (2, Role::Replica)]);
    }

    #[test]
    fn a_demoted_master_names_its_successor() {
        let all = vec![candidate(1, replica_of(3)), candidate(2, master()), candidate(3, master())];
        assert_eq!(
            roles(all, Some(1)),
            [(3, Role::Master), (1, Role::Replica), (2, Role::Unknown)]
        );
    }

    #[test]
    fn a_promoted_replica_takes_over_from_a_dead_master() {
        let all = vec![candidate(1, None), candidate(2, master()), candidate(3, replica_of(2))];
        assert_eq!(
            roles(all, Some(1)),
            [(2, Role::Master), (1, Role::Unknown), (3, Role::Replica)]
        );
    }

    #[test]
    fn an_old_master_that_comes_back_changes_nothing() {
        let all = vec![candidate(1, master()), candidate(2, master()), candidate(3, replica_of(2))];
        assert_eq!(
            roles(all, Some(2)),
            [(2, Role::Master), (1, Role::Unknown), (3, Role::Replica)]
        );
    }

    #[test]
    fn a_replica_of_another_master_serves_nothing() {
        let mut all = vec![candidate(1, master()), candidate(2, replica_of(9))];
        let excluded = |all: &[Candidate]| {
            elect(all.to_vec(), &HostPort::local(1), None)[1].excluded.is_some()
        };
        assert!(!excluded(&all), "the same history, whatever the address");
        all[1].said.as_mut().unwrap().replid = "other".to_owned();
        assert!(excluded(&all));
        all[1].said.as_mut().unwrap().replid = String::new();
        assert!(!excluded(&all), "a server before Redis 4 tells no history");
    }

    #[test]
    fn nobody_is_master_without_saying_so() {
        let all = vec![candidate(1, None), candidate(2, replica_of(1))];
        assert_eq!(roles(all, None), [(1, Role::Unknown), (2, Role::Replica)]);
    }
}
