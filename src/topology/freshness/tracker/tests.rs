//! Compares what is proven with what is true.

use proptest::prelude::*;

use super::*;
use crate::topology::Freshness;

mod fallback_rank;

const MASTER: BackendId = BackendId(1);
const REPLICA: BackendId = BackendId(2);

fn limits() -> Limits {
    Limits {
        max_lag_ms: Some(1000),
        max_lag_bytes: None,
        rejoin_percent: 80,
        rejoin_after_ms: 500,
        probe_timeout_ms: 1000,
        gate_wanted: 1,
        gate_max_lag_ms: 2000,
        gate_max_lag_bytes: None,
    }
}

fn sample(role: ServerRole, offset: u64, sent_ms: u64) -> Sample {
    Sample {
        is_failing_over: false,
        role,
        replid: "one".to_owned(),
        offset: Some(offset),
        end: None,
        replid2: String::new(),
        second_offset: None,
        attached: Vec::new(),
        loading: false,
        counts: true,
        addrs: vec![HostPort::local(2)],
        sent_ms,
        received_ms: sent_ms + 1,
        took_us: 700,
    }
}

fn master(offset: u64, acked: Option<u64>, sent_ms: u64) -> Sample {
    let attached = acked.map(|offset| Attached { addr: HostPort::local(2), offset, age_ms: 1000 });
    let role = ServerRole::Master { replicas: vec![HostPort::local(2)] };
    Sample { attached: attached.into_iter().collect(), ..sample(role, offset, sent_ms) }
}

fn replica(offset: u64, link: LinkState, sent_ms: u64) -> Sample {
    sample(ServerRole::Replica { master: HostPort::local(1), link }, offset, sent_ms)
}

/// A tracker that follows the master.
fn tracker() -> Tracker {
    let mut tracker = Tracker::default();
    tracker.follow(Some(MASTER));
    tracker
}

fn both(tracker: &mut Tracker, master_offset: u64, replica_offset: u64, at_ms: u64) {
    tracker.observe(MASTER, master(master_offset, None, at_ms));
    tracker.observe(REPLICA, replica(replica_offset, LinkState::Up, at_ms));
}

fn stale_reason(tracker: &mut Tracker, now_ms: u64) -> Option<StaleReason> {
    tracker.judge(REPLICA, now_ms, &limits()).0.stale_reason
}

#[test]
fn a_replica_in_step_is_fresh_for_as_long_as_is_proven() {
    let mut tracker = tracker();
    both(&mut tracker, 100, 100, 5000);
    let (finding, turn) = tracker.judge(REPLICA, 5010, &limits());
    assert_eq!((finding.stale_reason, finding.fresh_until_ms), (None, 6000));
    assert_eq!((finding.lag_bytes, finding.proven_ms), (Some(0), Some(5000)));
    assert_eq!(finding.fallback_rank, FallbackRank::Current);
    assert_eq!(turn.map(|turn| turn.stale_reason), Some(None));
    assert_eq!(tracker.judge(REPLICA, 5020, &limits()).1, None, "reported once");
}

#[test]
fn one_that_falls_behind_is_stale_and_comes_back_after_a_while() {
    let mut tracker = tracker();
    let mut now = 5000;
    both(&mut tracker, 100, 100, now);
    assert_eq!(stale_reason(&mut tracker, now + 10), None);
    // The master goes on, the replica stays.
    for step in 1..=12 {
        now += 100;
        both(&mut tracker, 100 + step, 100, now);
        let expected = if now < 6000 { None } else { Some(StaleReason::Lag) };
        assert_eq!(stale_reason(&mut tracker, now), expected, "{now}");
    }
    assert_eq!(tracker.judge(REPLICA, now, &limits()).0.lag_bytes, Some(12));
    // It catches up: not before half a second of that.
    let back = now + 100;
    for step in 0..=6 {
        now += 100;
        both(&mut tracker, 112, 112, now);
        let expected = if now - back < 500 { Some(StaleReason::Rejoining) } else { None };
        assert_eq!(stale_reason(&mut tracker, now), expected, "{step}");
    }
}

#[test]
fn a_replica_that_leaves_again_soon_stays_out_longer() {
    let (mut tracker, mut now) = (tracker(), 10_000);
    let mut away = Vec::new();
    both(&mut tracker, 1, 1, now);
    assert_eq!(stale_reason(&mut tracker, now), None);
    for _ in 0..5 {
        let left = now + 1000;
        now = left;
        both(&mut tracker, now, 1, now);
        assert_eq!(stale_reason(&mut tracker, now), Some(StaleReason::Lag));
        while stale_reason(&mut tracker, now).is_some() {
            now += 100;
            both(&mut tracker, now, now, now);
        }
        away.push(now - left);
    }
    assert_eq!(away, [600, 1100, 2100, 4100, 8100]);
}

#[test]
fn a_replica_that_does_not_answer_is_unknown() {
    let mut tracker = tracker();
    both(&mut tracker, 100, 100, 5000);
    assert_eq!(stale_reason(&mut tracker, 5999), None);
    tracker.observe(MASTER, master(100, None, 5900));
    assert_eq!(stale_reason(&mut tracker, 6000), Some(StaleReason::NoAnswer));
}

#[test]
fn a_silent_master_is_not_the_replicas_fault() {
    let mut tracker = tracker();
    both(&mut tracker, 100, 100, 6900);
    for now in (6900..8000).step_by(100) {
        tracker.observe(REPLICA, replica(100, LinkState::Up, now));
        let expected = (now >= 7900).then_some(StaleReason::MasterSilent);
        assert_eq!(stale_reason(&mut tracker, now), expected, "{now}");
    }
    let (finding, _) = tracker.judge(REPLICA, 7999, &limits());
    assert_eq!(finding.fallback_rank, FallbackRank::Current, "it may substitute for the master");
    both(&mut tracker, 100, 100, 8000);
    assert_eq!(stale_reason(&mut tracker, 8001), None);
}

/// It was out once, long ago, and keeps up since: a silent master costs it nothing.
#[test]
fn a_silent_master_is_not_the_replicas_fault_either_when_it_once_was() {
    let (mut tracker, mut now) = (tracker(), 10_000);
    both(&mut tracker, 1, 1, now);
    assert_eq!(stale_reason(&mut tracker, now), None);
    now += 1000;
    both(&mut tracker, now, 1, now);
    assert_eq!(stale_reason(&mut tracker, now), Some(StaleReason::Lag));
    while stale_reason(&mut tracker, now).is_some() {
        now += 100;
        both(&mut tracker, now, now, now);
    }
    // Half a minute later the master does not answer, and then no server does: the monitor had
    // no time, or the network none.
    for away in [StaleReason::MasterSilent, StaleReason::NoAnswer] {
        now += 30_000;
        both(&mut tracker, now, now, now);
        assert_eq!(stale_reason(&mut tracker, now), None);
        let offset = now;
        now += 1000;
        if away == StaleReason::MasterSilent {
            tracker.observe(REPLICA, replica(offset, LinkState::Up, now));
        }
        assert_eq!(stale_reason(&mut tracker, now), Some(away));
        both(&mut tracker, offset, offset, now);
        assert_eq!(stale_reason(&mut tracker, now), None);
    }
    // Its own fault still counts.
    now += 100;
    both(&mut tracker, now, now, now);
    now += 1000;
    tracker.observe(MASTER, master(now, None, now));
    assert_eq!(stale_reason(&mut tracker, now), Some(StaleReason::NoAnswer));
    both(&mut tracker, now, now, now);
    assert_eq!(stale_reason(&mut tracker, now), Some(StaleReason::Rejoining));
}

/// It was restarted with what it had saved long ago: its offset falls within the same history.
#[test]
fn what_is_lost_is_proven_no_more() {
    let mut tracker = tracker();
    both(&mut tracker, 100, 100, 5000);
    both(&mut tracker, 200, 200, 9000);
    tracker.observe(REPLICA, replica(100, LinkState::Up, 9100));
    let (finding, _) = tracker.judge(REPLICA, 9110, &limits());
    assert_eq!((finding.proven_ms, finding.stale_reason), (Some(5000), Some(StaleReason::Lag)));
    assert_eq!(finding.fallback_rank, FallbackRank::Behind);
}

#[test]
fn what_is_lost_does_not_keep_the_gate_open() {
    let (mut tracker, gate) = (tracker(), WriteGate::default());
    for (offset, acked, now) in [(100, 100, 5000), (200, 200, 9000), (200, 100, 9100)] {
        tracker.observe(MASTER, master(offset, Some(acked), now));
        tracker.judge_gate(&gate, now, &limits());
        assert_eq!(gate.is_open(now), acked == offset, "{now}");
    }
}

#[test]
fn bytes_are_proven_by_a_master_that_answers() {
    let limits = Limits { max_lag_ms: None, max_lag_bytes: Some(1000), ..limits() };
    let mut tracker = tracker();
    both(&mut tracker, 5000, 5000, 5000);
    let judged = |tracker: &mut Tracker, now| tracker.judge(REPLICA, now, &limits).0;
    assert_eq!(judged(&mut tracker, 5010).fresh_until_ms, 6000);
    tracker.observe(REPLICA, replica(5000, LinkState::Up, 5900));
    assert_eq!(judged(&mut tracker, 5999).stale_reason, None);
    assert_eq!(judged(&mut tracker, 6000).stale_reason, Some(StaleReason::MasterSilent));
    both(&mut tracker, 5000, 5000, 6100);
    assert_eq!(judged(&mut tracker, 6110).stale_reason, None);
}

/// A replica that announces a name is the one that was reached by that name.
#[test]
fn the_gate_knows_a_replica_by_either_address() {
    let (mut tracker, gate) = (tracker(), WriteGate::default());
    let name = HostPort { host: "replica-1".to_owned(), port: 2 };
    let mut sample = master(100, Some(100), 5000);
    sample.attached[0].addr = name.clone();
    sample.attached[0].age_ms = 3000;
    tracker.observe(MASTER, sample);
    for (addr, open) in [(HostPort::local(3), false), (name, true)] {
        let addrs = vec![HostPort::local(9), addr.clone()];
        tracker.observe(REPLICA, Sample { addrs, ..replica(100, LinkState::Up, 5000) });
        tracker.judge_gate(&gate, 5100, &limits());
        assert_eq!(gate.is_open(5100), open, "{addr}");
    }
}

#[test]
fn bytes_are_a_limit_of_their_own() {
    let mut tracker = tracker();
    let limits = Limits { max_lag_bytes: Some(1000), ..limits() };
    both(&mut tracker, 5000, 4000, 5000);
    both(&mut tracker, 5000, 4000, 5100);
    tracker.observe(MASTER, master(4000, None, 4900));
    let judged = |tracker: &mut Tracker, now| tracker.judge(REPLICA, now, &limits).0.stale_reason;
    both(&mut tracker, 4000, 4000, 5200);
    both(&mut tracker, 5000, 4000, 5250);
    assert_eq!(judged(&mut tracker, 5260), None);
    both(&mut tracker, 5001, 4000, 5300);
    assert_eq!(judged(&mut tracker, 5310), Some(StaleReason::LagBytes));
}

#[test]
fn another_history_begins_anew() {
    let mut tracker = tracker();
    both(&mut tracker, 9_000_000, 9_000_000, 5000);
    assert_eq!(stale_reason(&mut tracker, 5000), None);
    // A failover: the offsets of the new history are smaller.
    let new = |sample: Sample| Sample { replid: "two".to_owned(), ..sample };
    tracker.observe(MASTER, new(master(50, None, 5100)));
    let (finding, turn) = tracker.judge(REPLICA, 5110, &limits());
    assert_eq!((finding.stale_reason, finding.lag_bytes), (Some(StaleReason::Foreign), None));
    assert!(turn.is_none(), "its membership ended with the history");
    tracker.observe(REPLICA, new(replica(40, LinkState::Up, 5200)));
    let (finding, _) = tracker.judge(REPLICA, 5210, &limits());
    assert_eq!((finding.lag_bytes, finding.proven_ms), (Some(10), None));
    tracker.observe(REPLICA, new(replica(50, LinkState::Up, 5300)));
    assert_eq!(stale_reason(&mut tracker, 5310), None, "and at once");
    // The master's offset falls within one history: that is another one, too.
    tracker.observe(MASTER, new(master(20, None, 5400)));
    let (finding, _) = tracker.judge(REPLICA, 5410, &limits());
    assert_eq!((finding.lag_bytes, finding.proven_ms), (Some(0), Some(5300)));
}

#[test]
fn the_gate_believes_offsets_and_not_words() {
    let (mut tracker, gate) = (tracker(), WriteGate::default());
    let open_at = |tracker: &Tracker, now_ms: u64| {
        tracker.judge_gate(&gate, now_ms, &limits());
        gate.is_open(now_ms)
    };
    assert!(!open_at(&tracker, 0), "no replica is known");
    tracker.observe(MASTER, master(100, Some(100), 5000));
    assert!(open_at(&tracker, 5999) && !open_at(&tracker, 6000), "by acks alone");
    // Nothing is written, and the replica is gone: that it has everything is no comfort.
    for now in (5100..7000).step_by(100) {
        let mut silent = master(100, Some(100), now);
        silent.attached[0].age_ms = now - 5000 + 1000;
        tracker.observe(MASTER, silent);
    }
    assert!(!open_at(&tracker, 7000));
    // An ack that moved came since the last look, whatever the whole seconds say.
    tracker.observe(MASTER, master(110, Some(110), 7100));
    assert!(open_at(&tracker, 8899) && !open_at(&tracker, 8900));
    // It acknowledges all the time, and is always far behind.
    for now in (7200..11_000).step_by(100) {
        tracker.observe(MASTER, master(now, Some(7100), now));
    }
    assert!(!open_at(&tracker, 11_000));
    // Its own answer comes before its acks, if it is on the master's list.
    tracker.observe(REPLICA, replica(10_500, LinkState::Up, 10_950));
    assert!(open_at(&tracker, 11_000));
    tracker.observe(MASTER, master(11_000, None, 11_100));
    assert!(!open_at(&tracker, 11_100), "the master does not feed it");
}

/// What happens in a simulated world, in milliseconds.
#[derive(Clone, Debug)]
enum Event {
    Write(u64),
    Apply(u64),
    AskMaster { away: u64, back: u64 },
    AskReplica { away: u64, back: u64 },
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let way = || (0_u64..80, 0_u64..80);
    prop_oneof![
        (1_u64..50).prop_map(Event::Write),
        (1_u64..60).prop_map(Event::Apply),
        way().prop_map(|(away, back)| Event::AskMaster { away, back }),
        way().prop_map(|(away, back)| Event::AskReplica { away, back }),
        (1_u64..300).prop_map(Event::Pass),
    ]
}

proptest! {
    /// Whatever the order and the slowness of the answers: what is proven is true. At `proven_ms`
    /// the master had nothing that the replica has not applied.
    #[test]
    fn what_is_proven_is_true(events in prop::collection::vec(event(), 1..300)) {
        let mut tracker = tracker();
        let (mut now, mut written, mut applied) = (1000_u64, 1_u64, 1_u64);
        // The master's offset at every moment at which it changed.
        let mut truth = vec![(0_u64, 1_u64)];
        for event in events {
            match event {
                Event::Write(bytes) => {
                    // Times are cut to milliseconds: what shares one with a question is later.
                    now += 1;
                    written += bytes;
                    truth.push((now, written));
                }
                Event::Apply(bytes) => applied = written.min(applied + bytes),
                Event::Pass(time) => now += time,
                Event::AskMaster { away, back } => {
                    let sent = now;
                    now += away;
                    let offset = written;
                    now += back;
                    let sample = master(offset, None, sent);
                    tracker.observe(MASTER, Sample { received_ms: now, ..sample });
                }
                Event::AskReplica { away, back } => {
                    let sent = now;
                    now += away;
                    let offset = applied;
                    now += back;
                    let sample = replica(offset, LinkState::Up, sent);
                    tracker.observe(REPLICA, Sample { received_ms: now, ..sample });
                }
            }
            let (finding, _) = tracker.judge(REPLICA, now, &limits());
            if let Some(proven) = finding.proven_ms {
                prop_assert!(proven <= now);
                let at_that_time = truth.iter().rev().find(|(at, _)| *at <= proven).map_or(1, |t| t.1);
                prop_assert!(applied >= at_that_time, "{applied} < {at_that_time} at {proven}");
            }
            prop_assert!(finding.lag_bytes.is_none_or(|bytes| bytes <= written));
            if finding.fresh_until_ms > now {
                prop_assert_eq!(finding.stale_reason.map_or(Freshness::Fresh, StaleReason::freshness), Freshness::Fresh);
            }
        }
    }
}
