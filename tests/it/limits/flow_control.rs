//! Large replies and clients that take their time: what is under way is bounded by what the client
//! takes, no other client waits, and a transfer is no silence.

use std::thread;
use std::time::Duration;

use crate::support::*;

const MIB: usize = 1024 * 1024;

fn server(size: usize) -> RedisServer {
    let server = RedisServer::spawn(Flavor::Redis70);
    server.cmd(&["SET", "big", &"x".repeat(size)]).ok();
    server.cmd(&["SET", "k", "v"]).ok();
    server
}

fn one_worker(server: &RedisServer) -> ConfigBuilder {
    ConfigBuilder::new(server.addr(), &[])
        .set("proxy", "workers", "1")
        .set("log", "level", "\"info\"")
}

fn repeat(count: usize, request: &[&str]) -> Vec<u8> {
    encode(request).repeat(count)
}

#[test]
fn more_than_the_limit_comes_to_a_client_that_begins_to_read_late() {
    let server = server(MIB);
    let proxy = one_worker(&server).set("proxy", "client-output-buffer-limit", "\"64mb\"").start();
    let mut wire = proxy.wire();
    wire.send_raw(&repeat(400, &["GET", "big"]));
    thread::sleep(Duration::from_secs(2));
    for _ in 0..400 {
        assert_eq!(wire.read_reply().bytes().len(), MIB);
    }
    let peak = proxy.status_kib("VmHWM") / 1024;
    assert!(peak < 100, "{peak} MiB");
}

#[test]
fn replies_of_ten_megabytes_come_one_after_the_other() {
    let server = server(MIB);
    let proxy = one_worker(&server).start();
    let mut wire = proxy.wire();
    let request: Vec<&str> = ["MGET"].into_iter().chain(["big"; 10]).collect();
    wire.send_raw(&repeat(50, &request));
    thread::sleep(Duration::from_secs(1));
    for _ in 0..50 {
        assert_eq!(wire.read_raw_reply().len(), 10 * (MIB + 12) + 5);
    }
}

/// Small replies, large ones and small ones again, with writes between them.
#[test]
fn replies_of_all_sizes_come_in_order() {
    let server = server(MIB);
    let proxy = one_worker(&server).start();
    let mut wire = proxy.wire();
    let mut requests = Vec::new();
    for n in 0..200 {
        requests.extend(encode(&["SET", "n", &n.to_string()]));
        requests.extend(encode(&["GET", "n"]));
        requests.extend(encode(&["GETRANGE", "big", "0", &(n * 2_000).to_string()]));
        requests.extend(encode(&["ECHO", "e"]));
        if n % 10 == 0 {
            requests.extend(encode(&["MULTI"]));
            requests.extend(encode(&["GET", "n"]));
            requests.extend(encode(&["EXEC"]));
        }
    }
    wire.send_raw(&requests);
    for n in 0..200 {
        wire.read_reply().ok();
        assert_eq!(wire.read_reply().str(), n.to_string());
        assert_eq!(wire.read_reply().bytes().len(), n * 2_000 + 1);
        assert_eq!(wire.read_reply().str(), "e");
        if n % 10 == 0 {
            wire.read_reply().ok();
            assert_eq!(wire.read_reply().str(), "QUEUED");
            assert_eq!(wire.read_reply().array()[0].str(), n.to_string());
        }
    }
}

#[test]
fn slow_readers_of_large_replies_affect_no_other_client() {
    let server = server(MIB);
    let proxy = one_worker(&server).start();
    let mut slow: Vec<Wire> = (0..20).map(|_| proxy.wire()).collect();
    for wire in &mut slow {
        wire.send_raw(&repeat(1000, &["GET", "big"]));
    }
    let mut good = proxy.wire();
    // The first sixteen replies to each slow client are under way before they prove large.
    for _ in 0..300 {
        assert_eq!(good.cmd(&["GET", "k"]).str(), "v");
        good.cmd(&["SET", "w", "1"]).ok();
    }
    for _ in 0..3 {
        for wire in &mut slow {
            assert_eq!(wire.read_reply().bytes().len(), MIB);
        }
        assert_eq!(good.cmd(&["GET", "k"]).str(), "v");
    }
    let peak = proxy.status_kib("VmHWM") / 1024;
    assert!(peak < 600, "{peak} MiB for 20 clients");
    let info = server.info("clients");
    let held: usize = info.get("client_recent_max_output_buffer").unwrap().parse().unwrap();
    assert!(held < 400 * MIB, "{held} bytes wait at the server");
    assert!(!proxy.log().contains("closed"), "{}", proxy.log());
}

fn patient_for(proxy: &FaultProxy, timeout: &str) -> ConfigBuilder {
    ConfigBuilder::new(proxy.addr(), &[])
        .set("proxy", "workers", "1")
        .set("topology", "request-timeout", timeout)
        .set("log", "level", "\"info\"")
}

/// Twice as long as `request-timeout`. While the system's buffers drain, up to 10 MB, the sender
/// sees silence.
#[test]
fn a_transfer_may_take_longer_than_request_timeout() {
    let server = server(60 * MIB);
    let link = FaultProxy::start(server.addr());
    let proxy = patient_for(&link, "\"5s\"").start();
    let mut wire = proxy.wire();
    link.set_rate(6 * MIB as u64);
    wire.send(&["GET", "big"]);
    assert_eq!(wire.read_reply().bytes().len(), 60 * MIB);
    wire.send(&["SET", "large", &"y".repeat(60 * MIB)]);
    wire.read_reply().ok();
    assert_eq!(server.cmd(&["STRLEN", "large"]).int(), 60 * MIB as i64);
}

#[test]
fn a_server_that_falls_silent_in_mid_reply_is_not_waited_for() {
    let server = server(12 * MIB);
    let link = FaultProxy::start(server.addr());
    let proxy = patient_for(&link, "\"500ms\"").start();
    let mut wire = proxy.wire();
    link.set_rate(4 * MIB as u64);
    wire.send(&["GET", "big"]);
    wire.stream().peek(&mut [0]).unwrap();
    link.blackhole_of(Direction::ToClient);
    assert!(wire.expect_closed().is_empty());
    let log = proxy.log();
    assert!(log.contains("fell silent in the middle of a reply"), "{log}");
}

/// The time during which a client does not take its replies does not count as the server's silence.
#[test]
fn request_timeout_does_not_count_the_wait_behind_unread_replies() {
    let server = server(MIB);
    let link = FaultProxy::start(server.addr());
    let proxy = patient_for(&link, "\"400ms\"").start();
    let mut wire = proxy.wire();
    wire.send_raw(&repeat(60, &["GET", "big"]));
    for n in 0..60 {
        if n % 20 == 0 {
            thread::sleep(Duration::from_millis(1500));
        }
        assert_eq!(wire.read_reply().bytes().len(), MIB);
    }
}

#[test]
fn maxmemory_clients_bounds_all_clients_together() {
    let server = server(MIB);
    let proxy = one_worker(&server).set("proxy", "maxmemory-clients", "\"64mb\"").start();
    let mut good = proxy.wire();
    let mut modest = proxy.wire();
    modest.send_raw(&repeat(4, &["GET", "big"]));
    // Requests that never end.
    let mut greedy: Vec<Wire> = (0..10).map(|_| proxy.wire()).collect();
    for wire in &mut greedy {
        wire.send_raw(format!("*2\r\n$4\r\nECHO\r\n${}\r\n", 100 * MIB).as_bytes());
        // It may be closed by then.
        drop(wire.try_send_raw(&vec![b'x'; 10 * MIB]));
    }
    eventually(PATIENCE, || {
        let log = proxy.log();
        log.contains("closed at maxmemory-clients").then_some(()).ok_or(log)
    });
    for _ in 0..4 {
        assert_eq!(modest.read_reply().bytes().len(), MIB);
    }
    assert_eq!(good.cmd(&["GET", "k"]).str(), "v");
    let closed = Scrape::of(&proxy)
        .sum("tidegate_client_closures_total", &[("reason", "maxmemory-clients")]);
    assert!((1.0..10.0).contains(&closed), "{closed}");
}
