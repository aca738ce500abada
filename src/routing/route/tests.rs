//! Every state of the servers, and the server that is asked then.

use std::sync::Arc;

use super::*;
use crate::consistency::{LagLimit, Level};
use crate::routing::Balance;
use crate::topology::{Finding, Health, StaleReason};
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
        endpoint: None,
        role,
        weight: 1,
        scan_tag: id,
        data_epoch: 0,
        excluded: None,
        is_local: false,
        pass: 0,
        health: Arc::new(health),
    }
}

/// A master, 0, and two fresh replicas, 1 and 2.
fn shard() -> Shard {
    let backends =
        vec![backend(0, Role::Master), backend(1, Role::Replica), backend(2, Role::Replica)];
    Shard { backends, ..Shard::default() }
}

fn policy(from: ReadFrom) -> ReadPolicy {
    ReadPolicy {
        level: Level::Bounded,
        from,
        max_lag: LagLimit::Published,
        on_stale: OnStale::Master,
        serve_stale: true,
        silence_ms: 1000,
    }
}

fn ask(shard: &Shard, policy: ReadPolicy, except: Option<u32>) -> Vec<(u32, Reason)> {
    ask_after(shard, policy, except.map(|id| Failing { id: BackendId(id), unreached: true }))
}

fn ask_after(shard: &Shard, policy: ReadPolicy, except: Option<Failing>) -> Vec<(u32, Reason)> {
    let mut balancer = Balancer::new(Balance::RoundRobin);
    let mut routes: Vec<_> = (0..30)
        .map(|_| {
            let query = Query { target: Target::Read, policy, except, now_ms: NOW };
            let route = route(shard, query, &mut balancer, |_| 0).expect("a server");
            (route.backend.id.0, route.reason)
        })
        .collect();
    routes.sort_unstable_by_key(|(id, _)| *id);
    routes.dedup();
    routes
}

fn no_route(shard: &Shard, policy: ReadPolicy) -> NoRoute {
    let mut balancer = Balancer::new(Balance::RoundRobin);
    let query = Query { target: Target::Read, policy, except: None, now_ms: NOW };
    route(shard, query, &mut balancer, |_| 0).map(|route| route.backend.id).unwrap_err()
}

fn found(shard: &Shard, id: usize, finding: Finding) {
    shard.backends[id].health.progress.set(finding);
}

fn silent() -> Finding {
    Finding { heard_ms: Some(NOW - 1000), ..fresh() }
}

#[test]
fn the_policy_decides_which_server_may_read() {
    let shard = shard();
    let asked = |from, except| ask(&shard, policy(from), except);
    assert_eq!(asked(ReadFrom::Master, None), [(0, Reason::Policy)]);
    assert_eq!(asked(ReadFrom::Replica, None), [(1, Reason::Fresh), (2, Reason::Fresh)]);
    let all = [(0, Reason::Policy), (1, Reason::Fresh), (2, Reason::Fresh)];
    assert_eq!(asked(ReadFrom::Any, None), all);
    assert_eq!(asked(ReadFrom::Replica, Some(1)), [(2, Reason::Fresh)]);
}

#[test]
fn only_the_fresh_serve() {
    let mut shard = shard();
    let replica = policy(ReadFrom::Replica);
    found(&shard, 1, stale());
    assert_eq!(ask(&shard, replica, None), [(2, Reason::Fresh)]);
    shard.backends[2].excluded = Some("loading".to_owned());
    assert_eq!(ask(&shard, replica, None), [(0, Reason::Fallback)]);
    shard.backends[2].excluded = None;
    shard.backends[2].health.failed(NOW, 0.5);
    assert_eq!(ask(&shard, replica, None), [(0, Reason::Fallback)]);
}

#[test]
fn what_was_proven_runs_out_without_a_monitor() {
    let shard = shard();
    found(&shard, 1, Finding { fresh_until_ms: NOW, ..fresh() });
    found(&shard, 2, Finding { fresh_until_ms: NOW + 1, ..fresh() });
    assert_eq!(ask(&shard, policy(ReadFrom::Replica), None), [(2, Reason::Fresh)]);
}

#[test]
fn on_stale_decides_when_no_replica_is_fresh() {
    let shard = shard();
    found(&shard, 1, stale());
    found(&shard, 2, stale());
    for on_stale in [OnStale::Error, OnStale::Wait] {
        let policy = ReadPolicy { on_stale, ..policy(ReadFrom::Replica) };
        assert_eq!(no_route(&shard, policy), NoRoute::Stale);
    }
    let any = ReadPolicy { on_stale: OnStale::Error, ..policy(ReadFrom::Any) };
    assert_eq!(ask(&shard, any, None), [(0, Reason::Policy)]);
}

#[test]
fn replicas_stand_in_for_a_master_out_of_reach() {
    let mut shard = shard();
    found(&shard, 0, silent());
    let current = Finding { fallback_rank: FallbackRank::Current, ..stale() };
    found(&shard, 1, stale());
    found(&shard, 2, current);
    for from in [ReadFrom::Replica, ReadFrom::Any] {
        assert_eq!(ask(&shard, policy(from), None), [(2, Reason::Orphaned)]);
    }
    found(&shard, 2, Finding { fallback_rank: FallbackRank::None, ..stale() });
    assert_eq!(ask(&shard, policy(ReadFrom::Replica), None), [(1, Reason::Orphaned)]);
    shard.backends.remove(0);
    assert_eq!(ask(&shard, policy(ReadFrom::Replica), None), [(1, Reason::Orphaned)]);
    shard.backends[0].health.failed(NOW, 0.5);
    assert_eq!(no_route(&shard, policy(ReadFrom::Replica)), NoRoute::NoReader);
}

#[test]
fn a_master_that_cannot_be_reached_for_a_request_is_out_of_its_reach() {
    let shard = shard();
    let current = Finding { fallback_rank: FallbackRank::Current, ..stale() };
    found(&shard, 1, current);
    found(&shard, 2, current);
    let replica = policy(ReadFrom::Replica);
    assert_eq!(ask(&shard, replica, None), [(0, Reason::Fallback)]);
    let fallback_rank = [(1, Reason::Orphaned), (2, Reason::Orphaned)];
    assert_eq!(ask(&shard, replica, Some(0)), fallback_rank);
    let strict = ReadPolicy { serve_stale: false, ..replica };
    assert_eq!(ask(&shard, strict, Some(0)), [(0, Reason::Fallback)]);
    // A connection that was lost proves nothing.
    let lost = Some(Failing { id: BackendId(0), unreached: false });
    assert_eq!(ask_after(&shard, replica, lost), [(0, Reason::Fallback)]);
    let any = ReadPolicy { on_stale: OnStale::Error, ..policy(ReadFrom::Any) };
    assert_eq!(ask_after(&shard, any, lost), [(0, Reason::Policy)]);
}

#[test]
fn no_server_stands_in_where_the_policy_forbids_it() {
    let mut shard = shard();
    found(&shard, 0, silent());
    found(&shard, 1, stale());
    found(&shard, 2, stale());
    let strict = ReadPolicy { serve_stale: false, ..policy(ReadFrom::Replica) };
    assert_eq!(ask(&shard, strict, None), [(0, Reason::Fallback)]);
    let error = ReadPolicy { on_stale: OnStale::Error, ..strict };
    assert_eq!(no_route(&shard, error), NoRoute::Stale);
    shard.backends.remove(0);
    assert_eq!(no_route(&shard, strict), NoRoute::NoReader);
}

#[test]
fn a_scan_stays_with_a_server_that_still_may_serve_it() {
    let shard = shard();
    let query =
        |from| Query { target: Target::Read, policy: policy(from), except: None, now_ms: NOW };
    let may = |id: usize, from| may_serve(&shard, &shard.backends[id], query(from));
    assert!(may(0, ReadFrom::Replica) && may(1, ReadFrom::Replica));
    assert!(!may(1, ReadFrom::Master));
    found(&shard, 1, stale());
    assert!(!may(1, ReadFrom::Replica));
    found(&shard, 0, silent());
    found(&shard, 2, stale());
    assert!(may(1, ReadFrom::Replica), "the master is out of reach");
}

#[test]
fn what_only_the_master_answers_goes_to_no_replica() {
    let shard = shard();
    let mut balancer = Balancer::new(Balance::RoundRobin);
    for target in [Target::Write, Target::Master] {
        for from in [ReadFrom::Replica, ReadFrom::Any, ReadFrom::Master] {
            let query = Query { target, policy: policy(from), except: None, now_ms: NOW };
            for _ in 0..4 {
                let picked = route(&shard, query, &mut balancer, |_| 0).expect("a master");
                assert_eq!((picked.backend.id, picked.reason), (BackendId(0), Reason::Master));
            }
        }
    }
}

#[test]
fn a_write_needs_a_master_and_an_open_gate() {
    let mut shard = shard();
    assert_eq!(admit_write(&shard, NOW), Ok(()));
    shard.gate.judge(1, &mut [NOW], NOW);
    assert_eq!(admit_write(&shard, NOW), Err(NoRoute::GateClosed));
    shard.backends.remove(0);
    let mut balancer = Balancer::new(Balance::RoundRobin);
    let policy = policy(ReadFrom::Replica);
    let query = Query { target: Target::Master, policy, except: None, now_ms: NOW };
    let picked = route(&shard, query, &mut balancer, |_| 0);
    assert_eq!(picked.map(|it| it.backend.id), Err(NoRoute::NoMaster));
}

/// A replica whose data is this old, and is fresh or not for this reason.
fn with_lag(lag_ms: u64, stale_reason: Option<StaleReason>) -> Health {
    let health = Health::default();
    let fresh_until_ms = if stale_reason.is_none() { NOW + 500 } else { 0 };
    let proven_ms = Some(NOW - lag_ms);
    health.progress.set(Finding { proven_ms, fresh_until_ms, stale_reason, ..fresh() });
    health
}

#[test]
fn a_limit_of_its_own_is_compared_with_the_proven_lag() {
    let accepts = |max_lag, lag_ms, stale_reason| {
        let policy = ReadPolicy { max_lag, ..policy(ReadFrom::Replica) };
        policy.accepts(&with_lag(lag_ms, stale_reason).progress, NOW)
    };
    use LagLimit::{Any, Published, Within};
    // As the monitor has judged.
    assert!(accepts(Published, 900, None) && !accepts(Published, 1, Some(StaleReason::Rejoining)));
    // A shorter limit.
    assert!(accepts(Within(100), 100, None) && !accepts(Within(100), 101, None));
    // A longer one: only the lag may speak against the replica.
    for reason in StaleReason::ALL {
        let lags = matches!(reason, StaleReason::Lag | StaleReason::Rejoining);
        assert_eq!(accepts(Within(5000), 5000, Some(reason)), lags, "{reason}");
        assert!(!accepts(Within(5000), 5001, Some(reason)), "{reason}");
        assert_eq!(accepts(Any, 9000, Some(reason)), lags, "{reason}");
    }
    assert!(!accepts(Within(5000), 5001, None) && accepts(Any, 9000, None));
}

#[test]
fn a_limit_of_its_own_needs_a_measurement() {
    let refuses = |finding| {
        let health = Health::default();
        health.progress.set(finding);
        [LagLimit::Within(5000), LagLimit::Any].into_iter().all(|max_lag| {
            let policy = ReadPolicy { max_lag, ..policy(ReadFrom::Replica) };
            !policy.accepts(&health.progress, NOW)
        })
    };
    let lags = Finding { fresh_until_ms: 0, stale_reason: Some(StaleReason::Lag), ..fresh() };
    assert!(!refuses(lags));
    // The monitor hangs, and has noted nothing against the replica.
    assert!(refuses(Finding { heard_ms: Some(NOW - 1000), ..lags }));
    assert!(refuses(Finding { heard_ms: None, ..lags }));
    let policy = ReadPolicy { max_lag: LagLimit::Within(5000), ..policy(ReadFrom::Replica) };
    let unmeasured = Health::default();
    unmeasured.progress.set(Finding { proven_ms: None, ..lags });
    assert!(!policy.accepts(&unmeasured.progress, NOW));
}

#[test]
fn a_longer_limit_lets_a_stale_replica_serve_and_keeps_its_reads_there() {
    let mut shard = shard();
    shard.backends[1].health = Arc::new(with_lag(3000, Some(StaleReason::Lag)));
    shard.backends[2].health = Arc::new(with_lag(9000, Some(StaleReason::Lag)));
    let published = policy(ReadFrom::Replica);
    assert_eq!(ask(&shard, published, None), [(0, Reason::Fallback)]);
    let within = ReadPolicy { max_lag: LagLimit::Within(5000), ..published };
    assert_eq!(ask(&shard, within, None), [(1, Reason::Fresh)]);
    let progress = &shard.backends[1].health.progress;
    assert!(published.moves(progress, NOW) && !within.moves(progress, NOW));
    assert!(within.moves(&with_lag(10, None).progress, NOW));
}

#[test]
fn a_session_overlays_the_policy_of_its_port() {
    use crate::session::ReadChoice;
    let port = policy(ReadFrom::Replica).at(Level::Global);
    assert_eq!(port.chosen(&ReadChoice::default()), port);
    let readwrite = ReadChoice { from: Some(ReadFrom::Master), ..ReadChoice::default() };
    assert_eq!(port.chosen(&readwrite).servers(), ReadFrom::Master);
    assert_eq!(port.chosen(&readwrite).level, Level::Strong);
    let readonly = ReadChoice { from: Some(ReadFrom::Replica), ..ReadChoice::default() };
    let master = ReadPolicy { from: ReadFrom::Master, ..port };
    assert_eq!(master.chosen(&readonly), port, "at the level of the port");
    assert_eq!(port.at(Level::Strong).chosen(&readonly).servers(), ReadFrom::Master);
    let (level, max_lag) = (Some(Level::Session), Some(LagLimit::Any));
    let asked = port.chosen(&ReadChoice { level, max_lag, ..ReadChoice::default() });
    assert_eq!((asked.level, asked.max_lag), (Level::Session, LagLimit::Any));
}
