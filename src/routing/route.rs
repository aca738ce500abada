//! The choice of the server that answers a request.

use super::{Balance, Balancer, OnStale, ReadPolicy, Target};
use crate::session::ReadFrom;
use crate::topology::{Backend, BackendId, FallbackRank, Role, Shard};

/// The server that is asked, and why.
#[derive(Clone, Copy, Debug)]
pub struct Route<'t> {
    /// The server.
    pub backend: &'t Backend,
    /// Why this one.
    pub reason: Reason,
}

/// Why a backend was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reason {
    /// Only the master can answer.
    Master,
    /// A replica that is proven to be fresh.
    Fresh,
    /// The master, because `reads.from` or the session allows it.
    Policy,
    /// The master, because no replica is fresh.
    Fallback,
    /// A replica, because the master is out of reach.
    Orphaned,
}

impl Reason {
    /// Its name, in metrics and for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Fresh => "fresh",
            Self::Policy => "policy",
            Self::Fallback => "fallback",
            Self::Orphaned => "orphaned",
        }
    }
}

/// Why no server can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoute {
    /// No server is master, or requests that need the master wait ([`Shard::hold`]).
    #[error("no master is known")]
    NoMaster,
    /// Neither the servers that the policy allows nor the master can serve reads.
    #[error("no server can serve reads")]
    NoReader,
    /// No replica is proven to be fresh, and the policy requires one; or the master has had its
    /// share of such reads.
    #[error("no replica is fresh")]
    Stale,
    /// Too few replicas are in sync for a write to be sent.
    #[error("not enough good replicas to write")]
    GateClosed,
}

/// A backend that has just failed a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The backend.
    pub id: BackendId,
    /// Whether it could not be reached at all. A lost connection does not prove that.
    pub unreached: bool,
}

/// What a request needs of a server.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// Which servers may answer it.
    pub target: Target,
    /// Where its session's reads may go.
    pub policy: ReadPolicy,
    /// The server that has just failed it, so that every other one is preferred.
    pub except: Option<Failing>,
    /// The time, in milliseconds of the process's clock.
    pub now_ms: u64,
}

/// Picks the backend for a request; `in_flight` returns how many requests are under way to each.
///
/// # Errors
/// [`NoRoute`] if no server may be asked.
pub fn route<'t>(
    shard: &'t Shard,
    query: Query,
    balancer: &mut Balancer,
    in_flight: impl Fn(BackendId) -> u64,
) -> Result<Route<'t>, NoRoute> {
    let Query { target, policy, except, .. } = query;
    let master = shard.master();
    if target.is_master() {
        return shard.open_master().map(because(Reason::Master)).ok_or(NoRoute::NoMaster);
    }
    if policy.servers() == ReadFrom::Master {
        return master.map(because(Reason::Policy)).ok_or(NoRoute::NoMaster);
    }
    let others = || {
        let reached = move |it: &&Backend| target == Target::EmbeddedRead || !it.is_local;
        let all = shard.backends.iter().filter(reached);
        all.filter(move |it| except.is_none_or(|e| it.id != e.id))
    };
    let serving = others().filter(|it| serves(shard, it, query));
    if let Some(backend) = balancer.pick(serving, &in_flight) {
        let is_master = backend.role == Role::Master;
        return Ok(because(if is_master { Reason::Policy } else { Reason::Fresh })(backend));
    }
    if let Some(least) = least_fallback_rank(shard, query) {
        let fallback_rank = others().filter(|it| it.fallback_rank(query.now_ms) >= least);
        if let Some(backend) = balancer.pick(fallback_rank, &in_flight) {
            return Ok(because(Reason::Orphaned)(backend));
        }
    }
    // Without another server, the one that failed is asked again: it may only have lost the
    // connection.
    if let Some(master) = master.filter(|it| serves(shard, it, query)) {
        return Ok(because(Reason::Policy)(master));
    }
    match policy.on_stale {
        // As the last resort it is asked even while it rests after a failure.
        OnStale::Master => master.map(because(Reason::Fallback)).ok_or(NoRoute::NoReader),
        OnStale::Error | OnStale::Wait if master.is_some() => Err(NoRoute::Stale),
        OnStale::Error | OnStale::Wait => Err(NoRoute::NoReader),
    }
}

/// Whether `backend` may continue what it began for such a request (a scan).
#[must_use]
pub fn may_serve(shard: &Shard, backend: &Backend, query: Query) -> bool {
    let orphaned = || {
        least_fallback_rank(shard, query)
            .is_some_and(|least| backend.fallback_rank(query.now_ms) >= least)
    };
    backend.role == Role::Master
        || query.policy.servers() != ReadFrom::Master
            && (serves(shard, backend, query) || orphaned())
}

/// The route to a server at which a session has read before, if the same process (by its scan tag)
/// still serves its reads.
#[must_use]
pub fn stay(shard: &Shard, (id, tag): (BackendId, u32), query: Query) -> Option<Route<'_>> {
    let backend = shard.backend(id).filter(|it| it.scan_tag == tag)?;
    if serves(shard, backend, query) {
        let is_master = backend.role == Role::Master;
        return Some(because(if is_master { Reason::Policy } else { Reason::Fresh })(backend));
    }
    let least = least_fallback_rank(shard, query)?;
    let is_left = backend.fallback_rank(query.now_ms) >= least;
    is_left.then(|| because(Reason::Orphaned)(backend))
}

/// Whether the requests under way to a replica are to be sent to another server now: the replica
/// serves no reads any more, and another server does.
#[must_use]
pub fn has_left(shard: &Shard, id: BackendId, query: Query) -> bool {
    let now_ms = query.now_ms;
    let serves = |it: &Backend| {
        // A server that rests after a failure still answers the requests under way.
        let fresh = it.excluded.is_none() && it.health.progress.is_fresh(now_ms);
        let orphaned = || {
            least_fallback_rank(shard, query).is_some_and(|least| it.fallback_rank(now_ms) >= least)
        };
        it.role == Role::Master || it.role == Role::Replica && (fresh || orphaned())
    };
    let except = Some(Failing { id, unreached: false });
    let elsewhere = || {
        let query = Query { target: Target::Read, except, ..query };
        route(shard, query, &mut Balancer::new(Balance::RoundRobin), |_| 0).is_ok()
    };
    !shard.backend(id).is_some_and(serves) && elsewhere()
}

/// Whether the write gate lets a write pass.
///
/// # Errors
/// [`NoRoute::GateClosed`] while too few replicas are in sync.
pub fn admit_write(shard: &Shard, now_ms: u64) -> Result<(), NoRoute> {
    if shard.gate.is_open(now_ms) { Ok(()) } else { Err(NoRoute::GateClosed) }
}

const fn because<'t>(reason: Reason) -> impl Fn(&'t Backend) -> Route<'t> {
    move |backend| Route { backend, reason }
}

/// Whether `backend` is one of the servers over which reads are spread.
fn serves(shard: &Shard, backend: &Backend, query: Query) -> bool {
    let eligible = match (query.policy.servers(), backend.role) {
        (ReadFrom::Replica | ReadFrom::Any, Role::Replica) => true,
        (ReadFrom::Any, Role::Master) => !is_out_of_reach(shard, query),
        _ => false,
    };
    let is_fresh = || match backend.role {
        Role::Replica => query.policy.accepts(&backend.health.progress, query.now_ms),
        Role::Master | Role::Unknown => true,
    };
    eligible && backend.may_read(query.now_ms) && is_fresh()
}

/// Whether there is no master, or the master is silent or could not be reached for this request.
/// The latter is often known before the monitor knows it.
fn is_out_of_reach(shard: &Shard, query: Query) -> bool {
    shard.master().is_none_or(|it| {
        query.except == Some(Failing { id: it.id, unreached: true })
            || it.is_silent(query.now_ms, query.policy.silence_ms)
    })
}

/// The rank that a replica must have to serve reads while the master is out of reach and no replica
/// is proven to be fresh: the best rank that there is.
fn least_fallback_rank(shard: &Shard, query: Query) -> Option<FallbackRank> {
    if !query.policy.serve_stale || !is_out_of_reach(shard, query) {
        return None;
    }
    shard
        .replicas()
        .map(|it| it.fallback_rank(query.now_ms))
        .max()
        .filter(|it| *it > FallbackRank::None)
}

#[cfg(test)]
mod tests;
