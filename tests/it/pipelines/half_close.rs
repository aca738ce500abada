//! Clients that end their side first still get what they asked for (`... | nc`).

use std::time::Duration;

use crate::support::*;

#[test]
fn replies_come_after_the_end_of_the_requests() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    for _ in 0..20 {
        let mut wire = proxy.wire();
        let mut requests = Vec::new();
        for n in 0..50 {
            requests.extend(encode(&["SET", "k", &n.to_string()]));
            requests.extend(encode(&["SELECT", "0"]));
            requests.extend(encode(&["MULTI"]));
            requests.extend(encode(&["GET", "k"]));
            requests.extend(encode(&["EXEC"]));
        }
        wire.send_raw(&requests);
        wire.finish_sending();
        for n in 0..50 {
            let replies: Vec<Reply> = (0..5).map(|_| wire.read_reply()).collect();
            assert_eq!(replies[4].array()[0].str(), n.to_string());
        }
        assert!(wire.expect_closed().is_empty());
    }
}

/// A client that waits for data and disconnects consumes no element.
#[test]
fn a_client_that_disconnects_while_waiting_is_removed() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    wire.send(&["BLPOP", "list", "0"]);
    wire.expect_silence(Duration::from_millis(200));
    drop(wire);
    eventually(PATIENCE, || {
        let clients = trio.master.info("clients");
        (clients.get("blocked_clients") == Some("0")).then_some(()).ok_or(clients.0)
    });
    assert_eq!(proxy.wire().cmd(&["RPUSH", "list", "a"]).int(), 1);
    assert_eq!(trio.master.cmd(&["LLEN", "list"]).int(), 1);
}
