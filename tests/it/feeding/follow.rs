//! Replicas of each version follow the engine: snapshot, stream, digests.

use super::*;
use crate::support::*;

#[test]
fn a_replica_of_each_version_follows_the_engine() {
    for flavor in Flavor::ALL {
        for diskless in ["true", "false"] {
            let master = RedisServer::spawn(flavor);
            fill::fill(&master);
            let config = engine(&master).set("replica", "repl-diskless-sync", diskless);
            let port = ReplicaPort::synced(&config, &master);
            let replica = RedisServer::builder(flavor).replica_of(port.addr()).start();
            let source = port.addr().port();
            wait_following(&replica, source, &master);
            assert_eq!(replica.digest(), master.digest(), "{flavor:?} {diskless}");
            Writer::new(&master, 7).write(500);
            wait_following(&replica, source, &master);
            assert_eq!(replica.digest(), master.digest(), "{flavor:?} {diskless}");
            let (own, its) = (port.info("replication"), replica.info("replication"));
            assert_eq!(own.get("master_replid"), its.get("master_replid"));
            assert_eq!(its.get("master_replid"), master.info("replication").get("master_replid"));
            assert_eq!(own.get("connected_slaves"), Some("1"), "{}", own.0);
            let line = own.get("slave0").unwrap();
            let begin = format!("ip=127.0.0.1,port={},state=online,offset=", replica.port());
            assert!(line.starts_with(&begin), "{line}");
            assert_eq!(line.ends_with(",type=replica"), flavor == Flavor::Valkey91, "{line}");
        }
    }
}

/// An older replica than the master: Valkey names its version, and gets what it reads.
#[test]
fn a_valkey_replica_of_a_redis_master_gets_a_snapshot_that_it_reads() {
    for flavor in [Flavor::Redis70, Flavor::Redis82] {
        let master = RedisServer::spawn(flavor);
        master.cmd(&["SET", "k", "v"]).ok();
        master.cmd(&["HSET", "h", "f", "v"]).int();
        let port = ReplicaPort::synced(&engine(&master), &master);
        let replica = RedisServer::builder(Flavor::Valkey91).replica_of(port.addr()).start();
        wait_following(&replica, port.addr().port(), &master);
        assert_eq!(replica.digest(), master.digest(), "{flavor:?}");
    }
}

/// The ack that the master asks for comes from the sub-replica, and the engine shows it.
#[test]
fn acks_are_heard_and_asked_for() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let port = ReplicaPort::synced(&engine(&master), &master);
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&replica, port.addr().port(), &master);
    master.cmd(&["SET", "k", "v"]).ok();
    let target = master.offset();
    // WAIT makes the master ask all its replicas; the engine passes that on.
    master.cmd(&["WAIT", "1", "100"]).int();
    eventually(PATIENCE, || {
        let info = port.info("replication");
        let line = info.get("slave0").ok_or_else(|| info.0.clone())?;
        let offset = line.split(',').find_map(|it| it.strip_prefix("offset=")).unwrap();
        if offset.parse::<i64>().unwrap() >= target { Ok(()) } else { Err(line.to_owned()) }
    });
    let list = port.cmd(&["CLIENT", "LIST", "TYPE", "replica"]).str().to_owned();
    assert_eq!(list.lines().count(), 1, "{list}");
    assert!(list.contains(" flags=S ") && list.contains(" cmd=replconf "), "{list}");
    let normal = port.cmd(&["CLIENT", "LIST", "TYPE", "normal"]).str().to_owned();
    assert!(!normal.contains(" flags=S "), "{normal}");
}

/// Values of modules and functions pass through, in the snapshot and in the stream.
#[test]
fn functions_pass_through() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["FUNCTION", "LOAD", fill::FUNCTION]).str();
    let port = ReplicaPort::synced(&engine(&master), &master);
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&replica, port.addr().port(), &master);
    let other = fill::FUNCTION.replace("rdbtest", "later");
    master.cmd(&["FUNCTION", "LOAD", &other]).str();
    wait_following(&replica, port.addr().port(), &master);
    // Servers list them in the order of a hash table.
    let libraries = |server: &RedisServer| {
        let mut all: Vec<_> = server.cmd(&["FUNCTION", "LIST", "WITHCODE"]).array().to_vec();
        all.sort_by_key(|library| format!("{library:?}"));
        all
    };
    assert_eq!(libraries(&replica), libraries(&master));
    assert_eq!(libraries(&replica).len(), 2);
}
