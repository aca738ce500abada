//! A server in the output of a check: a line of the table, or a JSON object.

use serde::Serialize;

use super::answer::Answer;
use crate::topology::{Backend, LinkState, Observation, ServerRole, Topology};
use tidegate_wire::units::columns;

const HEAD: [&str; 6] = ["SERVER", "ROLE", "STATE", "VERSION", "LINKS", "WEIGHT"];

/// A server, its state, and what it reports of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Server {
    addr: String,
    role: String,
    /// `ok`, or why it gets no requests.
    state: String,
    /// Its name and version, if it reports them.
    version: Option<String>,
    /// The number of a master's replicas, or the state of a replica's link, if it reports them.
    links: Option<String>,
    weight: u32,
}

/// Every server, the master first.
pub(super) fn servers(topology: &Topology, answers: &[Answer<'_>]) -> Vec<Server> {
    let server = |backend: &Backend| {
        let answer = answers.iter().find(|(addr, _)| **addr == backend.addr);
        let observed = answer.and_then(|(_, observed)| observed.as_ref().ok().copied());
        Server {
            addr: backend.addr.to_string(),
            role: backend.role.to_string(),
            state: backend.excluded.clone().unwrap_or_else(|| "ok".to_owned()),
            version: observed
                .map(|observed| format!("{} {}", observed.version.name, observed.version.version)),
            links: observed.and_then(links),
            weight: backend.weight,
        }
    };
    topology.backends().map(server).collect()
}

/// One line per server, with aligned columns and without colours, which would disturb scripts. No
/// line where no server is known.
pub(super) fn table(servers: &[Server]) -> Vec<String> {
    if servers.is_empty() {
        return Vec::new();
    }
    let cell = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let row = |it: &Server| {
        let (version, links) = (cell(&it.version), cell(&it.links));
        [it.addr.clone(), it.role.clone(), it.state.clone(), version, links, it.weight.to_string()]
    };
    columns(HEAD, &servers.iter().map(row).collect::<Vec<_>>())
}

/// The number of a master's replicas, or the state of a replica's link.
fn links(observed: &Observation) -> Option<String> {
    Some(match &observed.role {
        ServerRole::Master { replicas } if replicas.len() == 1 => "1 replica".to_owned(),
        ServerRole::Master { replicas } => format!("{} replicas", replicas.len()),
        ServerRole::Replica { link: LinkState::Up, .. } => "up".to_owned(),
        ServerRole::Replica { link: LinkState::Syncing, .. } => "syncing".to_owned(),
        ServerRole::Replica { link: LinkState::Down, .. } => "down".to_owned(),
        ServerRole::Other(_) => return None,
    })
}
