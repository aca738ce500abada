//! A restart goes on with what the append-only file has, and asks the master for the rest only.

use std::fs;

use super::{engine_of, fill, wait_for_log};
use crate::support::local::stat;
use crate::support::*;

#[track_caller]
fn assert_equal(port: &ReplicaPort, master: &RedisServer) {
    port.wait_for(master);
    let there = port.cmd(&["DEBUG", "DIGEST"]);
    assert_eq!(there.str(), master.digest(), "{}", port.proxy.log());
}

/// A master, and the directory and the configuration of an engine that had all its data and has
/// ended.
fn stopped_engine() -> (RedisServer, tempfile::TempDir, ConfigBuilder) {
    let master = RedisServer::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    let config = engine_of(&master, dir.path());
    let mut port = ReplicaPort::synced(&config, &master);
    wait_for_log(&port);
    fill(&master, "a:");
    port.wait_for(&master);
    port.proxy.sigterm();
    assert!(port.proxy.wait_exit(PATIENCE).success());
    (master, dir, config)
}

#[test]
fn a_killed_engine_continues() {
    for policy in ["always", "everysec", "no"] {
        let master = RedisServer::spawn(Flavor::Redis70);
        let dir = tempfile::tempdir().unwrap();
        let config = engine_of(&master, dir.path())
            .set("replica", "appendfsync", &format!("{policy:?}"))
            .set("replica", "dbfilename", "\"unused.rdb\"");
        let mut port = ReplicaPort::synced(&config, &master);
        wait_for_log(&port);
        let full = stat(&master, "sync_full");
        for round in 0..5 {
            let writer = std::thread::scope(|threads| {
                let writes = threads.spawn(|| {
                    let mut wire = master.wire();
                    for at in 0..300 {
                        wire.cmd(&["SELECT", if at % 2 == 0 { "0" } else { "5" }]).ok();
                        wire.cmd(&["APPEND", &format!("key:{round}:{}", at % 7), "x"]);
                    }
                });
                std::thread::sleep(std::time::Duration::from_millis(20 * round));
                port.proxy.kill();
                writes.join()
            });
            writer.unwrap();
            // The snapshot of the full resync is no help.
            fs::remove_file(dir.path().join("unused.rdb")).ok();
            port = ReplicaPort::synced(&config, &master);
            assert_equal(&port, &master);
            assert_eq!(stat(&master, "sync_full"), full, "{policy}\n{}", port.proxy.log());
        }
    }
}

#[test]
fn a_file_that_ends_too_early_is_cut_and_continued() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    let config = engine_of(&master, dir.path());
    let mut port = ReplicaPort::synced(&config, &master);
    wait_for_log(&port);
    fill(&master, "a:");
    port.wait_for(&master);
    let full = stat(&master, "sync_full");
    let path = dir.path().join("appendonlydir/appendonly.aof.1.incr.aof");
    for cut in [1, 5, 17, 40, 200] {
        port.proxy.sigterm();
        assert!(port.proxy.wait_exit(PATIENCE).success());
        let len = fs::metadata(&path).unwrap().len();
        fs::File::options().write(true).open(&path).unwrap().set_len(len - cut).unwrap();
        port = ReplicaPort::synced(&config, &master);
        assert_equal(&port, &master);
        assert_eq!(stat(&master, "sync_full"), full, "{}", port.proxy.log());
        fill(&master, &format!("{cut}:"));
        port.wait_for(&master);
    }
}

#[test]
fn a_damaged_file_is_kept_aside() {
    let (master, dir, config) = stopped_engine();
    // A part of the stream that was written later, so that the damage is not at the end.
    let mut port = ReplicaPort::synced(&config, &master);
    fill(&master, "later:");
    port.wait_for(&master);
    port.proxy.sigterm();
    assert!(port.proxy.wait_exit(PATIENCE).success());
    let path = dir.path().join("appendonlydir/appendonly.aof.1.incr.aof");
    let mut bytes = fs::read(&path).unwrap();
    let marks = bytes.windows(2).enumerate().filter(|(_, it)| *it == b"#@").map(|(at, _)| at);
    let before_last = *marks.collect::<Vec<_>>().iter().rev().nth(1).unwrap();
    bytes[before_last - 25..before_last - 5].fill(0);
    fs::write(&path, &bytes).unwrap();
    let port = ReplicaPort::synced(&config, &master);
    let log = port.proxy.log();
    assert!(log.contains("cannot be loaded: appendonly.aof.1.incr.aof: wrong at byte"), "{log}");
    assert_equal(&port, &master);
    wait_for_log(&port);
    let names = fs::read_dir(dir.path()).unwrap();
    let names: Vec<_> = names.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().any(|it| it.starts_with("appendonlydir.unusable-")), "{names:?}");
    assert!(names.iter().any(|it| it == "appendonlydir"), "{names:?}");
}

/// A server that loaded the directory and wrote to it: the engine does not take that for the
/// master's stream.
#[test]
fn what_another_server_wrote_is_not_taken_for_the_stream() {
    let (master, dir, config) = stopped_engine();
    let words = ["--dir", dir.path().to_str().unwrap(), "--appendonly", "yes"];
    let other = RedisServer::builder(Flavor::Redis70).args(&words).start();
    assert_eq!(other.digest(), master.digest());
    other.cmd(&["SET", "foreign", "1"]).ok();
    drop(other);
    let full = stat(&master, "sync_full");
    let port = ReplicaPort::synced(&config, &master);
    assert_equal(&port, &master);
    assert_eq!(stat(&master, "sync_full"), full, "the proven part is a prefix of the stream");
}
