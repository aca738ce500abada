//! Replicas that load, lose their master, die, stop or cut: reads are asked elsewhere and no client
//! sees it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

/// Clients that read `k` until told to stop; every reply has to be the value.
struct Readers {
    stop: std::sync::Arc<AtomicBool>,
    done: std::sync::Arc<AtomicU64>,
    threads: Vec<thread::JoinHandle<Vec<String>>>,
}

impl Readers {
    fn start(proxy: &Tidegate, count: usize) -> Self {
        let stop: std::sync::Arc<AtomicBool> = Default::default();
        let done: std::sync::Arc<AtomicU64> = Default::default();
        let one = |_| {
            let (stop, done, mut wire) = (stop.clone(), done.clone(), proxy.wire());
            thread::spawn(move || {
                let mut wrong = Vec::new();
                while !stop.load(Relaxed) {
                    for reply in wire.pipeline(&[&["GET", "k"], &["GET", "k"], &["STRLEN", "k"]]) {
                        if reply != Reply::Bulk(b"v".to_vec()) && reply != Reply::Int(1) {
                            wrong.push(format!("{reply:?}"));
                        }
                    }
                    done.fetch_add(1, Relaxed);
                }
                wrong
            })
        };
        let threads = (0..count).map(one).collect();
        Self { stop, done, threads }
    }

    /// Lets them go on for a while.
    fn run(&self, time: Duration) {
        thread::sleep(time);
    }

    /// Lets them go on for a while, and for more than this many rounds.
    #[track_caller]
    fn run_on(&self, time: Duration, rounds: u64) {
        let before = self.done.load(Relaxed);
        thread::sleep(time);
        eventually(PATIENCE, || match self.done.load(Relaxed) - before {
            done if done > rounds => Ok(()),
            done => Err(format!("{done} rounds")),
        });
    }

    /// What they got that they should not.
    fn finish(self) -> Vec<String> {
        self.stop.store(true, Relaxed);
        self.threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    }
}

fn trio() -> Trio {
    let trio = Trio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "k", "v"]).ok();
    trio.wait_synced();
    trio
}

/// Until `replica` serves reads (again).
#[track_caller]
fn wait_serving(proxy: &Tidegate, replica: &RedisServer) {
    let before = replica.calls("get");
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        (0..20).for_each(|_| drop(wire.cmd(&["GET", "k"])));
        let served = replica.calls("get") > before;
        if served { Ok(()) } else { Err(proxy.log()) }
    });
}

#[test]
fn killed_replicas_are_not_noticed_and_come_back() {
    let mut trio = trio();
    let proxy = Tidegate::for_trio(&trio).start();
    let readers = Readers::start(&proxy, 4);
    readers.run(Duration::from_millis(200));
    trio.replicas[0].kill();
    readers.run_on(Duration::from_millis(700), 20);
    let before = trio.master.calls("get");
    trio.replicas[1].kill();
    readers.run_on(Duration::from_millis(700), 20);
    assert!(trio.master.calls("get") > before, "nobody else could have served");
    trio.replicas.iter_mut().for_each(RedisServer::restart);
    for replica in &trio.replicas {
        trio.master.wait_attached(replica);
        wait_serving(&proxy, replica);
    }
    assert_eq!(readers.finish(), [""; 0]);
}

#[test]
fn resets_are_not_noticed() {
    let trio = trio();
    let faults = FaultProxy::start(trio.replicas[0].addr());
    let proxy = ConfigBuilder::new(trio.master.addr(), &[faults.addr()]).start();
    let readers = Readers::start(&proxy, 4);
    for _ in 0..8 {
        readers.run_on(Duration::from_millis(150), 0);
        faults.reset_all();
    }
    wait_serving(&proxy, &trio.replicas[0]);
    assert_eq!(readers.finish(), [""; 0]);
}

#[test]
fn a_dead_replica_is_not_hammered() {
    let trio = trio();
    let faults = FaultProxy::start(trio.replicas[0].addr());
    let proxy = ConfigBuilder::new(trio.master.addr(), &[faults.addr()]).start();
    let readers = Readers::start(&proxy, 4);
    wait_serving(&proxy, &trio.replicas[0]);
    // It accepts, and hangs up at the first word: the worst case for a naive reconnect.
    faults.cut_after(Direction::ToServer, 0);
    let before = faults.accepted();
    readers.run(Duration::from_secs(3));
    let attempts = faults.accepted() - before;
    // Two workers and the monitor.
    assert!(attempts < 40, "{attempts} connections in 3 s");
    faults.heal();
    wait_serving(&proxy, &trio.replicas[0]);
    assert_eq!(readers.finish(), [""; 0]);
}

#[test]
fn loading_replicas_are_not_noticed() {
    let trio = trio();
    trio.master.cmd(&["DEBUG", "POPULATE", "100000", "p", "20"]).ok();
    trio.wait_synced();
    let proxy = Tidegate::for_trio(&trio).start();
    let readers = Readers::start(&proxy, 4);
    for replica in &trio.replicas {
        // 100 000 keys at 10 us each, and it goes on answering -LOADING meanwhile.
        replica.cmd(&["CONFIG", "SET", "key-load-delay", "10"]).ok();
        replica.cmd(&["CONFIG", "SET", "loading-process-events-interval-bytes", "1024"]).ok();
    }
    let before = trio.master.calls("get");
    // Another history: both replicas have to take a new snapshot, with their clients connected.
    trio.master.cmd(&["DEBUG", "CHANGE-REPL-ID"]).ok();
    assert_eq!(trio.master.cmd(&["CLIENT", "KILL", "TYPE", "replica"]).int(), 2);
    readers.run(Duration::from_millis(1500));
    assert!(trio.master.calls("get") > before, "nobody else could have served");
    for replica in &trio.replicas {
        replica.cmd(&["CONFIG", "SET", "key-load-delay", "0"]).ok();
        trio.master.wait_attached(replica);
        assert!(replica.info("stats").get("total_error_replies") != Some("0"), "never refused");
        wait_serving(&proxy, replica);
    }
    assert_eq!(readers.finish(), [""; 0]);
}

#[test]
fn replicas_without_their_master_are_not_noticed() {
    let trio = Trio::spawn_with(Flavor::Redis70, |builder| {
        builder.arg("--replica-serve-stale-data", "no")
    });
    trio.master.cmd(&["SET", "k", "v"]).ok();
    trio.wait_synced();
    let proxy = Tidegate::for_trio(&trio).start();
    let readers = Readers::start(&proxy, 4);
    readers.run(Duration::from_millis(200));
    for replica in &trio.replicas {
        // Nothing listens there, so the replica's link is down and it answers -MASTERDOWN.
        replica.cmd(&["REPLICAOF", "127.0.0.1", "1"]).ok();
    }
    readers.run_on(Duration::from_secs(1), 20);
    for replica in &trio.replicas {
        replica.replicate_from(trio.master.addr());
    }
    for replica in &trio.replicas {
        trio.master.wait_attached(replica);
        wait_serving(&proxy, replica);
    }
    assert_eq!(readers.finish(), [""; 0]);
}

/// The longest that a read takes when it is known that a replica has stopped.
pub fn stopped_replica() -> Duration {
    let mut trio = trio();
    let proxy = Tidegate::for_trio(&trio).set("topology", "request-timeout", "\"500ms\"").start();
    let readers = Readers::start(&proxy, 6);
    readers.run(Duration::from_millis(300));
    trio.replicas[0].pause();
    thread::sleep(Duration::from_millis(2500));
    let mut wire = proxy.wire();
    eventually(PATIENCE, || match ReplicaLine::find(&mut wire, trio.replicas[0].addr())? {
        line if line.serves() => Err(format!("{line:?}")),
        _ => Ok(()),
    });
    let mut longest = Duration::ZERO;
    for _ in 0..300 {
        let asked = Instant::now();
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
        longest = longest.max(asked.elapsed());
    }
    readers.run_on(Duration::from_millis(200), 20);
    trio.replicas[0].resume();
    wait_serving(&proxy, &trio.replicas[0]);
    let wrong = readers.finish();
    let timeouts = wrong.iter().filter(|text| text.contains("request-timeout")).count();
    assert_eq!(timeouts, wrong.len(), "{wrong:?}");
    // Six clients with three requests each, at most twice: before the monitor knew.
    assert!(wrong.len() <= 36, "{}", wrong.len());
    longest
}

/// `latency` judges how quickly others are served.
#[test]
fn a_stopped_replica_costs_its_requests_once() {
    stopped_replica();
}

#[test]
fn scripts_that_a_replica_lacks_are_asked_at_the_master() {
    let trio = trio();
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    let sha = trio.master.cmd(&["SCRIPT", "LOAD", "return redis.call('GET', KEYS[1])"]);
    for _ in 0..10 {
        assert_eq!(wire.cmd(&["EVALSHA_RO", sha.str(), "1", "k"]).str(), "v");
    }
    let unknown = "f".repeat(40);
    let error = wire.cmd(&["EVALSHA_RO", &unknown, "1", "k"]);
    assert!(error.err().starts_with("NOSCRIPT"), "{error:?}");
    // Functions are replicated: a replica lacks one only for a moment, or when it is cut off.
    let library = "#!lua name=l\nredis.register_function{function_name='f', \
                   callback=function(keys) return redis.call('GET', keys[1]) end, \
                   flags={'no-writes'}}";
    wire.cmd(&["FUNCTION", "LOAD", library]);
    trio.wait_synced();
    for replica in &trio.replicas {
        replica.cmd(&["CONFIG", "SET", "replica-read-only", "no"]).ok();
        replica.cmd(&["FUNCTION", "FLUSH"]).ok();
    }
    for _ in 0..10 {
        assert_eq!(wire.cmd(&["FCALL_RO", "f", "1", "k"]).str(), "v");
    }
    assert_eq!(wire.cmd(&["FCALL_RO", "nope", "1", "k"]).err(), "ERR Function not found");
}

/// Requests on dedicated connections: large ones, and blocking commands.
#[test]
fn own_connections_to_replicas_fail_over_too() {
    let mut trio = trio();
    trio.master.cmd(&["XADD", "s", "1-1", "f", "v"]);
    trio.wait_synced();
    let proxy = ConfigBuilder::new(trio.master.addr(), &[trio.replicas[0].addr()]).start();
    let mut blocked = proxy.wire();
    blocked.send(&["XREAD", "BLOCK", "60000", "STREAMS", "s", "1-1"]);
    eventually(PATIENCE, || {
        let clients = trio.replicas[0].info("clients");
        (clients.get("blocked_clients") == Some("1")).then_some(()).ok_or(clients.0)
    });
    trio.replicas[0].kill();
    let mut large = proxy.wire();
    let missing = "x".repeat(300_000);
    assert_eq!(large.cmd(&["MGET", "k", &missing]).array().len(), 2);
    trio.master.cmd(&["XADD", "s", "2-1", "f", "new"]);
    let reply = blocked.read_reply();
    assert!(!reply.is_err() && format!("{reply:?}").contains("[110, 101, 119]"), "{reply:?}");
}

/// A replica that accepts no more connections causes no error for a client.
#[test]
fn a_full_replica_is_not_noticed() {
    let trio = trio();
    let proxy = ConfigBuilder::new(trio.master.addr(), &[trio.replicas[0].addr()]).start();
    let mut inside = trio.replicas[0].wire();
    inside.cmd(&["CONFIG", "SET", "maxclients", "1"]).ok();
    let readers = Readers::start(&proxy, 8);
    readers.run_on(Duration::from_secs(2), 20);
    assert_eq!(readers.finish(), [""; 0]);
    // The monitor is connected and finds it well; only the workers know, and rest.
    let stats = inside.cmd(&["INFO", "stats"]).str().to_owned();
    let rejected = stats.lines().find_map(|line| line.strip_prefix("rejected_connections:"));
    let rejected: u64 = rejected.unwrap().parse().unwrap();
    assert!((1..40).contains(&rejected), "{rejected} connections in 2 s");
}
