//! MULTI, EXEC and WATCH at an engine that leads.

use super::support::*;
use crate::support::*;

#[test]
fn a_transaction_is_executed_at_once_and_so_it_is_by_replicas() {
    let master = leader();
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    wait_replica(&replica, &master);
    let mut monitor = replica.wire();
    monitor.cmd(&["MONITOR"]).ok();
    let mut wire = master.wire();
    let replies = wire.pipeline(&[
        &["MULTI"],
        &["SET", "a", "1"],
        &["INCR", "a"],
        &["LPUSH", "l", "x"],
        &["GET", "nothing"],
        &["EXEC"],
    ]);
    let done = replies[5].array();
    assert_eq!((done[1].int(), done[2].int(), done[3].is_null()), (2, 1, true));
    let mut seen = Vec::new();
    while seen.last().is_none_or(|line: &String| !line.contains("\"EXEC\"")) {
        let line = monitor.read_reply().str().to_owned();
        if line.contains('"') && !line.contains("PING") && !line.contains("SELECT") {
            seen.push(line.split_once("] ").unwrap().1.to_owned());
        }
    }
    let wanted =
        ["\"MULTI\"", "\"SET\" \"a\" \"1\"", "\"INCR\" \"a\"", "\"LPUSH\" \"l\" \"x\"", "\"EXEC\""];
    assert_eq!(seen, wanted);
    assert_same_data(&replica, &master);
}

#[test]
fn watch_concerns_its_keys_and_no_others() {
    let master = leader();
    let (mut own, mut other) = (master.wire(), master.wire());
    let mut exec = |change: &[&str]| {
        own.cmd(&["SET", "k", "0"]).ok();
        own.cmd(&["SELECT", "0"]).ok();
        own.cmd(&["WATCH", "k", "missing"]).ok();
        if !change.is_empty() {
            assert!(!other.cmd(change).is_err(), "{change:?}");
        }
        let replies = own.pipeline(&[&["MULTI"], &["INCR", "n"], &["EXEC"]]);
        let is_null = replies[2].is_null();
        other.cmd(&["SELECT", "0"]).ok();
        is_null
    };
    assert!(!exec(&[]));
    assert!(!exec(&["SET", "unrelated", "1"]));
    for change in [
        &["SET", "k", "1"][..],
        &["DEL", "k"],
        &["PEXPIRE", "k", "100000"],
        &["SET", "missing", "1"],
        &["FLUSHALL"],
        &["EVAL", "redis.call('append', 'k', 'x')", "0"],
        &["RENAME", "k", "l"],
    ] {
        assert!(exec(change), "{change:?}");
    }
    // A key of this name in another database is another key.
    other.cmd(&["SELECT", "3"]).ok();
    own.cmd(&["WATCH", "k"]).ok();
    other.cmd(&["SET", "k", "other"]).ok();
    let replies = own.pipeline(&[&["MULTI"], &["INCR", "n"], &["EXEC"]]);
    assert!(!replies[2].is_null());
    // A client's own write counts, and UNWATCH forgets.
    own.cmd(&["WATCH", "k"]).ok();
    own.cmd(&["SET", "k", "own"]).ok();
    assert!(own.pipeline(&[&["MULTI"], &["EXEC"]])[1].is_null());
    own.cmd(&["WATCH", "k"]).ok();
    own.cmd(&["SET", "k", "own"]).ok();
    own.cmd(&["UNWATCH"]).ok();
    assert!(!own.pipeline(&[&["MULTI"], &["EXEC"]])[1].is_null());
}

#[test]
fn a_key_that_expires_meanwhile_was_changed() {
    let master = leader();
    let mut wire = master.wire();
    wire.cmd(&["SET", "k", "v", "PX", "30"]).ok();
    wire.cmd(&["WATCH", "k"]).ok();
    eventually(PATIENCE, || match master.cmd(&["EXISTS", "k"]).int() {
        0 => Ok(()),
        _ => Err("it is there".into()),
    });
    assert!(wire.pipeline(&[&["MULTI"], &["PING"], &["EXEC"]])[2].is_null());
}
