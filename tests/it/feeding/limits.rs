//! Slow, silent and killed replicas of the engine.

use super::*;
use crate::support::*;

/// A replica that reads nothing, attached at the end of the stream.
fn mute(port: &ReplicaPort, master: &RedisServer) -> Wire {
    port.wait_for(master);
    let replid = master.info("replication").get("master_replid").unwrap().to_owned();
    let mut wire = port.wire();
    let psync = ["PSYNC", &replid, &(master.offset() + 1).to_string()];
    assert_eq!(wire.cmd(&psync).str(), "CONTINUE");
    wire
}

fn wait_gone(port: &ReplicaPort, why: &str) {
    eventually(PATIENCE, || match port.proxy.log().contains(why) {
        true => Ok(()),
        false => Err(format!("{}\n{}", port.info("replication").0, port.proxy.log())),
    });
}

#[test]
fn a_replica_that_does_not_read_is_closed_and_others_go_on() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let config =
        engine(&master).set("replica", "client-output-buffer-limit-replica", "\"8mb 0 0\"");
    let port = ReplicaPort::synced(&config, &master);
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    let slow = mute(&port, &master);
    wait_online(&port, 2);
    let mut wire = master.wire();
    let value = "v".repeat(100_000);
    let mut most = 0;
    for n in 0..400 {
        wire.cmd(&["SET", &format!("k{}", n % 10), &value]).ok();
        if n % 20 == 0 {
            most = most.max(number(&port, "replication", "repl_backlog_histlen"));
        }
    }
    wait_gone(&port, "it reads more slowly than client-output-buffer-limit replica allows");
    assert!(most < 12 << 20, "{most} bytes were held for a slow replica");
    wait_following(&sub, port.addr().port(), &master);
    assert_eq!(sub.digest(), master.digest());
    wait_online(&port, 1);
    eventually(PATIENCE, || match number(&port, "replication", "repl_backlog_histlen") {
        len if len < 2 << 20 => Ok(()),
        len => Err(format!("{len} bytes are held for nobody")),
    });
    drop(slow);
}

#[test]
fn a_replica_beyond_the_soft_limit_is_closed_after_a_while() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let config =
        engine(&master).set("replica", "client-output-buffer-limit-replica", "\"0 1mb 1\"");
    let port = ReplicaPort::synced(&config, &master);
    let slow = mute(&port, &master);
    let mut wire = master.wire();
    for _ in 0..200 {
        wire.cmd(&["SET", "k", &"v".repeat(100_000)]).ok();
    }
    wait_gone(&port, "it reads more slowly than client-output-buffer-limit replica allows");
    drop(slow);
}

#[test]
fn a_replica_that_sends_no_acks_is_closed_after_repl_timeout() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let config = engine(&master).set("replica", "repl-timeout", "\"2s\"").set(
        "replica",
        "repl-ping-replica-period",
        "\"1s\"",
    );
    let port = ReplicaPort::synced(&config, &master);
    master.cmd(&["CONFIG", "SET", "repl-ping-replica-period", "1"]).ok();
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    let mut silent = mute(&port, &master);
    wait_gone(&port, "it has sent no ack for repl-timeout");
    silent.expect_closed();
    wait_online(&port, 1);
}

#[test]
fn a_killed_replica_comes_back_and_continues() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let port = ReplicaPort::synced(&engine(&master), &master);
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    assert_eq!(port.cmd(&["CLIENT", "KILL", "TYPE", "replica"]).int(), 1);
    wait_gone(&port, "a client closed it");
    Writer::new(&master, 1).write(50);
    eventually(PATIENCE, || match number(&port, "stats", "sync_partial_ok") {
        1 => Ok(()),
        count => Err(format!("{count} partial resyncs")),
    });
    wait_following(&sub, port.addr().port(), &master);
    assert_eq!(number(&port, "stats", "sync_full"), 1);
    assert_eq!(sub.digest(), master.digest());
}

/// The keys take effect at once, under redis.conf's names.
#[test]
fn config_set_changes_the_limits() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let port = ReplicaPort::synced(&engine(&master), &master);
    let get = |key: &str| match port.cmd(&["CONFIG", "GET", key]) {
        Reply::Array(words) => words.last().unwrap().str().to_owned(),
        other => panic!("{other:?}"),
    };
    let set = |key: &str, value: &str| port.cmd(&["CONFIG", "SET", key, value]);
    set("client-output-buffer-limit", "replica 1mb 512kb 7").ok();
    assert!(get("client-output-buffer-limit").contains("slave 1048576 524288 7 pubsub"));
    set("client-output-buffer-limit", "slave 0 0 0").ok();
    assert!(get("client-output-buffer-limit").contains("slave 0 0 0 pubsub"));
    for wrong in ["normal 1 1 1", "replica 1", "replica a b c", "nosuch 1 1 1"] {
        assert!(set("client-output-buffer-limit", wrong).is_err(), "{wrong}");
    }
    for (key, value) in [
        ("repl-diskless-sync", "no"),
        ("repl-diskless-sync-delay", "3"),
        ("repl-diskless-sync-max-replicas", "2"),
        ("min-replicas-to-write", "1"),
        ("min-slaves-max-lag", "9"),
    ] {
        set(key, value).ok();
        assert!(get(key).contains(value), "{}", get(key));
    }
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    assert_eq!(number(&port, "replication", "min_slaves_good_slaves"), 1);
}
