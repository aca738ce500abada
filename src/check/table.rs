//! The servers as a table.

use super::Said;
use crate::topology::{Backend, LinkState, Observation, ServerRole, Topology};
use crate::units::columns;

const HEAD: [&str; 6] = ["SERVER", "ROLE", "STATE", "VERSION", "LINKS", "WEIGHT"];

/// One line per server, the columns aligned. Without colours: it is read by scripts, too.
pub(super) fn servers(topology: &Topology, said: &[Said<'_>]) -> Vec<String> {
    let row = |backend: &Backend| {
        let said = said.iter().find(|(addr, _)| **addr == backend.addr);
        let said = said.and_then(|(_, said)| said.as_ref().ok().copied());
        [
            backend.addr.to_string(),
            backend.role.to_string(),
            backend.excluded.clone().unwrap_or_else(|| "ok".to_owned()),
            said.map(|said| format!("{} {}", said.version.name, said.version.version))
                .unwrap_or_else(|| "-".to_owned()),
            said.map(links).unwrap_or_else(|| "-".to_owned()),
            backend.weight.to_string(),
        ]
    };
    columns(HEAD, &topology.backends.iter().map(row).collect::<Vec<_>>())
}

/// A master's replicas, or the state of a replica's link.
fn links(said: &Observation) -> String {
    match &said.role {
        ServerRole::Master { replicas } if replicas.len() == 1 => "1 replica".to_owned(),
        ServerRole::Master { replicas } => format!("{} replicas", replicas.len()),
        ServerRole::Replica { link: LinkState::Up, .. } => "up".to_owned(),
        ServerRole::Replica { link: LinkState::Syncing, .. } => "syncing".to_owned(),
        ServerRole::Replica { link: LinkState::Down, .. } => "down".to_owned(),
        ServerRole::Other(_) => "-".to_owned(),
    }
}
