//! PROXY CONSISTENCY and PROXY NEXT: the level of one session's reads, and of one request.

use std::time::Duration;

use crate::reads::{masters, text_of};
use crate::support::*;

fn open() -> (Trio, Tidegate) {
    let trio = Trio::spawn(Flavor::Redis70);
    // No replica becomes stale here, however slow the machine is.
    let config = Tidegate::for_trio(&trio).set("reads", "max-lag", "\"60s\"");
    let config = config.set("topology", "probe-timeout", "\"60s\"");
    let proxy = config.set("reads", "consistency", "\"bounded\"").start();
    wait_serving(&proxy, 2);
    (trio, proxy)
}

fn says(wire: &mut Wire, words: &[&str]) {
    assert_eq!(wire.cmd(&[&["PROXY"], words].concat()).str(), "OK", "{words:?}");
}

/// The master answers the session's reads until it is known what they must include.
fn at_replicas(trio: &Trio, wire: &mut Wire) {
    eventually(PATIENCE, || match masters(trio, wire) {
        0 => Ok(()),
        count => Err(format!("the master answered {count} reads")),
    });
}

fn shown(wire: &mut Wire) -> [String; 3] {
    let told = wire.cmd(&["PROXY", "CONSISTENCY"]);
    ["level", "reads_from", "set_by"].map(|name| text_of(&told, name))
}

#[test]
fn a_session_chooses_its_level() {
    let (trio, proxy) = open();
    let mut wire = Wire::connect3(proxy.addr());
    assert_eq!(shown(&mut wire), ["bounded", "replica", "configuration"]);
    says(&mut wire, &["consistency", "Strong"]);
    assert_eq!(shown(&mut wire), ["strong", "master", "session"]);
    assert_eq!(masters(&trio, &mut wire), 20);
    // Only of this session.
    assert_eq!(masters(&trio, &mut proxy.wire()), 0);
    says(&mut wire, &["CONSISTENCY", "session"]);
    assert_eq!(shown(&mut wire)[0], "session");
    at_replicas(&trio, &mut wire);
    wire.cmd(&["READWRITE"]).ok();
    assert_eq!((masters(&trio, &mut wire), shown(&mut wire)[0].as_str()), (20, "strong"));
    wire.cmd(&["READONLY"]).ok();
    assert_eq!(shown(&mut wire)[0], "session");
    at_replicas(&trio, &mut wire);
    // The last word counts.
    wire.cmd(&["READWRITE"]).ok();
    says(&mut wire, &["CONSISTENCY", "bounded", "5s"]);
    assert_eq!(masters(&trio, &mut wire), 0);
    let told = wire.cmd(&["PROXY", "CONSISTENCY"]);
    let limit = told.pairs().into_iter().find(|(name, _)| name.str() == "max_lag_ms").unwrap().1;
    assert_eq!(limit.int(), 5000);
    says(&mut wire, &["CONSISTENCY", "strong"]);
    says(&mut wire, &["CONSISTENCY", "DEFAULT"]);
    assert_eq!(shown(&mut wire), ["bounded", "replica", "configuration"]);
    says(&mut wire, &["CONSISTENCY", "strong"]);
    assert_eq!(wire.cmd(&["RESET"]).str(), "RESET");
    assert_eq!((masters(&trio, &mut wire), shown(&mut wire)[2].as_str()), (0, "configuration"));
}

#[test]
fn levels_change_inside_a_pipeline() {
    let (trio, proxy) = open();
    let mut wire = proxy.wire();
    let before = trio.master.calls("strlen");
    let replies = wire.pipeline(&[
        &["STRLEN", "k"],
        &["PROXY", "CONSISTENCY", "strong"],
        &["STRLEN", "k"],
        &["STRLEN", "k"],
        &["PROXY", "CONSISTENCY", "bounded"],
        &["STRLEN", "k"],
        &["PROXY", "NEXT", "strong"],
        &["STRLEN", "k"],
        &["STRLEN", "k"],
    ]);
    let shown: Vec<String> = replies.iter().map(|reply| format!("{reply:?}")).collect();
    assert!(replies.iter().all(|reply| !reply.is_err()), "{shown:?}");
    assert_eq!(trio.master.calls("strlen") - before, 3);
}

#[test]
fn next_is_for_one_request() {
    let (trio, proxy) = open();
    let mut wire = proxy.wire();
    for _ in 0..3 {
        says(&mut wire, &["NEXT", "strong"]);
        let before = trio.master.calls("strlen");
        wire.cmd(&["STRLEN", "k"]);
        assert_eq!(trio.master.calls("strlen") - before, 1);
        assert_eq!(masters(&trio, &mut wire), 0);
    }
    // Whatever the request is, and whether or not it is answered in place.
    for next in [&["SET", "k", "v"][..], &["PING"], &["NOSUCH"], &["SCAN", "0"]] {
        says(&mut wire, &["NEXT", "strong"]);
        wire.cmd(next);
        assert_eq!(masters(&trio, &mut wire), 0, "{next:?}");
    }
    // The last one counts.
    says(&mut wire, &["NEXT", "strong"]);
    says(&mut wire, &["NEXT", "bounded"]);
    assert_eq!(masters(&trio, &mut wire), 0);
    wire.cmd(&["READWRITE"]).ok();
    says(&mut wire, &["NEXT", "bounded"]);
    assert_eq!(masters(&trio, &mut wire), 19, "it is stronger than the session");
    // It is explained, and RESET takes it back.
    wire.cmd(&["READONLY"]).ok();
    says(&mut wire, &["NEXT", "strong"]);
    let told = wire.cmd(&["PROXY", "EXPLAIN", "GET", "k"]);
    assert_eq!(text_of(&told, "decided_by"), "PROXY NEXT");
    assert_eq!(text_of(&told, "route"), trio.master.addr().to_string());
    says(&mut wire, &["NEXT", "strong"]);
    assert_eq!(wire.cmd(&["RESET"]).str(), "RESET");
    assert_eq!(masters(&trio, &mut wire), 0);
}

#[test]
fn many_requests_that_each_have_a_level_keep_their_order() {
    let (trio, proxy) = open();
    trio.master.cmd(&["MSET", "a", "1", "b", "22"]).ok();
    trio.wait_synced();
    let mut wire = proxy.wire();
    let before = trio.master.calls("strlen");
    let one: [&[&str]; 4] =
        [&["PROXY", "NEXT", "strong"], &["STRLEN", "a"], &["STRLEN", "b"], &["ECHO", "c"]];
    let replies = wire.pipeline(&one.repeat(100));
    for four in replies.chunks(4) {
        assert_eq!((four[0].str(), four[1].int(), four[2].int(), four[3].str()), ("OK", 1, 2, "c"));
    }
    assert_eq!(trio.master.calls("strlen") - before, 100);
}

#[test]
fn wrong_words_are_errors_and_change_nothing() {
    let (trio, proxy) = open();
    let mut wire = proxy.wire();
    says(&mut wire, &["CONSISTENCY", "strong"]);
    for words in [
        &["CONSISTENCY", "eventual"][..],
        &["CONSISTENCY", "bounded", "5"],
        &["CONSISTENCY", "bounded", "1ms"],
        &["CONSISTENCY", "bounded", "5s", "5s"],
        &["NEXT", "weak"],
        &["NEXT"],
        &["NEXT", "strong", "strong"],
    ] {
        let reply = wire.cmd(&[&["PROXY"], words].concat());
        assert!(reply.err().starts_with("ERR "), "{words:?}: {reply:?}");
    }
    assert_eq!(masters(&trio, &mut wire), 20);
    wire.cmd(&["MULTI"]).ok();
    assert!(wire.cmd(&["PROXY", "NEXT", "strong"]).is_err());
    wire.cmd(&["DISCARD"]).ok();
    let help = wire.cmd(&["PROXY", "HELP"]).strings().join("\n");
    assert!(help.contains("CONSISTENCY [<level>") && help.contains("NEXT <level>"), "{help}");
}

/// The level of PROXY NEXT counts until its request is answered, also where that is sent again: the
/// next request is not begun before.
#[test]
fn the_next_request_waits_for_the_answer_to_the_one_with_a_level_of_its_own() {
    let trio = Trio::spawn(Flavor::Redis70);
    let slow = FaultProxy::start(trio.master.addr());
    let config = ConfigBuilder::new(slow.addr(), &trio.replica_addrs());
    let config = config.set("reads", "consistency", "\"bounded\"");
    let proxy = config.set("reads", "max-lag", "\"60s\"").start();
    wait_serving(&proxy, 2);
    let mut wire = proxy.wire();
    slow.set_delay_of(Direction::ToServer, Duration::from_millis(300));
    let lines: [&[&str]; 3] = [&["PROXY", "NEXT", "strong"], &["STRLEN", "a"], &["LLEN", "b"]];
    wire.send_raw(&lines.map(encode).concat());
    assert_eq!(wire.read_reply().str(), "OK");
    eventually(PATIENCE, || match trio.master.calls("strlen") {
        0 => {
            let early: u64 = trio.replicas.iter().map(|replica| replica.calls("llen")).sum();
            assert_eq!(early, 0, "the bounded read was sent before the strong one was answered");
            Err("the strong read is under way".to_owned())
        }
        _ => Ok(()),
    });
    assert_eq!((wire.read_reply(), wire.read_reply()), (Reply::Int(0), Reply::Int(0)));
}
