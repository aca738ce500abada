//! A master that evicts by use keeps the keys that are read at its replicas (`reads.touch-master`).

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

const HOT: usize = 50;
/// Bytes of a value. 30,000 of them fit, so that each hot key is touched some ten times while all
/// other keys are replaced once.
const VALUE: usize = 1_000;
const MAXMEMORY: &str = "40mb";
/// Keys that are written: the memory's contents are replaced twice.
const FILL: usize = 100_000;
/// Least time for it: the clock of LRU has seconds.
const FILL_TIME: Duration = Duration::from_secs(9);
const CHUNK: usize = 500;

fn hot(n: usize) -> String {
    format!("hot:{n}")
}

/// A master with this policy and a replica of it.
fn servers(policy: &str) -> (RedisServer, RedisServer) {
    let master = RedisServer::builder(Flavor::Redis70)
        .arg("--maxmemory", MAXMEMORY)
        .arg("--maxmemory-policy", policy)
        .start();
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.wait_attached(&replica);
    (master, replica)
}

/// How many of the hot keys, which are read all the time, are left after so many were written that
/// the memory was full twice over.
fn survivors(policy: &str, touch: &str) -> usize {
    let (master, replica) = servers(policy);
    let proxy = ConfigBuilder::new(master.addr(), &[replica.addr()])
        .set("reads", "touch-master", &format!("\"{touch}\""))
        .set("log", "level", "\"info\"")
        .set("admin", "commands", "\"master\"")
        // At the levels above it, some reads of this writing client go to the master.
        .set("reads", "consistency", "\"bounded\"")
        .start();
    let mut writer = proxy.wire();
    for n in 0..HOT {
        writer.cmd(&["SET", &hot(n), &"h".repeat(VALUE)]).ok();
    }
    if policy.ends_with("lfu") {
        (0..HOT).for_each(|n| age(&master, &hot(n)));
    }
    master.wait_synced(&replica);
    wait_read_fresh(&mut writer, &hot(0));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..4).map(|_| scope.spawn(|| read(&proxy, &is_over))).collect();
        fill(&mut writer);
        is_over.store(true, SeqCst);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    let evicted = master.info("stats").get("evicted_keys").unwrap().parse::<usize>().unwrap();
    assert!(evicted > FILL / 2, "only {evicted} were evicted");
    let mut direct = master.wire();
    (0..HOT).filter(|n| direct.cmd(&["EXISTS", &hot(*n)]).int() == 1).count()
}

/// Sets a key's frequency to what it is two minutes after it was written: below that of a new key.
fn age(master: &RedisServer, key: &str) {
    let Reply::Bulk(payload) = master.cmd(&["DUMP", key]) else { panic!("{key} is gone") };
    let restore: [&[u8]; 7] =
        [b"RESTORE", key.as_bytes(), b"0", &payload, b"REPLACE", b"FREQ", b"3"];
    master.cmd(&restore).ok();
}

/// Reads the hot keys, up to fifty times a second each.
fn read(proxy: &Tidegate, is_over: &AtomicBool) {
    let mut wire = proxy.wire();
    let all: Vec<u8> = (0..HOT).flat_map(|n| encode(&["GET", &hot(n)])).collect();
    while !is_over.load(SeqCst) {
        wire.send_raw(&all);
        (0..HOT).for_each(|_| drop(wire.read_reply()));
        thread::sleep(Duration::from_millis(20));
    }
}

fn fill(wire: &mut Wire) {
    let (value, began) = ("f".repeat(VALUE), Instant::now());
    for chunk in 0..FILL / CHUNK {
        let sets: Vec<u8> = (0..CHUNK)
            .flat_map(|n| encode(&["SET", &format!("fill:{}", chunk * CHUNK + n), &value]))
            .collect();
        wire.send_raw(&sets);
        (0..CHUNK).for_each(|_| wire.read_reply().ok());
        let due = began + FILL_TIME.mul_f64(chunk as f64 / (FILL / CHUNK) as f64);
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

#[test]
fn what_is_read_at_replicas_is_not_evicted_by_lru() {
    let left = survivors("allkeys-lru", "auto");
    assert!(left >= 48, "{left} of {HOT} are left");
}

#[test]
fn what_is_read_at_replicas_is_not_evicted_by_lfu() {
    let left = survivors("allkeys-lfu", "auto");
    assert!(left >= 48, "{left} of {HOT} are left");
}

/// Shows that without touches the servers do evict these keys; otherwise the tests above would
/// prove nothing.
#[test]
fn without_touches_the_hot_keys_go_first() {
    for policy in ["allkeys-lru", "allkeys-lfu"] {
        let left = survivors(policy, "off");
        assert!(left < HOT / 2, "{policy}: {left} of {HOT} are left");
    }
}

fn touched(master: &RedisServer) -> u64 {
    master.calls("touch")
}

fn commands(master: &RedisServer) -> u64 {
    let stats = master.info("stats");
    stats.get("total_commands_processed").unwrap().parse().unwrap()
}

/// Reads until TOUCH has come to the master, or for `patience`.
fn reads_until_touched(wire: &mut Wire, master: &RedisServer, patience: Duration) -> bool {
    let (until, before) = (Instant::now() + patience, touched(master));
    while Instant::now() < until && touched(master) == before {
        for _ in 0..20 {
            assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
        }
        wire.cmd(&["SET", "other", "v"]).ok();
    }
    touched(master) > before
}

#[test]
fn touches_depend_on_the_policy_the_key_and_the_session() {
    let (master, replica) = servers("noeviction");
    let config = ConfigBuilder::new(master.addr(), &[replica.addr()])
        .set("admin", "commands", "\"master\"")
        .reads_from("replica");
    let mut proxy = config.start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    master.wait_synced(&replica);
    wait_read_fresh(&mut wire, "k");
    let short = Duration::from_secs(3);
    assert!(!reads_until_touched(&mut wire, &master, short), "noeviction needs none");
    // The policy is followed while the proxy runs.
    wire.cmd(&["CONFIG", "SET", "maxmemory-policy", "volatile-lfu"]).ok();
    assert!(reads_until_touched(&mut wire, &master, PATIENCE));
    wire.cmd(&["CONFIG", "SET", "maxmemory", "0"]).ok();
    eventually(PATIENCE, || match reads_until_touched(&mut wire, &master, short) {
        true => Err("still touched without a limit".to_owned()),
        false => Ok(()),
    });
    let on = config.clone().set("reads", "touch-master", "\"on\"").toml();
    proxy.reload(&on);
    assert!(reads_until_touched(&mut wire, &master, PATIENCE), "it is on");
    assert!(proxy.log().contains("maxmemory-policy is volatile-lfu"), "{}", proxy.log());
    wire.cmd(&["CONFIG", "SET", "maxmemory", "40mb"]).ok();
    proxy.reload(&config.set("reads", "touch-master", "\"off\"").toml());
    eventually(PATIENCE, || match reads_until_touched(&mut wire, &master, short) {
        true => Err("still touched although it is off".to_owned()),
        false => Ok(()),
    });
}

#[test]
fn a_session_that_says_no_touch_is_not_sampled() {
    let master = RedisServer::builder(Flavor::Redis82)
        .arg("--maxmemory", MAXMEMORY)
        .arg("--maxmemory-policy", "allkeys-lru")
        .start();
    let replica = RedisServer::builder(Flavor::Redis82).replica_of(master.addr()).start();
    master.wait_attached(&replica);
    let proxy = ConfigBuilder::new(master.addr(), &[replica.addr()])
        .set("admin", "commands", "\"master\"")
        .start();
    let mut wire = proxy.wire();
    wire.cmd(&["SELECT", "4"]).ok();
    wire.cmd(&["SET", "k", "v"]).ok();
    master.wait_synced(&replica);
    wait_read_fresh(&mut wire, "k");
    wire.cmd(&["CLIENT", "NO-TOUCH", "ON"]).ok();
    assert!(!reads_until_touched(&mut wire, &master, Duration::from_secs(3)));
    wire.cmd(&["CLIENT", "NO-TOUCH", "OFF"]).ok();
    assert!(reads_until_touched(&mut wire, &master, PATIENCE));
    // In the session's database: the key is found there.
    let missed = master.info("stats").get("keyspace_misses").unwrap().to_owned();
    assert_eq!(missed, "0", "another database was touched");
}

/// Each touched key counts as a command.
#[test]
fn touches_are_at_most_two_percent_of_the_masters_load() {
    let (master, replica) = servers("allkeys-lru");
    let proxy = ConfigBuilder::new(master.addr(), &[replica.addr()])
        .set("admin", "commands", "\"master\"")
        .start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    master.wait_synced(&replica);
    wait_read_fresh(&mut wire, "k");
    // The first grant needs a count from before it.
    let before = commands(&master);
    let pipeline: Vec<u8> = (0..500)
        .flat_map(|n| match n % 5 {
            0 => encode(&["SET", "other", "v"]),
            _ => encode(&["GET", &format!("key:{n}")]),
        })
        .collect();
    let until = Instant::now() + Duration::from_secs(6);
    while Instant::now() < until {
        wire.send_raw(&pipeline);
        (0..500).for_each(|_| drop(wire.read_reply()));
    }
    let keys = Scrape::of(&proxy).sum("tidegate_keys_touched_total", &[]);
    let executed = commands(&master) - before;
    assert!(keys > 0.0, "none was touched");
    assert!(keys <= executed as f64 / 50.0, "{keys} keys for {executed} commands");
    assert!(touched(&master) <= executed / 50, "{} for {executed} commands", touched(&master));
}
