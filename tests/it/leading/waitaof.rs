//! WAITAOF at the engine: as a master it counts its own disk and those of its replicas, and as a
//! replica it reports its own.

use super::support::*;
use crate::support::*;

const WITH_FILE: [Flavor; 2] = [Flavor::Redis82, Flavor::Valkey91];

/// Replies to WAITAOF as two numbers.
fn counts(reply: &Reply) -> [i64; 2] {
    let numbers: Vec<_> = reply.array().iter().map(Reply::int).collect();
    numbers.try_into().unwrap()
}

/// Requests with one answer each, whether or not there are replicas and however long a sync takes.
const QUESTIONS: &str = "WAITAOF 0 0 0|WAITAOF 1 0 0|WAITAOF 2 0 0|WAITAOF -1 0 0|WAITAOF x 0 0|\
    WAITAOF 0 -1 0|WAITAOF 0 x 0|WAITAOF 0 0 -1|WAITAOF 0 0 x|WAITAOF 0 1 20|WAITAOF 0 0|\
    SET k v|WAITAOF 0 1 20|MULTI|WAITAOF 1 0 0|EXEC|MULTI|WAITAOF 0 1 0|EXEC|\
    CONFIG SET appendonly yes|SET k w|WAITAOF 1 0 0|WAITAOF 1 1 20|MULTI|WAITAOF 0 1 0|EXEC|\
    CONFIG SET appendonly no|WAITAOF 1 0 0|SET k x|WAITAOF 0 1 20|\
    REPLICAOF 127.0.0.1 1|WAITAOF 0 0 0|WAITAOF 1 0 0|WAITAOF x 0 0|WAIT 0 0";

#[test]
fn it_answers_as_servers_do() {
    for flavor in WITH_FILE {
        let server = RedisServer::spawn(flavor);
        let engine = leader_like(flavor);
        let (mut theirs, mut ours) = (server.wire(), engine.wire());
        for line in QUESTIONS.split('|') {
            let words: Vec<_> = line.split(' ').collect();
            assert_eq!(ours.cmd(&words), theirs.cmd(&words), "{flavor:?} {line}");
        }
    }
}

#[test]
fn it_is_unknown_where_servers_do_not_have_it() {
    let engine = leader();
    assert!(engine.cmd(&["WAITAOF", "0", "0", "0"]).err().starts_with("ERR unknown command"));
}

#[test]
fn replicas_report_their_disks_to_an_engine() {
    for flavor in WITH_FILE {
        let master = leader_like(flavor);
        let mut wire = master.wire();
        wire.cmd(&["CONFIG", "SET", "appendonly", "yes"]).ok();
        let of_master = |builder: server::ServerBuilder| builder.replica_of(master.addr()).start();
        let plain = of_master(RedisServer::builder(flavor));
        wait_replica(&plain, &master);
        wire.cmd(&["SET", "k", "1"]).ok();
        assert_eq!(counts(&wire.cmd(&["WAITAOF", "1", "0", "0"]))[0], 1);
        assert_eq!(wire.cmd(&["WAIT", "1", "0"]).int(), 1);
        assert_eq!(counts(&wire.cmd(&["WAITAOF", "1", "1", "300"])), [1, 0]);
        let kept = of_master(RedisServer::builder(flavor).arg("--appendonly", "yes"));
        wait_replica(&kept, &master);
        wire.cmd(&["SET", "k", "2"]).ok();
        assert_eq!(counts(&wire.cmd(&["WAITAOF", "1", "1", "0"])), [1, 1]);
        assert_eq!(counts(&wire.cmd(&["WAITAOF", "0", "1", "0"])), [1, 1]);
    }
}

#[test]
fn an_engine_reports_its_disk_to_its_master_and_as_a_relay_only_its_own() {
    for flavor in WITH_FILE {
        let master = RedisServer::builder(flavor).start();
        let addr = format!("\"{}\"", master.addr());
        let engine = ReplicaPort::synced(&config().set("replica", "replicaof", &addr), &master);
        let below = RedisServer::builder(flavor).arg("--appendonly", "yes");
        let below = below.replica_of(engine.addr()).start();
        let mut wire = master.wire();
        wire.cmd(&["SET", "k", "1"]).ok();
        eventually(PATIENCE, || match below.cmd(&["GET", "k"]) {
            value if !value.is_null() => Ok(()),
            value => Err(format!("{value:?}\n{}", below.log())),
        });
        assert_eq!(wire.cmd(&["WAIT", "1", "0"]).int(), 1);
        assert_eq!(counts(&wire.cmd(&["WAITAOF", "0", "1", "300"])), [0, 0]);
        engine.cmd(&["CONFIG", "SET", "appendonly", "yes"]).ok();
        assert_eq!(counts(&wire.cmd(&["WAITAOF", "0", "1", "0"])), [0, 1]);
        for number in 0..5 {
            wire.cmd(&["SET", "k", &number.to_string()]).ok();
            assert_eq!(counts(&wire.cmd(&["WAITAOF", "0", "1", "0"])), [0, 1]);
        }
        assert!(engine.cmd(&["WAITAOF", "0", "0", "0"]).err().contains("replica instances"));
        // What is on a disk stays so when the engine leads.
        engine.cmd(&["REPLICAOF", "NO", "ONE"]).ok();
        assert_eq!(counts(&engine.cmd(&["WAITAOF", "1", "0", "0"]))[0], 1);
        // The file is turned off while a client waits for it.
        let mut waiting = engine.wire();
        engine.cmd(&["CONFIG", "SET", "appendfsync", "no"]).ok();
        waiting.cmd(&["SET", "k", "v"]).ok();
        waiting.send(&["WAITAOF", "1", "9", "0"]);
        eventually(PATIENCE, || match engine.cmd(&["CLIENT", "LIST"]).str() {
            list if list.contains("cmd=waitaof") => Ok(()),
            list => Err(list.to_owned()),
        });
        engine.cmd(&["CONFIG", "SET", "appendonly", "no"]).ok();
        assert!(waiting.read_reply().err().contains("appendonly is disabled"));
    }
}

#[test]
fn a_cache_reports_no_disk() {
    let master = RedisServer::spawn(Flavor::Redis82);
    let addr = format!("\"{}\"", master.addr());
    let config = config().set("replica", "replicaof", &addr).set("replica", "appendonly", "true");
    let config = config.set("replica", "counts-as-replica", "false");
    let engine = ReplicaPort::synced(&config, &master);
    let mut wire = master.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    engine.wait_for(&master);
    assert_eq!(counts(&wire.cmd(&["WAITAOF", "0", "1", "1500"])), [0, 0]);
}
