//! What clients send while they are without their subscriptions, and how such a time ends.

use std::time::Duration;

use super::{confirmation, gaps, message, promote, subscriber, wait_for_receivers};
use crate::support::*;

const QUIET: Duration = Duration::from_millis(50);

/// What a client sends while it has no server waits, and is answered in its order.
#[test]
fn requests_in_the_gap_are_answered_after_it() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wires = [false, true].map(|three| (three, subscriber(&proxy, three)));
    for (_, wire) in &mut wires {
        wire.send(&["SUBSCRIBE", "a", "b"]);
        wire.read_reply();
        wire.read_reply();
    }
    trio.master.kill();
    eventually(PATIENCE, || match Scrape::of(&proxy).sum("tidegate_subscription_gaps_open", &[]) {
        2.0 => Ok(()),
        other => Err(format!("{other}")),
    });
    for (three, wire) in &mut wires {
        wire.send(&["SUBSCRIBE", "c"]);
        wire.send(&["PING", "hi"]);
        wire.send(&["UNSUBSCRIBE", "a", "nosuch"]);
        wire.send(&["PSUBSCRIBE", "p*"]);
        if *three {
            wire.send(&["SET", "k", "v"]);
            wire.send(&["GET", "k"]);
        }
        wire.expect_silence(QUIET);
    }
    promote(&trio);
    for (three, wire) in &mut wires {
        let three = *three;
        assert_eq!(wire.read_reply(), confirmation(three, "subscribe", "c", 3));
        let pong = wire.read_reply();
        if three {
            assert_eq!(pong.str(), "hi");
        } else {
            assert_eq!(pong.strings(), ["pong", "hi"]);
        }
        assert_eq!(wire.read_reply(), confirmation(three, "unsubscribe", "a", 2));
        assert_eq!(wire.read_reply(), confirmation(three, "unsubscribe", "nosuch", 2));
        assert_eq!(wire.read_reply(), confirmation(three, "psubscribe", "p*", 3));
        if three {
            wire.read_reply().ok();
            assert_eq!(wire.read_reply().str(), "v");
        }
    }
    assert_eq!(trio.replicas[0].cmd(&["PUBLISH", "a", "m"]).int(), 0);
    assert_eq!(trio.replicas[0].cmd(&["PUBLISH", "b", "m"]).int(), 2);
}

/// A request that the dead master had not confirmed is confirmed once, with the right count.
#[test]
fn unconfirmed_requests_are_confirmed_once() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wires = [false, true].map(|three| (three, subscriber(&proxy, three)));
    for (_, wire) in &mut wires {
        wire.cmd(&["SUBSCRIBE", "a"]);
        wire.cmd(&["PSUBSCRIBE", "p"]);
    }
    trio.master.pause();
    for (three, wire) in &mut wires {
        wire.send(&["SUBSCRIBE", "b", "a", "c"]);
        wire.send(&["PING", "hi"]);
        wire.send(&["PUNSUBSCRIBE"]);
        if *three {
            wire.send(&["GET", "k"]);
        }
    }
    // A RESP3 client's PING is answered by the proxy.
    until_under_way(&proxy, 10);
    trio.master.kill();
    promote(&trio);
    for (three, wire) in &mut wires {
        let three = *three;
        for (name, count) in [("b", 3), ("a", 3), ("c", 4)] {
            let reply = wire.read_reply();
            assert_eq!(reply, confirmation(three, "subscribe", name, count), "{}", proxy.log());
        }
        let pong = wire.read_reply();
        assert!(if three { pong.str() == "hi" } else { pong.strings() == ["pong", "hi"] });
        assert_eq!(wire.read_reply(), confirmation(three, "punsubscribe", "p", 3));
        if three {
            assert!(wire.read_reply().is_null());
        }
        wire.expect_silence(QUIET);
        assert_eq!(wire.cmd(&["UNSUBSCRIBE", "b"]), confirmation(three, "unsubscribe", "b", 2));
    }
}

/// A server that does not let the user subscribe ends the client, and the log says why.
#[test]
fn a_refused_renewal_closes_the_client() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    wire.cmd(&["SUBSCRIBE", "a"]);
    trio.replicas[0].cmd(&["ACL", "SETUSER", "default", "resetchannels", "&b"]).ok();
    trio.master.kill();
    promote(&trio);
    assert_eq!(wire.expect_closed(), []);
    let log = proxy.log();
    assert!(log.contains("refuses to renew its subscriptions: NOPERM"), "{log}");
    assert_eq!(gaps(&proxy, "closed"), 1.0);
}

/// While no server is master for long, the client is closed.
#[test]
fn a_gap_ends_with_its_timeout() {
    let mut server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]);
    let proxy = config.set("pubsub", "gap-timeout", "\"1s\"").start();
    let mut wire = proxy.wire();
    wire.cmd(&["SUBSCRIBE", "a"]);
    server.kill();
    wire.send(&["PING"]);
    assert_eq!(wire.expect_closed(), [], "a PING that waits has no answer");
    assert!(proxy.log().contains("no master has renewed its subscriptions"), "{}", proxy.log());
    eventually(PATIENCE, || match gaps(&proxy, "closed") {
        1.0 => Ok(()),
        other => Err(format!("{other}")),
    });
}

/// A client that goes during a gap is not kept, whatever waits for it.
#[test]
fn a_client_may_go_during_a_gap() {
    let mut server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[]).start();
    let mut wires = [(); 3].map(|()| proxy.wire());
    for wire in &mut wires {
        wire.cmd(&["SUBSCRIBE", "a"]);
    }
    server.kill();
    eventually(PATIENCE, || match Scrape::of(&proxy).sum("tidegate_subscription_gaps_open", &[]) {
        3.0 => Ok(()),
        other => Err(format!("{other}")),
    });
    let [mut quits, mut ends, mut waits] = wires;
    quits.cmd(&["QUIT"]).ok();
    assert_eq!(quits.expect_closed(), []);
    ends.send(&["PING"]);
    ends.finish_sending();
    assert_eq!(ends.expect_closed(), []);
    server.restart();
    wait_for_receivers(&server, 1);
    assert_eq!(waits.read_reply(), message(false, &["message", "a", "m"]));
}

/// A client that subscribes for the first time while the master is dead waits for the next one.
#[test]
fn a_first_subscription_waits_for_a_master() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("writes", "failover-hold", "\"1m\"").start();
    let mut wires = [false, true].map(|three| (three, subscriber(&proxy, three)));
    trio.master.kill();
    for (_, wire) in &mut wires {
        wire.send(&["SUBSCRIBE", "a", "b"]);
        wire.expect_silence(QUIET);
    }
    promote(&trio);
    for (three, wire) in &mut wires {
        assert_eq!(wire.read_reply(), confirmation(*three, "subscribe", "a", 1));
        assert_eq!(wire.read_reply(), confirmation(*three, "subscribe", "b", 2));
    }
    wait_for_receivers(&trio.replicas[0], 2);
}
