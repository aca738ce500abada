//! Every state that the servers can be in, and who is asked then.

use std::sync::Arc;

use super::*;
use crate::routing::Balance;
use crate::topology::{Finding, Health};
use tidegate_wire::units::HostPort;

/// When everything here happens.
const NOW: u64 = 10_000;

fn fresh() -> Finding {
    Finding {
        offset: Some(7),
        lag_bytes: Some(0),
        proven_ms: Some(NOW - 50),
        fresh_until_ms: NOW + 500,
        stale_reason: None,
        fallback_rank: FallbackRank::Current,
        fallback_until_ms: NOW + 500,
        heard_ms: Some(NOW - 50),
        took_us: 1,
    }
}

fn stale() -> Finding {
    Finding { fresh_until_ms: 0, fallback_rank: FallbackRank::Behind, ..fresh() }
}

fn backend(id: u32, role: Role) -> Backend {
    let health = Health::default();
    health.progress.set(fresh());
    Backend {
        id: BackendId(id),
        addr: HostPort::local(1),
        role,
        weight: 1,
        scan_tag: id,
        excluded: None,
        is_local: false,
        pass: 0,
        health: Arc::new(health),
    }
}

/// A master, 0, and two fresh replicas, 1 and 2.
fn topology() -> Topology {
    let backends =
        vec![backend(0, Role::Master), backend(1, Role::Replica), backend(2, Role::Replica)];
    Topology { backends, ..Topology::default() }
}

fn policy(from: ReadFrom) -> ReadPolicy {
    ReadPolicy { from, on_stale: OnStale::Master, serve_stale: true, silence_ms: 1000 }
}

fn ask(topology: &Topology, policy: ReadPolicy, except: Option<u32>) -> Vec<(u32, Reason)> {
    ask_after(topology, policy, except.map(|id| Failing { id: BackendId(id), unreached: true }))
}

fn ask_after(
    topology: &Topology,
    policy: ReadPolicy,
    except: Option<Failing>,
) -> Vec<(u32, Reason)> {
    let mut balancer = Balancer::new(Balance::RoundRobin);
    let mut routes: Vec<_> = (0..30)
        .map(|_| {
            let query = Query { target: Target::Read, policy, except, now_ms: NOW };
            let route = route(topology, query, &mut balancer, |_| 0).expect("somebody");
            (route.backend.id.0, route.reason)
        })
        .collect();
    routes.sort_unstable_by_key(|(id, _)| *id);
    routes.dedup();
    routes
}

fn no_route(topology: &Topology, policy: ReadPolicy) -> NoRoute {
    let mut balancer = Balancer::new(Balance::RoundRobin);
    let query = Query { target: Target::Read, policy, except: None, now_ms: NOW };
    route(topology, query, &mut balancer, |_| 0).map(|route| route.backend.id).unwrap_err()
}

fn found(topology: &Topology, id: usize, finding: Finding) {
    topology.backends[id].health.progress.set(finding);
}

fn silent() -> Finding {
    Finding { heard_ms: Some(NOW - 1000), ..fresh() }
}

#[test]
fn the_policy_decides_who_may_read() {
    let topology = topology();
    let asked = |from, except| ask(&topology, policy(from), except);
    assert_eq!(asked(ReadFrom::Master, None), [(0, Reason::Policy)]);
    assert_eq!(asked(ReadFrom::Replica, None), [(1, Reason::Fresh), (2, Reason::Fresh)]);
    let all = [(0, Reason::Policy), (1, Reason::Fresh), (2, Reason::Fresh)];
    assert_eq!(asked(ReadFrom::Any, None), all);
    assert_eq!(asked(ReadFrom::Replica, Some(1)), [(2, Reason::Fresh)]);
}

#[test]
fn only_the_fresh_serve() {
    let mut topology = topology();
    let replica = policy(ReadFrom::Replica);
    found(&topology, 1, stale());
    assert_eq!(ask(&topology, replica, None), [(2, Reason::Fresh)]);
    topology.backends[2].excluded = Some("loading".to_owned());
    assert_eq!(ask(&topology, replica, None), [(0, Reason::Fallback)]);
    topology.backends[2].excluded = None;
    topology.backends[2].health.failed(NOW, 0.5);
    assert_eq!(ask(&topology, replica, None), [(0, Reason::Fallback)]);
}

#[test]
fn what_was_proven_runs_out_without_a_monitor() {
    let topology = topology();
    found(&topology, 1, Finding { fresh_until_ms: NOW, ..fresh() });
    found(&topology, 2, Finding { fresh_until_ms: NOW + 1, ..fresh() });
    assert_eq!(ask(&topology, policy(ReadFrom::Replica), None), [(2, Reason::Fresh)]);
}

#[test]
fn on_stale_decides_when_nobody_is_fresh() {
    let topology = topology();
    found(&topology, 1, stale());
    found(&topology, 2, stale());
    for on_stale in [OnStale::Error, OnStale::Wait] {
        let policy = ReadPolicy { on_stale, ..policy(ReadFrom::Replica) };
        assert_eq!(no_route(&topology, policy), NoRoute::Stale);
    }
    let any = ReadPolicy { on_stale: OnStale::Error, ..policy(ReadFrom::Any) };
    assert_eq!(ask(&topology, any, None), [(0, Reason::Policy)]);
}

#[test]
fn replicas_stand_in_for_a_master_out_of_reach() {
    let mut topology = topology();
    found(&topology, 0, silent());
    let current = Finding { fallback_rank: FallbackRank::Current, ..stale() };
    found(&topology, 1, stale());
    found(&topology, 2, current);
    for from in [ReadFrom::Replica, ReadFrom::Any] {
        assert_eq!(ask(&topology, policy(from), None), [(2, Reason::Orphaned)]);
    }
    found(&topology, 2, Finding { fallback_rank: FallbackRank::None, ..stale() });
    assert_eq!(ask(&topology, policy(ReadFrom::Replica), None), [(1, Reason::Orphaned)]);
    topology.backends.remove(0);
    assert_eq!(ask(&topology, policy(ReadFrom::Replica), None), [(1, Reason::Orphaned)]);
    topology.backends[0].health.failed(NOW, 0.5);
    assert_eq!(no_route(&topology, policy(ReadFrom::Replica)), NoRoute::NoReader);
}

#[test]
fn a_master_that_cannot_be_reached_for_a_request_is_out_of_its_reach() {
    let topology = topology();
    let current = Finding { fallback_rank: FallbackRank::Current, ..stale() };
    found(&topology, 1, current);
    found(&topology, 2, current);
    let replica = policy(ReadFrom::Replica);
    assert_eq!(ask(&topology, replica, None), [(0, Reason::Fallback)]);
    let fallback_rank = [(1, Reason::Orphaned), (2, Reason::Orphaned)];
    assert_eq!(ask(&topology, replica, Some(0)), fallback_rank);
    let strict = ReadPolicy { serve_stale: false, ..replica };
    assert_eq!(ask(&topology, strict, Some(0)), [(0, Reason::Fallback)]);
    // A connection that was lost proves nothing.
    let lost = Some(Failing { id: BackendId(0), unreached: false });
    assert_eq!(ask_after(&topology, replica, lost), [(0, Reason::Fallback)]);
    let any = ReadPolicy { on_stale: OnStale::Error, ..policy(ReadFrom::Any) };
    assert_eq!(ask_after(&topology, any, lost), [(0, Reason::Policy)]);
}

#[test]
fn nobody_stands_in_where_the_policy_forbids_it() {
    let mut topology = topology();
    found(&topology, 0, silent());
    found(&topology, 1, stale());
    found(&topology, 2, stale());
    let strict = ReadPolicy { serve_stale: false, ..policy(ReadFrom::Replica) };
    assert_eq!(ask(&topology, strict, None), [(0, Reason::Fallback)]);
    let error = ReadPolicy { on_stale: OnStale::Error, ..strict };
    assert_eq!(no_route(&topology, error), NoRoute::Stale);
    topology.backends.remove(0);
    assert_eq!(no_route(&topology, strict), NoRoute::NoReader);
}

#[test]
fn a_scan_stays_with_who_still_may_serve_it() {
    let topology = topology();
    let query =
        |from| Query { target: Target::Read, policy: policy(from), except: None, now_ms: NOW };
    let may = |id: usize, from| may_serve(&topology, &topology.backends[id], query(from));
    assert!(may(0, ReadFrom::Replica) && may(1, ReadFrom::Replica));
    assert!(!may(1, ReadFrom::Master));
    found(&topology, 1, stale());
    assert!(!may(1, ReadFrom::Replica));
    found(&topology, 0, silent());
    found(&topology, 2, stale());
    assert!(may(1, ReadFrom::Replica), "the master is out of reach");
}

#[test]
fn what_only_the_master_answers_goes_to_no_replica() {
    let topology = topology();
    let mut balancer = Balancer::new(Balance::RoundRobin);
    for target in [Target::Write, Target::Master] {
        for from in [ReadFrom::Replica, ReadFrom::Any, ReadFrom::Master] {
            let query = Query { target, policy: policy(from), except: None, now_ms: NOW };
            for _ in 0..4 {
                let picked = route(&topology, query, &mut balancer, |_| 0).expect("a master");
                assert_eq!((picked.backend.id, picked.reason), (BackendId(0), Reason::Master));
            }
        }
    }
}

#[test]
fn a_write_needs_a_master_and_an_open_gate() {
    let mut topology = topology();
    assert_eq!(admit_write(&topology, NOW), Ok(()));
    topology.gate.judge(1, &mut [NOW], NOW);
    assert_eq!(admit_write(&topology, NOW), Err(NoRoute::GateClosed));
    topology.backends.remove(0);
    let mut balancer = Balancer::new(Balance::RoundRobin);
    let policy = policy(ReadFrom::Replica);
    let query = Query { target: Target::Master, policy, except: None, now_ms: NOW };
    let picked = route(&topology, query, &mut balancer, |_| 0);
    assert_eq!(picked.map(|it| it.backend.id), Err(NoRoute::NoMaster));
}
