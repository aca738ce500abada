//! SUBSCRIBE and its kin: the server's own bytes, and a connection that ends with its server.

use std::io::Read;
use std::time::Duration;

use crate::support::{
    Both, ConfigBuilder, Flavor, PATIENCE, Pair, RedisServer, Wire, client_list, eventually,
};

const QUIET: Duration = Duration::from_millis(50);

/// Publishes on both sides and compares what the subscribers get; `times` is how many receive it.
#[track_caller]
fn publish(pair: &Pair, both: &mut Both, line: &str, times: usize) {
    let mut publishers = pair.both();
    let receivers = publishers.same(line).int();
    assert_eq!(receivers, i64::try_from(times).unwrap(), "{line}");
    both.same_raw(b"", times);
}

#[test]
fn every_form_is_the_servers_own() {
    for flavor in [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        let pair = Pair::spawn(flavor);
        for three in [false, true] {
            let mut both = if three { pair.both3() } else { pair.both() };
            both.same_many("SUBSCRIBE a b a", 3);
            both.same_many("PSUBSCRIBE a* a*", 2);
            both.same_many("SSUBSCRIBE s", 1);
            publish(&pair, &mut both, "PUBLISH a one", 2);
            publish(&pair, &mut both, "PUBLISH abc two", 1);
            publish(&pair, &mut both, "SPUBLISH s three", 1);
            both.same_many("UNSUBSCRIBE a", 1);
            publish(&pair, &mut both, "PUBLISH a four", 1);
            both.same_all("PING; PING hi; PING a b; SUBSCRIBE; NOSUCH x");
            both.same_many("PUNSUBSCRIBE", 1);
            both.same_many("SUNSUBSCRIBE", 1);
            both.same_many("UNSUBSCRIBE b nosuch", 2);
            both.same_all("PING; SET k v; GET k");
        }
    }
}

#[test]
fn subscribers_in_resp2_may_send_few_other_commands() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        let mut both = pair.both();
        both.same("SUBSCRIBE c");
        both.same_all(
            "GET k; SET k v; ECHO x; SELECT 1; MULTI; EXEC; CLIENT ID; HELLO 3; AUTH x; INFO",
        );
        both.same_all("PING; PING hi");
        publish(&pair, &mut both, "PUBLISH c m", 1);
        both.same("RESET");
        both.same_all("PING; SET k v; GET k; SUBSCRIBE c; QUIT");
        assert_eq!(both.proxied.expect_closed(), []);
    }
}

#[test]
fn unsubscribing_all_ends_the_lease() {
    let pair = Pair::spawn(Flavor::Redis70);
    for three in [false, true] {
        let mut both = if three { pair.both3() } else { pair.both() };
        // Without any subscription there is still one confirmation.
        both.same_all("UNSUBSCRIBE; PUNSUBSCRIBE; SUNSUBSCRIBE; SET k v; GET k");
        both.same_many("UNSUBSCRIBE a b", 2);
        both.same_many("SUBSCRIBE a b c", 3);
        assert_eq!(unsubscribed(&mut both.proxied), unsubscribed(&mut both.direct));
        both.same_all("GET k; SELECT 1; GET k; SELECT 0; MULTI; GET k; EXEC");
        // What follows in the same pipeline is an ordinary request already.
        let words = b"*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n*1\r\n$11\r\nUNSUBSCRIBE\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
        assert_eq!(both.same_raw(words, 3).str(), "v");
    }
    // The pool's connections are used again.
    let before = client_list::of_server(&pair.behind).len();
    let mut wire = pair.proxy.wire();
    for _ in 0..50 {
        wire.cmd(&["SUBSCRIBE", "x"]);
        wire.cmd(&["UNSUBSCRIBE"]);
        wire.cmd(&["GET", "k"]);
    }
    eventually(PATIENCE, || {
        let lines = client_list::of_server(&pair.behind);
        let clean = lines.iter().all(|line| !line.has_flag('P'));
        if lines.len() <= before + 2 && clean { Ok(()) } else { Err(format!("{lines:?}")) }
    });
}

/// Unsubscribes from three channels; their names, whose order is a matter of the server's hash.
#[track_caller]
fn unsubscribed(wire: &mut Wire) -> Vec<String> {
    wire.send(&["UNSUBSCRIBE"]);
    let confirmation = |left: i64| {
        let reply = wire.read_reply();
        assert_eq!((reply.array()[0].str(), reply.array()[2].int()), ("unsubscribe", left));
        reply.array()[1].str().to_owned()
    };
    let mut names: Vec<_> = [2, 1, 0].map(confirmation).into();
    names.sort();
    names
}

#[test]
fn a_resp3_subscriber_works_on_while_messages_arrive() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut wire = pair.proxy.wire();
    wire.hello3();
    wire.cmd(&["SUBSCRIBE", "c"]);
    let mut publisher = pair.behind.wire();
    let (mut messages, mut replies) = (0, 0);
    for n in 0..200 {
        wire.send(&["SET", "k", &n.to_string()]);
        wire.send(&["GET", "k"]);
        publisher.cmd(&["PUBLISH", "c", &n.to_string()]);
        wire.send(&["PING"]);
        wire.send(&["LRANGE", "nosuch", "0", "-1"]);
    }
    while messages < 200 || replies < 800 {
        match wire.read_reply() {
            crate::support::Reply::Push(items) => {
                assert_eq!(items[2].str(), messages.to_string());
                messages += 1;
            }
            reply => {
                match replies % 4 {
                    0 => reply.ok(),
                    1 => assert_eq!(reply.str(), (replies / 4).to_string()),
                    2 => assert_eq!(reply.str(), "PONG"),
                    _ => assert!(reply.array().is_empty()),
                }
                replies += 1;
            }
        }
    }
}

#[test]
fn a_backend_lost_under_a_subscription_closes_the_client() {
    let pair =
        Pair::spawn_with(Flavor::Redis70, |config| config.set("pubsub", "on-gap", "\"close\""));
    for line in [&["SUBSCRIBE", "c"], &["PSUBSCRIBE", "c*"], &["SSUBSCRIBE", "c"]] {
        let mut wire = pair.proxy.wire();
        wire.cmd(line);
        let subscribed = |line: &client_list::ClientLine| line.has_flag('P');
        let id = client_list::only(&pair.behind, subscribed).unwrap();
        assert_eq!(pair.behind.cmd(&["CLIENT", "KILL", "ID", &id.to_string()]).int(), 1);
        assert_eq!(wire.expect_closed(), []);
    }
    // And the other way round: a subscriber that goes ends its connection.
    let mut wire = pair.proxy.wire();
    wire.cmd(&["SUBSCRIBE", "c"]);
    drop(wire);
    eventually(PATIENCE, || match pair.behind.cmd(&["PUBLISH", "c", "m"]).int() {
        0 => Ok(()),
        n => Err(format!("{n} receivers")),
    });
}

#[test]
fn a_slow_subscriber_is_closed_alone() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]);
    let proxy = config.set("proxy", "client-output-buffer-limit-pubsub", "\"1mb 0 0\"").start();
    let (mut slow, mut quick) = (proxy.wire(), proxy.wire());
    slow.cmd(&["SUBSCRIBE", "c"]);
    quick.cmd(&["SUBSCRIBE", "c"]);
    let (mut publisher, mut other) = (proxy.wire(), proxy.wire());
    let message = "m".repeat(64 * 1024);
    let mut receivers = 2;
    // As much as two sockets' buffers hold, and more: 32 MB.
    for n in 0..500 {
        receivers = publisher.cmd(&["PUBLISH", "c", &message]).int();
        assert_eq!(quick.read_reply().array()[2].str().len(), message.len());
        other.cmd(&["SET", "k", &n.to_string()]).ok();
        assert_eq!(other.cmd(&["GET", "k"]).str(), n.to_string());
    }
    assert_eq!(receivers, 1, "the slow one is still there");
    assert!(proxy.log().contains("closed at client-output-buffer-limit"));
    let mut stream = slow.stream();
    let ended = || stream.read_to_end(&mut Vec::new());
    assert!(with_timeout(&slow, ended), "the slow one's connection is open");
}

/// Whether reading comes to an end, well or not, in time.
fn with_timeout(wire: &Wire, read: impl FnOnce() -> std::io::Result<usize>) -> bool {
    wire.stream().set_read_timeout(Some(PATIENCE)).unwrap();
    read().is_ok_and(|_| true) || wire.stream().peek(&mut [0]).is_err()
}

#[test]
fn a_steady_reader_is_never_over_the_limit() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]);
    let proxy = config.set("proxy", "client-output-buffer-limit-pubsub", "\"256kb 0 0\"").start();
    let mut wire = proxy.wire();
    wire.cmd(&["SUBSCRIBE", "c"]);
    let mut publisher = server.wire();
    let message = "m".repeat(8 * 1024);
    for _ in 0..2000 {
        publisher.cmd(&["PUBLISH", "c", &message]);
        assert_eq!(wire.read_reply().array()[2].str().len(), message.len());
    }
}

#[test]
fn publish_returns_the_receivers_and_the_masters_messages_arrive() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut publisher = pair.proxy.wire();
    assert_eq!(publisher.cmd(&["PUBLISH", "c", "m"]).int(), 0);
    let mut wires: Vec<Wire> = (0..6).map(|_| pair.proxy.wire()).collect();
    for wire in &mut wires {
        wire.cmd(&["SUBSCRIBE", "c"]);
    }
    assert_eq!(publisher.cmd(&["PUBLISH", "c", "one"]).int(), 6);
    assert_eq!(pair.behind.cmd(&["PUBLISH", "c", "two"]).int(), 6);
    assert_eq!(publisher.cmd(&["PUBSUB", "NUMSUB", "c"]).array()[1].int(), 6);
    for wire in &mut wires {
        assert_eq!(wire.read_reply().strings(), ["message", "c", "one"]);
        assert_eq!(wire.read_reply().strings(), ["message", "c", "two"]);
        wire.expect_silence(QUIET);
    }
}

#[test]
fn a_refused_subscription_does_not_subscribe() {
    // Each worker has connections of its own.
    let pair = Pair::spawn_with(Flavor::Redis62, |config| config.set("proxy", "workers", "1"));
    for three in [false, true] {
        let mut both = if three { pair.both3() } else { pair.both() };
        both.same_all(
            "SSUBSCRIBE a b; SET k v; GET k; CLIENT TRACKINGINFO; ECHO x; SELECT 1; GET k",
        );
        let flags = client_list::parse(both.proxied.cmd(&["CLIENT", "LIST"]).str()).remove(0);
        assert!(!flags.has_flag('P'), "{flags:?}");
    }
    eventually(PATIENCE, || match client_list::of_server(&pair.behind).len() {
        few @ 0..=8 => Ok(few),
        many => Err(format!("{many} connections")),
    });
}

#[test]
fn replies_that_look_like_messages_are_replies() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut both = pair.both();
    both.same_all("RPUSH l message c m; RPUSH p pmessage a b c; WATCH k");
    let words = b"*4\r\n$6\r\nLRANGE\r\n$1\r\nl\r\n$1\r\n0\r\n$2\r\n-1\r\n*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n*1\r\n$11\r\nUNSUBSCRIBE\r\n*4\r\n$6\r\nLRANGE\r\n$1\r\nl\r\n$1\r\n0\r\n$2\r\n-1\r\n*1\r\n$4\r\nPING\r\n";
    for _ in 0..50 {
        both.same_raw(words, 5);
    }
    both.same_all("UNWATCH; LRANGE l 0 -1; CLIENT TRACKING ON; LRANGE l 0 -1; GET k");
    let mut both = pair.both3();
    both.same("SUBSCRIBE c");
    both.same_all("LRANGE l 0 -1; LRANGE p 0 -1");
    publish(&pair, &mut both, "PUBLISH c m", 1);
}

/// Publishes more than two sockets' buffers hold to a subscriber that does not read.
fn flooded_subscriber(server: &RedisServer, class: &str) -> (crate::support::Tidegate, Wire) {
    let config = ConfigBuilder::new(server.addr(), &[]);
    let proxy = config.set("proxy", "client-output-buffer-limit-pubsub", class).start();
    let mut slow = proxy.wire();
    slow.cmd(&["SUBSCRIBE", "c"]);
    let mut publisher = server.wire();
    let message = "m".repeat(1024 * 1024);
    for _ in 0..24 {
        publisher.cmd(&["PUBLISH", "c", &message]);
    }
    (proxy, slow)
}

#[test]
fn a_subscriber_may_pass_the_soft_limit_for_a_while() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let (_proxy, mut slow) = flooded_subscriber(&server, "\"64mb 64kb 3600\"");
    for _ in 0..24 {
        assert_eq!(slow.read_reply().array()[2].bytes().len(), 1024 * 1024);
    }
    let (proxy, _slow) = flooded_subscriber(&server, "\"64mb 64kb 1\"");
    eventually(PATIENCE, || {
        let log = proxy.log();
        log.contains("closed at client-output-buffer-limit").then_some(()).ok_or(log)
    });
}
