//! A master that its replicas have left still says that it is master: no write goes to it.
//!
//! Increments that are acknowledged and lost are bounded by what was under way while the replicas
//! moved. Each of the 20 clients writes at most every 5 ms, so that all of them write at most four
//! times in 1 ms. The proxy asks the master every 25 ms and two replicas 25 ms or more apart, once
//! in 100 ms each, and asks all of them at once as soon as one answer differs. So it takes 75 ms
//! and two more answers at most until it has heard of the change: 300 increments, and as many again
//! for every 75 ms that a busy machine lets it wait. Before it judged by evidence it lost all that
//! was written until the old master was demoted.

pub mod load;
mod trial;
mod trials;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use self::load::{Account, CLIENTS};
use self::trials::{Order, Setting, freeze, partition, sentinel_failover, switch};
use crate::support::*;

/// See the module.
const LOST_MAX: i64 = 1_000;

fn setting() -> Setting<'static> {
    let program = Path::new(env!("CARGO_BIN_EXE_tidegate"));
    Setting { program, pause: Duration::from_millis(5), enough: 3 * LOST_MAX }
}

#[track_caller]
fn assert_few_lost(account: &Account) {
    assert!(account.lost <= account.behind + LOST_MAX, "{account:?}");
    assert!(account.acknowledged > 3 * LOST_MAX, "too little was written to tell: {account:?}");
    // A request that was under way when its server was fenced, and when it was asked again.
    assert!(account.in_doubt <= 2 * CLIENTS as u64, "{account:?}");
    assert!(account.errors.keys().all(|word| word == "MASTERDOWN"), "{account:?}");
}

#[test]
fn a_master_that_is_left_alone_gets_no_writes() {
    assert_few_lost(&switch(setting(), Order::MasterLast, Duration::from_secs(2)));
}

#[test]
fn a_master_that_follows_first_hands_its_writes_over() {
    assert_few_lost(&switch(setting(), Order::MasterFirst, Duration::ZERO));
}

#[test]
fn a_replica_that_moves_first_takes_the_writes_along() {
    assert_few_lost(&switch(setting(), Order::ReplicaFirst, Duration::from_secs(2)));
}

#[test]
fn a_failover_by_sentinel_is_followed_without_knowing_sentinel() {
    assert_few_lost(&sentinel_failover(setting(), Duration::from_secs(3)));
}

#[test]
fn a_master_that_was_frozen_stays_deposed() {
    assert_few_lost(&freeze(setting(), Duration::from_secs(4)));
}

#[test]
fn a_master_that_lost_its_replicas_gets_no_writes() {
    assert_few_lost(&partition(setting(), Duration::from_secs(2)));
}

fn write(wire: &mut Wire, value: &str) -> Reply {
    wire.cmd(&["SET", "k", value])
}

#[test]
fn a_start_does_not_write_to_a_configured_master_that_was_left() {
    let trio = Trio::spawn(Flavor::Redis70);
    let (a, [b, c]) = (&trio.master, &trio.replicas);
    b.promote();
    c.replicate_from(b.addr());
    b.wait_attached(c);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    for n in 0..50 {
        write(&mut wire, &n.to_string()).ok();
    }
    assert_eq!(b.cmd(&["GET", "k"]).str(), "49");
    assert!(a.cmd(&["GET", "k"]).is_null(), "{}", proxy.log());
}

/// A master and its only replica, which was promoted; both claim, and the proxy knows both.
struct Split {
    a: RedisServer,
    b: RedisServer,
    config: ConfigBuilder,
    proxy: Tidegate,
    wire: Wire,
}

const BOTH: &str = "both say that they are the master";

impl Split {
    #[track_caller]
    fn new() -> Self {
        let a = RedisServer::spawn(Flavor::Redis70);
        let b = RedisServer::builder(Flavor::Redis70).replica_of(a.addr()).start();
        a.wait_attached(&b);
        let config = ConfigBuilder::new(a.addr(), &[b.addr()]);
        let proxy = config.start();
        let mut wire = proxy.wire();
        write(&mut wire, "1").ok();
        a.wait_synced(&b);
        b.promote();
        eventually(PATIENCE, || match write(&mut wire, "2") {
            Reply::Error(text) if text.contains(BOTH) => Ok(()),
            other => Err(format!("{other:?}")),
        });
        Self { a, b, config, proxy, wire }
    }

    /// Waits until a write reaches `server`.
    #[track_caller]
    fn until_written(wire: &mut Wire, server: &RedisServer, value: &str) {
        eventually(PATIENCE, || match write(wire, value) {
            Reply::Simple(_) if server.cmd(&["GET", "k"]).str() == value => Ok(()),
            other => Err(format!("{other:?}")),
        });
    }
}

#[test]
fn without_a_majority_writes_are_refused_with_the_reason() {
    let Split { a, b, proxy, mut wire, config: _ } = Split::new();
    let values = [a.cmd(&["GET", "k"]), b.cmd(&["GET", "k"])];
    for _ in 0..20 {
        let reply = write(&mut wire, "3");
        assert!(reply.err().starts_with("MASTERDOWN The proxy knows no server"), "{reply:?}");
        assert!(reply.err().contains(BOTH), "{reply:?}");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!([a.cmd(&["GET", "k"]), b.cmd(&["GET", "k"])], values);
    assert!(status(&proxy)["undecided"].as_str().unwrap().contains(BOTH));
    let table = wire.cmd(&["PROXY", "TOPOLOGY"]);
    assert!(table.strings().iter().any(|line| line.contains(BOTH)), "{table:?}");
    assert!(proxy.log().contains("writes are refused: "), "{}", proxy.log());
    // The other one follows.
    b.replicate_from(a.addr());
    Split::until_written(&mut wire, &a, "4");
}

#[test]
fn a_follower_decides_between_two_claimants() {
    let Split { b, mut wire, a: _a, proxy: _proxy, .. } = Split::new();
    let c = RedisServer::builder(Flavor::Redis70).replica_of(b.addr()).start();
    b.wait_attached(&c);
    Split::until_written(&mut wire, &b, "3");
}

#[test]
fn the_operator_decides_between_two_claimants() {
    let Split { a, b, config, mut proxy, mut wire } = Split::new();
    proxy.reload(&ConfigBuilder::new(b.addr(), &[a.addr()]).toml());
    Split::until_written(&mut wire, &b, "3");
    // And for the other one, although that is the older history.
    proxy.reload(&config.toml());
    Split::until_written(&mut wire, &a, "4");
    for _ in 0..20 {
        write(&mut wire, "5").ok();
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(a.cmd(&["GET", "k"]).str(), "5");
}

/// A detached copy is no rival: the master has another follower.
#[test]
fn a_replica_that_is_detached_does_not_disturb() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    write(&mut wire, "0").ok();
    trio.replicas[0].promote();
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(1_500) {
        write(&mut wire, "1").ok();
    }
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "1");
}

/// Sends requests to a frozen master over dedicated connections.
#[test]
fn own_connections_to_a_deposed_master_end() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).reads_from("master").start();
    let (mut pinned, mut blocked, mut writer) = (proxy.wire(), proxy.wire(), proxy.wire());
    let (mut reader, mut subscriber) = (proxy.wire(), proxy.wire());
    write(&mut writer, "1").ok();
    trio.wait_synced();
    pinned.cmd(&["MULTI"]).ok();
    pinned.cmd(&["SET", "pinned", "1"]);
    blocked.send(&["BLPOP", "list", "0"]);
    subscriber.cmd(&["SUBSCRIBE", "c"]);
    trio.master.pause();
    pinned.send(&["EXEC"]);
    writer.send(&["SET", "k", "2"]);
    reader.send(&["GET", "k"]);
    until_under_way(&proxy, 2);
    let [b, c] = &trio.replicas;
    b.promote();
    c.replicate_from(b.addr());
    // Long before request-timeout, and while the old master is still stopped.
    for (wire, code) in [(&mut writer, "INDOUBT "), (&mut blocked, "INDOUBT ")] {
        let reply = wire.read_reply();
        assert!(reply.err().starts_with(code), "{reply:?}");
    }
    let reply = pinned.read_reply();
    assert!(
        reply.err().starts_with("INDOUBT ") || reply.err().starts_with("EXECABORT "),
        "{reply:?}"
    );
    assert_eq!(reader.read_reply().str(), "1", "a read is asked again elsewhere");
    eventually(PATIENCE, || match b.cmd(&["PUBLISH", "c", "m"]).int() {
        1 => Ok(()),
        other => Err(format!("{other}")),
    });
    assert_eq!(subscriber.read_reply().strings(), ["message", "c", "m"]);
}
