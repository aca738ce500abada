//! Writes that are held at the gate: room, counts, order, and clients that do not wait for it.

use std::time::{Duration, Instant};

use crate::support::*;

const NOREPLICAS: &str = "NOREPLICAS Not enough good replicas to write.";

/// One server and no replica: the gate is open with a minimum of 0 and closed with 1.
fn minimum(server: &RedisServer, replicas: u32) -> ConfigBuilder {
    ConfigBuilder::new(server.addr(), &[])
        .reads_from("master")
        .set("proxy", "watch-config", "false")
        .set("writes", "min-replicas-to-write", &replicas.to_string())
        .set("writes", "on-closed", "\"hold\"")
        .set("writes", "hold-timeout", "\"1m\"")
}

fn until(proxy: &Tidegate, name: &str, wanted: f64) {
    eventually(PATIENCE, || match Scrape::of(proxy).sum(name, &[]) {
        value if value.total_cmp(&wanted).is_eq() => Ok(()),
        value => Err(format!("{name} is {value}, not {wanted}")),
    });
}

fn opens(proxy: &Tidegate, open: bool) {
    until(proxy, "tidegate_write_gate_open", if open { 1.0 } else { 0.0 });
}

/// What became of held writes, all told.
fn outcomes(proxy: &Tidegate) -> [f64; 4] {
    settle(proxy);
    let page = Scrape::of(proxy);
    ["held", "released", "expired", "refused"]
        .map(|outcome| page.sum(&format!("tidegate_writes_{outcome}_total"), &[]))
}

/// A large write moves to its connection without a copy, and so bypasses the code for held
/// requests.
#[test]
fn a_large_write_gives_its_room_back_when_it_goes() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let with = |replicas| minimum(&server, replicas).set("writes", "hold-max-clients", "1");
    let mut proxy = with(1).start();
    opens(&proxy, false);
    let (mut wire, mut last) = (proxy.wire(), proxy.wire());
    let value = "x".repeat(600_000);
    for wire in [&mut wire, &mut last] {
        wire.send(&["SET", "large", &value]);
        until(&proxy, "tidegate_writes_held", 1.0);
        proxy.reload(&with(0).toml());
        wire.read_reply().ok();
        until(&proxy, "tidegate_writes_held", 0.0);
        proxy.reload(&with(1).toml());
        opens(&proxy, false);
    }
    assert_eq!(outcomes(&proxy), [2.0, 2.0, 0.0, 0.0]);
}

/// The reply to a held write arrives although its client has closed its sending side.
#[test]
fn a_half_closed_client_gets_its_replies() {
    let server = RedisServer::spawn(Flavor::Redis70);
    server.cmd(&["SET", "k", "v"]).ok();
    let slow = FaultProxy::start(server.addr());
    let proxy = minimum(&server, 1).master(slow.addr()).start();
    opens(&proxy, false);
    slow.set_delay_of(Direction::ToClient, Duration::from_millis(300));
    let mut wire = proxy.wire();
    wire.send_raw(&[encode(&["GET", "k"]), encode(&["SET", "k", "w"])].concat());
    wire.finish_sending();
    let replies = wire.expect_closed();
    assert_eq!(replies, [Reply::Bulk(b"v".to_vec())], "the write was dropped with its client");
    until(&proxy, "tidegate_writes_held", 0.0);
    assert_eq!(server.cmd(&["GET", "k"]).str(), "v");
}

/// The writes of a client that disconnects before the gate opens are not sent.
#[test]
fn only_writes_that_are_sent_count_as_released() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let mut proxy = minimum(&server, 1).start();
    opens(&proxy, false);
    let mut operator = proxy.wire();

    // Killed.
    let mut wire = proxy.wire();
    let id = wire.cmd(&["CLIENT", "ID"]).int().to_string();
    wire.send(&["SET", "k", "v"]);
    until(&proxy, "tidegate_writes_held", 1.0);
    assert_eq!(operator.cmd(&["CLIENT", "KILL", "ID", &id]).int(), 1);
    until(&proxy, "tidegate_writes_held", 0.0);
    assert_eq!(outcomes(&proxy), [1.0, 0.0, 0.0, 0.0]);

    // Paused meanwhile: it is still the same write, and its time goes on.
    let mut wire = proxy.wire();
    wire.send(&["SET", "k", "v"]);
    until(&proxy, "tidegate_writes_held", 1.0);
    operator.cmd(&["CLIENT", "PAUSE", "500", "WRITE"]).ok();
    std::thread::sleep(Duration::from_millis(800));
    assert_eq!(outcomes(&proxy), [2.0, 0.0, 0.0, 0.0]);

    // Refused, because a reload says so.
    proxy.reload(&minimum(&server, 1).set("writes", "on-closed", "\"error\"").toml());
    assert_eq!(wire.read_reply().err(), NOREPLICAS);
    until(&proxy, "tidegate_writes_held", 0.0);
    assert_eq!(outcomes(&proxy), [2.0, 0.0, 0.0, 1.0]);
    assert_eq!(server.cmd(&["DBSIZE"]).int(), 0);
}

/// A transaction whose EXEC is refused does not count as released either.
#[test]
fn a_held_exec_is_counted_once() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let mut proxy = minimum(&server, 0).start();
    let mut wire = proxy.wire();
    wire.cmd(&["MULTI"]).ok();
    wire.cmd(&["SET", "k", "v"]);
    proxy.reload(&minimum(&server, 1).toml());
    opens(&proxy, false);
    wire.send(&["EXEC"]);
    until(&proxy, "tidegate_writes_held", 1.0);
    proxy.reload(&minimum(&server, 1).set("writes", "on-closed", "\"error\"").toml());
    assert!(wire.read_reply().err().starts_with("EXECABORT"));
    assert_eq!(outcomes(&proxy), [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(server.cmd(&["DBSIZE"]).int(), 0);
}

/// The gate opens by time alone: refused and held writes cause no additional probes.
#[test]
fn a_closed_gate_does_not_make_the_monitor_hasty() {
    let server = RedisServer::spawn(Flavor::Redis70);
    for on_closed in ["\"error\"", "\"hold\""] {
        let proxy = minimum(&server, 1).set("writes", "on-closed", on_closed).start();
        opens(&proxy, false);
        let mut wire = proxy.wire();
        let rounds = || server.calls("role");
        let before = rounds();
        let started = Instant::now();
        if on_closed == "\"hold\"" {
            wire.send(&["SET", "k", "v"]);
            wire.expect_silence(Duration::from_secs(3));
        }
        while started.elapsed() < Duration::from_secs(3) {
            assert_eq!(wire.cmd(&["SET", "k", "v"]).err(), NOREPLICAS);
            std::thread::sleep(Duration::from_millis(5));
        }
        // One a second.
        let asked = rounds() - before;
        assert!(asked <= 3 + started.elapsed().as_secs(), "{asked} in {:?}", started.elapsed());
    }
}

/// The drain does not wait for the gate, and sends no held write.
#[test]
fn a_drain_refuses_what_is_held() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let mut proxy = minimum(&server, 1).start();
    opens(&proxy, false);
    let mut wire = proxy.wire();
    let requests = [&["ECHO", "first"][..], &["SET", "k", "v"], &["ECHO", "last"]];
    wire.send_raw(&requests.map(encode).concat());
    assert_eq!(wire.read_reply().str(), "first");
    until(&proxy, "tidegate_writes_held", 1.0);
    proxy.sigterm();
    assert_eq!(wire.read_reply().err(), NOREPLICAS);
    assert_eq!(wire.read_reply().str(), "last");
    assert!(wire.expect_closed().is_empty());
    assert!(proxy.wait_exit(PATIENCE).success());
    assert_eq!(server.cmd(&["DBSIZE"]).int(), 0);
}

#[test]
fn a_thousand_held_clients_all_go_in_order() {
    const CLIENTS: usize = 1000;
    let server = RedisServer::spawn(Flavor::Redis70);
    let mut proxy = minimum(&server, 1).start();
    opens(&proxy, false);
    let mut wires: Vec<Wire> = (0..CLIENTS).map(|_| proxy.wire()).collect();
    for (n, wire) in wires.iter_mut().enumerate() {
        let list = format!("l{n}");
        let requests: Vec<u8> = ["a", "b", "c"]
            .iter()
            .flat_map(|item| encode(&["RPUSH", &list, item]))
            .chain(encode(&["LRANGE", &list, "0", "-1"]))
            .collect();
        wire.send_raw(&requests);
    }
    until(&proxy, "tidegate_writes_held", 1000.0);
    assert_eq!(server.cmd(&["DBSIZE"]).int(), 0);
    proxy.reload(&minimum(&server, 0).toml());
    for wire in &mut wires {
        for n in 1..=3 {
            assert_eq!(wire.read_reply(), Reply::Int(n));
        }
        assert_eq!(wire.read_reply().strings(), ["a", "b", "c"]);
    }
    until(&proxy, "tidegate_writes_held", 0.0);
    assert_eq!(outcomes(&proxy), [1000.0, 1000.0, 0.0, 0.0]);
    assert_eq!(server.cmd(&["DBSIZE"]).int(), 1000);
}

/// Writes of a session in any state are subject to the gate.
#[test]
fn no_session_bypasses_the_gate() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let mut proxy = minimum(&server, 0).start();
    let mut watching = proxy.wire();
    watching.cmd(&["WATCH", "w"]).ok();
    let mut tracking = Wire::connect3(proxy.addr());
    tracking.cmd(&["CLIENT", "TRACKING", "ON"]).ok();
    let mut subscribed = Wire::connect3(proxy.addr());
    subscribed.cmd(&["SUBSCRIBE", "c"]);
    let mut selected = proxy.wire();
    selected.cmd(&["SELECT", "3"]).ok();
    let mut monitor = proxy.wire();
    monitor.cmd(&["MONITOR"]).ok();
    let mut subscriber = proxy.wire();
    subscriber.cmd(&["SUBSCRIBE", "c"]);
    let error = minimum(&server, 1).set("writes", "on-closed", "\"error\"");
    proxy.reload(&error.toml());
    opens(&proxy, false);
    for wire in [&mut watching, &mut tracking, &mut subscribed, &mut selected, &mut subscriber] {
        let large = "x".repeat(300_000);
        for value in ["v", &large] {
            assert_eq!(wire.cmd(&["SET", "k", value]).err(), NOREPLICAS);
        }
        assert_eq!(wire.cmd(&["EVAL", "return redis.call('SET','k','v')", "0"]).err(), NOREPLICAS);
    }
    let mut inline = proxy.wire();
    inline.send_raw(b"SET k v\r\n");
    assert_eq!(inline.read_reply().err(), NOREPLICAS);
    // No client gets a reply, and no write is sent.
    let mut silent = proxy.wire();
    silent.send(&["CLIENT", "REPLY", "OFF"]);
    silent.send(&["SET", "k", "v"]);
    silent.send(&["CLIENT", "REPLY", "ON"]);
    silent.read_reply().ok();
    silent.send(&["CLIENT", "REPLY", "SKIP"]);
    silent.send(&["SET", "k", "v"]);
    assert_eq!(silent.cmd(&["PING"]).str(), "PONG");
    // Its reply comes among what it hears.
    monitor.send(&["SET", "k", "v"]);
    until(&proxy, "tidegate_writes_refused_total", 19.0);
    let keyspace = server.info("keyspace").0;
    assert_eq!(keyspace.trim_end(), "# Keyspace", "nothing was written, to whichever database");
}

/// Held requests are looked at when something happens, and a reload is something.
#[test]
fn a_reload_that_refuses_writes_refuses_those_that_are_held() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = minimum(&server, 1).set("writes", "hold-timeout", "\"1h\"");
    let mut proxy = config.start();
    opens(&proxy, false);
    let mut wires: Vec<Wire> = (0..200).map(|_| proxy.wire()).collect();
    wires.iter_mut().for_each(|wire| wire.send(&["SET", "k", "v"]));
    until(&proxy, "tidegate_writes_held_total", 200.0);
    proxy.reload(&config.set("writes", "on-closed", "\"error\"").toml());
    for wire in &mut wires {
        assert_eq!(wire.read_reply().err(), NOREPLICAS);
    }
    assert_eq!(server.cmd(&["DBSIZE"]).int(), 0);
}
