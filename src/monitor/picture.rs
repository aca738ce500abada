//! The picture that follows from what the servers said.

use std::sync::Arc;

use tokio::time::Instant;

use super::known::{canonical, translated};
use super::roster::{Member, Roster};
use crate::config::{Config, TopologyConfig};
use crate::topology::{Backend, BackendId, Candidate, Evidence, Role, Topology, place};
use tidegate_wire::units::millis;

/// Why the engine serves nothing to the proxy's clients.
const NOT_ROUTED: &str = "reads.local is false";

/// What is known of every server, each process once.
pub(super) fn evidence(
    roster: &Roster,
    config: &TopologyConfig,
    (epoch, now): (Instant, Instant),
) -> Evidence {
    let servers = roster.members().iter().filter(|it| canonical(roster, it).id == it.id);
    let witness = |member: &Member| {
        let said = member.said.as_ref();
        let said = said.map(|said| said.as_ref().map(|it| translated(roster, it)));
        member.witness(said.map(|said| said.map_err(String::clone)), (epoch, now))
    };
    Evidence {
        servers: servers.map(witness).collect(),
        configured: config.master.clone(),
        now_ms: millis(now.saturating_duration_since(epoch)),
        silence_ms: millis(config.probe_timeout),
    }
}

/// Puts all servers in their places.
pub(super) fn backends(
    roster: &Roster,
    config: &Config,
    master: Option<BackendId>,
) -> Vec<Backend> {
    let candidate = |member: &Member| {
        let said = member.said.as_ref()?;
        // One process, one backend.
        (canonical(roster, member).id == member.id).then(|| Candidate {
            id: member.id,
            addr: member.addr.clone(),
            weight: config.reads.weights.get(&member.addr).copied().unwrap_or(1),
            is_local: member.is_local,
            barred: (member.is_local && said.is_ok() && !config.reads.local)
                .then(|| NOT_ROUTED.to_owned()),
            health: Arc::clone(&member.health),
            said: said.as_ref().map(|said| translated(roster, said)).map_err(String::clone),
        })
    };
    let candidates = roster.members().iter().filter_map(candidate).collect();
    let mut backends = place(candidates, master);
    // Where proxy.toml lists the replicas, no other may serve; only a master may be a stranger.
    let is_listed = |id| roster.get(id).is_some_and(|member| member.is_configured);
    backends.retain(|backend| {
        config.topology.replicas.is_none() || backend.role == Role::Master || is_listed(backend.id)
    });
    backends
}

/// Whether nothing but the generation differs. Health is shared by all pictures and does not count.
pub(super) fn is_same(a: &Topology, b: &Topology) -> bool {
    let facts = |of: &Topology| {
        let fact = |it: &Backend| {
            let is = (it.role, it.is_local, it.pass);
            (it.id, it.addr.clone(), is, it.weight, it.scan_tag, it.excluded.clone())
        };
        of.backends.iter().map(fact).collect::<Vec<_>>()
    };
    let stated = |of: &Topology| (of.server.clone(), of.eviction.clone(), of.vacancy.clone());
    stated(a) == stated(b) && Arc::ptr_eq(&a.learned, &b.learned) && facts(a) == facts(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HostPort;

    #[test]
    fn every_part_of_the_structure_counts() {
        let backend = Backend {
            id: BackendId(1),
            addr: HostPort::local(1),
            role: Role::Master,
            weight: 1,
            scan_tag: 7,
            excluded: None,
            is_local: false,
            pass: 0,
            health: Arc::default(),
        };
        let one = Topology { backends: vec![backend], ..Topology::default() };
        let with = |change: &dyn Fn(&mut Topology)| {
            let mut other = one.clone();
            change(&mut other);
            is_same(&one, &other)
        };
        assert!(with(&|other| other.generation = 9));
        assert!(with(&|other| other.backends[0].health = Arc::default()));
        let changes: [&dyn Fn(&mut Topology); 12] = [
            &|other| other.backends[0].pass = 1,
            &|other| other.vacancy.handover_until_ms = Some(1),
            &|other| other.backends.clear(),
            &|other| other.backends[0].id = BackendId(2),
            &|other| other.backends[0].addr = HostPort::local(2),
            &|other| other.backends[0].role = Role::Unknown,
            &|other| other.backends[0].weight = 2,
            &|other| other.backends[0].scan_tag = 8,
            &|other| other.backends[0].is_local = true,
            &|other| other.backends[0].excluded = Some(String::new()),
            &|other| other.server.version.clear(),
            &|other| other.learned = Arc::default(),
        ];
        for (number, change) in changes.iter().enumerate() {
            assert!(!with(*change), "change {number}");
        }
    }
}
