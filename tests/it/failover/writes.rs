//! The master changes or dies: writes go to the new one, once, and no client gets -READONLY.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

/// What a client that increments its own counter without pause was told.
#[derive(Debug, Default)]
struct Tally {
    acknowledged: i64,
    in_doubt: i64,
    refused: Vec<String>,
    /// The last number that the server gave.
    last: i64,
    /// Numbers that did not follow one another although nothing was in doubt.
    jumps: Vec<String>,
    longest: Duration,
}

struct Writers {
    stop: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<Tally>>,
}

impl Writers {
    fn start(proxy: &Tidegate, count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let one = |n: usize| {
            let (stop, wire) = (stop.clone(), proxy.wire());
            thread::spawn(move || increment(wire, &format!("counter:{n}"), &stop))
        };
        let threads = (0..count).map(one).collect();
        Self { stop, threads }
    }

    fn finish(self) -> Vec<Tally> {
        self.stop.store(true, Relaxed);
        self.threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    }
}

fn increment(mut wire: Wire, key: &str, stop: &AtomicBool) -> Tally {
    let mut tally = Tally::default();
    while !stop.load(Relaxed) {
        let asked = Instant::now();
        for reply in wire.pipeline(&[&["INCR", key], &["INCR", key], &["INCR", key]]) {
            match reply {
                Reply::Int(value) => {
                    if value != tally.last + 1 && tally.in_doubt == 0 {
                        tally.jumps.push(format!("{} -> {value}", tally.last));
                    }
                    tally.acknowledged += 1;
                    tally.last = value;
                }
                Reply::Error(text) if text.starts_with("INDOUBT") => tally.in_doubt += 1,
                Reply::Error(text) => tally.refused.push(text),
                other => panic!("{other:?}"),
            }
        }
        tally.longest = tally.longest.max(asked.elapsed());
    }
    tally
}

/// `new` becomes master without a write getting lost: as `FAILOVER` does it.
fn hand_over(old: &RedisServer, new: &RedisServer, other: &RedisServer) {
    old.cmd(&["CLIENT", "PAUSE", "120000", "WRITE"]).ok();
    old.wait_synced(new);
    new.promote();
    old.replicate_from(new.addr());
    old.cmd(&["CLIENT", "UNPAUSE"]).ok();
    other.replicate_from(new.addr());
}

fn counters(server: &RedisServer, count: usize) -> Vec<i64> {
    let value = |n| server.cmd(&["GET", &format!("counter:{n}")]);
    (0..count).map(|n| value(n).str().parse().unwrap()).collect()
}

#[test]
fn writers_do_not_notice_a_hand_over() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let writers = Writers::start(&proxy, 6);
    thread::sleep(Duration::from_millis(300));
    let (old, new, other) = (&trio.master, &trio.replicas[0], &trio.replicas[1]);
    hand_over(old, new, other);
    thread::sleep(Duration::from_millis(700));
    // And back.
    new.wait_attached(old);
    hand_over(new, old, other);
    thread::sleep(Duration::from_millis(700));
    let tallies = writers.finish();
    old.wait_attached(new);
    for (tally, counter) in tallies.iter().zip(counters(old, 6)) {
        assert!(tally.refused.is_empty() && tally.jumps.is_empty(), "{tally:?}");
        assert_eq!((counter, tally.in_doubt), (tally.acknowledged, 0), "{tally:?}");
        assert!(tally.acknowledged > 200, "{tally:?}");
    }
}

#[test]
fn own_connections_do_not_notice_a_hand_over_either() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let (mut large, mut blocked, mut pinned) = (proxy.wire(), proxy.wire(), proxy.wire());
    let value = "x".repeat(400_000);
    large.cmd(&["SET", "large", &value]).ok();
    pinned.cmd(&["MULTI"]).ok();
    pinned.cmd(&["INCR", "multi"]);
    pinned.cmd(&["EXEC"]);
    hand_over(&trio.master, &trio.replicas[0], &trio.replicas[1]);
    large.cmd(&["SET", "large", &value]).ok();
    blocked.send(&["BLPOP", "list", "5"]);
    pinned.cmd(&["MULTI"]).ok();
    assert_eq!(pinned.cmd(&["INCR", "multi"]).str(), "QUEUED");
    assert_eq!(pinned.cmd(&["EXEC"]).array(), [Reply::Int(2)]);
    thread::sleep(Duration::from_millis(100));
    assert_eq!(pinned.cmd(&["RPUSH", "list", "a"]).int(), 1);
    assert_eq!(blocked.read_reply().strings(), ["list", "a"]);
    assert_eq!(trio.replicas[0].cmd(&["STRLEN", "large"]).int(), 400_000);
}

/// A subscriber in RESP3 may also write, and its writes follow a failover.
#[test]
fn a_subscriber_that_writes_is_not_stuck_with_the_old_master() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = Wire::connect3(proxy.addr());
    wire.cmd(&["SUBSCRIBE", "c"]);
    wire.cmd(&["SET", "k", "1"]).ok();
    hand_over(&trio.master, &trio.replicas[0], &trio.replicas[1]);
    eventually(PATIENCE, || {
        match wire.try_cmd(&["SET", "k", "2"]) {
            Ok(Reply::Simple(_)) => Ok(()),
            Ok(other) => Err(format!("{other:?}")),
            Err(_) => {
                // Closed: the client subscribes again, as it would with any lost connection.
                wire = Wire::connect3(proxy.addr());
                wire.cmd(&["SUBSCRIBE", "c"]);
                Err("closed".to_owned())
            }
        }
    });
    assert_eq!(trio.replicas[0].cmd(&["GET", "k"]).str(), "2");
}

/// Kills the master during a write: how long a later write, and four requests on dedicated
/// connections, waited for their errors.
pub fn killed_master() -> [Duration; 2] {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut writer = proxy.wire();
    writer.cmd(&["SET", "k", "1"]).ok();
    trio.wait_synced();
    // In flight: the master has it and can't answer.
    trio.master.pause();
    writer.send(&["INCR", "k"]);
    until_under_way(&proxy, 1);
    trio.master.kill();
    let reply = writer.read_reply();
    assert!(reply.err().starts_with("INDOUBT "), "{reply:?}");
    let mut longest = Duration::ZERO;
    for _ in 0..20 {
        let asked = Instant::now();
        let reply = writer.cmd(&["SET", "k", "2"]);
        assert!(reply.err().starts_with("MASTERDOWN "), "{reply:?}");
        longest = longest.max(asked.elapsed());
        // Reads are the replicas' business.
        assert_eq!(writer.cmd(&["GET", "k"]).str(), "1");
    }
    let asked = Instant::now();
    for words in [&["MULTI"][..], &["BLPOP", "l", "0"], &["WATCH", "k"], &["WAIT", "1", "0"]] {
        let reply = proxy.wire().cmd(words);
        assert!(reply.err().starts_with("MASTERDOWN "), "{words:?}: {reply:?}");
    }
    let four = asked.elapsed();
    trio.master.restart();
    eventually(PATIENCE, || match writer.cmd(&["SET", "k", "3"]) {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    [longest, four]
}

/// `latency` judges how soon.
#[test]
fn a_killed_master_gives_indoubt_then_masterdown() {
    killed_master();
}

/// Promotes a replica while the old master is down: the longest time that a writer waited.
pub fn promoted_replica() -> Duration {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let writers = Writers::start(&proxy, 4);
    thread::sleep(Duration::from_millis(300));
    trio.master.kill();
    thread::sleep(Duration::from_millis(300));
    trio.replicas[0].promote();
    trio.replicas[1].replicate_from(trio.replicas[0].addr());
    let mut wire = proxy.wire();
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "1"]) {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    trio.replicas[0].wait_attached(&trio.replicas[1]);
    thread::sleep(Duration::from_millis(300));
    let mut longest = Duration::ZERO;
    for tally in writers.finish() {
        let documented = |text: &String| text.starts_with("MASTERDOWN ");
        assert!(tally.refused.iter().all(documented), "{:?}", tally.refused);
        assert!(tally.in_doubt <= 3, "{tally:?}");
        longest = longest.max(tally.longest);
    }
    longest
}

/// `latency` judges how soon.
#[test]
fn a_promoted_replica_takes_the_writes() {
    promoted_replica();
}

#[test]
fn host_names_are_resolved_for_every_connection() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let name = |server: &RedisServer| format!("\"localhost:{}\"", server.port());
    let replicas: Vec<_> = trio.replicas.iter().map(name).collect();
    let proxy = Tidegate::for_trio(&trio)
        .set("topology", "master", &name(&trio.master))
        .set("topology", "replicas", &format!("[{}]", replicas.join(", ")))
        .start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "1"]).ok();
    trio.wait_synced();
    trio.master.restart();
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "2"]) {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    trio.wait_synced();
    // The replicas serve under their names as soon as their links are seen to be up again.
    eventually(PATIENCE, || {
        let before = trio.master.calls("get");
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "2");
        (trio.master.calls("get") == before).then_some(()).ok_or_else(|| "the master".to_owned())
    });
}
