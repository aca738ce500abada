//! The servers of a shard, as the workers get to see them.

use std::sync::Arc;

use crate::config::Config;
use crate::monitor::roster::alias::{canonical, translated};
use crate::monitor::roster::list::Roster;
use crate::monitor::roster::member::Member;
use crate::topology::{Backend, BackendId, Candidate, Role, assign_roles};

/// Why the engine serves no reads of the proxy's clients.
const NOT_ROUTED: &str = "reads.local is false";

/// The known servers with their roles, the master first.
pub(in crate::monitor) fn backends(
    roster: &Roster,
    config: &Config,
    master: Option<BackendId>,
) -> Vec<Backend> {
    let candidate = |member: &Member| {
        let said = member.said.as_ref()?;
        // A process is one backend, however many addresses it has.
        (canonical(roster, member).id == member.id).then(|| Candidate {
            id: member.id,
            addr: member.addr.clone(),
            endpoint: member.endpoint.addr(),
            weight: config.reads.weights.get(&member.addr).copied().unwrap_or(1),
            is_local: member.is_local,
            barred: (member.is_local && said.is_ok() && !config.reads.local)
                .then(|| NOT_ROUTED.to_owned()),
            health: Arc::clone(&member.health),
            said: said.as_ref().map(|said| translated(roster, said)).map_err(String::clone),
        })
    };
    let candidates = roster.members().iter().filter_map(candidate).collect();
    let mut backends = assign_roles(candidates, master);
    // If proxy.toml lists the replicas, no other server may be one; only the master may be
    // unlisted.
    let is_listed = |id| roster.get(id).is_some_and(|member| member.is_configured);
    backends.retain(|backend| {
        config.topology.replicas.is_none() || backend.role == Role::Master || is_listed(backend.id)
    });
    backends
}
