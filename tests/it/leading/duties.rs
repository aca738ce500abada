//! What a master does beside commands: keys expire and are evicted, events are published, writes
//! are paused.

use super::support::*;
use crate::support::*;

#[test]
fn keys_and_fields_that_expire_are_deleted_at_replicas_too() {
    let master = leader();
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    let mut wire = master.wire();
    for n in 0..300 {
        wire.cmd(&["SET", &format!("k{n}"), "v", "PX", "20"]).ok();
    }
    wire.cmd(&["SET", "stays", "v"]).ok();
    // No client reads them.
    eventually(PATIENCE, || match wire.cmd(&["DBSIZE"]).int() {
        1 => Ok(()),
        left => Err(format!("{left} left")),
    });
    assert_same_data(&replica, &master);
    assert_eq!(replica.cmd(&["DBSIZE"]).int(), 1);
    assert_eq!(master.info("stats").get("expired_keys"), Some("300"));
    assert!(replica.calls("del") + replica.calls("unlink") >= 300);
}

#[test]
fn events_are_published() {
    let master = leader_of(&config().set("replica", "notify-keyspace-events", "\"KEA\""));
    let mut subscriber = master.wire();
    subscriber.cmd(&["PSUBSCRIBE", "__key*__:*"]);
    let mut wire = master.wire();
    let mut expect = |events: &[(&str, &str)]| {
        for (event, key) in events {
            let [on_key, on_event] = [subscriber.read_reply(), subscriber.read_reply()];
            assert_eq!(on_key.strings()[2..], [format!("__keyspace@0__:{key}"), (*event).into()]);
            assert_eq!(on_event.strings()[2..], [format!("__keyevent@0__:{event}"), (*key).into()]);
        }
    };
    // The first look at the configuration may come a moment after the start.
    std::thread::sleep(std::time::Duration::from_millis(300));
    wire.cmd(&["SET", "k", "v"]).ok();
    expect(&[("set", "k")]);
    wire.cmd(&["LPUSH", "l", "x"]);
    wire.cmd(&["RPOP", "l"]);
    expect(&[("lpush", "l"), ("rpop", "l"), ("del", "l")]);
    wire.cmd(&["EVAL", "redis.call('del', 'k')", "0"]);
    expect(&[("del", "k")]);
    wire.cmd(&["SET", "e", "v", "PX", "1"]).ok();
    expect(&[("set", "e"), ("expire", "e"), ("expired", "e")]);
}

#[test]
fn memory_that_is_full_refuses_writes_or_evicts() {
    let mut config = config().set("replica", "maxmemory", "\"40mb\"");
    let master = leader_of(&config);
    let mut wire = master.wire();
    let value = "v".repeat(100_000);
    let refused = (0..2000).find_map(|n| {
        let reply = wire.cmd(&["SET", &format!("k{n}"), &value]);
        reply.is_err().then_some(reply)
    });
    let refused = refused.expect("it never was full");
    assert_eq!(refused.err(), "OOM command not allowed when used memory > 'maxmemory'.");
    assert_eq!(wire.cmd(&["GET", "k0"]).str(), value);
    assert_eq!(wire.cmd(&["DEL", "k0"]).int(), 1);
    drop(master);
    config = config.set("replica", "maxmemory-policy", "\"allkeys-lru\"");
    let master = leader_of(&config);
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    let mut wire = master.wire();
    for n in 0..2000 {
        wire.cmd(&["SET", &format!("k{n}"), &value]).ok();
    }
    let evicted: u64 = master.info("stats").get("evicted_keys").unwrap().parse().unwrap();
    assert!(evicted > 500, "{evicted}");
    assert_same_data(&replica, &master);
}

/// A master whose saves fail refuses writes until one succeeds (`stop-writes-on-bgsave-error`).
#[test]
fn a_failed_save_stops_the_writes() {
    let dir = tempfile::tempdir().unwrap();
    let config = config().set("replica", "dir", &format!("{:?}", dir.path())).set(
        "replica",
        "save",
        "\"3600 1000\"",
    );
    let master = leader_of(&config);
    let mut wire = master.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    // The file cannot take the place of a directory.
    std::fs::create_dir_all(dir.path().join("dump.rdb/x")).unwrap();
    assert!(wire.cmd(&["SAVE"]).is_err());
    let refused = wire.cmd(&["SET", "k", "w"]);
    assert!(refused.err().starts_with("MISCONF"), "{refused:?}");
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
    std::fs::remove_dir_all(dir.path().join("dump.rdb")).unwrap();
    wire.cmd(&["SAVE"]).ok();
    wire.cmd(&["SET", "k", "w"]).ok();
}

#[test]
fn a_pause_of_writes_keeps_the_data_as_they_are() {
    let master = leader();
    let mut wire = master.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    wire.cmd(&["CLIENT", "PAUSE", "60000", "WRITE"]).ok();
    let mut writer = master.wire();
    writer.send(&["SET", "k", "w"]);
    let before = offset(&master);
    for _ in 0..20 {
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
    }
    assert_eq!(offset(&master), before);
    wire.cmd(&["CLIENT", "UNPAUSE"]).ok();
    writer.read_reply().ok();
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "w");
}

#[test]
fn messages_reach_the_subscribers_of_replicas() {
    let master = leader();
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    wait_replica(&replica, &master);
    let mut subscriber = replica.wire();
    subscriber.cmd(&["SUBSCRIBE", "c"]);
    master.cmd(&["PUBLISH", "c", "from the master"]);
    assert_eq!(subscriber.read_reply().strings(), ["message", "c", "from the master"]);
    master.cmd(&["EVAL", "redis.call('publish', 'c', 'from a script')", "0"]);
    assert_eq!(subscriber.read_reply().strings(), ["message", "c", "from a script"]);
}
