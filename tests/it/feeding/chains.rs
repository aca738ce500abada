//! Chains of three, moves between the engine and its master, other histories.

use super::*;
use crate::support::*;

fn full_resyncs(server: &RedisServer) -> i64 {
    server.info("stats").get("sync_full").unwrap().parse().unwrap()
}

#[test]
fn a_replica_moves_to_the_master_and_back_without_a_full_resync() {
    let master = RedisServer::spawn(Flavor::Redis70);
    fill::fill(&master);
    let port = ReplicaPort::synced(&engine(&master), &master);
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    let (ours, theirs) = (number(&port, "stats", "sync_full"), full_resyncs(&master));
    let mut writer = Writer::new(&master, 9);
    for _ in 0..4 {
        writer.write(100);
        sub.replicate_from(master.addr());
        writer.write(100);
        wait_following(&sub, master.port(), &master);
        sub.replicate_from(port.addr());
        writer.write(100);
        wait_following(&sub, port.addr().port(), &master);
    }
    assert_eq!(number(&port, "stats", "sync_full"), ours, "{}", port.proxy.log());
    assert_eq!(full_resyncs(&master), theirs);
    assert_eq!(sub.digest(), master.digest());
}

/// Real master, engine, engine, real replica: the database of the stream goes along.
#[test]
fn engines_feed_engines() {
    for flavor in Flavor::ALL {
        let master = RedisServer::spawn(flavor);
        fill::fill(&master);
        let mut wire = master.wire();
        wire.cmd(&["SELECT", "9"]).ok();
        let port = ReplicaPort::synced(&engine(&master), &master);
        // The stream has selected a database when the others come, and selects none again.
        wire.cmd(&["SET", "k", "before"]).ok();
        port.wait_for(&master);
        let second = ReplicaPort::synced(&engine_of(&port, &master), &master);
        let sub = RedisServer::builder(flavor).replica_of(second.addr()).start();
        wait_following(&sub, second.addr().port(), &master);
        wire.cmd(&["SET", "k", "after"]).ok();
        wire.cmd(&["RPUSH", "list", "a"]).int();
        second.wait_for(&master);
        wait_following(&sub, second.addr().port(), &master);
        let wanted = master.digest();
        assert_eq!(sub.digest(), wanted, "{flavor:?}");
        for engine in [&port, &second] {
            assert_eq!(engine.cmd(&["DEBUG", "DIGEST"]).str(), wanted, "{flavor:?}");
        }
        let ids = [port.info("replication"), second.info("replication"), sub.info("replication")]
            .map(|it| it.get("master_replid").unwrap().to_owned());
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
}

/// A replica is promoted, and the engine follows it with another name of the same history: its own
/// replicas learn the name and continue.
#[test]
fn another_name_of_the_history_is_passed_on() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let heir = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.wait_synced(&heir);
    let config = engine(&master).set("replica", "replicaof", &format!("\"{}\"", master.addr()));
    let port = ReplicaPort::synced(&config, &master);
    let second = ReplicaPort::synced(&engine_of(&port, &master), &master);
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(second.addr()).start();
    Writer::new(&master, 2).write(100);
    wait_following(&sub, second.addr().port(), &master);
    master.wait_synced(&heir);
    heir.promote();
    port.cmd(&["REPLICAOF", "127.0.0.1", &heir.port().to_string()]).ok();
    let id = heir.info("replication").get("master_replid").unwrap().to_owned();
    Writer::new(&heir, 3).write(100);
    eventually(PATIENCE, || {
        let info = sub.info("replication");
        if info.get("master_replid") == Some(&id) { Ok(()) } else { Err(info.0) }
    });
    wait_following(&sub, second.addr().port(), &heir);
    assert_eq!(sub.digest(), heir.digest());
    for engine in [&port, &second] {
        assert_eq!(number(engine, "stats", "sync_full"), 1, "{}", engine.proxy.log());
        assert_eq!(number(engine, "stats", "sync_partial_ok"), 1, "{}", engine.proxy.log());
    }
}

/// A full resync of the engine with another history cuts its replicas off, and they get all anew.
#[test]
fn another_history_makes_replicas_sync_anew() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let other = RedisServer::spawn(Flavor::Redis70);
    fill::fill(&other);
    let config = engine(&master).set("replica", "replicaof", &format!("\"{}\"", master.addr()));
    let port = ReplicaPort::synced(&config, &master);
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    port.cmd(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]).ok();
    eventually(PATIENCE, || {
        // A master takes its history's name when its first replica comes.
        let (wanted, info) = (other.info("replication"), sub.info("replication"));
        let is_new = info.get("master_replid") == wanted.get("master_replid");
        if is_new { Ok(()) } else { Err(info.0) }
    });
    wait_following(&sub, port.addr().port(), &other);
    assert_eq!(sub.digest(), other.digest());
    assert_eq!(number(&port, "stats", "sync_full"), 2);
}

#[test]
fn a_link_that_is_lost_above_disconnects_no_replica() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let faults = FaultProxy::start(master.addr());
    let config = engine(&master).set("replica", "replicaof", &format!("\"{}\"", faults.addr()));
    let port = ReplicaPort::synced(&config, &master);
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    faults.cut();
    eventually(PATIENCE, || match port.info("replication").get("master_link_status") {
        Some("down") => Ok(()),
        status => Err(format!("{status:?}")),
    });
    assert_eq!(sub.info("replication").get("master_link_status"), Some("up"));
    Writer::new(&master, 4).write(100);
    faults.heal();
    wait_following(&sub, port.addr().port(), &master);
    assert_eq!(sub.digest(), master.digest());
    assert_eq!(number(&port, "stats", "sync_partial_ok"), 0, "it was never disconnected");
}

/// The engine starts again from its snapshot, and its replica continues.
#[test]
fn an_engine_that_starts_again_continues_with_its_replicas() {
    let master = RedisServer::spawn(Flavor::Redis70);
    fill::fill(&master);
    let dir = tempfile::tempdir().unwrap();
    let own = ports::free_port();
    let config = engine(&master).set("replica", "dir", &format!("{:?}", dir.path())).set(
        "replica",
        "listen",
        &format!("\"127.0.0.1:{own}\""),
    );
    let port = ReplicaPort::synced(&config, &master);
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, own, &master);
    let mut shutdown = port.wire();
    shutdown.send(&["SHUTDOWN"]);
    shutdown.expect_closed();
    eventually(PATIENCE, || match std::net::TcpListener::bind(("127.0.0.1", own)) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    });
    let again = ReplicaPort::synced(&config, &master);
    wait_following(&sub, own, &master);
    Writer::new(&master, 6).write(50);
    wait_following(&sub, own, &master);
    assert_eq!(sub.digest(), master.digest());
    assert_eq!(number(&again, "stats", "sync_full"), 0, "{}", again.proxy.log());
    assert_eq!(number(&again, "stats", "sync_partial_ok"), 1);
}

/// Small values are packed as at the master, also below another engine.
#[test]
fn thresholds_go_down_the_chain() {
    let master = RedisServer::builder(Flavor::Redis70)
        .args(&["--hash-max-listpack-entries", "3", "--zset-max-listpack-entries", "5"])
        .start();
    let port = ReplicaPort::synced(&engine(&master), &master);
    let second = ReplicaPort::synced(&engine_of(&port, &master), &master);
    master.cmd(&["CONFIG", "SET", "hash-max-listpack-entries", "6"]).ok();
    // Each engine asks anew on a new link.
    for at in [&port, &second] {
        at.cmd(&["CLIENT", "KILL", "TYPE", "master"]).int();
        eventually(PATIENCE, || match number(at, "tidegate", "partial_resyncs") {
            count if count > 0 => Ok(()),
            _ => Err(at.info("replication").0),
        });
    }
    for n in 0..5 {
        master.cmd(&["HSET", "hash", &n.to_string(), "v"]).int();
    }
    second.wait_for(&master);
    let encoding = |wire: &mut Wire| wire.cmd(&["OBJECT", "ENCODING", "hash"]).str().to_owned();
    assert_eq!(encoding(&mut second.wire()), encoding(&mut master.wire()));
}
