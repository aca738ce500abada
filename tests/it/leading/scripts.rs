//! Scripts and functions at an engine that leads.

use std::time::Duration;

use super::support::*;
use crate::support::*;

const LIST: &[&str] = &["FUNCTION", "LIST", "WITHCODE"];
const LIBRARY: &str = "#!lua name=lib\n\
    redis.register_function('put', function(keys, args) return redis.call('set', keys[1], args[1]) \
    end)\n\
    redis.register_function{function_name='read', callback=function(keys) \
    return redis.call('get', keys[1]) end, flags={'no-writes'}}";

#[test]
fn what_scripts_write_reaches_replicas() {
    let master = leader();
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    let mut wire = master.wire();
    let script = "redis.call('incr', KEYS[1]) redis.call('expire', KEYS[1], 1000) \
        redis.call('select', 3) redis.call('lpush', 'l', ARGV[1]) return redis.call('incr', 'x')";
    assert_eq!(wire.cmd(&["EVAL", script, "1", "n", "v"]).int(), 1);
    let digest = wire.cmd(&["SCRIPT", "LOAD", script]).str().to_owned();
    assert_eq!(wire.cmd(&["EVALSHA", &digest, "1", "n", "v"]).int(), 2);
    assert!(wire.cmd(&["EVALSHA", &"0".repeat(40), "0"]).err().starts_with("NOSCRIPT"));
    assert_eq!(wire.cmd(&["GET", "n"]).str(), "2", "SELECT of a script ends with it");
    assert_eq!(wire.cmd(&["FUNCTION", "LOAD", LIBRARY]).str(), "lib");
    assert_eq!(wire.cmd(&["FCALL", "put", "1", "f", "by a function"]).str(), "OK");
    assert_eq!(wire.cmd(&["FCALL_RO", "read", "1", "f"]).str(), "by a function");
    assert!(wire.cmd(&["FCALL_RO", "put", "1", "f", "x"]).is_err());
    assert_same_data(&replica, &master);
    assert_eq!(replica.cmd(&["FCALL_RO", "read", "1", "f"]).str(), "by a function");
    let sources = [&replica.cmd(LIST), &wire.cmd(LIST)].map(|it| it.array()[0].array()[7].clone());
    assert_eq!(sources[0], sources[1]);
    let dump = wire.cmd(&["FUNCTION", "DUMP"]);
    wire.cmd(&["FUNCTION", "FLUSH"]).ok();
    assert!(wire.cmd(&["FCALL", "put", "1", "f", "x"]).is_err());
    wire.cmd(&[b"FUNCTION", &b"RESTORE"[..], dump.bytes()]).ok();
    assert_eq!(wire.cmd(&["FCALL", "put", "1", "f", "again"]).str(), "OK");
    assert_same_data(&replica, &master);
}

#[test]
fn a_transaction_with_a_script_is_one() {
    let master = leader();
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    let mut wire = master.wire();
    let replies = wire.pipeline(&[
        &["MULTI"],
        &["SET", "a", "1"],
        &["EVAL", "return redis.call('incrby', 'a', 5)", "0"],
        &["GET", "a"],
        &["EXEC"],
    ]);
    let done = replies[4].array();
    assert_eq!((done[1].int(), done[2].str()), (6, "6"));
    assert_same_data(&replica, &master);
}

#[test]
fn a_script_that_never_ends_is_killed() {
    let master = leader_of(&config().set("replica", "busy-reply-threshold", "\"50ms\""));
    master.cmd(&["SET", "k", "v"]).ok();
    let (mut own, mut other) = (master.wire(), master.wire());
    own.send(&["EVAL", "while true do end", "0"]);
    eventually(PATIENCE, || match other.cmd(&["GET", "k"]) {
        Reply::Error(text) if text.starts_with("BUSY") => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
    for refused in [&["SET", "k", "w"][..], &["EVAL", "return 1", "0"], &["WATCH", "k"]] {
        assert!(other.cmd(refused).err().starts_with("BUSY"), "{refused:?}");
    }
    // A new client may log in and kill it.
    let mut killer = master.wire();
    killer.cmd(&["SCRIPT", "KILL"]).ok();
    let killed = own.read_reply();
    assert!(killed.err().contains("killed by user"), "{killed:?}");
    assert_eq!(other.cmd(&["GET", "k"]).str(), "v");
    assert!(other.cmd(&["SCRIPT", "KILL"]).err().starts_with("NOTBUSY"));
    // One that has written ends only by itself.
    own.send(&[
        "EVAL",
        "redis.call('set', 'k', 'w') local n = 0 while n < 3e8 do n = n + 1 end",
        "0",
    ]);
    eventually(PATIENCE, || match other.cmd(&["SCRIPT", "KILL"]) {
        Reply::Error(text) if text.starts_with("UNKILLABLE") => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
    own.set_timeout(Duration::from_secs(120));
    assert!(own.read_reply().is_null());
    assert_eq!(other.cmd(&["GET", "k"]).str(), "w");
}

#[test]
fn a_client_that_leaves_a_running_script_harms_nobody() {
    let master = leader_of(&config().set("replica", "busy-reply-threshold", "\"50ms\""));
    let mut own = master.wire();
    own.send(&[
        "EVAL",
        "redis.call('set', 'k', 'v') local n = 0 while n < 1e8 do n = n + 1 end",
        "0",
    ]);
    eventually(PATIENCE, || match master.cmd(&["PING"]) {
        Reply::Error(text) if text.starts_with("BUSY") => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
    drop(own);
    eventually(PATIENCE, || match master.cmd(&["GET", "k"]) {
        Reply::Bulk(value) if value == b"v" => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
}

#[test]
fn a_replica_runs_scripts_that_only_read() {
    let master = leader();
    master.cmd(&["SET", "k", "v"]).ok();
    let config = config().set("replica", "replicaof", &format!("\"{}\"", master.addr()));
    let replica = ReplicaPort::start(&config);
    eventually(PATIENCE, || {
        match replica.try_cmd(&["EVAL_RO", "return redis.call('get', 'k')", "0"])? {
            Reply::Bulk(value) if value == b"v" => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    let refused = replica.cmd(&["EVAL", "return redis.call('set', 'k', 'w')", "0"]);
    assert!(
        refused.err().contains("READONLY") || refused.err().contains("read only"),
        "{refused:?}"
    );
}
