//! Subscriptions across a failover: renewed at the new master, and the client does not notice.

mod gap;
mod reads;

use crate::support::*;

const SUMMARY: &str = "clients were without their subscriptions";

/// The gaps that ended so far with this outcome.
fn gaps(proxy: &Tidegate, outcome: &str) -> f64 {
    Scrape::of(proxy).sum("tidegate_subscription_gaps_total", &[("outcome", outcome)])
}

/// Waits until `count` clients have got their subscriptions back.
#[track_caller]
fn wait_renewed(proxy: &Tidegate, count: f64) {
    eventually(PATIENCE, || match gaps(proxy, "renewed") {
        renewed if renewed >= count => Ok(()),
        renewed => Err(format!("{renewed} of {count}\n{}", proxy.log())),
    });
    assert_eq!(gaps(proxy, "closed"), 0.0, "{}", proxy.log());
}

/// Makes the first replica master of the other one. The master is dead.
fn promote(trio: &Trio) {
    trio.replicas[0].promote();
    trio.replicas[1].replicate_from(trio.replicas[0].addr());
}

/// The server's words for a message.
fn message(three: bool, words: &[&str]) -> Reply {
    let words = words.iter().map(|word| Reply::Bulk(word.as_bytes().to_vec())).collect();
    if three { Reply::Push(words) } else { Reply::Array(words) }
}

/// The server's words for a confirmation.
fn confirmation(three: bool, kind: &str, name: &str, count: i64) -> Reply {
    let bulk = |word: &str| Reply::Bulk(word.as_bytes().to_vec());
    let items = vec![bulk(kind), bulk(name), Reply::Int(count)];
    if three { Reply::Push(items) } else { Reply::Array(items) }
}

fn subscriber(proxy: &Tidegate, three: bool) -> Wire {
    let mut wire = proxy.wire();
    if three {
        wire.hello3();
    }
    wire
}

/// Subscribes to names, some of them in one request.
#[track_caller]
fn subscribe(wire: &mut Wire, verb: &str, names: &[String]) {
    for some in names.chunks(100) {
        let words: Vec<&str> =
            std::iter::once(verb).chain(some.iter().map(String::as_str)).collect();
        wire.send(&words);
    }
    for name in names {
        let reply = wire.read_reply();
        assert_eq!(reply.array()[1].str(), name);
    }
}
/// Waits until `count` clients of `server` subscribe to channel a, and publishes a message there.
#[track_caller]
fn wait_for_receivers(server: &RedisServer, count: i64) {
    eventually(PATIENCE, || match server.cmd(&["PUBSUB", "NUMSUB", "a"]).array()[1].int() {
        receivers if receivers == count => Ok(()),
        receivers => Err(format!("{receivers}")),
    });
    assert_eq!(server.cmd(&["PUBLISH", "a", "m"]).int(), count);
}

/// Hundreds of channels and patterns, the master killed, another one promoted: only messages reach
/// the client, and the counts go on.
#[test]
fn a_killed_master_costs_no_subscription() {
    for flavor in Flavor::ALL {
        let mut trio = Trio::spawn(flavor);
        let proxy = Tidegate::for_trio(&trio).start();
        let has_shards = flavor != Flavor::Redis62;
        let channels: Vec<_> = (0..600).map(|n| format!("c{n}")).collect();
        let patterns: Vec<_> = (0..300).map(|n| format!("p{n}.*")).collect();
        let shards: Vec<_> = (0..3).map(|n| format!("s{n}")).collect();
        let mut wires = [false, true].map(|three| (three, subscriber(&proxy, three)));
        for (_, wire) in &mut wires {
            subscribe(wire, "SUBSCRIBE", &channels);
            subscribe(wire, "PSUBSCRIBE", &patterns);
            if has_shards {
                subscribe(wire, "SSUBSCRIBE", &shards);
            }
        }
        trio.master.kill();
        promote(&trio);
        wait_renewed(&proxy, 2.0);
        let master = &trio.replicas[0];
        for (channel, pattern) in [("c0", "p0.x"), ("c599", "p299.x")] {
            assert_eq!(master.cmd(&["PUBLISH", channel, "m"]).int(), 2, "{flavor:?}");
            assert_eq!(master.cmd(&["PUBLISH", pattern, "m"]).int(), 2, "{flavor:?}");
        }
        if has_shards {
            assert_eq!(master.cmd(&["SPUBLISH", "s2", "m"]).int(), 2);
        }
        for (three, wire) in &mut wires {
            let three = *three;
            for (channel, pattern, text) in [("c0", "p0.*", "p0.x"), ("c599", "p299.*", "p299.x")] {
                assert_eq!(wire.read_reply(), message(three, &["message", channel, "m"]));
                let words = ["pmessage", pattern, text, "m"];
                assert_eq!(wire.read_reply(), message(three, &words));
            }
            if has_shards {
                assert_eq!(wire.read_reply(), message(three, &["smessage", "s2", "m"]));
            }
            let reply = wire.cmd(&["SUBSCRIBE", "new"]);
            assert_eq!(reply, confirmation(three, "subscribe", "new", 901), "{flavor:?}");
            let reply = wire.cmd(&["PUNSUBSCRIBE", "p5.*"]);
            assert_eq!(reply, confirmation(three, "punsubscribe", "p5.*", 900), "{flavor:?}");
            if has_shards {
                let reply = wire.cmd(&["SUNSUBSCRIBE", "s0"]);
                assert_eq!(reply, confirmation(three, "sunsubscribe", "s0", 2), "{flavor:?}");
            }
        }
    }
}

/// The connections of subscribers are killed, as Sentinel does it at both servers of a failover.
#[test]
fn killed_connections_are_replaced() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        let mut wires: Vec<_> = (0..4).map(|n| subscriber(&pair.proxy, n % 2 == 1)).collect();
        for wire in &mut wires {
            wire.cmd(&["SUBSCRIBE", "c"]);
            wire.cmd(&["PSUBSCRIBE", "d*"]);
        }
        for turn in 1..=3 {
            let killed = pair.behind.cmd(&["CLIENT", "KILL", "TYPE", "pubsub"]).int();
            assert_eq!(killed, 4, "{flavor:?}");
            wait_renewed(&pair.proxy, f64::from(4 * turn));
            assert_eq!(pair.behind.cmd(&["PUBLISH", "c", "m"]).int(), 4, "{flavor:?}");
            for (n, wire) in wires.iter_mut().enumerate() {
                assert_eq!(wire.read_reply(), message(n % 2 == 1, &["message", "c", "m"]));
            }
        }
    }
}

/// Messages in the order of their publication, none twice, across switches between two servers.
#[test]
fn a_planned_switch_keeps_the_subscriptions() {
    for flavor in [Flavor::Redis70, Flavor::Valkey91] {
        let trio = Trio::spawn(flavor);
        let proxy = Tidegate::for_trio(&trio).start();
        let mut wires = [false, true].map(|three| subscriber(&proxy, three));
        for wire in &mut wires {
            wire.cmd(&["SUBSCRIBE", "c"]);
        }
        let (a, [b, _]) = (&trio.master, &trio.replicas);
        let mut publisher = proxy.wire();
        let mut published = 0;
        let mut publish = |count: i64| {
            for _ in 0..count {
                published += 1;
                publisher.cmd(&["PUBLISH", "c", &published.to_string()]).int();
            }
            published
        };
        publish(50);
        // By FAILOVER, and back by hand.
        trio.wait_synced();
        let port = b.port().to_string();
        a.cmd(&["FAILOVER", "TO", "127.0.0.1", &port]).ok();
        publish(50);
        wait_renewed(&proxy, 2.0);
        let renewed = publish(50);
        b.wait_synced(a);
        a.promote();
        b.replicate_from(a.addr());
        publish(50);
        wait_renewed(&proxy, 4.0);
        let end = publish(50);
        for wire in &mut wires {
            let mut got = Vec::new();
            while got.last() != Some(&end) {
                let reply = wire.read_reply();
                assert_eq!(reply.array()[0].str(), "message", "{reply:?}");
                got.push(reply.array()[2].str().parse::<i64>().unwrap());
            }
            assert!(got.is_sorted_by(|one, next| one < next), "{got:?}");
            assert!(got.starts_with(&(1..=50).collect::<Vec<_>>()), "{got:?}");
            assert!(got.ends_with(&(end - 49..=end).collect::<Vec<_>>()), "{got:?}");
            assert!((renewed - 49..=renewed).all(|n| got.contains(&n)), "{got:?}");
            assert_eq!(wire.cmd(&["SUBSCRIBE", "d"]).array()[2].int(), 2);
        }
    }
}

/// A RESP3 client that writes and reads over the connection of its subscriptions gets no error when
/// the server hands over.
#[test]
fn ordinary_commands_of_a_subscriber_cross_a_failover() {
    for flavor in [Flavor::Redis70, Flavor::Valkey91] {
        let trio = Trio::spawn(flavor);
        let proxy = Tidegate::for_trio(&trio).start();
        let mut wire = subscriber(&proxy, true);
        wire.cmd(&["SUBSCRIBE", "c"]);
        let mut expected = 0;
        let mut work = |wire: &mut Wire| {
            for _ in 0..100 {
                wire.send(&["INCR", "counter"]);
                wire.send(&["GET", "counter"]);
                wire.send(&["PING"]);
                expected += 1;
                assert_eq!(wire.read_reply(), Reply::Int(expected), "{}", proxy.log());
                assert_eq!(wire.read_reply().str(), expected.to_string());
                assert_eq!(wire.read_reply().str(), "PONG");
            }
        };
        for turn in 0..4 {
            let (old, new) = match turn % 2 {
                0 => (&trio.master, &trio.replicas[0]),
                _ => (&trio.replicas[0], &trio.master),
            };
            work(&mut wire);
            old.wait_synced(new);
            let port = new.port().to_string();
            old.cmd(&["FAILOVER", "TO", "127.0.0.1", &port]).ok();
            work(&mut wire);
            wait_renewed(&proxy, f64::from(turn + 1));
            assert_eq!(new.cmd(&["PUBLISH", "c", "m"]).int(), 1, "{}", proxy.log());
            assert_eq!(wire.read_reply(), message(true, &["message", "c", "m"]));
        }
    }
}

/// Many subscribers: all come back, the server is not asked by all at once, and the log has a line
/// for the failover, not for the client.
#[test]
fn many_subscribers_get_one_line() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wires: Vec<_> = (0..300).map(|_| proxy.wire()).collect();
    for (n, wire) in wires.iter_mut().enumerate() {
        wire.cmd(&["SUBSCRIBE", "a"]);
        wire.cmd(&["SUBSCRIBE", &format!("own{n}")]);
    }
    trio.master.kill();
    promote(&trio);
    wait_renewed(&proxy, 300.0);
    wait_for_receivers(&trio.replicas[0], 300);
    for wire in &mut wires {
        assert_eq!(wire.read_reply(), message(false, &["message", "a", "m"]));
    }
    eventually(PATIENCE, || match proxy.log() {
        log if log.contains("renewed=300") => Ok(()),
        log => Err(log),
    });
    assert_eq!(proxy.log().matches(SUMMARY).count(), 1, "{}", proxy.log());
}

/// A subscriber that does not read gets what was published before and after, and nothing else.
#[test]
fn a_slow_reader_sees_only_messages() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut wire = pair.proxy.wire();
    wire.cmd(&["SUBSCRIBE", "a"]);
    let body = "m".repeat(16 * 1024);
    let publish = |from: usize| {
        for n in from..from + 200 {
            pair.behind.cmd(&["PUBLISH", "a", &format!("{n} {body}")]).int();
        }
    };
    publish(0);
    // All of them have left the server.
    eventually(PATIENCE, || {
        let lines = client_list::of_server(&pair.behind);
        let is_empty = lines.iter().filter(|it| it.has_flag('P')).all(|it| it.get("omem") == "0");
        if is_empty { Ok(()) } else { Err(format!("{lines:?}")) }
    });
    pair.behind.cmd(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    wait_renewed(&pair.proxy, 1.0);
    publish(200);
    let mut numbers = Vec::new();
    while numbers.last() != Some(&399) {
        let reply = wire.read_reply();
        assert_eq!(reply.array()[0].str(), "message");
        let text = reply.array()[2].str().split(' ').next().unwrap();
        numbers.push(text.parse::<usize>().unwrap());
    }
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    assert!(numbers.ends_with(&(200..400).collect::<Vec<_>>()), "{numbers:?}");
}

/// What the server keeps for MONITOR and CLIENT TRACKING cannot be renewed: such a client is closed,
/// and so is every subscriber with `on-gap = "close"`.
#[test]
fn other_streams_and_on_gap_close_end_the_client() {
    for on_gap in ["resume", "close"] {
        let pair = Pair::spawn_with(Flavor::Redis70, |config| {
            config.set("pubsub", "on-gap", &format!("{on_gap:?}"))
        });
        let mut wires = [(); 3].map(|()| pair.proxy.wire());
        wires[0].hello3();
        wires[0].cmd(&["CLIENT", "TRACKING", "ON"]).ok();
        wires[0].cmd(&["SUBSCRIBE", "a"]);
        wires[1].cmd(&["MONITOR"]).ok();
        wires[2].cmd(&["SUBSCRIBE", "a"]);
        let mut other = pair.proxy.wire();
        pair.behind.cmd(&["CLIENT", "KILL", "TYPE", "normal"]);
        pair.behind.cmd(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        for wire in &mut wires[..2] {
            wire.expect_closed();
        }
        if on_gap == "close" {
            assert_eq!(wires[2].expect_closed(), []);
            assert_eq!(gaps(&pair.proxy, "renewed"), 0.0);
        } else {
            eventually(PATIENCE, || match gaps(&pair.proxy, "renewed") {
                renewed if renewed >= 1.0 => Ok(()),
                other => Err(format!("{other}")),
            });
            assert_eq!(pair.behind.cmd(&["PUBLISH", "a", "m"]).int(), 1);
            assert_eq!(wires[2].read_reply(), message(false, &["message", "a", "m"]));
        }
        eventually(PATIENCE, || match other.try_cmd(&["PING"]) {
            Ok(reply) if !reply.is_err() => Ok(()),
            reply => Err(format!("{reply:?}")),
        });
    }
}
