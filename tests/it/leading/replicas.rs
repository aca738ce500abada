//! Real servers of each version are replicas of an engine that leads: they have its data, and the
//! roles change with partial resyncs.

use super::support::*;
use crate::feeding::support::Writer;
use crate::support::server::Info;
use crate::support::*;

#[test]
fn a_replica_of_each_version_has_the_data() {
    for flavor in Flavor::ALL {
        let master = leader_like(flavor);
        let mut writer = Writer::over(master.wire(), 7);
        writer.write(300);
        let replica = RedisServer::builder(flavor).replica_of(master.addr()).start();
        writer.write(1500);
        assert_same_data(&replica, &master);
        // A replica whose link was cut goes on where it was.
        replica.cmd(&["CLIENT", "KILL", "TYPE", "master"]);
        writer.write(300);
        assert_same_data(&replica, &master);
        let stats = master.info("stats");
        assert_eq!((stats.get("sync_full"), stats.get("sync_partial_ok")), (Some("1"), Some("1")));
    }
}

#[test]
fn master_and_replica_change_places_without_a_full_resync() {
    for flavor in Flavor::ALL {
        let engine = leader_like(flavor);
        let server = RedisServer::builder(flavor).replica_of(engine.addr()).start();
        let other = RedisServer::builder(flavor).replica_of(engine.addr()).start();
        Writer::over(engine.wire(), 11).write(400);
        assert_same_data(&server, &engine);
        assert_same_data(&other, &engine);
        let port = server.port().to_string();
        server.cmd(&["REPLICAOF", "NO", "ONE"]).ok();
        engine.cmd(&["REPLICAOF", "127.0.0.1", &port]).ok();
        other.replicate_from(server.addr());
        Writer::over(server.wire(), 12).write(400);
        engine.wait_for(&server);
        server.wait_synced(&other);
        assert_eq!(engine.cmd(&["DEBUG", "DIGEST"]), server.cmd(&["DEBUG", "DIGEST"]));
        let refused = engine.cmd(&["SET", "k", "v"]);
        assert!(refused.err().starts_with("READONLY"), "{refused:?}");
        // And back.
        engine.cmd(&["REPLICAOF", "NO", "ONE"]).ok();
        server.replicate_from(engine.addr());
        other.replicate_from(engine.addr());
        Writer::over(engine.wire(), 13).write(400);
        assert_same_data(&server, &engine);
        assert_same_data(&other, &engine);
        assert_eq!(server.info("stats").get("sync_full"), Some("0"), "{flavor:?}");
        assert_eq!(engine.info("stats").get("sync_full"), Some("2"), "{flavor:?}");
        // The one from the server that it was a replica of.
        let tidegate = engine.info("tidegate");
        assert_eq!(tidegate.get("full_resyncs"), Some("1"), "{}", tidegate.0);
    }
}

#[test]
fn an_engine_follows_an_engine() {
    let master = leader();
    let mut writer = Writer::over(master.wire(), 3);
    writer.write(500);
    let config = config().set("replica", "replicaof", &format!("\"{}\"", master.addr()));
    let replica = ReplicaPort::start(&config);
    let server = RedisServer::builder(Flavor::Redis70).replica_of(replica.addr()).start();
    writer.write(1000);
    let same = || {
        let digests = [
            master.cmd(&["DEBUG", "DIGEST"]),
            replica.cmd(&["DEBUG", "DIGEST"]),
            server.cmd(&["DEBUG", "DIGEST"]),
        ];
        match digests.windows(2).all(|pair| pair[0] == pair[1]) {
            true => Ok(()),
            false => Err(format!("{digests:?}\n{}", replica.info("replication").0)),
        }
    };
    eventually(PATIENCE, same);
    // The one in the middle becomes the master of both.
    replica.cmd(&["REPLICAOF", "NO", "ONE"]).ok();
    let (host, port) = ("127.0.0.1", replica.addr().port().to_string());
    master.cmd(&["REPLICAOF", host, &port]).ok();
    Writer::over(replica.wire(), 4).write(500);
    eventually(PATIENCE, same);
    assert_eq!(master.info("tidegate").get("full_resyncs"), Some("0"));
}

#[test]
fn wait_and_min_replicas_to_write_count_replicas() {
    let master = leader();
    let mut wire = master.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    assert_eq!(wire.cmd(&["WAIT", "1", "50"]).int(), 0);
    assert_eq!(wire.cmd(&["WAIT", "0", "0"]).int(), 0);
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    wait_replica(&replica, &master);
    for n in 0..20 {
        wire.cmd(&["SET", "k", &n.to_string()]).ok();
        assert_eq!(wire.cmd(&["WAIT", "1", "0"]).int(), 1);
    }
    assert!(wire.cmd(&["WAIT", "1", "-1"]).err().starts_with("ERR timeout is negative"));
    wire.cmd(&["CONFIG", "SET", "min-replicas-to-write", "2"]).ok();
    let refused = wire.cmd(&["SET", "k", "v"]);
    assert_eq!(refused.err(), "NOREPLICAS Not enough good replicas to write.");
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "19");
    wire.cmd(&["CONFIG", "SET", "min-replicas-to-write", "1"]).ok();
    wire.cmd(&["SET", "k", "v"]).ok();
}

#[test]
fn a_master_without_replicas_frees_its_backlog_and_a_replica_keeps_it() {
    let master = leader();
    let is_active = |engine: &ReplicaPort| {
        let info = engine.info("replication");
        let names =
            ["repl_backlog_active", "repl_backlog_first_byte_offset", "repl_backlog_histlen"];
        names.map(|name| info.get(name).unwrap().parse::<i64>().unwrap())
    };
    let addr = format!("\"{}\"", master.addr());
    let replica = ReplicaPort::start(&config().set("replica", "replicaof", &addr));
    let server = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    wait_replica(&server, &master);
    master.cmd(&["SET", "k", "1"]).ok();
    assert_same_data(&server, &master);
    for engine in [&master, &replica] {
        assert_eq!(engine.cmd(&["CONFIG", "GET", "repl-backlog-ttl"]).strings()[1], "3600");
        engine.cmd(&["CONFIG", "SET", "repl-backlog-ttl", "1"]).ok();
    }
    server.cmd(&["REPLICAOF", "NO", "ONE"]).ok();
    replica.cmd(&["REPLICAOF", "127.0.0.1", "1"]).ok();
    let history = master.info("replication").get("master_replid").map(str::to_owned);
    eventually(PATIENCE, || match is_active(&master) {
        [0, 0, 0] => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(is_active(&replica)[0], 1);
    // Offsets go on. What comes back lacks something, and gets everything.
    master.cmd(&["SET", "k", "2"]).ok();
    let full = || master.info("stats").get("sync_full").unwrap().parse::<i64>().unwrap();
    let before = full();
    server.replicate_from(master.addr());
    assert_same_data(&server, &master);
    assert_eq!(full(), before + 1);
    assert_eq!(is_active(&master)[0], 1);
    assert_eq!(master.info("replication").get("master_replid"), history.as_deref());
}

#[test]
fn info_and_role_are_those_of_a_master() {
    let engine = leader();
    let server = RedisServer::spawn(Flavor::Redis70);
    let replicas = [engine.addr(), server.addr()]
        .map(|addr| RedisServer::builder(Flavor::Redis70).replica_of(addr).start());
    wait_replica(&replicas[0], &engine);
    server.wait_synced(&replicas[1]);
    let names = |info: &Info| {
        let lines = info.0.lines().filter_map(|line| line.split_once(':'));
        lines.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    let (own, real) = (engine.info("replication"), server.info("replication"));
    assert_eq!(names(&own), names(&real), "{}\n{}", own.0, real.0);
    assert_eq!(own.get("role"), Some("master"));
    let roles = [engine.cmd(&["ROLE"]), server.cmd(&["ROLE"])];
    for (role, replica) in roles.iter().zip(&replicas) {
        assert_eq!(role.array()[0].str(), "master");
        let listed = role.array()[2].array()[0].strings();
        assert_eq!(listed[..2], ["127.0.0.1".to_owned(), replica.port().to_string()]);
    }
}
