//! What freshness must survive: servers that are busy, come back with less than they had, or lose
//! connections; and what is logged of the write gate.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

fn connections(server: &RedisServer) -> u64 {
    server.info("stats").get("total_connections_received").unwrap().parse().unwrap()
}

#[track_caller]
fn wait_stale(trio: &TamperedTrio, wire: &mut Wire) {
    eventually(PATIENCE, || {
        let lines = trio.replica_addrs().map(|addr| ReplicaLine::find(wire, addr));
        let stale =
            lines.iter().all(|line| line.as_ref().is_ok_and(|line| line.get("state") == "stale"));
        if stale { Ok(()) } else { Err(format!("{lines:?}")) }
    });
}

/// The monitor does not reconnect again and again to a server that is busy with a script.
#[test]
fn busy_servers_keep_their_connections() {
    let trio = Trio::spawn_with(Flavor::Redis70, |builder| builder.arg("--lua-time-limit", "50"));
    let proxy = Tidegate::for_trio(&trio).start();
    for server in [&trio.master, &trio.replicas[0]] {
        let before = connections(server);
        let mut script = server.wire();
        script.set_timeout(Duration::from_secs(20));
        script.send(&["EVAL", "while true do end", "0"]);
        thread::sleep(Duration::from_secs(2));
        eventually(PATIENCE, || {
            let killed = server.cmd(&["SCRIPT", "KILL"]);
            if killed.is_err() { Err(format!("{killed:?}")) } else { Ok(()) }
        });
        assert!(script.read_reply().is_err());
        let opened = connections(server) - before;
        // The script's own and the two of this test are among them.
        assert!(opened < 10, "{opened} connections in 2 s: {}", proxy.log());
    }
}

/// The master is down, and one replica restarts with an old snapshot: the other replica, which has
/// all data, serves the reads.
#[test]
fn a_replica_that_lost_data_is_no_substitute_while_another_has_it() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "k", "old"]).ok();
    trio.wait_synced();
    trio.replicas[0].cmd(&["SAVE"]).ok();
    trio.master.cmd(&["SET", "k", "new"]).ok();
    trio.wait_synced();
    let proxy = Tidegate::for_trio(&trio).set("reads", "max-lag", "\"5s\"").start();
    let mut wire = proxy.wire();
    let serving = |wire: &mut Wire, replica: &RedisServer| {
        let line = ReplicaLine::find(wire, replica.addr())?;
        if line.serves() { Ok(()) } else { Err(format!("{line:?}")) }
    };
    for replica in &trio.replicas {
        eventually(PATIENCE, || serving(&mut wire, replica));
    }
    trio.master.kill();
    trio.replicas[0].restart();
    let until = Instant::now() + Duration::from_secs(8);
    let mut reads = 0;
    while Instant::now() < until {
        let reply = wire.cmd(&["GET", "k"]);
        assert!(reply == Reply::Bulk(b"new".to_vec()), "{reply:?} after {reads}");
        reads += 1;
        thread::sleep(Duration::from_millis(2));
    }
    assert!(reads > 100, "{reads}");
    assert_eq!(trio.replicas[0].cmd(&["GET", "k"]).str(), "old", "it does answer");
}

/// A lost connection to the master does not mean that the master is unreachable.
#[test]
fn a_lost_connection_does_not_bring_back_old_data() {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "k", "old"]).ok();
    trio.master.wait_synced(&trio.replicas[0]);
    trio.master.wait_synced(&trio.replicas[1]);
    let faults = FaultProxy::start(trio.master.addr());
    let proxy = ConfigBuilder::new(faults.addr(), &trio.replica_addrs())
        .set("reads", "max-lag", "\"300ms\"")
        .start();
    trio.links.iter().for_each(FaultProxy::blackhole);
    trio.master.cmd(&["SET", "k", "new"]).ok();
    let mut wire = proxy.wire();
    wait_stale(&trio, &mut wire);
    let slow = |ms| faults.set_delay_of(Direction::ToClient, Duration::from_millis(ms));
    for _ in 0..3 {
        // The monitor is connected again, too: that it connects in vain would be another matter.
        thread::sleep(Duration::from_millis(500));
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "new");
        // The read is at the master, and so is its connection's end.
        slow(100);
        wire.send(&["GET", "k"]);
        thread::sleep(Duration::from_millis(30));
        faults.reset_all();
        slow(0);
        assert_eq!(wire.read_reply().str(), "new");
    }
}

/// A master that stalls for longer than a short max-lag still counts as reachable, so a replica
/// that was cut off earlier does not replace it.
#[test]
fn a_master_that_stalls_does_not_bring_back_old_data() {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "k", "old"]).ok();
    trio.master.wait_synced(&trio.replicas[0]);
    trio.master.wait_synced(&trio.replicas[1]);
    let proxy = trio
        .config()
        .set("reads", "max-lag", "\"200ms\"")
        .set("topology", "probe-timeout", "\"4s\"")
        .start();
    trio.links.iter().for_each(FaultProxy::blackhole);
    trio.master.cmd(&["SET", "k", "new"]).ok();
    let mut wire = proxy.wire();
    wait_stale(&trio, &mut wire);
    let mut sleeper = trio.master.wire();
    for _ in 0..3 {
        sleeper.send(&["DEBUG", "SLEEP", "0.6"]);
        let until = Instant::now() + Duration::from_millis(900);
        // Each client sends one read; the time decides which server gets it.
        let mut asked = Vec::new();
        while Instant::now() < until {
            let mut wire = proxy.wire();
            wire.send(&["GET", "k"]);
            asked.push(wire);
            thread::sleep(Duration::from_millis(20));
        }
        for mut wire in asked {
            assert_eq!(wire.read_reply().str(), "new");
        }
        sleeper.read_reply().ok();
    }
}

/// A read that is sent again is routed by the time of the second attempt, not of the first.
#[test]
fn a_read_that_is_asked_again_is_judged_anew() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "k", "v"]).ok();
    trio.wait_synced();
    let faults = FaultProxy::start(trio.replicas[0].addr());
    let [first, second] = [faults.addr(), trio.replicas[1].addr()];
    let proxy = ConfigBuilder::new(trio.master.addr(), &[first, second])
        .set("reads", "weights", &format!("{{ \"{second}\" = 0 }}"))
        .set("proxy", "workers", "1")
        .set("topology", "connect-timeout", "\"10s\"")
        // At the levels above it, another replica may lack what the session has read.
        .set("reads", "consistency", "\"bounded\"")
        .start();
    let mut wire = proxy.wire();
    let before = trio.replicas[0].calls("get");
    eventually(PATIENCE, || {
        wire.cmd(&["GET", "k"]);
        if trio.replicas[0].calls("get") > before { Ok(()) } else { Err(proxy.log()) }
    });
    faults.blackhole();
    let asked = trio.master.calls("get");
    wire.send(&["GET", "k"]);
    trio.master.pause();
    // Longer than max-lag and probe-timeout.
    thread::sleep(Duration::from_secs(2));
    faults.reset_all();
    let reply = wire.try_read_reply();
    trio.master.resume();
    assert_eq!(reply.unwrap().str(), "v", "the other replica stands in");
    assert_eq!(trio.master.calls("get"), asked, "the master, which is stopped, was asked first");
}

#[test]
fn the_write_gate_is_logged_both_ways() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio)
        .set("writes", "min-replicas-to-write", "1")
        .set("writes", "min-replicas-max-lag", "\"1s\"")
        .start();
    let mut wire = proxy.wire();
    let write = |wire: &mut Wire, open: bool| {
        eventually(PATIENCE, || {
            let reply = wire.cmd(&["SET", "k", "v"]);
            if reply.is_err() == open { Err(format!("{reply:?}")) } else { Ok(()) }
        });
    };
    let told = |what: &str| proxy.log().matches(what).count();
    let until_told = |what: &str, times: usize| {
        eventually(PATIENCE, || match told(what) {
            few if few < times => Err(proxy.log()),
            _ => Ok(()),
        });
        thread::sleep(Duration::from_millis(200));
    };
    write(&mut wire, true);
    // No server is known at first.
    let (closed, opened) = (told("write gate closed"), told("write gate open"));
    for n in 1..3 {
        trio.replicas.iter_mut().for_each(RedisServer::pause);
        write(&mut wire, false);
        until_told("write gate closed", closed + n);
        assert_eq!(told("write gate closed"), closed + n, "{}", proxy.log());
        trio.replicas.iter_mut().for_each(RedisServer::resume);
        write(&mut wire, true);
        until_told("write gate open", opened + n);
        assert_eq!(told("write gate open"), opened + n, "{}", proxy.log());
    }
}

/// A shorter period applies at once, before the old one has passed.
#[test]
fn a_shorter_probe_period_holds_at_once() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = |period: &str| {
        Tidegate::for_trio(&trio)
            .set("topology", "probe-period", period)
            .set("topology", "probe-timeout", "\"3m\"")
            .set("reads", "max-lag", "\"3m\"")
            .set("writes", "min-replicas-max-lag", "\"3m\"")
    };
    let mut proxy = config("\"60s\"").start();
    proxy.reload(&config("\"40ms\"").toml());
    // Well before the long period is over.
    eventually(Duration::from_secs(30), || {
        let before = trio.replicas[0].calls("info");
        thread::sleep(Duration::from_secs(1));
        let asked = trio.replicas[0].calls("info") - before;
        // Rounds alone are one a second, with three.
        if asked > 10 { Ok(()) } else { Err(format!("{asked} a second")) }
    });
}

/// A short probe is in flight at every beat, and the monitor still sends the long ones.
#[test]
fn a_server_slower_than_the_period_is_still_asked_everything() {
    let trio = Trio::spawn(Flavor::Redis70);
    let faults = FaultProxy::start(trio.replicas[0].addr());
    faults.set_delay(Duration::from_millis(150));
    let proxy = ConfigBuilder::new(trio.master.addr(), &[faults.addr()]).start();
    let mut wire = proxy.wire();
    let serves = |wire: &mut Wire| {
        let line = ReplicaLine::find(wire, faults.addr())?;
        if line.serves() { Ok(()) } else { Err(format!("{line:?}")) }
    };
    eventually(PATIENCE, || serves(&mut wire));
    let before = trio.replicas[0].calls("role");
    eventually(PATIENCE, || {
        let asked = trio.replicas[0].calls("role") - before;
        if asked >= 3 { Ok(()) } else { Err(format!("{asked} times")) }
    });
    eventually(PATIENCE, || serves(&mut wire));
}
