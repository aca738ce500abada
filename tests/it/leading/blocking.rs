//! Blocking commands at an engine that leads: the client that waits first is served first.

use std::time::Duration;

use super::support::*;
use crate::support::*;

/// Waits until so many clients wait in a command.
#[track_caller]
fn wait_blocked(master: &ReplicaPort, count: usize) {
    eventually(PATIENCE, || match master.info("clients").get("blocked_clients") {
        Some(blocked) if blocked == count.to_string() => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

#[test]
fn clients_are_served_in_the_order_in_which_they_came() {
    let master = leader();
    let mut clients: Vec<_> = (0..4).map(|_| master.wire()).collect();
    for (at, client) in clients.iter_mut().enumerate() {
        client.send(&["BLPOP", "other", "q", "0"]);
        wait_blocked(&master, at + 1);
    }
    assert_eq!(master.cmd(&["RPUSH", "q", "1", "2", "3"]).int(), 3);
    for (client, value) in clients.iter_mut().zip(["1", "2", "3"]) {
        assert_eq!(client.read_reply().strings(), ["q", value]);
    }
    wait_blocked(&master, 1);
    assert_eq!(master.cmd(&["EXISTS", "q"]).int(), 0);
    // What is behind a blocked command is answered after it.
    clients[3].send(&["PING"]);
    master.cmd(&["LPUSH", "other", "4"]);
    assert_eq!(clients[3].read_reply().strings(), ["other", "4"]);
    assert_eq!(clients[3].read_reply().str(), "PONG");
}

#[test]
fn every_kind_waits_and_is_served() {
    let master = leader();
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    let mut waiting = master.wire();
    master.cmd(&["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]).ok();
    for (wait, write) in [
        (&["BRPOP", "l", "0"][..], &["RPUSH", "l", "x"][..]),
        (&["BLMOVE", "l", "m", "LEFT", "RIGHT", "0"], &["RPUSH", "l", "x"]),
        (&["BRPOPLPUSH", "l", "m", "0"], &["RPUSH", "l", "x"]),
        (&["BLMPOP", "0", "2", "k", "l", "LEFT"], &["RPUSH", "l", "x"]),
        (&["BZPOPMIN", "z", "0"], &["ZADD", "z", "1", "x"]),
        (&["BZMPOP", "0", "1", "z", "MAX"], &["ZADD", "z", "1", "x"]),
        (&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"], &["XADD", "s", "*", "f", "x"]),
        (
            &["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"],
            &["EVAL", "return redis.call('xadd', 's', '*', 'f', 'x')", "0"],
        ),
        (&["BLPOP", "l", "0"], &["EVAL", "redis.call('rpush', 'l', 'x')", "0"]),
    ] {
        waiting.send(wait);
        // XREADGROUP finds what XADD of the case before has left, and does not wait.
        if wait[0] != "XREADGROUP" {
            wait_blocked(&master, 1);
        }
        assert!(!master.cmd(write).is_err(), "{write:?}");
        let reply = waiting.read_reply();
        assert!(!reply.is_err() && format!("{reply:?}").contains("120"), "{wait:?}: {reply:?}");
    }
    let mut wire = master.wire();
    for request in [
        &["BLPOP", "none", "0.05"][..],
        &["BZPOPMAX", "none", "0.05"],
        &["XREAD", "BLOCK", "50", "STREAMS", "none", "$"],
        &["BLMOVE", "none", "m", "LEFT", "LEFT", "0.05"],
    ] {
        assert!(wire.cmd(request).is_null(), "{request:?}");
    }
    assert_eq!(wire.pipeline(&[&["MULTI"], &["BLPOP", "none", "0"], &["EXEC"]]).len(), 3);
    assert_same_data(&replica, &master);
}

#[test]
fn a_wait_ends_with_its_client_with_unblock_and_with_the_role() {
    let master = leader();
    let mut gone = master.wire();
    gone.send(&["BLPOP", "q", "0"]);
    wait_blocked(&master, 1);
    drop(gone);
    wait_blocked(&master, 0);
    let mut client = master.wire();
    let id = client.cmd(&["CLIENT", "ID"]).int().to_string();
    client.send(&["BLPOP", "q", "0"]);
    wait_blocked(&master, 1);
    assert_eq!(master.cmd(&["CLIENT", "UNBLOCK", &id]).int(), 1);
    assert!(client.read_reply().is_null());
    client.send(&["BLPOP", "q", "0"]);
    wait_blocked(&master, 1);
    assert_eq!(master.cmd(&["CLIENT", "UNBLOCK", &id, "ERROR"]).int(), 1);
    assert!(client.read_reply().err().starts_with("UNBLOCKED client unblocked"));
    // No client took it.
    assert_eq!(master.cmd(&["RPUSH", "q", "x"]).int(), 1);
    assert_eq!(client.cmd(&["BLPOP", "q", "0"]).strings(), ["q", "x"]);
    client.send(&["BLPOP", "q", "0"]);
    let mut waiting = master.wire();
    waiting.send(&["WAIT", "1", "0"]);
    wait_blocked(&master, 2);
    let server = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["REPLICAOF", "127.0.0.1", &server.port().to_string()]).ok();
    for client in [&mut client, &mut waiting] {
        let refused = client.read_reply();
        assert!(refused.err().starts_with("UNBLOCKED force unblock"), "{refused:?}");
    }
}

#[test]
fn a_thousand_clients_wait_and_each_gets_one() {
    let master = leader();
    let mut clients: Vec<_> = (0..1000).map(|_| master.wire()).collect();
    for client in &mut clients {
        client.send(&["BLPOP", "q", "0"]);
    }
    wait_blocked(&master, clients.len());
    let mut wire = master.wire();
    for n in 0..clients.len() {
        wire.cmd(&["RPUSH", "q", &n.to_string()]);
    }
    let mut got: Vec<usize> =
        clients.iter_mut().map(|it| it.read_reply().strings()[1].parse().unwrap()).collect();
    got.sort_unstable();
    assert!(got.iter().copied().eq(0..clients.len()));
    clients[0].set_timeout(Duration::from_secs(60));
}

/// Several requests of a pipeline are found at once. What one of them changes holds for the next.
#[test]
fn a_pipeline_is_answered_in_its_order() {
    let port = ReplicaPort::start(&config().set("replica", "requirepass", "\"secret\""));
    let mut first = port.wire();
    first.cmd(&["AUTH", "secret"]).ok();
    eventually(PATIENCE, || match first.cmd(&["SET", "k", "0"]) {
        Reply::Error(error) => Err(error),
        _ => Ok(()),
    });
    let mut wire = port.wire();
    wire.send_raw(
        b"SET k 1\r\nAUTH secret\r\nSET k 2\r\nGET k\r\nSELECT 3\r\nGET k\r\nRESET\r\nGET k\r\n",
    );
    let replies: Vec<Reply> = (0..8).map(|_| wire.read_reply()).collect();
    assert!(replies[0].err().starts_with("NOAUTH"), "{replies:?}");
    assert!(replies[7].err().starts_with("NOAUTH"), "{replies:?}");
    assert_eq!((replies[3].str(), &replies[5]), ("2", &Reply::Null));
    wire.cmd(&["AUTH", "secret"]).ok();
    // What follows a command that waits is answered when that is.
    for words in [["BLPOP", "l", "0"], ["SET", "k", "3"], ["GET", "k", ""], ["APPEND", "k", "4"]] {
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        wire.send(&words);
    }
    wire.expect_silence(Duration::from_millis(100));
    let mut other = port.wire();
    other.cmd(&["AUTH", "secret"]).ok();
    assert_eq!(other.cmd(&["GET", "k"]).str(), "2");
    other.cmd(&["RPUSH", "l", "x"]).int();
    let replies: Vec<Reply> = (0..4).map(|_| wire.read_reply()).collect();
    assert_eq!((replies[2].str(), &replies[3]), ("3", &Reply::Int(2)), "{replies:?}");
    // A mistake ends the connection behind the replies to what came before it.
    let mut bytes = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".repeat(5);
    bytes.extend_from_slice(b"*1\r\n!3\r\n");
    wire.send_raw(&bytes);
    (0..5).for_each(|_| assert_eq!(wire.read_reply().str(), "34"));
    assert!(wire.read_reply().err().starts_with("ERR Protocol error"));
}
