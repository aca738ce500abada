//! Tests of the source: replicas come, follow and go.

use super::super::{Announcement, Begun, Plan, Policy, SyncRequest};
use proptest::prelude::*;

use super::*;
use crate::identity::Position;
use crate::samples::id;

const DISKLESS: Policy = Policy { is_diskless: true, delay_ms: 5000, max_replicas: 0 };
const FROM_FILE: Policy = Policy { is_diskless: false, ..DISKLESS };

fn ack(applied: u64) -> Ack {
    Ack::of(ReplOffset::new(applied))
}

fn history() -> Identity {
    Identity::restored(id('a'))
}

/// A source at offset 1000.
fn source() -> Source {
    let mut source = Source::new(ByteSize::kib(16), ReplOffset::new(900));
    source.append(&[b'x'; 100]);
    source
}

fn replica(line: &str, options: &str) -> Replica {
    let words = |line: &str| line.split(' ').map(|it| it.as_bytes().to_vec()).collect::<Vec<_>>();
    let line = words(line);
    let line: Vec<_> = line.iter().map(Vec::as_slice).collect();
    let mut said = Announcement::default();
    let options = words(&format!("REPLCONF listening-port 7 {options}"));
    let options: Vec<_> = options.iter().map(Vec::as_slice).collect();
    said.take(&options);
    Replica::new(&said, SyncRequest::parse(&line).unwrap(), "1.2.3.4".to_owned(), 10)
}

fn rest(digit: char, first: u64) -> Replica {
    replica(&format!("PSYNC {} {first}", id(digit)), "capa psync2")
}

fn all() -> Replica {
    replica("PSYNC ? -1", "capa eof capa psync2")
}

fn state(source: &Source, id: u64) -> ReplicaState {
    source.replica(id).unwrap().state()
}

/// Takes what the stream has for a replica.
fn take(source: &mut Source, id: u64) -> Vec<u8> {
    let mut got = Vec::new();
    while let Stream::Bytes(piece) = source.stream(id) {
        let bytes = piece.bytes().to_vec();
        source.sent(id, bytes.len() as u64);
        got.extend(bytes);
    }
    got
}

#[test]
fn a_replica_that_was_away_continues() {
    let mut source = source();
    source.attach(1, rest('a', 991), &history(), 0);
    assert_eq!(state(&source, 1), ReplicaState::Online);
    assert_eq!(take(&mut source, 1), b"xxxxxxxxxx");
    source.append(b"abc");
    assert_eq!(take(&mut source, 1), b"abc");
    assert!(matches!(source.stream(1), Stream::Wait));
    assert_eq!(source.counts(), SourceCounts { full: 0, partial: 1, refused: 0 });
    for (at, other) in [(2, rest('b', 991)), (3, rest('a', 900)), (4, all())] {
        source.attach(at, other, &history(), 0);
        assert_eq!(state(&source, at), ReplicaState::Waiting { since_ms: 0 });
    }
    assert_eq!(source.counts(), SourceCounts { full: 3, partial: 1, refused: 2 });
}

/// A sub-replica that comes from the master has a few bytes that the relay does not have yet.
#[test]
fn a_replica_that_is_ahead_waits_for_the_source() {
    let mut source = source();
    source.attach(1, rest('a', 1004), &history(), 100);
    source.attach(2, rest('a', 2000), &history(), 100);
    assert_eq!(state(&source, 1), ReplicaState::Ahead { since_ms: 100 });
    source.append(b"abc");
    for replica in [1, 2] {
        source.settle(replica, &history(), 200);
    }
    assert_eq!(state(&source, 1), ReplicaState::Online);
    assert_eq!(state(&source, 2), ReplicaState::Ahead { since_ms: 100 });
    source.settle(2, &history(), 5100);
    assert_eq!(state(&source, 2), ReplicaState::Waiting { since_ms: 5100 });
}

#[test]
fn one_snapshot_is_for_all_that_wait_for_the_same() {
    let mut source = source();
    for replica in 1..=3 {
        source.attach(replica, all(), &history(), replica * 1000);
    }
    source.attach(4, replica("SYNC", ""), &history(), 4000);
    assert_eq!(source.due(&DISKLESS, 4000).map(|it| it.is_marked), Some(false), "one has no marks");
    source.leave(4);
    assert_eq!(source.due(&DISKLESS, 5999), None, "it waits for further replicas");
    let three = Policy { max_replicas: 3, ..DISKLESS };
    assert!(source.due(&three, 3000).is_some());
    let plan = source.due(&DISKLESS, 6000).unwrap();
    assert!(plan.is_marked);
    let position = Position { replid: id('a'), offset: ReplOffset::new(1000) };
    assert_eq!(source.begin(plan, position), Begun { number: 1, ids: vec![1, 2, 3] });
    source.attach(5, all(), &history(), 6000);
    assert_eq!(state(&source, 5), ReplicaState::Waiting { since_ms: 6000 }, "it comes too late");
    assert_eq!(source.due(&DISKLESS, 99_000), None, "one after the other");
    source.append(b"abc");
    assert!(matches!(source.stream(1), Stream::Wait));
    source.written();
    source.transferred(1, 7000);
    assert_eq!(source.replica(1).unwrap().state().as_str(), Some("online"));
    assert!(matches!(source.stream(1), Stream::Wait), "the stream begins with an ack");
    source.ack(1, ack(0), 7001);
    assert_eq!(take(&mut source, 1), b"abc");
    assert!(source.due(&DISKLESS, 99_000).is_some());
}

#[test]
fn a_snapshot_in_a_file_is_shared_while_it_is_written() {
    let mut source = source();
    source.attach(1, all(), &history(), 0);
    let plan = source.due(&FROM_FILE, 0).unwrap();
    assert!(!plan.is_marked);
    let position = Position { replid: id('a'), offset: ReplOffset::new(1000) };
    source.begin(plan, position);
    source.append(b"abc");
    source.attach(2, all(), &history(), 10);
    assert_eq!(state(&source, 2), ReplicaState::Saving { is_marked: false });
    assert_eq!(source.replica(2).unwrap().began(), Some((1, position)));
    source.written();
    assert!(source.is_in_use(1));
    for replica in [1, 2] {
        source.sending(replica);
        assert_eq!(source.replica(replica).unwrap().state().as_str(), Some("send_bulk"));
        source.transferred(replica, 20);
        assert_eq!(take(&mut source, replica), b"abc");
    }
    assert!(!source.is_in_use(1));
    source.attach(3, all(), &history(), 30);
    assert_eq!(state(&source, 3), ReplicaState::Waiting { since_ms: 30 });
    source.begin(Plan { is_marked: false, ..plan }, position);
    source.failed();
    assert!(matches!(source.stream(3), Stream::Gone(CloseReason::Snapshot)));
    assert_eq!(state(&source, 1), ReplicaState::Online);
}

#[test]
fn a_slow_replica_is_closed_and_holds_nothing() {
    let mut source = source();
    source.set_limits(OutputLimits { hard: 50_000, soft: 20_000, soft_ms: 1000 });
    for replica in [1, 2] {
        source.attach(replica, rest('a', 1001), &history(), 0);
    }
    for _ in 0..30 {
        source.append(&[b'y'; 1000]);
        take(&mut source, 2);
    }
    assert_eq!((source.pending(1), source.pending(2)), (30_000, 0));
    assert!(source.backlog().len() >= 30_000);
    for (now_ms, is_open) in [(100, true), (1100, true), (1101, false)] {
        source.ack(2, ack(0), now_ms);
        source.tick(60_000, now_ms);
        assert_eq!(!matches!(source.stream(1), Stream::Gone(_)), is_open, "{now_ms}");
    }
    assert!(source.backlog().len() < 18_000, "{}", source.backlog().len());
    source.attach(3, rest('a', source.backlog().last().get() + 1), &history(), 2000);
    for _ in 0..51 {
        source.append(&[b'z'; 1000]);
        take(&mut source, 2);
    }
    assert!(matches!(source.stream(3), Stream::Gone(CloseReason::Limit)));
    assert!(matches!(source.stream(2), Stream::Wait), "the other one goes on");
    assert!(source.backlog().len() < 18_000);
}

#[test]
fn a_silent_replica_is_closed_unless_it_sends_no_acks() {
    let mut source = source();
    source.attach(1, rest('a', 1001), &history(), 0);
    source.attach(2, rest('a', 1001), &history(), 0);
    source.attach(3, replica("SYNC", ""), &history(), 0);
    let plan = source.due(&FROM_FILE, 0).unwrap();
    source.begin(plan, Position { replid: id('a'), offset: ReplOffset::new(1000) });
    source.transferred(3, 0);
    source.ack(1, ack(1000), 500);
    source.ack(1, ack(900), 600);
    assert_eq!(source.replica(1).unwrap().acked().get(), 1000);
    for synced in [None, Some(ReplOffset::new(990)), Some(ReplOffset::new(980)), None] {
        source.ack(1, Ack { synced, ..ack(1000) }, 600);
    }
    assert_eq!(source.replica(1).unwrap().synced().get(), 990);
    assert_eq!((source.good(600, 1200), source.good(500, 1200)), (1, 0));
    source.heard(2, 700);
    source.tick(1000, 1650);
    assert!(matches!(source.stream(1), Stream::Gone(CloseReason::Silence)));
    assert!(matches!(source.stream(2), Stream::Wait));
    assert!(matches!(source.stream(3), Stream::Wait));
}

#[test]
fn another_history_closes_all() {
    let mut source = source();
    source.attach(1, rest('a', 991), &history(), 0);
    source.restart(ReplOffset::new(5));
    source.append(b"other");
    assert!(matches!(source.stream(1), Stream::Gone(CloseReason::History)));
    source.leave(1);
    assert!(source.is_empty());
}

/// What happens to a source.
#[derive(Clone, Debug)]
enum Act {
    Append(usize),
    /// A replica comes back so many bytes behind the end.
    Rest(u64),
    All {
        is_marked: bool,
    },
    Begin,
    Written(bool),
    /// A replica, by its place, takes so many pieces.
    Take(usize, usize),
    Transferred(usize),
    Ack(usize),
    Leave(usize),
    Restart(u64),
    Tick(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let place = 0_usize..6;
    prop_oneof![
        6 => prop_oneof![0_usize..100, 0_usize..20_000].prop_map(Act::Append),
        2 => (0_u64..40_000).prop_map(Act::Rest),
        2 => any::<bool>().prop_map(|is_marked| Act::All { is_marked }),
        2 => Just(Act::Begin),
        2 => any::<bool>().prop_map(Act::Written),
        6 => (place.clone(), 0_usize..8).prop_map(|(at, pieces)| Act::Take(at, pieces)),
        2 => place.clone().prop_map(Act::Transferred),
        2 => place.clone().prop_map(Act::Ack),
        1 => place.prop_map(Act::Leave),
        1 => (0_u64..1000).prop_map(Act::Restart),
        1 => (0_u64..3000).prop_map(Act::Tick),
    ]
}

/// The byte at an offset of the history.
fn byte_at(offset: u64) -> u8 {
    offset.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0]
}

proptest! {
    /// Whatever happens, a replica gets each byte of the history once, in order, and the source holds
    /// no more than the limits say.
    #[test]
    fn replicas_get_the_history(acts in prop::collection::vec(act(), 1..80)) {
        const HARD: u64 = 40_000;
        let mut source = Source::new(ByteSize::kib(16), ReplOffset::new(900));
        source.set_limits(OutputLimits { hard: HARD, soft: 30_000, soft_ms: 1000 });
        let (mut now_ms, mut last_id) = (0, 0);
        // The next byte that each replica is to get.
        let mut next: BTreeMap<u64, u64> = BTreeMap::new();
        for act in acts {
            let id_at = |at: usize| source.replicas().nth(at).map_or(0, |(id, _)| id);
            match act {
                Act::Append(len) => {
                    let first = source.backlog().last().get() + 1;
                    let bytes: Vec<u8> = (first..first + len as u64).map(byte_at).collect();
                    source.append(&bytes);
                }
                Act::Rest(behind) => {
                    last_id += 1;
                    let first = (source.backlog().last().get() + 1).saturating_sub(behind);
                    source.attach(last_id, rest('a', first), &history(), now_ms);
                    if source.is_streaming(last_id) {
                        next.insert(last_id, first);
                    }
                }
                Act::All { is_marked } => {
                    last_id += 1;
                    let it = if is_marked { all() } else { replica("PSYNC ? -1", "") };
                    source.attach(last_id, it, &history(), now_ms);
                }
                Act::Begin => {
                    if let Some(plan) = source.due(&Policy { delay_ms: 0, ..DISKLESS }, now_ms) {
                        let offset = source.backlog().last();
                        let begun = source.begin(plan, Position { replid: id('a'), offset });
                        prop_assert!(!begun.ids.is_empty() && source.is_in_use(begun.number));
                    }
                }
                Act::Written(true) => source.written(),
                Act::Written(false) => source.failed(),
                Act::Take(at, pieces) => {
                    let id = id_at(at);
                    for _ in 0..pieces {
                        let Stream::Bytes(piece) = source.stream(id) else { break };
                        let bytes = piece.bytes().to_vec();
                        prop_assert!(!bytes.is_empty());
                        let first = *next.get(&id).expect("it gets the stream");
                        let len = bytes.len() as u64;
                        prop_assert!(bytes.iter().copied().eq((first..first + len).map(byte_at)));
                        next.insert(id, first + len);
                        source.sent(id, len);
                    }
                }
                Act::Transferred(at) => source.transferred(id_at(at), now_ms),
                Act::Ack(at) => source.ack(id_at(at), ack(now_ms), now_ms),
                Act::Leave(at) => {
                    let id = id_at(at);
                    source.leave(id);
                    next.remove(&id);
                }
                Act::Restart(last) => {
                    source.restart(ReplOffset::new(last));
                    next.clear();
                }
                Act::Tick(ms) => {
                    now_ms += ms;
                    source.tick(2000, now_ms);
                }
            }
            for (id, it) in source.replicas() {
                if let Some((_, position)) = it.began() {
                    next.entry(id).or_insert_with(|| position.offset.get() + 1);
                }
                prop_assert!(source.pending(id) <= HARD);
            }
            prop_assert!(source.backlog().len() as u64 <= HARD + 2048, "{}", source.backlog().len());
        }
    }
}

#[test]
fn a_master_that_has_been_alone_for_long_frees_its_backlog() {
    let mut source = source();
    let ttl = Some(1000);
    assert!(!source.age(ttl, 5000));
    source.attach(1, rest('a', 1001), &history(), 5500);
    assert!(!source.age(ttl, 7000));
    source.leave(1);
    // The time counts from the first look without a replica.
    assert!(!source.age(ttl, 8000) && !source.age(ttl, 9000));
    assert!(source.age(ttl, 9001) && !source.age(ttl, 9002));
    assert!(!source.backlog().is_active() && source.backlog().is_empty());
    source.append(&[b'y'; 10]);
    source.attach(2, rest('a', 1001), &history(), 9500);
    assert!(matches!(state(&source, 2), ReplicaState::Waiting { .. }));
    assert!(source.backlog().is_active());
    source.leave(2);
    // A replica that lacks nothing goes on.
    source.age(ttl, 9600);
    assert!(source.age(ttl, 11_000));
    source.attach(3, rest('a', 1011), &history(), 11_500);
    assert!(source.is_streaming(3));
    source.append(b"new");
    assert_eq!(take(&mut source, 3), b"new");
    source.leave(3);
    // A source that follows a master, and one without a limit, keep it.
    source.age(ttl, 20_000);
    for now_ms in [30_000, 40_000] {
        assert!(!source.age(None, now_ms));
    }
    assert!(source.backlog().is_active());
}
