//! What becomes of reads while no replica is fresh.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

/// A master, and replicas that answer and are never fresh: their links are silent.
fn stale_trio(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> (TamperedTrio, Tidegate) {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "k", "v"]).ok();
    let proxy = trio.config().set("reads", "max-lag", "\"300ms\"").with(change).start();
    for link in &trio.links {
        link.blackhole();
    }
    trio.master.cmd(&["SET", "later", "v"]).ok();
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let lines = trio.replica_addrs().map(|addr| ReplicaLine::find(&mut wire, addr));
        let stale =
            lines.iter().all(|line| line.as_ref().is_ok_and(|line| line.get("state") == "stale"));
        if stale { Ok(()) } else { Err(format!("{lines:?}")) }
    });
    (trio, proxy)
}

fn replica_calls(trio: &TamperedTrio) -> u64 {
    trio.replicas.iter().map(|replica| replica.calls("get")).sum()
}

#[test]
fn the_master_serves_them_by_default() {
    let (trio, proxy) = stale_trio(|config| config);
    let mut wire = proxy.wire();
    for _ in 0..100 {
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
    }
    assert_eq!((trio.master.calls("get"), replica_calls(&trio)), (100, 0));
}

#[test]
fn the_masters_share_stays_at_its_cap() {
    let cap = |config: ConfigBuilder| {
        config.set("reads", "on-stale-master-share", "30").set("proxy", "workers", "1")
    };
    let (trio, proxy) = stale_trio(cap);
    let mut wires: Vec<Wire> = (0..10).map(|_| proxy.wire()).collect();
    let (mut served, mut refused) = (0, 0);
    // One by one and in pipelines: the share is counted in requests.
    for round in 0..20 {
        for wire in &mut wires {
            let requests: Vec<&[&str]> = vec![&["GET", "k"]; 1 + round % 10];
            for reply in wire.pipeline(&requests) {
                if reply.is_err() {
                    assert!(reply.err().starts_with("MASTERDOWN No replica is fresh"), "{reply:?}");
                    refused += 1;
                } else {
                    assert_eq!(reply.str(), "v");
                    served += 1;
                }
            }
        }
    }
    assert_eq!((served, refused), (330, 770));
    assert_eq!((trio.master.calls("get"), replica_calls(&trio)), (330, 0));
    // Writes are not affected, nor are reads of a client that chose the master.
    let mut wire = proxy.wire();
    for _ in 0..20 {
        wire.cmd(&["SET", "k", "w"]).ok();
    }
    wire.cmd(&["READWRITE"]).ok();
    for _ in 0..20 {
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "w");
    }
}

#[test]
fn replicas_that_load_leave_the_master_its_share() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.wait_attached(&replica);
    master.cmd(&["DEBUG", "POPULATE", "20000", "key", "50"]).ok();
    master.wait_synced(&replica);
    let proxy = ConfigBuilder::new(master.addr(), &[replica.addr()])
        .set("reads", "on-stale-master-share", "20")
        .set("proxy", "workers", "1")
        .start();
    // The replica takes long for its data, and says so.
    replica.cmd(&["CONFIG", "SET", "key-load-delay", "400"]).ok();
    replica.cmd(&["CONFIG", "SET", "loading-process-events-interval-bytes", "1024"]).ok();
    master.cmd(&["DEBUG", "CHANGE-REPL-ID"]).ok();
    master.cmd(&["CLIENT", "KILL", "TYPE", "replica"]);
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let line = ReplicaLine::find(&mut wire, replica.addr())?;
        if line.serves() { Err(format!("{line:?}")) } else { Ok(()) }
    });
    let served = (0..500).filter(|_| !wire.cmd(&["GET", "key:1"]).is_err()).count();
    let line = ReplicaLine::of(&mut wire, replica.addr());
    assert!(!line.serves(), "too quick: {line:?}");
    assert_eq!((served, master.calls("get")), (100, 100));
}

#[test]
fn reads_get_an_error_and_writes_go_on() {
    let (trio, proxy) = stale_trio(|config| config.set("reads", "on-stale", "\"error\""));
    let mut wire = proxy.wire();
    assert!(wire.cmd(&["GET", "k"]).err().starts_with("MASTERDOWN No replica is fresh enough"));
    wire.cmd(&["SET", "k", "w"]).ok();
    for link in &trio.links {
        link.heal();
    }
    eventually(PATIENCE, || {
        let reply = wire.cmd(&["GET", "k"]);
        if reply.is_err() { Err(format!("{reply:?}")) } else { Ok(()) }
    });
    assert!(replica_calls(&trio) > 0);
    assert_eq!(trio.master.calls("get"), 0);
}

#[test]
fn reads_wait_for_a_fresh_replica() {
    let wait = |config: ConfigBuilder| {
        config.set("reads", "on-stale", "\"wait\"").set("reads", "wait-timeout", "\"20s\"")
    };
    let (trio, proxy) = stale_trio(wait);
    let mut wires: Vec<Wire> = (0..4).map(|_| proxy.wire()).collect();
    for wire in &mut wires {
        wire.send_raw(&[encode(&["GET", "k"]), encode(&["ECHO", "after"])].concat());
    }
    for wire in &mut wires {
        wire.expect_silence(Duration::from_millis(150));
    }
    trio.links[0].heal();
    for wire in &mut wires {
        assert_eq!(wire.read_reply().str(), "v");
        assert_eq!(wire.read_reply().str(), "after");
    }
    assert_eq!((trio.master.calls("get"), trio.replicas[1].calls("get")), (0, 0));
}

/// How long three reads wait whose time is 400 ms.
pub fn waited_too_long() -> Duration {
    let wait = |config: ConfigBuilder| {
        config.set("reads", "on-stale", "\"wait\"").set("reads", "wait-timeout", "\"400ms\"")
    };
    let (_trio, proxy) = stale_trio(wait);
    let mut wire = proxy.wire();
    let asked = Instant::now();
    // What waited behind the first has waited as long.
    for reply in wire.pipeline(&[&["GET", "k"], &["GET", "k"], &["GET", "k"]]) {
        assert!(reply.err().starts_with("MASTERDOWN No replica is fresh"), "{reply:?}");
    }
    let took = asked.elapsed();
    assert!(took >= Duration::from_millis(400), "{took:?}");
    assert_eq!(wire.cmd(&["ECHO", "on"]).str(), "on");
    // A client that goes away while it waits leaves nothing behind.
    wire.send(&["GET", "k"]);
    drop(wire);
    proxy.wire().cmd(&["SET", "k", "w"]).ok();
    took
}

/// `latency` judges how soon.
#[test]
fn reads_do_not_wait_for_ever() {
    waited_too_long();
}

/// As in Redis, replicas that lost their master keep serving, unless replica-serve-stale-data is
/// false.
#[test]
fn a_master_that_is_gone_leaves_its_replicas() {
    for (serve, silent) in [(true, false), (true, true), (false, false)] {
        let mut trio = Trio::spawn(Flavor::Redis70);
        trio.master.cmd(&["SET", "k", "v"]).ok();
        trio.wait_synced();
        let proxy = Tidegate::for_trio(&trio)
            .set("reads", "max-lag", "\"300ms\"")
            .set("reads", "replica-serve-stale-data", &serve.to_string())
            .start();
        let mut wire = proxy.wire();
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
        if silent {
            trio.master.pause()
        } else {
            trio.master.kill()
        }
        let end = Instant::now() + Duration::from_secs(2);
        while Instant::now() < end {
            let reply = wire.cmd(&["GET", "k"]);
            if serve {
                assert_eq!(reply.str(), "v", "every read is served");
            }
            thread::sleep(Duration::from_millis(2));
        }
        let reply = wire.cmd(&["GET", "k"]);
        assert_eq!(reply.is_err(), !serve, "{reply:?}");
        if silent {
            trio.master.resume();
        } else {
            trio.master.restart();
        }
        eventually(PATIENCE, || {
            let lines = trio.replica_addrs().map(|addr| ReplicaLine::find(&mut wire, addr));
            let fresh = lines.iter().all(|line| line.as_ref().is_ok_and(ReplicaLine::is_fresh));
            if fresh { Ok(()) } else { Err(format!("{lines:?}")) }
        });
    }
}
