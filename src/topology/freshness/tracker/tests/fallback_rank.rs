//! Which servers may serve reads while none is proven.

use super::*;

#[test]
fn what_a_server_says_of_itself_comes_first() {
    let mut tracker = tracker();
    let mut judged = |sample: Sample| {
        tracker.observe(MASTER, master(100, None, 5000));
        tracker.observe(REPLICA, sample);
        let (finding, _) = tracker.judge(REPLICA, 5010, &limits());
        (finding.stale_reason, finding.fallback_rank, finding.fresh_until_ms > 0)
    };
    let up = || replica(100, LinkState::Up, 5000);
    assert_eq!(judged(up()), (None, FallbackRank::Current, true));
    let down = replica(100, LinkState::Down, 5000);
    assert_eq!(judged(down), (Some(StaleReason::LinkDown), FallbackRank::Current, false));
    let older = replica(3, LinkState::Down, 5000);
    assert_eq!(
        judged(older),
        (Some(StaleReason::LinkDown), FallbackRank::Behind, false),
        "restarted"
    );
    let syncing = Sample { offset: None, ..replica(0, LinkState::Syncing, 5000) };
    // It serves what it had until it loads the new snapshot.
    assert_eq!(judged(syncing), (Some(StaleReason::Syncing), FallbackRank::Behind, false));
    let behind = replica(3, LinkState::Down, 5000);
    assert_eq!(judged(behind), (Some(StaleReason::LinkDown), FallbackRank::Behind, false));
    let loading = Sample { loading: true, ..up() };
    assert_eq!(judged(loading), (Some(StaleReason::Loading), FallbackRank::None, false));
    let foreign = Sample { replid: "two".to_owned(), ..up() };
    assert_eq!(judged(foreign), (Some(StaleReason::Foreign), FallbackRank::None, false));
    assert_eq!(
        judged(master(500, None, 5000)),
        (Some(StaleReason::NotAReplica), FallbackRank::None, false)
    );
    assert_eq!(judged(up()).1, FallbackRank::Current);
}

#[test]
fn a_replica_of_the_masters_next_process_may_stand_in() {
    let mut tracker = tracker();
    let addrs = vec![HostPort::local(1)];
    tracker.observe(MASTER, Sample { addrs, ..master(100, None, 5000) });
    tracker.follow(None);
    let mut fallback_rank = |link, at| {
        let role = ServerRole::Replica { master: HostPort::local(at), link };
        let next = Sample { replid: "two".to_owned(), ..sample(role, 7, 5100) };
        tracker.observe(REPLICA, next);
        let (finding, _) = tracker.judge(REPLICA, 5110, &limits());
        assert_eq!(finding.fresh_until_ms, 0);
        finding.fallback_rank
    };
    assert_eq!(fallback_rank(LinkState::Up, 1), FallbackRank::Behind);
    assert_eq!(fallback_rank(LinkState::Up, 3), FallbackRank::None, "another server's replica");
    assert_eq!(
        fallback_rank(LinkState::Down, 1),
        FallbackRank::None,
        "whose data it has is not known"
    );
    assert_eq!(fallback_rank(LinkState::Syncing, 1), FallbackRank::None);
}
