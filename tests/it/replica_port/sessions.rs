//! Transactions, subscriptions and pipelines at the engine's own port.

use std::time::Duration;

use super::both::Both;
use crate::support::local::each_flavor;
use crate::support::*;

#[test]
fn transactions_subscriptions_and_reply_modes() {
    let both = Both::spawn(Flavor::Redis70);
    both.same(&[
        &["MULTI"],
        &["MULTI"],
        &["WATCH", "a"],
        &["GET", "a"],
        &["EXEC"],
        &["MULTI"],
        &["nosuch"],
        &["EXEC"],
        &["MULTI"],
        &["SET", "a", "b"],
        &["EXEC"],
        &["MULTI"],
        &["PSYNC", "?", "-1"],
        &["DISCARD"],
        &["WATCH", "a"],
        &["MULTI"],
        &["PING"],
        &["LRANGE", "l", "0", "-1"],
        &["SELECT", "1"],
        &["DBSIZE"],
        &["EXEC"],
    ]);
    both.same(&[
        &["SUBSCRIBE", "a"],
        &["SUBSCRIBE", "a"],
        &["GET", "a"],
        &["PING"],
        &["PING", "x"],
        &["PSUBSCRIBE", "a*"],
        &["UNSUBSCRIBE"],
        &["PUNSUBSCRIBE", "nosuch"],
        &["PUNSUBSCRIBE"],
        &["PUNSUBSCRIBE"],
        &["GET", "a"],
        &["SSUBSCRIBE", "s"],
        &["PUBSUB", "SHARDNUMSUB", "s"],
        &["SUNSUBSCRIBE"],
    ]);
    // The first reply of each is HELLO's, with an id of its own.
    let requests: [&[&str]; 6] = [
        &["HELLO", "3"],
        &["SUBSCRIBE", "a"],
        &["PUBLISH", "a", "hi"],
        &["PING"],
        &["CLIENT", "TRACKINGINFO"],
        &["CONFIG", "GET", "maxmemory"],
    ];
    let [real, own] = both.answers(&requests);
    assert_eq!(own[1..], real[1..]);
    let shape = |hello: &str| {
        let lines = hello.split("\r\n").filter(|line| !line.starts_with(':'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(shape(&own[0]), shape(&real[0]));
    for mut wire in [both.real.wire(), both.own.wire()] {
        wire.send_raw(b"CLIENT REPLY OFF\r\nPING\r\nnosuch\r\nCLIENT REPLY ON\r\nCLIENT REPLY SKIP\r\nPING\r\nECHO x\r\n");
        wire.read_reply().ok();
        assert_eq!(wire.read_reply().str(), "x");
    }
}

/// What a client that wants no replies gets all the same: messages, confirmations of subscriptions,
/// and the reply to the RESET that makes it want replies again.
#[test]
fn a_silent_client_gets_messages_and_the_reply_to_reset() {
    let both = Both::spawn(Flavor::Redis70);
    for hello in ["2", "3"] {
        for lines in [
            "CLIENT REPLY OFF; RESET; PING",
            "CLIENT REPLY SKIP; RESET; PING",
            "CLIENT REPLY OFF; CLIENT REPLY SKIP; RESET; PING",
            "SUBSCRIBE a; CLIENT REPLY OFF; RESET; PING",
            "CLIENT REPLY OFF; MULTI; RESET; PING",
            "CLIENT REPLY SKIP; CLIENT REPLY ON; PING",
            "SUBSCRIBE a; CLIENT REPLY OFF; PUBLISH a hi; RESET",
            "SUBSCRIBE a; CLIENT REPLY SKIP; PUBLISH a hi; PUBLISH a ho",
            "PSUBSCRIBE *; CLIENT REPLY OFF; PUBLISH a hi; PUNSUBSCRIBE; CLIENT REPLY ON",
            "SSUBSCRIBE s; CLIENT REPLY OFF; SPUBLISH s hi; RESET",
            "SUBSCRIBE a; CLIENT REPLY OFF; MULTI; PUBLISH a hi; PUBLISH a ho; EXEC; RESET",
            "CLIENT REPLY OFF; MULTI; SUBSCRIBE a; PUBLISH a hi; UNSUBSCRIBE a; EXEC; RESET",
            "SUBSCRIBE a; CLIENT REPLY SKIP; UNSUBSCRIBE; CLIENT REPLY SKIP; SUBSCRIBE; PING",
        ] {
            let end = encode(&["PING", "end"]);
            let words = |line: &str| encode(&line.split_whitespace().collect::<Vec<_>>());
            let requests = [lines.split(';').flat_map(words).collect(), end].concat();
            let [real, own] = [both.real.wire(), both.own.wire()].map(|mut wire| {
                wire.cmd(&["HELLO", hello]);
                wire.send_raw(&requests);
                let mut replies = Vec::new();
                while !replies.last().is_some_and(|last: &String| last.contains("end")) {
                    replies.push(String::from_utf8_lossy(&wire.read_raw_reply()).into_owned());
                }
                replies
            });
            assert_eq!(own, real, "{lines}, HELLO {hello}");
        }
    }
}

/// Commands that a transaction or a subscriber may not send, with the errors of each version.
#[test]
fn misplaced_commands_are_refused_as_by_a_replica() {
    each_flavor(|flavor| {
        let both = Both::spawn(flavor);
        both.same(&[
            &["MULTI"],
            &["MULTI"],
            &["EXEC"],
            &["MULTI"],
            &["WATCH", "a"],
            &["EXEC"],
            &["MULTI"],
            &["CLIENT", "REPLY", "ON"],
            &["EXEC"],
            &["MULTI"],
            &["SSUBSCRIBE", "a"],
            &["GET", "a"],
            &["EXEC"],
            &["MULTI"],
            &["ZRANK", "z", "a", "b"],
            &["EXEC"],
            &["EXPIRE", "a", "1", "b"],
        ]);
        both.same(&[&["SUBSCRIBE", "a"], &["GET", "a"], &["OBJECT", "ENCODING", "a"], &["RESET"]]);
    });
}

/// The port does not run what a web page makes a browser send.
#[test]
fn http_is_not_answered() {
    let both = Both::spawn(Flavor::Redis70);
    for request in ["POST / HTTP/1.1\r\n", "Host: a\r\n", "post\r\n"] {
        let [real, own] = [both.real.wire(), both.own.wire()].map(|mut wire| {
            wire.send_raw(format!("{request}SET a b\r\n").as_bytes());
            wire.expect_closed()
        });
        assert_eq!(own, real, "{request}");
    }
}

#[test]
fn a_watched_change_is_seen() {
    let both = Both::spawn(Flavor::Redis70);
    let mut wire = both.own.wire();
    wire.cmd(&["WATCH", "a"]).ok();
    both.master.cmd(&["SET", "a", "9"]).ok();
    both.own.wait_for(&both.master);
    wire.cmd(&["MULTI"]).ok();
    wire.cmd(&["GET", "a"]);
    assert!(wire.cmd(&["EXEC"]).is_null());
    both.master.cmd(&["SET", "short", "1", "PX", "300"]).ok();
    both.own.wait_for(&both.master);
    wire.cmd(&["WATCH", "short"]).ok();
    std::thread::sleep(Duration::from_millis(350));
    wire.cmd(&["MULTI"]).ok();
    wire.cmd(&["GET", "a"]);
    assert!(wire.cmd(&["EXEC"]).is_null());
    // Nothing is watched any more.
    wire.cmd(&["MULTI"]).ok();
    wire.cmd(&["GET", "a"]);
    assert_eq!(wire.cmd(&["EXEC"]).strings(), ["9"]);
}

#[test]
fn messages_of_the_stream_reach_subscribers_and_monitors() {
    for flavor in Flavor::ALL {
        let both = Both::spawn(flavor);
        let (mut plain, mut pattern, mut monitor) =
            (both.own.wire(), both.own.wire(), both.own.wire());
        plain.cmd(&["SUBSCRIBE", "news"]);
        pattern.hello3();
        pattern.cmd(&["PSUBSCRIBE", "n*"]);
        monitor.cmd(&["MONITOR"]).ok();
        both.master.cmd(&["PUBLISH", "news", "of the master"]);
        assert_eq!(plain.read_reply().strings(), ["message", "news", "of the master"]);
        let message = pattern.read_reply();
        assert!(matches!(message, Reply::Push(_)), "{message:?}");
        assert_eq!(message.strings(), ["pmessage", "n*", "news", "of the master"]);
        let said = |wire: &mut Wire, what: &str| {
            let line = loop {
                let line = wire.read_reply().str().to_owned();
                if line.contains(what) {
                    break line;
                }
            };
            let (time, rest) = line.split_once(' ').unwrap();
            assert!(time.parse::<f64>().is_ok(), "{line}");
            rest.to_owned()
        };
        let master = both.master.addr();
        let line = said(&mut monitor, "PUBLISH");
        assert_eq!(line, format!("[0 {master}] \"PUBLISH\" \"news\" \"of the master\""));
        let mut client = both.own.wire();
        assert_eq!(client.cmd(&["PUBLISH", "news", "local"]).int(), 2);
        assert_eq!(plain.read_reply().strings(), ["message", "news", "local"]);
        let addr = client.stream().local_addr().unwrap();
        let line = said(&mut monitor, "local");
        assert_eq!(line, format!("[0 {addr}] \"PUBLISH\" \"news\" \"local\""));
    }
}

#[test]
fn a_pipeline_is_answered_in_order() {
    let both = Both::spawn(Flavor::Redis70);
    let mut wire = both.own.wire();
    let mut bytes = Vec::new();
    for n in 0..5000 {
        bytes.extend(encode(&["GET", "a"]));
        bytes.extend(encode(&["ECHO", &n.to_string()]));
    }
    wire.send_raw(&bytes);
    for n in 0..5000 {
        assert_eq!(wire.read_reply().str(), "1");
        assert_eq!(wire.read_reply().str(), n.to_string());
    }
}
