//! An engine that is a master: what it has acknowledged survives a kill, and its replicas continue.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

use super::{copy, wait_for_log};
use crate::support::*;

/// An engine that leads at `addr`, with an append-only file in `dir`.
pub fn leader(addr: SocketAddr, dir: &Path, policy: &str) -> ConfigBuilder {
    ConfigBuilder::new(addr, &[])
        .unset("topology", "replicas")
        .set("replica", "enabled", "true")
        .set("replica", "replicaof", "\"no one\"")
        .set("replica", "listen", &format!("\"{addr}\""))
        .set("replica", "dir", &format!("{dir:?}"))
        .set("replica", "appendonly", "true")
        .set("replica", "appendfsync", &format!("{policy:?}"))
        .set("replica", "repl-diskless-sync-delay", "\"0s\"")
}

/// Waits until the port answers reads.
fn serving(config: &ConfigBuilder) -> ReplicaPort {
    let port = ReplicaPort::start(config);
    eventually(PATIENCE, || match port.try_cmd(&["GET", "count:0"]) {
        Ok(reply) if !reply.is_err() => Ok(()),
        other => Err(format!("{other:?}\n{}", port.proxy.log())),
    });
    port
}

/// Counts up on several connections until the engine is gone. Returns what was acknowledged.
fn count_up(addr: SocketAddr, clients: u64, kill: impl FnOnce(&[AtomicU64])) -> Vec<u64> {
    let acked: Vec<_> = (0..clients).map(|_| AtomicU64::new(0)).collect();
    thread::scope(|threads| {
        for (at, acked) in acked.iter().enumerate() {
            threads.spawn(move || {
                let Ok(mut wire) = Wire::try_connect(addr) else { return };
                let key = format!("count:{at}");
                while let Ok(Reply::Int(count)) = wire.try_cmd(&["INCR", &key]) {
                    acked.store(u64::try_from(count).unwrap(), SeqCst);
                }
            });
        }
        kill(&acked);
    });
    acked.iter().map(|it| it.load(SeqCst)).collect()
}

#[test]
fn what_is_acknowledged_survives_a_kill() {
    for policy in ["always", "everysec"] {
        let addr = ([127, 0, 0, 1], ports::free_port()).into();
        let dir = tempfile::tempdir().unwrap();
        let config = leader(addr, dir.path(), policy);
        let mut port = serving(&config);
        for round in 0..4 {
            let acked = count_up(addr, 3, |acked| {
                eventually(PATIENCE, || {
                    let all: u64 = acked.iter().map(|it| it.load(SeqCst)).sum();
                    if all >= 30 * (round + 1) { Ok(()) } else { Err(all.to_string()) }
                });
                port.proxy.kill();
            });
            port = serving(&config);
            for (at, acked) in acked.iter().enumerate() {
                let found = port.cmd(&["GET", &format!("count:{at}")]);
                // A client may have got no answer before the kill.
                let found: u64 = if found.is_null() { 0 } else { found.str().parse().unwrap() };
                assert!(found >= *acked, "{policy}: {found} of {acked}\n{}", port.proxy.log());
            }
        }
        // A server loads the same.
        let digest = port.cmd(&["DEBUG", "DIGEST"]).str().to_owned();
        port.proxy.sigterm();
        assert!(port.proxy.wait_exit(PATIENCE).success());
        let copied = tempfile::tempdir().unwrap();
        copy(dir.path(), copied.path());
        let words = ["--dir", copied.path().to_str().unwrap(), "--appendonly", "yes"];
        for flavor in [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
            let server = RedisServer::builder(flavor).args(&words).start();
            assert_eq!(server.digest(), digest, "{flavor:?}");
            drop(server);
            std::fs::remove_dir_all(copied.path()).unwrap();
            copy(dir.path(), copied.path());
        }
    }
}

#[test]
fn replicas_of_a_killed_master_continue() {
    let addr = ([127, 0, 0, 1], ports::free_port()).into();
    let dir = tempfile::tempdir().unwrap();
    let config = leader(addr, dir.path(), "everysec");
    let mut port = serving(&config);
    wait_for_log(&port);
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(addr).start();
    let is_equal = |port: &ReplicaPort| {
        eventually(PATIENCE, || {
            let there = port.cmd(&["DEBUG", "DIGEST"]).str().to_owned();
            let here = replica.digest();
            if there == here { Ok(()) } else { Err(format!("{there} {here}\n{}", replica.log())) }
        });
    };
    port.cmd(&["SET", "a", "1"]).ok();
    is_equal(&port);
    for round in 0..3 {
        let full = replica.log().matches("Full resync from master").count();
        count_up(addr, 2, |acked| {
            eventually(PATIENCE, || {
                let all: u64 = acked.iter().map(|it| it.load(SeqCst)).sum();
                if all >= 50 * (round + 1) { Ok(()) } else { Err(all.to_string()) }
            });
            port.proxy.kill();
        });
        port = serving(&config);
        port.cmd(&["SET", "round", &round.to_string()]).ok();
        is_equal(&port);
        assert_eq!(
            replica.log().matches("Full resync from master").count(),
            full,
            "{}\n{}",
            replica.log(),
            port.proxy.log()
        );
    }
}

#[test]
fn replicas_continue_after_a_master_that_has_written_nothing() {
    let addr = ([127, 0, 0, 1], ports::free_port()).into();
    let dir = tempfile::tempdir().unwrap();
    // Nothing but writes is in the stream.
    let config = leader(addr, dir.path(), "everysec").set("replica", "repl-timeout", "\"1h\"").set(
        "replica",
        "repl-ping-replica-period",
        "\"50m\"",
    );
    let mut port = serving(&config);
    wait_for_log(&port);
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(addr).start();
    let follows = |port: &ReplicaPort| {
        eventually(PATIENCE, || {
            let there = port.info("replication").get("master_replid").unwrap().to_owned();
            let info = replica.info("replication");
            let here = (info.get("master_replid"), info.get("master_link_status"));
            if here == (Some(&there), Some("up")) {
                Ok(())
            } else {
                Err(format!("{there} {here:?}"))
            }
        });
    };
    port.cmd(&["SET", "count:0", "1"]).ok();
    follows(&port);
    for _ in 0..3 {
        // The replica has the name of a history in which nothing was written.
        port.proxy.kill();
        port = serving(&config);
        follows(&port);
    }
    let full = replica.log().matches("Full resync from master").count();
    assert_eq!(full, 1, "{}\n{}", replica.log(), port.proxy.log());
}

#[test]
fn replicas_continue_where_the_end_of_the_file_is_not_proven() {
    let addr = ([127, 0, 0, 1], ports::free_port()).into();
    let dir = tempfile::tempdir().unwrap();
    let config = leader(addr, dir.path(), "always");
    let mut port = serving(&config);
    wait_for_log(&port);
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(addr).start();
    let is_equal = |port: &ReplicaPort| {
        eventually(PATIENCE, || {
            let there = port.cmd(&["DEBUG", "DIGEST"]).str().to_owned();
            let here = replica.digest();
            if there == here { Ok(()) } else { Err(format!("{there} {here}\n{}", replica.log())) }
        });
    };
    port.cmd(&["SET", "count:0", "1"]).ok();
    is_equal(&port);
    port.proxy.kill();
    // A write whose end the engine has not marked.
    let path = dir.path().join("appendonlydir/appendonly.aof.1.incr.aof");
    let mut file = std::fs::File::options().append(true).open(&path).unwrap();
    let torn = b"*3\r\n$3\r\nSET\r\n$4\r\ntorn\r\n$1\r\n1\r\n";
    std::io::Write::write_all(&mut file, torn).unwrap();
    drop(file);
    port = serving(&config);
    assert_eq!(port.cmd(&["GET", "torn"]).str(), "1");
    is_equal(&port);
    let stats = port.info("stats");
    let syncs = (stats.get("sync_full"), stats.get("sync_partial_ok"));
    assert_eq!(syncs, (Some("0"), Some("1")), "{}\n{}", replica.log(), port.proxy.log());
    port.cmd(&["SET", "count:0", "2"]).ok();
    is_equal(&port);
}

#[test]
fn a_master_does_not_start_from_a_damaged_file() {
    let addr = ([127, 0, 0, 1], ports::free_port()).into();
    let dir = tempfile::tempdir().unwrap();
    let config = leader(addr, dir.path(), "everysec");
    let mut port = serving(&config);
    wait_for_log(&port);
    for at in 0..20 {
        port.cmd(&["SET", &format!("key:{at}"), "value"]).ok();
    }
    port.proxy.sigterm();
    assert!(port.proxy.wait_exit(PATIENCE).success());
    let path = dir.path().join("appendonlydir/appendonly.aof.1.incr.aof");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0);
    std::fs::write(&path, &bytes).unwrap();
    let before = names(dir.path());
    let (_, log) = Tidegate::run_to_exit(&config.toml(), PATIENCE);
    assert!(log.contains("cannot be loaded: appendonly.aof.1.incr.aof: wrong at byte"), "{log}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "nothing was changed");
    assert_eq!(names(dir.path()), before);
}

fn names(dir: &Path) -> Vec<String> {
    let all = std::fs::read_dir(dir.join("appendonlydir")).unwrap();
    let mut names: Vec<_> = all.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
