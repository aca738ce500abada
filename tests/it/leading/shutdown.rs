//! SHUTDOWN at the engine's port, as Redis 7 has it: it waits for replicas, may be aborted, and does
//! not lose what cannot be saved.

use std::time::Duration;

use super::support::*;
use crate::support::*;

/// An engine that leads, or a server: what a test needs of both.
trait Master {
    fn client(&self) -> Wire;
    fn section(&self, name: &str) -> server::Info;
}

impl Master for ReplicaPort {
    fn client(&self) -> Wire {
        self.wire()
    }

    fn section(&self, name: &str) -> server::Info {
        self.info(name)
    }
}

impl Master for RedisServer {
    fn client(&self) -> Wire {
        self.wire()
    }

    fn section(&self, name: &str) -> server::Info {
        self.info(name)
    }
}

#[test]
fn mistakes_get_the_words_of_servers() {
    for flavor in Flavor::ALL {
        let (engine, server) = (leader_like(flavor), RedisServer::spawn(flavor));
        let (mut ours, mut theirs) = (engine.wire(), server.wire());
        let lines = "SHUTDOWN SAVE NOSAVE|SHUTDOWN NOSAVE FOO|SHUTDOWN ABORT NOW|SHUTDOWN ABORT|\
            SHUTDOWN SAVE ABORT|SHUTDOWN ABORT ABORT|CONFIG GET shutdown-timeout|\
            CONFIG SET shutdown-timeout 7|CONFIG GET shutdown-timeout|MULTI|SHUTDOWN NOSAVE|EXEC";
        for line in lines.split('|') {
            // Redis 6.2 has no such key, and runs SHUTDOWN in EXEC.
            let is_newer = ["MULTI", "EXEC", "SHUTDOWN NOSAVE"].contains(&line);
            if flavor == Flavor::Redis62 && (is_newer || line.starts_with("CONFIG")) {
                continue;
            }
            let words: Vec<_> = line.split(' ').collect();
            assert_eq!(ours.cmd(&words), theirs.cmd(&words), "{flavor:?} {line}");
        }
    }
}

/// A master with a replica that has stopped, and lacks a write.
fn lagging(master: &impl Master, replica: &mut RedisServer) {
    replica.pause();
    master.client().cmd(&["SET", "k", "v"]).ok();
}

/// Returns a client whose SHUTDOWN was aborted.
fn waits_and_is_aborted(master: &impl Master, replica: &mut RedisServer) -> Wire {
    lagging(master, replica);
    let [mut first, mut second, mut writer, mut other] = [(); 4].map(|()| master.client());
    first.send(&["SHUTDOWN", "NOSAVE"]);
    eventually(PATIENCE, || match master.section("server").get("shutdown_in_milliseconds") {
        Some(_) => Ok(()),
        None => Err("no SHUTDOWN is under way".to_owned()),
    });
    // The first one decides how it goes on.
    second.send(&["SHUTDOWN", "NOSAVE", "NOW"]);
    writer.send(&["SET", "k", "w"]);
    assert_eq!(other.cmd(&["GET", "k"]).str(), "v");
    other.cmd(&["CLIENT", "UNPAUSE"]).ok();
    writer.expect_silence(Duration::from_millis(100));
    other.cmd(&["SHUTDOWN", "ABORT"]).ok();
    for wire in [&mut first, &mut second] {
        assert_eq!(wire.read_reply().err(), "ERR Errors trying to SHUTDOWN. Check logs.");
    }
    writer.read_reply().ok();
    assert_eq!(master.section("server").get("shutdown_in_milliseconds"), None);
    assert_eq!(other.cmd(&["SHUTDOWN", "ABORT"]).err(), "ERR No shutdown in progress.");
    first
}

#[test]
fn it_waits_for_a_replica_that_lags_and_can_be_aborted() {
    let engine = leader_of(&config().set("replica", "shutdown-timeout", "\"1h\""));
    let server = RedisServer::builder(Flavor::Redis70).arg("--shutdown-timeout", "3600").start();
    let mut replica = RedisServer::builder(Flavor::Redis70).replica_of(engine.addr()).start();
    wait_replica(&replica, &engine);
    let mut aborted = waits_and_is_aborted(&engine, &mut replica);
    // Redis 7.0.15 crashes at this.
    assert_eq!(aborted.cmd(&["PING"]).str(), "PONG");
    let mut replica = RedisServer::builder(Flavor::Redis70).replica_of(server.addr()).start();
    server.wait_synced(&replica);
    waits_and_is_aborted(&server, &mut replica);
}

#[test]
fn the_process_ends_when_the_replica_has_everything() {
    let mut engine = leader_of(&config().set("replica", "shutdown-timeout", "\"1h\""));
    let mut replica = RedisServer::builder(Flavor::Redis70).replica_of(engine.addr()).start();
    wait_replica(&replica, &engine);
    lagging(&engine, &mut replica);
    let mut wire = engine.wire();
    wire.send(&["SHUTDOWN"]);
    wire.expect_silence(Duration::from_millis(100));
    replica.resume();
    assert!(engine.proxy.wait_exit(PATIENCE).success());
    assert_eq!(replica.cmd(&["GET", "k"]).str(), "v");
}

#[test]
fn the_process_ends_at_the_time_out_or_at_once() {
    for (timeout, request) in [
        ("1s", &["SHUTDOWN", "NOSAVE"][..]),
        ("1h", &["SHUTDOWN", "NOW", "NOSAVE"]),
        ("0s", &["SHUTDOWN"]),
    ] {
        let timeout = format!("{timeout:?}");
        let mut engine = leader_of(&config().set("replica", "shutdown-timeout", &timeout));
        let mut replica = RedisServer::builder(Flavor::Redis70).replica_of(engine.addr()).start();
        wait_replica(&replica, &engine);
        lagging(&engine, &mut replica);
        engine.wire().send(request);
        assert!(engine.proxy.wait_exit(PATIENCE).success());
    }
}

#[test]
fn a_relay_waits_for_the_replicas_below() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let addr = format!("\"{}\"", master.addr());
    let config = config().set("replica", "replicaof", &addr);
    let mut engine =
        ReplicaPort::synced(&config.set("replica", "shutdown-timeout", "\"1h\""), &master);
    let mut below = RedisServer::builder(Flavor::Redis70).replica_of(engine.addr()).start();
    let has = |below: &RedisServer, value: &str| {
        eventually(PATIENCE, || match below.cmd(&["GET", "k"]) {
            Reply::Bulk(found) if found == value.as_bytes() => Ok(()),
            other => Err(format!("{other:?}\n{}", below.log())),
        });
    };
    master.cmd(&["SET", "k", "1"]).ok();
    has(&below, "1");
    below.pause();
    master.cmd(&["SET", "k", "2"]).ok();
    engine.wait_for(&master);
    let mut wire = engine.wire();
    wire.send(&["SHUTDOWN"]);
    wire.expect_silence(Duration::from_millis(100));
    below.resume();
    assert!(engine.proxy.wait_exit(PATIENCE).success());
    assert_eq!(below.cmd(&["GET", "k"]).str(), "2");
}

#[test]
fn the_process_goes_on_when_the_data_cannot_be_saved() {
    let dir = tempfile::tempdir().unwrap();
    let gone = dir.path().join("data");
    std::fs::create_dir(&gone).unwrap();
    let config = config().set("replica", "dir", &format!("{gone:?}"));
    let mut engine = leader_of(&config);
    let mut wire = engine.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    std::fs::remove_dir_all(&gone).unwrap();
    for request in [&["SHUTDOWN"][..], &["SHUTDOWN", "SAVE", "NOW"]] {
        assert_eq!(wire.cmd(request).err(), "ERR Errors trying to SHUTDOWN. Check logs.");
        wire.cmd(&["SET", "k", "w"]).ok();
    }
    wire.send(&["SHUTDOWN", "FORCE"]);
    assert!(engine.proxy.wait_exit(PATIENCE).success());
}

#[test]
fn what_it_saves_is_all_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let config = config().set("replica", "dir", &format!("{:?}", dir.path()));
    let mut engine = leader_of(&config);
    engine.cmd(&["SET", "k", "v"]).ok();
    engine.wire().send(&["SHUTDOWN"]);
    assert!(engine.proxy.wait_exit(PATIENCE).success());
    let engine = leader_of(&config);
    assert_eq!(engine.cmd(&["GET", "k"]).str(), "v");
}
