//! The place of each server once it is judged which one is master.

use std::sync::Arc;

use crate::topology::{Backend, BackendId, Health, LinkState, Observation, Role, ServerRole};
use tidegate_wire::units::HostPort;

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
#[must_use]
pub fn place(candidates: Vec<Candidate>, master: Option<BackendId>) -> Vec<Backend> {
    let replid = |id: BackendId| {
        let said = candidates.iter().find(|candidate| candidate.id == id)?.said.as_ref().ok()?;
        Some(said.replid.clone())
    };
    let master = master.map(|id| Elected { id, replid: replid(id).unwrap_or_default() });
    let mut backends: Vec<Backend> =
        candidates.into_iter().map(|candidate| place_one(candidate, master.as_ref())).collect();
    backends.sort_by_key(|backend| (backend.role != Role::Master, backend.id));
    backends
}

/// The master.
struct Elected {
    id: BackendId,
    /// Its history; empty where it does not tell.
    replid: String,
}

fn place_one(candidate: Candidate, master: Option<&Elected>) -> Backend {
    let Candidate { id, addr, weight, is_local, barred, health, said } = candidate;
    let scan_tag = said.as_ref().map_or(0, Observation::scan_tag);
    let (role, excluded) = match said {
        Err(reason) => (Role::Unknown, Some(reason)),
        Ok(said) => role_of(&said, id, master),
    };
    let excluded = barred.filter(|_| role != Role::Master).or(excluded);
    let pass = health.fence.epoch();
    Backend { id, addr, role, weight, scan_tag, excluded, is_local, pass, health }
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
                // Without a master it may stand in all the same: see `FallbackRank`.
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
