//! A script inside EXEC that runs for long: it can be killed, and the transaction stays one.

use super::support::*;
use crate::support::*;

const ENDLESS: &[&str] = &["EVAL", "while true do end", "0"];

fn master() -> ReplicaPort {
    leader_of(&config().set("replica", "busy-reply-threshold", "\"50ms\""))
}

/// Waits until a client is told that a script runs.
fn wait_busy(wire: &mut Wire) {
    eventually(PATIENCE, || match wire.cmd(&["GET", "a"]) {
        Reply::Error(text) if text.starts_with("BUSY") => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
}

fn send_all(wire: &mut Wire, requests: &[&[&str]]) {
    requests.iter().for_each(|request| wire.send(request));
}

/// Runs a transaction with an endless script, kills that, and returns the reply to EXEC.
fn killed(own: &mut Wire, other: &mut Wire) -> Reply {
    let rest: &[&[&str]] = &[&["SET", "b", "2"], &["GET", "a"], &["EXEC"], &["PING"]];
    send_all(own, &[&["MULTI"], &["SET", "a", "1"], ENDLESS]);
    send_all(own, rest);
    wait_busy(other);
    assert!(other.cmd(&["SET", "b", "other"]).err().starts_with("BUSY"));
    other.cmd(&["SCRIPT", "KILL"]).ok();
    (0..5).for_each(|_| assert!(!own.read_reply().is_err()));
    let done = own.read_reply();
    assert_eq!(own.read_reply().str(), "PONG");
    assert!(other.cmd(&["SCRIPT", "KILL"]).err().starts_with("NOTBUSY"));
    assert_eq!(other.cmd(&["MGET", "a", "b"]).strings(), ["1", "2"]);
    done
}

#[test]
fn it_is_killed_and_the_rest_of_the_transaction_runs() {
    let engine = master();
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(engine.addr()).start();
    let server = RedisServer::builder(Flavor::Redis70).arg("--busy-reply-threshold", "50").start();
    let ours = killed(&mut engine.wire(), &mut engine.wire());
    let theirs = killed(&mut server.wire(), &mut server.wire());
    assert_eq!(ours, theirs);
    assert_same_data(&replica, &engine);
    // Twice in one transaction.
    let (mut own, mut other) = (engine.wire(), engine.wire());
    send_all(&mut own, &[&["MULTI"], ENDLESS, &["INCR", "n"], ENDLESS, &["INCR", "n"], &["EXEC"]]);
    wait_busy(&mut other);
    eventually(PATIENCE, || match other.cmd(&["SCRIPT", "KILL"]) {
        Reply::Error(text) if text.starts_with("NOTBUSY") => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
    (0..5).for_each(|_| assert!(!own.read_reply().is_err()));
    let done = own.read_reply();
    let done = done.array();
    assert!(done[0].err().contains("killed by user") && done[2].err().contains("killed by user"));
    assert_eq!((done[1].int(), done[3].int()), (1, 2));
    assert_same_data(&replica, &engine);
}

#[test]
fn the_transaction_of_a_client_that_has_gone_runs_to_its_end() {
    let engine = master();
    let (mut own, mut other) = (engine.wire(), engine.wire());
    let all: &[&[&str]] = &[&["MULTI"], &["SET", "a", "1"], ENDLESS, &["SET", "b", "2"], &["EXEC"]];
    send_all(&mut own, all);
    wait_busy(&mut other);
    drop(own);
    other.cmd(&["SCRIPT", "KILL"]).ok();
    eventually(PATIENCE, || match other.cmd(&["GET", "b"]) {
        Reply::Bulk(value) if value == b"2" => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
}

#[test]
fn one_that_has_written_ends_with_the_process() {
    let mut engine = master();
    let (mut own, mut other) = (engine.wire(), engine.wire());
    let script = "redis.call('set', 'a', '1') while true do end";
    send_all(&mut own, &[&["MULTI"], &["EVAL", script, "0"], &["EXEC"]]);
    wait_busy(&mut other);
    assert!(other.cmd(&["SCRIPT", "KILL"]).err().starts_with("UNKILLABLE"));
    assert!(other.cmd(&["SHUTDOWN"]).err().starts_with("BUSY"));
    other.send(&["SHUTDOWN", "NOSAVE"]);
    assert!(engine.proxy.wait_exit(PATIENCE).success());
}

#[test]
fn a_script_at_a_replica_is_killed() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let addr = format!("\"{}\"", server.addr());
    let config = config().set("replica", "busy-reply-threshold", "\"50ms\"");
    let engine = ReplicaPort::synced(&config.set("replica", "replicaof", &addr), &server);
    let (mut own, mut other) = (engine.wire(), engine.wire());
    own.send(&["EVAL_RO", "while true do end", "0"]);
    wait_busy(&mut other);
    other.cmd(&["SCRIPT", "KILL"]).ok();
    assert!(own.read_reply().err().contains("killed by user"));
    server.cmd(&["SET", "a", "1"]).ok();
    engine.wait_for(&server);
    assert_eq!(other.cmd(&["GET", "a"]).str(), "1");
}
