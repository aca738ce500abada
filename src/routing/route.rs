//! The decision.

use super::Balancer;
use crate::session::ReadFrom;
use crate::topology::{Backend, BackendId, Role, Topology};

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// The master, whatever the policy.
    Master,
    /// Anyone whom the read policy allows.
    Read,
}

/// What becomes of reads while no replica is fresh (`reads.on-stale`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStale {
    /// The master serves them, up to its share.
    Master,
    /// `-MASTERDOWN`.
    Error,
    /// They wait for a replica to become fresh.
    Wait,
}

/// Where reads may go, for one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPolicy {
    /// `reads.from`, unless the session said READONLY or READWRITE.
    pub from: ReadFrom,
}

/// Why nobody can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoute {
    /// No server says it is the master.
    #[error("no master is known")]
    NoMaster,
    /// The policy's servers are all out, and the master too.
    #[error("no server can serve reads")]
    NoReader,
}

/// What a request asks of the topology.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// What it needs.
    pub want: Want,
    /// Where its session's reads may go.
    pub policy: ReadPolicy,
    /// Who has just failed it, so that anybody else is preferred.
    pub except: Option<BackendId>,
    /// The time, in milliseconds of the process's clock.
    pub now_ms: u64,
}

/// Picks the backend for a request; `in_flight` tells how many are under way to each.
///
/// # Errors
/// [`NoRoute`] when nobody may be asked.
pub fn route<'t>(
    topology: &'t Topology,
    query: Query,
    balancer: &mut Balancer,
    in_flight: impl Fn(BackendId) -> u64,
) -> Result<&'t Backend, NoRoute> {
    let Query { want, policy, except, now_ms } = query;
    let master = topology.master();
    if want == Want::Master || policy.from == ReadFrom::Master {
        return master.ok_or(NoRoute::NoMaster);
    }
    let readers = topology.backends.iter().filter(|backend| {
        let eligible = match policy.from {
            ReadFrom::Replica => backend.role == Role::Replica,
            ReadFrom::Any => backend.role != Role::Unknown,
            ReadFrom::Master => false,
        };
        eligible && Some(backend.id) != except && backend.can_read(now_ms)
    });
    // The master serves when no replica can: it is asked even while it rests, being the last.
    balancer.pick(readers, in_flight).or(master).ok_or(NoRoute::NoReader)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::routing::Balance;
    use crate::topology::Health;
    use crate::units::HostPort;

    fn backend(id: u32, role: Role) -> Backend {
        Backend {
            id: BackendId(id),
            addr: HostPort::local(1),
            role,
            weight: 1,
            scan_tag: id,
            excluded: None,
            health: Arc::new(Health::default()),
        }
    }

    fn topology() -> Topology {
        let backends =
            vec![backend(0, Role::Master), backend(1, Role::Replica), backend(2, Role::Replica)];
        Topology { backends, ..Topology::default() }
    }

    fn readers(topology: &Topology, from: ReadFrom, except: Option<u32>) -> Vec<u32> {
        let mut balancer = Balancer::new(Balance::RoundRobin);
        let policy = ReadPolicy { from };
        let mut ids: Vec<u32> = (0..30)
            .map(|_| {
                let except = except.map(BackendId);
                let query = Query { want: Want::Read, policy, except, now_ms: 10 };
                route(topology, query, &mut balancer, |_| 0).expect("somebody").id.0
            })
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    #[test]
    fn the_policy_decides_who_may_read() {
        let topology = topology();
        assert_eq!(readers(&topology, ReadFrom::Master, None), [0]);
        assert_eq!(readers(&topology, ReadFrom::Replica, None), [1, 2]);
        assert_eq!(readers(&topology, ReadFrom::Any, None), [0, 1, 2]);
        assert_eq!(readers(&topology, ReadFrom::Replica, Some(1)), [2]);
    }

    #[test]
    fn the_master_serves_only_when_no_replica_can() {
        let mut topology = topology();
        topology.backends[1].excluded = Some("loading".to_owned());
        assert_eq!(readers(&topology, ReadFrom::Replica, None), [2]);
        topology.backends[2].health.failed(5, 0.5);
        assert_eq!(readers(&topology, ReadFrom::Replica, None), [0]);
    }

    #[test]
    fn a_write_without_a_master_has_no_route() {
        let mut topology = topology();
        topology.backends.remove(0);
        let policy = ReadPolicy { from: ReadFrom::Replica };
        let mut balancer = Balancer::new(Balance::RoundRobin);
        let query = Query { want: Want::Master, policy, except: None, now_ms: 0 };
        let picked = route(&topology, query, &mut balancer, |_| 0);
        assert_eq!(picked.map(|b| b.id), Err(NoRoute::NoMaster));
    }
}
