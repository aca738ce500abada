//! A server connection that was one session's own carries nothing over to the next session.

use crate::support::*;

/// One worker, so that sessions follow each other on the same connections.
fn one_worker(trio: &Trio) -> Tidegate {
    Tidegate::for_trio(trio).set("proxy", "workers", "1").start()
}

/// So many times: the proxy notices the end of a client's connection in its own time.
const TIMES: usize = 20;

#[test]
fn what_a_client_watched_ends_with_it() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = one_worker(&trio);
    for _ in 0..TIMES {
        let mut gone = proxy.wire();
        gone.cmd(&["WATCH", "k"]).ok();
        drop(gone);
        trio.master.cmd(&["INCR", "k"]);
        let mut next = proxy.wire();
        next.cmd(&["MULTI"]).ok();
        assert_eq!(next.cmd(&["EXEC"]), Reply::Array(Vec::new()), "it watches nothing");
    }
}

#[test]
fn what_a_client_queued_ends_with_it() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = one_worker(&trio);
    for _ in 0..TIMES {
        let mut gone = proxy.wire();
        gone.cmd(&["MULTI"]).ok();
        assert_eq!(gone.cmd(&["SET", "k", "v"]).str(), "QUEUED");
        drop(gone);
        let mut next = proxy.wire();
        assert!(next.cmd(&["BLPOP", "none", "0.01"]).is_null(), "it is in no transaction");
        next.cmd(&["WATCH", "x"]).ok();
    }
    assert!(trio.master.cmd(&["GET", "k"]).is_null(), "nothing was run");
}

#[test]
fn a_lost_transaction_leaves_nothing_behind() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = one_worker(&trio);
    let mut wire = proxy.wire();
    wire.cmd(&["MULTI"]).ok();
    // It is too large to be begun anew.
    assert_eq!(wire.cmd(&["SET", "k", &"x".repeat(300 * 1024)]).str(), "QUEUED");
    trio.master.cmd(&["CLIENT", "KILL", "TYPE", "normal"]);
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "v"]) {
        Reply::Error(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert!(wire.cmd(&["MULTI"]).is_err(), "it is open already, and lost");
    assert!(wire.cmd(&["WATCH", "k"]).is_err());
    assert!(wire.cmd(&["EXEC"]).err().starts_with("EXECABORT"));
    // The next client on that connection.
    assert!(wire.cmd(&["BLPOP", "none", "0.01"]).is_null());
    wire.cmd(&["MULTI"]).ok();
    assert_eq!(wire.cmd(&["EXEC"]), Reply::Array(Vec::new()));
    trio.replicas[0].kill();
}

/// As `printf ... | nc` does.
#[test]
fn a_client_that_stops_sending_gets_every_reply() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = one_worker(&trio);
    for _ in 0..TIMES {
        let mut wire = proxy.wire();
        let mut bytes = Vec::new();
        let requests: [&[&str]; 6] = [
            &["SET", "k", "v"],
            &["SELECT", "1"],
            &["MULTI"],
            &["SET", "k", "w"],
            &["EXEC"],
            &["GETSET", "k", "x"],
        ];
        requests.iter().for_each(|request| bytes.extend(encode(request)));
        wire.send_raw(&bytes);
        wire.finish_sending();
        let replies = wire.expect_closed();
        assert_eq!(replies.len(), requests.len(), "{replies:?}");
        assert_eq!(replies[5].str(), "w");
    }
    // The proxy does not wait for ever for a client that has gone.
    let mut blocked = proxy.wire();
    blocked.send(&["BLPOP", "none", "0"]);
    blocked.finish_sending();
    assert!(blocked.expect_closed().is_empty());
}
