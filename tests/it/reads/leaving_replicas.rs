//! What a replica was asked before it left is asked of another server, with the time that is left.

use std::time::{Duration, Instant};

use crate::support::*;

#[track_caller]
fn wait_blocked(servers: &[&RedisServer], count: usize) {
    let blocked = |server: &&RedisServer| -> usize {
        server.info("clients").get("blocked_clients").unwrap().parse().unwrap()
    };
    eventually(PATIENCE, || match servers.iter().map(blocked).sum::<usize>() {
        blocked if blocked == count => Ok(()),
        blocked => Err(format!("{blocked} blocked clients")),
    });
}

/// One replica, and requests that may wait for ever.
fn config(master: &RedisServer, replica: &RedisServer) -> ConfigBuilder {
    ConfigBuilder::new(master.addr(), &[replica.addr()])
        .set("topology", "request-timeout", "\"120s\"")
        .set("proxy", "workers", "1")
        .set("reads", "max-lag", "\"5s\"")
        .set("admin", "commands", "\"master\"")
}

fn entry(reply: &Reply) -> String {
    reply.array()[0].array()[1].array()[0].array()[0].str().to_owned()
}

#[test]
fn a_blocked_read_leaves_a_replica_that_is_cut_off() {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    trio.master.cmd(&["XADD", "s", "1-1", "f", "v"]);
    trio.master.wait_synced(&trio.replicas[0]);
    let proxy = config(&trio.master, &trio.replicas[0]).start();
    wait_read_fresh(&mut proxy.wire(), "s");
    let mut wires: Vec<Wire> = (0..4).map(|_| proxy.wire()).collect();
    wires[0].send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    wires[1].send(&["XREAD", "COUNT", "1", "BLOCK", "100000", "STREAMS", "none", "s", "$", "1-1"]);
    wires[2].hello3();
    wires[2].send(&["XREAD", "BLOCK", "0", "STREAMS", "new", "$"]);
    wires[3].send(&["XREAD", "BLOCK", "0", "STREAMS", "none", "$"]);
    // On a busy machine the replica may not be fresh all the time.
    wait_blocked(&[&trio.replicas[0], &trio.master], 4);
    trio.links[0].blackhole();
    // The proxy does not know yet that the replica is cut off.
    trio.master.cmd(&["XADD", "s", "2-1", "f", "v"]);
    trio.master.cmd(&["XADD", "new", "3-1", "f", "v"]);
    let first = wires[0].read_reply();
    assert_eq!(entry(&first), "2-1", "what came between is not missed");
    assert_eq!(entry(&wires[1].read_reply()), "2-1");
    let new = wires[2].read_reply();
    assert!(format!("{new:?}").contains("[51, 45, 49]"), "{new:?}");
    // It waits at the master now, and gets what comes there.
    wait_blocked(&[&trio.master], 1);
    trio.master.cmd(&["XADD", "none", "4-1", "f", "v"]);
    assert_eq!(entry(&wires[3].read_reply()), "4-1");
    assert_eq!(trio.replicas[0].info("clients").get("blocked_clients"), Some("0"));
    for wire in &mut wires {
        assert_eq!(wire.cmd(&["PING"]).str(), "PONG");
    }
}

/// A replica that gets another master ends its blocked reads with an error: the proxy sends them to
/// another server. A client that is unblocked by another client gets that error.
#[test]
fn a_blocked_read_leaves_a_replica_that_gets_another_master() {
    for flavor in [Flavor::Redis70, Flavor::Valkey91] {
        let master = RedisServer::spawn(flavor);
        let replica = RedisServer::builder(flavor).replica_of(master.addr()).start();
        let other = RedisServer::spawn(flavor);
        master.wait_synced(&replica);
        let proxy = config(&master, &replica).start();
        wait_read_fresh(&mut proxy.wire(), "s");
        let (mut wire, mut told, mut unblocks) = (proxy.wire(), proxy.wire(), proxy.wire());
        wire.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
        let id = told.cmd(&["CLIENT", "ID"]).int().to_string();
        told.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
        wait_blocked(&[&replica, &master], 2);
        assert_eq!(unblocks.cmd(&["CLIENT", "UNBLOCK", &id, "ERROR"]).int(), 1);
        assert_eq!(told.read_reply().err(), "UNBLOCKED client unblocked via CLIENT UNBLOCK");
        let (host, port) = (other.addr().ip().to_string(), other.addr().port().to_string());
        replica.cmd(&["REPLICAOF", &host, &port]).ok();
        wait_blocked(&[&master], 1);
        master.cmd(&["XADD", "s", "1-1", "f", "v"]);
        assert_eq!(entry(&wire.read_reply()), "1-1", "{flavor:?}");
    }
}

#[test]
fn block_ends_in_time_where_no_server_answers() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let mut replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.wait_synced(&replica);
    // No other server may serve it.
    let proxy = config(&master, &replica).set("reads", "on-stale", "\"error\"").start();
    wait_read_fresh(&mut proxy.wire(), "s");
    let mut wire = proxy.wire();
    let started = Instant::now();
    wire.send(&["XREAD", "BLOCK", "3000", "STREAMS", "s", "$"]);
    wait_blocked(&[&replica, &master], 1);
    replica.pause();
    assert!(wire.read_reply().is_null());
    assert!(started.elapsed() >= Duration::from_secs(3));
    assert_eq!(wire.cmd(&["PING"]).str(), "PONG");
    wire.cmd(&["SET", "k", "v"]).ok();
    replica.resume();
    wait_read_fresh(&mut proxy.wire(), "s");
    // It is within `max-lag` before it has what was written meanwhile.
    eventually(PATIENCE, || match wire.cmd(&["GET", "k"]) {
        Reply::Null => Err("the write has not reached the replica".to_owned()),
        value => {
            assert_eq!(value.str(), "v");
            Ok(())
        }
    });
}

/// BLOCK's time is over when the proxy takes the read back from its silent server. What was there all
/// along is read at the next one.
#[test]
fn a_read_that_waited_too_long_gets_what_is_there() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let mut replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.cmd(&["XADD", "s", "1-1", "f", "v"]);
    master.cmd(&["SET", "other", "v"]).ok();
    master.wait_synced(&replica);
    let proxy = config(&master, &replica).start();
    wait_read_fresh(&mut proxy.wire(), "other");
    let mut wires = [proxy.wire(), proxy.wire()];
    replica.pause();
    wires[0].send(&["XREAD", "BLOCK", "50", "STREAMS", "s", "0"]);
    wires[1].send(&["XREAD", "BLOCK", "50", "STREAMS", "other", "0"]);
    assert_eq!(wires[0].read_reply().array().len(), 1, "{}", proxy.log());
    assert!(wires[1].read_reply().err().starts_with("WRONGTYPE"), "{}", proxy.log());
    replica.resume();
}

#[test]
fn a_stopped_replica_loses_its_blocked_reads() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let mut replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.cmd(&["XADD", "s", "1-1", "f", "v"]);
    master.wait_synced(&replica);
    let proxy = config(&master, &replica).start();
    wait_read_fresh(&mut proxy.wire(), "s");
    let mut wires: Vec<Wire> = (0..2).map(|_| proxy.wire()).collect();
    wires[0].send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    wait_blocked(&[&replica, &master], 1);
    replica.pause();
    // This one never reaches the replica.
    wires[1].send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    // The PROXY's reply comes once the worker has read what came before it.
    proxy.wire().cmd(&["PROXY", "EXPLAIN", "GET", "k"]);
    eventually(PATIENCE, || match master.calls("xinfo|stream") {
        2.. => Ok(()),
        calls => Err(format!("the master was asked for {calls} last ids")),
    });
    master.cmd(&["XADD", "s", "2-1", "f", "v"]);
    for wire in &mut wires {
        assert_eq!(entry(&wire.read_reply()), "2-1");
        assert_eq!(wire.cmd(&["ECHO", "e"]).str(), "e");
    }
    replica.resume();
}

#[test]
fn reads_under_way_leave_a_stopped_replica() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let mut replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    let value = |n: usize| format!("{n}:{}", "x".repeat(n * 100));
    for n in 0..50 {
        master.cmd(&["SET", &format!("k{n}"), &value(n)]).ok();
    }
    master.wait_synced(&replica);
    let proxy = config(&master, &replica).start();
    wait_read_fresh(&mut proxy.wire(), "k0");
    let mut wires: Vec<Wire> = (0..20).map(|_| proxy.wire()).collect();
    wires.iter_mut().for_each(|wire| drop(wire.cmd(&["GET", "k0"])));
    let before = replica.calls("get");
    assert!(before > 0);
    replica.pause();
    let large = "y".repeat(300_000);
    for (n, wire) in wires.iter_mut().enumerate() {
        match n {
            0 => wire.send(&["MGET", "k1", &large]),
            1 => wire.send(&["SCAN", "0", "COUNT", "100"]),
            2 => wire.send(&["EVAL_RO", "return redis.call('get',KEYS[1])", "1", "k3"]),
            _ => {
                let requests = (0..50).map(|k| encode(&["GET", &format!("k{k}")]));
                wire.send_raw(&requests.collect::<Vec<_>>().concat());
            }
        }
    }
    for (n, wire) in wires.iter_mut().enumerate() {
        match n {
            0 => assert_eq!(wire.read_reply().array()[0].str(), value(1)),
            1 => assert_eq!(wire.read_reply().array()[1].array().len(), 50),
            2 => {}
            _ => (0..50).for_each(|k| assert_eq!(wire.read_reply().str(), value(k))),
        }
    }
    // A script may be what keeps the replica busy: the master is not asked for it.
    assert_eq!(master.calls("eval_ro"), 0);
    // What it answers late is dropped, but for that.
    replica.resume();
    assert_eq!(wires[2].read_reply().str(), value(3));
    wait_read_fresh(&mut proxy.wire(), "k0");
    eventually(PATIENCE, || match replica.calls("get") {
        calls if calls > before => Ok(()),
        _ => Err("the replica was not asked".to_owned()),
    });
    for wire in &mut wires {
        for k in [7, 3, 9] {
            assert_eq!(wire.cmd(&["GET", &format!("k{k}")]).str(), value(k));
        }
    }
}

/// A read that keeps a replica busy for longer than `probe-timeout` is not sent to the master.
#[test]
fn a_read_that_keeps_a_replica_busy_does_not_go_to_the_master() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.cmd(&["SET", "k", "v"]).ok();
    master.wait_synced(&replica);
    let proxy = config(&master, &replica).start();
    wait_read_fresh(&mut proxy.wire(), "k");
    let mut busy = proxy.wire();
    let script = "local n = 0 while n < 3 do n = n + 1 local t = redis.call('TIME')[1] \
                  while redis.call('TIME')[1] == t do end end return 'done'";
    busy.send(&["EVAL_RO", script, "0"]);
    let mut other = proxy.wire();
    eventually(PATIENCE, || match proxy.log().contains("replica excluded: no answer") {
        true => Ok(()),
        false => Err(proxy.log()),
    });
    // Reads go on elsewhere meanwhile, and writes do not wait.
    assert_eq!(other.cmd(&["GET", "k"]).str(), "v");
    other.cmd(&["SET", "k", "w"]).ok();
    assert_eq!(busy.read_reply().str(), "done");
    assert_eq!(master.calls("eval_ro"), 0);
}
