//! Requests wait while their master is replaced or out of reach, and then go to the right one.

use std::thread;
use std::time::Duration;

use crate::support::topology::topology;
use crate::support::*;

/// Waits until PROXY TOPOLOGY says that requests wait for this reason; `None` for no reason.
#[track_caller]
fn until_hold(wire: &mut Wire, reason: Option<&str>) {
    eventually(PATIENCE, || match topology(wire)["hold"]["reason"].as_str() {
        found if found == reason => Ok(()),
        found => Err(format!("{found:?} instead of {reason:?}")),
    });
}

/// The sum of `tidegate_failover_requests_total` with this outcome.
fn requests(proxy: &Tidegate, outcome: &str) -> f64 {
    Scrape::of(proxy).sum("tidegate_failover_requests_total", &[("outcome", outcome)])
}

fn ok() -> Reply {
    Reply::Simple("OK".to_owned())
}

#[test]
fn a_write_waits_until_another_server_takes_the_place_of_a_dead_master() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "1"]).ok();
    wire.cmd(&["RPUSH", "l", "x"]);
    trio.wait_synced();
    trio.master.kill();
    let mut look = proxy.wire();
    until_hold(&mut look, Some("unreachable"));
    let lines: [&[&str]; 4] =
        [&["SET k 2"], &["MULTI", "SET m 1", "EXEC"], &["BLPOP l 600"], &["PUBLISH c m"]];
    let mut wires: Vec<Wire> = lines.iter().map(|_| proxy.wire()).collect();
    for (wire, lines) in wires.iter_mut().zip(lines) {
        lines.iter().for_each(|line| wire.send(&line.split(' ').collect::<Vec<_>>()));
    }
    assert_eq!(look.cmd(&["GET", "k"]).str(), "1", "reads go on");
    wires.iter_mut().for_each(|wire| wire.expect_silence(Duration::from_millis(100)));
    trio.replicas[0].promote();
    trio.replicas[1].replicate_from(trio.replicas[0].addr());
    let replies: Vec<Vec<Reply>> = wires
        .iter_mut()
        .zip(lines)
        .map(|(wire, lines)| lines.iter().map(|_| wire.read_reply()).collect())
        .collect();
    assert_eq!(replies[0], [ok()], "{}", proxy.log());
    assert_eq!(replies[1][2], Reply::Array(vec![ok()]), "{}", proxy.log());
    let popped = ["l", "x"].map(|it| Reply::Bulk(it.into())).to_vec();
    assert_eq!(replies[2], [Reply::Array(popped)]);
    assert!(matches!(replies[3][..], [Reply::Int(_)]));
    assert_eq!(trio.replicas[0].cmd(&["GET", "k"]).str(), "2");
    until_hold(&mut look, None);
    eventually(PATIENCE, || match requests(&proxy, "released") {
        4.0.. => Ok(()),
        count => Err(count.to_string()),
    });
}

#[test]
fn a_held_request_gets_an_error_when_its_time_is_up_and_later_ones_at_once() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("writes", "failover-hold", "\"400ms\"").start();
    let (mut first, mut later) = (proxy.wire(), proxy.wire());
    first.cmd(&["SET", "k", "1"]).ok();
    trio.master.kill();
    until_hold(&mut later, Some("unreachable"));
    let error = first.cmd(&["SET", "k", "2"]).err().to_owned();
    assert!(error.starts_with("MASTERDOWN ") && error.ends_with("was not sent"), "{error}");
    assert_eq!(later.cmd(&["SET", "k", "2"]).err(), error);
    let counts = || ["held", "expired", "refused"].map(|outcome| requests(&proxy, outcome));
    eventually(PATIENCE, || match counts() {
        [1.0, 1.0, 1.0] => Ok(()),
        counts => Err(format!("{counts:?}")),
    });
    // The hold that is over does not keep a new master from its requests.
    trio.replicas[0].promote();
    until_hold(&mut later, None);
    later.cmd(&["SET", "k", "3"]).ok();
}

#[test]
fn without_a_time_nothing_waits() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("writes", "failover-hold", "\"0s\"").start();
    let mut wire = proxy.wire();
    trio.master.kill();
    eventually(PATIENCE, || match topology(&mut wire)["master"].as_str() {
        None => Ok(()),
        Some(master) => Err(master.to_owned()),
    });
    assert!(wire.cmd(&["SET", "k", "1"]).err().starts_with("MASTERDOWN "));
    assert_eq!(requests(&proxy, "held"), 0.0);
}

#[test]
fn no_more_requests_wait_than_there_is_room_for() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("writes", "hold-max-clients", "1").start();
    let (mut first, mut other) = (proxy.wire(), proxy.wire());
    trio.master.kill();
    until_hold(&mut other, Some("unreachable"));
    first.send(&["SET", "k", "1"]);
    first.expect_silence(Duration::from_millis(100));
    let error = other.cmd(&["SET", "k", "2"]).err().to_owned();
    assert!(
        error.starts_with("MASTERDOWN ") && error.contains("writes.hold-max-clients"),
        "{error}"
    );
    trio.replicas[0].promote();
    assert_eq!(first.read_reply(), ok());
}

#[test]
fn requests_that_never_reached_a_silent_master_are_sent_when_it_answers() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let (mut wire, mut look) = (proxy.wire(), proxy.wire());
    wire.cmd(&["SET", "k", "1"]).ok();
    trio.master.pause();
    until_hold(&mut look, Some("silent"));
    wire.send(&["INCR", "n"]);
    wire.expect_silence(Duration::from_millis(100));
    trio.master.resume();
    assert_eq!(wire.read_reply(), Reply::Int(1), "{}", proxy.log());
    assert_eq!(trio.master.calls("incr"), 1);
}

/// The master stops its writes for a FAILOVER, for which its replica is not ready. A write that the
/// proxy sent now would wait there, and nothing could take it back.
#[test]
fn writes_do_not_reach_a_master_that_has_stopped_them() {
    for flavor in [Flavor::Redis62, Flavor::Redis82, Flavor::Valkey91] {
        let mut trio = Trio::spawn(flavor);
        let admin = |config: ConfigBuilder| config.set("admin", "commands", "\"master\"");
        let proxy = Tidegate::for_trio(&trio).with(admin).start();
        let (mut wire, mut look) = (proxy.wire(), proxy.wire());
        wire.cmd(&["SET", "k", "1"]).ok();
        trio.wait_synced();
        trio.replicas[0].pause();
        wire.cmd(&["SET", "k", "2"]).ok();
        let target = trio.replicas[0].port().to_string();
        trio.master.cmd(&["FAILOVER", "TO", "127.0.0.1", &target, "TIMEOUT", "60000"]).ok();
        until_hold(&mut look, Some("paused"));
        wire.send(&["SET", "k", "3"]);
        wire.expect_silence(Duration::from_millis(100));
        assert_eq!(trio.master.calls("set"), 2, "{flavor:?}");
        assert_eq!(trio.master.info("clients").get("blocked_clients"), Some("0"), "{flavor:?}");
        // An operator's command is not held: it is what ends the hold.
        assert_eq!(look.cmd(&["FAILOVER", "ABORT"]), ok(), "{flavor:?}");
        assert_eq!(wire.read_reply(), ok(), "{flavor:?}: {}", proxy.log());
        assert_eq!(trio.master.calls("set"), 3, "{flavor:?}");
    }
}

/// A copy that is detached on purpose stops the writes for a moment only.
#[test]
fn writes_go_on_at_a_master_that_keeps_its_other_replica() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let (mut wire, mut look) = (proxy.wire(), proxy.wire());
    wire.cmd(&["SET", "k", "1"]).ok();
    trio.replicas[0].promote();
    until_hold(&mut look, Some("promoted"));
    wire.send(&["SET", "k", "2"]);
    assert_eq!(wire.read_reply(), ok());
    until_hold(&mut look, None);
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "2");
}

/// Many clients wait, and all of them get their replies in their order.
#[test]
fn many_held_pipelines_keep_their_order() {
    let mut trio = Trio::spawn(Flavor::Valkey91);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut look = proxy.wire();
    trio.wait_synced();
    trio.master.kill();
    until_hold(&mut look, Some("unreachable"));
    let mut wires: Vec<Wire> = (0..300).map(|_| proxy.wire()).collect();
    for (n, wire) in wires.iter_mut().enumerate() {
        let key = format!("key:{n}");
        for _ in 0..5 {
            wire.send(&["INCR", &key]);
        }
    }
    thread::sleep(Duration::from_millis(200));
    trio.replicas[0].promote();
    for wire in &mut wires {
        let replies: Vec<_> = (0..5).map(|_| wire.read_reply()).collect();
        assert_eq!(replies, [1, 2, 3, 4, 5].map(Reply::Int));
    }
}

/// The write gate and `wait-replicas` want a replica, and the new master has none at first.
#[test]
fn writes_wait_until_the_new_master_has_its_replicas() {
    for (key, other) in
        [("min-replicas-to-write", "wait-replicas"), ("wait-replicas", "min-replicas-max-lag")]
    {
        let mut trio = Trio::spawn(Flavor::Redis70);
        let config = Tidegate::for_trio(&trio).set("writes", key, "1");
        let config =
            if other == "wait-replicas" { config.set("writes", other, "1") } else { config };
        let proxy = config.start();
        let (mut wire, mut look) = (proxy.wire(), proxy.wire());
        eventually(PATIENCE, || match wire.cmd(&["SET", "k", "1"]) {
            reply if reply == ok() => Ok(()),
            reply => Err(format!("{reply:?}")),
        });
        trio.wait_synced();
        trio.master.kill();
        trio.replicas[0].promote();
        until_hold(&mut look, Some("few-replicas"));
        wire.send(&["SET", "k", "2"]);
        wire.expect_silence(Duration::from_millis(100));
        trio.replicas[1].replicate_from(trio.replicas[0].addr());
        assert_eq!(wire.read_reply(), ok(), "{key}: {}", proxy.log());
        until_hold(&mut look, None);
    }
}
