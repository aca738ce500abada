//! The append-only file is turned on and off, rewritten and reported at run time.

use super::{engine_of, fill, wait_for_log};
use crate::support::*;

#[test]
fn config_set_turns_it_on_and_off() {
    let master = RedisServer::spawn(Flavor::Redis70);
    fill(&master, "a:");
    let dir = tempfile::tempdir().unwrap();
    let config = engine_of(&master, dir.path()).set("replica", "appendonly", "false");
    let port = ReplicaPort::synced(&config, &master);
    assert_eq!(port.info("persistence").get("aof_enabled"), Some("0"));
    assert!(port.cmd(&["BGREWRITEAOF"]).is_err());
    port.cmd(&["CONFIG", "SET", "appendonly", "yes"]).ok();
    assert_eq!(port.info("persistence").get("aof_enabled"), Some("1"));
    wait_for_log(&port);
    let manifest = dir.path().join("appendonlydir/appendonly.aof.manifest");
    eventually(PATIENCE, || if manifest.is_file() { Ok(()) } else { Err(port.proxy.log()) });
    port.cmd(&["CONFIG", "SET", "appendonly", "no"]).ok();
    let info = port.info("persistence");
    assert_eq!((info.get("aof_enabled"), info.get("aof_current_size")), (Some("0"), None));
    fill(&master, "b:");
    port.wait_for(&master);
    port.cmd(&["CONFIG", "SET", "appendonly", "yes"]).ok();
    eventually(PATIENCE, || {
        let text = std::fs::read_to_string(&manifest).unwrap();
        if text.starts_with("file appendonly.aof.2.base.rdb") { Ok(()) } else { Err(text) }
    });
    assert_eq!(port.cmd(&["CONFIG", "GET", "appendonly"]).array()[1].str(), "yes");
}

#[test]
fn it_is_rewritten_when_it_has_grown() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    let config =
        engine_of(&master, dir.path()).set("replica", "auto-aof-rewrite-min-size", "\"64k\"");
    let port = ReplicaPort::synced(&config, &master);
    wait_for_log(&port);
    let mut wire = master.wire();
    for _ in 0..3000 {
        wire.cmd(&["SET", "key", &"x".repeat(40)]).ok();
    }
    port.wait_for(&master);
    eventually(PATIENCE, || {
        let info = port.info("persistence");
        let size: u64 = info.get("aof_current_size").unwrap().parse().unwrap();
        let rewrites: u64 = info.get("aof_rewrites").unwrap().parse().unwrap();
        if rewrites > 1 && size < 64_000 { Ok(()) } else { Err(info.0) }
    });
    assert_eq!(port.info("persistence").get("aof_last_bgrewrite_status"), Some("ok"));
}

#[test]
fn rules_of_save_write_a_snapshot() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    let config = engine_of(&master, dir.path()).set("replica", "appendonly", "false").set(
        "replica",
        "save",
        "\"3600 100000 1 5\"",
    );
    let port = ReplicaPort::synced(&config, &master);
    let path = dir.path().join("dump.rdb");
    // The payload of the full resync becomes the snapshot first.
    eventually(PATIENCE, || if path.is_file() { Ok(()) } else { Err(port.proxy.log()) });
    std::fs::remove_file(&path).unwrap();
    let unsaved = || -> u64 {
        port.info("persistence").get("rdb_changes_since_last_save").unwrap().parse().unwrap()
    };
    master.cmd(&["SADD", "set", "a", "b", "c"]);
    port.wait_for(&master);
    assert_eq!(unsaved(), 3);
    assert!(!path.exists(), "three changes are too few");
    master.cmd(&["RPUSH", "list", "a", "b"]);
    eventually(PATIENCE, || if path.is_file() { Ok(()) } else { Err(port.proxy.log()) });
    eventually(PATIENCE, || if unsaved() == 0 { Ok(()) } else { Err(port.info("all").0) });
    let words = ["--dir", dir.path().to_str().unwrap(), "--dbfilename", "dump.rdb"];
    let loaded = RedisServer::builder(Flavor::Redis70).args(&words).start();
    assert_eq!(loaded.digest(), master.digest());
}
