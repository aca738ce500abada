//! The role of each server once the master is elected.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::topology::backend::CLAIMS_MASTER;
use crate::topology::{Backend, BackendId, Health, LinkState, Observation, Role, ServerRole};
use tidegate_wire::units::HostPort;

/// A known server and its last answer.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its identity.
    pub id: BackendId,
    /// Where it listens.
    pub addr: HostPort,
    /// The address to which its name led.
    pub endpoint: Option<SocketAddr>,
    /// Its share of reads.
    pub weight: u32,
    /// Whether it is the engine of this process.
    pub is_local: bool,
    /// Why the configuration lets it serve no reads, if so.
    pub barred: Option<String>,
    /// Its health.
    pub health: Arc<Health>,
    /// Its last answer; `Err` has the reason why there is none.
    pub said: Result<Observation, String>,
}

/// The servers of a shard with their roles, the master first.
#[must_use]
pub fn assign_roles(candidates: Vec<Candidate>, master: Option<BackendId>) -> Vec<Backend> {
    let replid = |id: BackendId| {
        let said = candidates.iter().find(|candidate| candidate.id == id)?.said.as_ref().ok()?;
        Some(said.replid.clone())
    };
    let master = master.map(|id| Elected { id, replid: replid(id).unwrap_or_default() });
    let mut backends: Vec<Backend> =
        candidates.into_iter().map(|candidate| assign_role(candidate, master.as_ref())).collect();
    backends.sort_by_key(|backend| (backend.role != Role::Master, backend.id));
    backends
}

/// The elected master.
struct Elected {
    id: BackendId,
    /// Its replication id; empty if it reports none.
    replid: String,
}

fn assign_role(candidate: Candidate, master: Option<&Elected>) -> Backend {
    let Candidate { id, addr, endpoint, weight, is_local, barred, health, said } = candidate;
    let scan_tag = said.as_ref().map_or(0, Observation::scan_tag);
    let data_epoch = said.as_ref().map_or(0, |said| said.data_epoch);
    let (role, excluded) = match said {
        Err(reason) => (Role::Unknown, Some(reason)),
        Ok(said) => role_of(&said, id, master),
    };
    let excluded = barred.filter(|_| role != Role::Master).or(excluded);
    let pass = health.fence.epoch();
    Backend {
        id,
        addr,
        endpoint,
        role,
        weight,
        scan_tag,
        data_epoch,
        excluded,
        is_local,
        pass,
        health,
    }
}

fn role_of(said: &Observation, id: BackendId, master: Option<&Elected>) -> (Role, Option<String>) {
    match &said.role {
        ServerRole::Master { .. } if master.is_some_and(|master| master.id == id) => {
            (Role::Master, said.loading.then(|| "loading".to_owned()))
        }
        ServerRole::Master { .. } => (Role::Unknown, Some(CLAIMS_MASTER.to_owned())),
        ServerRole::Other(role) if role == "sentinel" => {
            let why = "it is a Sentinel: list it in topology.sentinels";
            (Role::Unknown, Some(why.to_owned()))
        }
        ServerRole::Other(role) => (Role::Unknown, Some(format!("its role is {role}"))),
        ServerRole::Replica { link, .. } => {
            let excluded = match link {
                _ if said.loading => Some("loading"),
                LinkState::Up if master.is_some_and(|master| is_foreign(said, master)) => {
                    Some("its data is not the master's: it follows another one")
                }
                LinkState::Up => None,
                LinkState::Syncing => Some("in full sync"),
                // While the master is out of reach it may serve all the same: see `FallbackRank`.
                LinkState::Down => Some("its link to its master is down"),
            };
            (Role::Replica, excluded.map(str::to_owned))
        }
    }
}

/// Whether a replica whose link is up has the data of another master. Addresses do not show that,
/// because one server may have several.
fn is_foreign(said: &Observation, master: &Elected) -> bool {
    !said.replid.is_empty() && !master.replid.is_empty() && said.replid != master.replid
}
