//! Which servers may serve reads while none is proven.

use super::*;

#[test]
fn what_a_server_says_of_itself_comes_first() {
    let mut tracker = tracker();
    let mut judged = |sample: Sample| {
        tracker.observe(MASTER, master(100, None, 5000));
        tracker.observe(REPLICA, sample);
        let (finding, _) = tracker.judge(REPLICA, 5010, &limits());
        (finding.doubt, finding.standing, finding.fresh_until_ms > 0)
    };
    let up = || replica(100, LinkState::Up, 5000);
    assert_eq!(judged(up()), (None, Standing::Current, true));
    let down = replica(100, LinkState::Down, 5000);
    assert_eq!(judged(down), (Some(Doubt::LinkDown), Standing::Current, false));
    let older = replica(3, LinkState::Down, 5000);
    assert_eq!(judged(older), (Some(Doubt::LinkDown), Standing::Behind, false), "restarted");
    let syncing = Sample { offset: None, ..replica(0, LinkState::Syncing, 5000) };
    // It serves what it had until it loads the new snapshot.
    assert_eq!(judged(syncing), (Some(Doubt::Syncing), Standing::Behind, false));
    let behind = replica(3, LinkState::Down, 5000);
    assert_eq!(judged(behind), (Some(Doubt::LinkDown), Standing::Behind, false));
    let loading = Sample { loading: true, ..up() };
    assert_eq!(judged(loading), (Some(Doubt::Loading), Standing::None, false));
    let foreign = Sample { replid: "two".to_owned(), ..up() };
    assert_eq!(judged(foreign), (Some(Doubt::Foreign), Standing::None, false));
    assert_eq!(judged(master(500, None, 5000)), (Some(Doubt::NotAReplica), Standing::None, false));
    assert_eq!(judged(up()).1, Standing::Current);
}

#[test]
fn a_replica_of_the_masters_next_process_may_stand_in() {
    let mut tracker = tracker();
    let addrs = vec![HostPort::local(1)];
    tracker.observe(MASTER, Sample { addrs, ..master(100, None, 5000) });
    tracker.follow(None);
    let mut standing = |link, at| {
        let role = ServerRole::Replica { master: HostPort::local(at), link };
        let next = Sample { replid: "two".to_owned(), ..sample(role, 7, 5100) };
        tracker.observe(REPLICA, next);
        let (finding, _) = tracker.judge(REPLICA, 5110, &limits());
        assert_eq!(finding.fresh_until_ms, 0);
        finding.standing
    };
    assert_eq!(standing(LinkState::Up, 1), Standing::Behind);
    assert_eq!(standing(LinkState::Up, 3), Standing::None, "another server's replica");
    assert_eq!(standing(LinkState::Down, 1), Standing::None, "whose data it has is not known");
    assert_eq!(standing(LinkState::Syncing, 1), Standing::None);
}
