//! FAILOVER at an engine that leads, and at a server whose replica is an engine; PROXY FAILOVER
//! between embedded servers.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use super::embedded::{embedded, start};
use super::support::*;
use crate::feeding::support::Writer;
use crate::support::*;

/// Waits until the engine is a replica that has all of the server's stream.
#[track_caller]
fn wait_following(engine: &ReplicaPort, server: &RedisServer) {
    eventually(PATIENCE, || {
        let info = engine.try_info("replication")?;
        let offset = info.get("slave_repl_offset").and_then(|it| it.parse::<i64>().ok());
        let is_up = info.get("master_link_status") == Some("up");
        match offset {
            Some(offset) if is_up && offset >= server.offset() => Ok(()),
            _ => Err(format!("{}\n{}\n{}", info.0, engine.proxy.log(), server.log())),
        }
    });
}

#[test]
fn roles_are_handed_over_both_ways() {
    for flavor in [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        let engine = leader_like(flavor);
        let server = RedisServer::builder(flavor).replica_of(engine.addr()).start();
        Writer::over(engine.wire(), 5).write(300);
        assert_same_data(&server, &engine);
        let port = server.port().to_string();
        engine.cmd(&["FAILOVER", "TO", "127.0.0.1", &port]).ok();
        wait_following(&engine, &server);
        assert_eq!(server.cmd(&["ROLE"]).array()[0].str(), "master", "{flavor:?}");
        let info = engine.info("replication");
        assert_eq!(info.get("master_failover_state"), Some("no-failover"), "{}", info.0);
        Writer::over(server.wire(), 6).write(300);
        wait_following(&engine, &server);
        let (host, port) = ("127.0.0.1", engine.addr().port().to_string());
        server.cmd(&["FAILOVER", "TO", host, &port]).ok();
        eventually(PATIENCE, || match engine.try_cmd(&["SET", "back", "again"])? {
            Reply::Simple(_) => Ok(()),
            other => Err(format!("{other:?}\n{}\n{}", engine.proxy.log(), server.log())),
        });
        assert_same_data(&server, &engine);
        // Nothing but the first sync was a full one.
        assert_eq!(engine.info("stats").get("sync_full"), Some("1"), "{flavor:?}");
        assert_eq!(engine.info("tidegate").get("full_resyncs"), Some("1"), "{flavor:?}");
        assert_eq!(server.info("stats").get("sync_full"), Some("0"), "{flavor:?}");
    }
}

#[test]
fn a_failover_that_cannot_be_is_refused_or_given_up() {
    let engine = leader();
    let server = RedisServer::spawn(Flavor::Redis70);
    let both = |request: &[&str]| {
        let replies = [engine.cmd(request), server.cmd(request)];
        assert_eq!(replies[0], replies[1], "{request:?}");
        replies[0].clone()
    };
    for request in [
        &["FAILOVER"][..],
        &["FAILOVER", "ABORT"],
        &["FAILOVER", "TO", "127.0.0.1"],
        &["FAILOVER", "TIMEOUT", "0"],
        &["FAILOVER", "TIMEOUT", "x"],
        &["FAILOVER", "ABORT", "TIMEOUT", "5"],
        &["FAILOVER", "FORCE"],
    ] {
        assert!(both(request).is_err(), "{request:?}");
    }
    let replicas = [engine.addr(), server.addr()]
        .map(|addr| RedisServer::builder(Flavor::Redis70).replica_of(addr).start());
    wait_replica(&replicas[0], &engine);
    server.wait_synced(&replicas[1]);
    assert!(both(&["FAILOVER", "TO", "127.0.0.1", "1"]).is_err());
    // A replica that does not follow any more never has all writes.
    let mut replicas = replicas;
    replicas[0].pause();
    engine.cmd(&["SET", "k", "v"]).ok();
    engine.cmd(&["FAILOVER", "TIMEOUT", "300"]).ok();
    assert_eq!(engine.info("replication").get("master_failover_state"), Some("waiting-for-sync"));
    assert!(engine.cmd(&["FAILOVER"]).err().starts_with("ERR FAILOVER already in progress"));
    let mut writer = engine.wire();
    // It waits until the failover is given up.
    writer.cmd(&["SET", "k", "w"]).ok();
    assert_eq!(engine.info("replication").get("master_failover_state"), Some("no-failover"));
    engine.cmd(&["FAILOVER"]).ok();
    engine.cmd(&["FAILOVER", "ABORT"]).ok();
    engine.cmd(&["SET", "k", "x"]).ok();
    replicas[0].resume();
    assert_same_data(&replicas[0], &engine);
}

/// Ends the writers, also if the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// Clients of the proxy notice nothing, and every acknowledged write is there once.
#[test]
fn embedded_servers_change_places_under_load() {
    let dir = tempfile::tempdir().unwrap();
    let process = start(&embedded(dir.path()).set("admin", "commands", "\"master\""));
    process.wait_synced();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let stop = Stop(&is_over);
        let writers: Vec<_> = (0..4)
            .map(|at| {
                let (mut wire, is_over) = (process.proxy.wire(), &is_over);
                let key = format!("counter{at}");
                scope.spawn(move || {
                    let mut last = 0;
                    while !is_over.load(SeqCst) {
                        let count = wire.cmd(&["INCR", &key]).int();
                        assert_eq!(count, last + 1, "{key}");
                        last = count;
                    }
                    (key, last)
                })
            })
            .collect();
        let mut operator = process.proxy.wire();
        for at in [1, 2, 0] {
            let to = process.servers[at].to_string();
            let reply = operator.cmd(&["PROXY", "FAILOVER", "TO", &to]);
            assert!(!reply.is_err(), "{reply:?}\n{}", process.proxy.log());
            eventually(PATIENCE, || {
                let role = process.server(at).cmd(&["ROLE"]);
                let role = role.array();
                match role[0].str() == "master" && role[2].array().len() == 2 {
                    true => Ok(()),
                    false => Err(format!("{role:?}\n{}", process.proxy.log())),
                }
            });
        }
        drop(stop);
        for writer in writers {
            let (key, last) = writer.join().unwrap();
            assert_eq!(process.server(0).cmd(&["GET", &key]).str(), last.to_string());
        }
    });
    process.assert_same_data();
}

#[test]
fn the_last_master_is_the_master_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let config = embedded(dir.path()).set("admin", "commands", "\"master\"");
    let mut first = start(&config);
    first.wait_synced();
    let mut wire = first.proxy.wire();
    wire.cmd(&["SET", "k", "before"]).ok();
    let to = first.servers[2].to_string();
    assert!(!wire.cmd(&["PROXY", "FAILOVER", "TO", &to]).is_err());
    wire.cmd(&["SET", "k", "after"]).ok();
    first.proxy.sigterm();
    first.proxy.wait_exit(PATIENCE);
    let second = start(&config);
    assert_eq!(second.proxy.wire().cmd(&["GET", "k"]).str(), "after");
    assert_eq!(second.server(2).cmd(&["ROLE"]).array()[0].str(), "master");
    second.proxy.wire().cmd(&["SET", "k", "again"]).ok();
}
