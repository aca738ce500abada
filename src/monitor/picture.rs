//! The picture that follows from what the servers said.

use std::sync::Arc;

use tokio::time::Instant;

use super::known::{canonical, translated};
use super::roster::{Member, Roster};
use crate::config::{Config, TopologyConfig};
use crate::topology::{Backend, BackendId, Candidate, Evidence, Role, Shard, Topology, assign_roles};
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
        authority: None,
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
    let mut backends = assign_roles(candidates, master);
    // Where proxy.toml lists the replicas, no other may serve; only a master may be a stranger.
    let is_listed = |id| roster.get(id).is_some_and(|member| member.is_configured);
    backends.retain(|backend| {
        config.topology.replicas.is_none() || backend.role == Role::Master || is_listed(backend.id)
    });
    backends
}

/// Whether two topologies differ in nothing but the generation. All snapshots share a backend's
/// health, which therefore does not count.
pub(super) fn is_same(a: &Topology, b: &Topology) -> bool {
    Arc::ptr_eq(&a.learned, &b.learned)
        && a.shards().count() == b.shards().count()
        && a.shards().zip(b.shards()).all(|(a, b)| is_same_shard(a, b))
}

fn is_same_shard(a: &Shard, b: &Shard) -> bool {
    let servers = |of: &Shard| {
        let server = |it: &Backend| {
            let is = (it.role, it.is_local, it.pass);
            (it.id, it.addr.clone(), is, it.weight, it.scan_tag, it.excluded.clone())
        };
        of.backends.iter().map(server).collect::<Vec<_>>()
    };
    let of_master = |of: &Shard| (of.server.clone(), of.eviction.clone(), of.vacancy.clone());
    a.id == b.id && of_master(a) == of_master(b) && servers(a) == servers(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HostPort;
    use crate::topology::ShardId;

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
        let one = Shard { backends: vec![backend], ..Shard::default() };
        let base = Topology::of(one.clone());
        let with_shard = |shard| Topology::new(0, Arc::clone(&base.learned), shard, Vec::new());
        let with = |change: &dyn Fn(&mut Shard)| {
            let mut other = one.clone();
            change(&mut other);
            is_same(&base, &with_shard(other))
        };
        let with_all = |change: &dyn Fn(&mut Topology)| {
            let mut other = base.clone();
            change(&mut other);
            is_same(&base, &other)
        };
        assert!(with_all(&|other| other.generation = 9));
        assert!(!with_all(&|other| other.learned = Arc::default()));
        assert!(!with_all(&|other| {
            *other = Topology::new(0, Arc::clone(&other.learned), one.clone(), vec![one.clone()]);
        }));
        assert!(with(&|other| other.backends[0].health = Arc::default()));
        let changes: [&dyn Fn(&mut Shard); 12] = [
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
            &|other| other.id = ShardId(1),
        ];
        for (number, change) in changes.iter().enumerate() {
            assert!(!with(*change), "change {number}");
        }
    }
}
