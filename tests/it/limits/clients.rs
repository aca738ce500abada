//! How many clients, how much at once, how long idle: each limit gives Redis's own error.

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

fn fds(proxy: &Tidegate) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", proxy.pid())).unwrap().count()
}

#[test]
fn a_hundred_thousand_requests_in_one_write() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).reads_from("any").set("log", "level", "\"info\"").start();
    let mut wire = proxy.wire();
    let count = 100_000;
    let one = |n: usize| match n % 4 {
        0 => encode(&["SET", &format!("k{n}"), &n.to_string()]),
        1 => encode(&["ECHO", &n.to_string()]),
        2 => encode(&["GET", "nothing"]),
        _ => encode(&["INCR", "counter"]),
    };
    let requests: Vec<u8> = (0..count).flat_map(one).collect();
    let mut stream = wire.stream().try_clone().unwrap();
    let sender = thread::spawn(move || stream.write_all(&requests));
    for n in 0..count {
        let reply = wire.read_reply();
        let right = match n % 4 {
            0 => reply == Reply::Simple("OK".into()),
            1 => reply == Reply::Bulk(n.to_string().into_bytes()),
            2 => reply == Reply::Null,
            _ => reply == Reply::Int((n as i64 + 1) / 4),
        };
        assert!(right, "{n}: {reply:?}");
    }
    sender.join().unwrap().unwrap();
}

#[test]
fn a_client_beyond_max_clients_gets_redis_error() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("proxy", "max-clients", "5").start();
    let mut wires = Vec::new();
    eventually(PATIENCE, || {
        // The one that asked whether the proxy is up may not be quite gone.
        let mut wire = proxy.wire();
        match wire.try_cmd(&["PING"]) {
            Ok(Reply::Simple(_)) => wires.push(wire),
            other => return Err(format!("{other:?}")),
        }
        (wires.len() == 5).then_some(()).ok_or_else(|| "more".to_owned())
    });
    for _ in 0..10 {
        let said = proxy.wire().expect_closed();
        assert_eq!(said, [Reply::Error("ERR max number of clients reached".into())]);
    }
    wires.pop();
    eventually(PATIENCE, || match proxy.wire().try_cmd(&["PING"]) {
        Ok(Reply::Simple(_)) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(wires[0].cmd(&["PING"]).str(), "PONG");
}

#[test]
fn requests_beyond_the_query_buffer_end_the_connection() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("proxy", "query-buffer-limit", "\"1mb\"").start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "fits", &"x".repeat(900_000)]).ok();
    // What does not fit is never complete.
    let too_much = encode(&["SET", "k", &"x".repeat(4_000_000)]);
    let _ = wire.try_send_raw(&too_much);
    assert!(wire.expect_closed().is_empty());
    assert!(proxy.log().contains("query-buffer-limit"), "{}", proxy.log());
    assert!(proxy.wire().cmd(&["GET", "k"]).is_null());
}

#[test]
fn idle_clients_are_closed_and_busy_ones_are_not() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("proxy", "timeout", "\"3s\"").start();
    let (mut idle, mut busy) = (proxy.wire(), proxy.wire());
    let (mut blocked, mut subscribed, mut slow) = (proxy.wire(), proxy.wire(), proxy.wire());
    idle.cmd(&["PING"]);
    blocked.send(&["BLPOP", "list", "0"]);
    subscribed.cmd(&["SUBSCRIBE", "c"]);
    slow.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100\r\n");
    let started = Instant::now();
    let mut sent = 0;
    while started.elapsed() < Duration::from_millis(6500) {
        assert_eq!(busy.cmd(&["PING"]).str(), "PONG");
        // A byte now and then is a sign of life.
        slow.send_raw(b"x");
        sent += 1;
        thread::sleep(Duration::from_millis(100));
    }
    assert!(idle.expect_closed().is_empty());
    slow.send_raw("x".repeat(100 - sent).as_bytes());
    busy.cmd(&["RPUSH", "list", "a"]);
    assert_eq!(blocked.read_reply().strings(), ["list", "a"]);
    busy.cmd(&["PUBLISH", "c", "m"]);
    assert_eq!(subscribed.read_reply().strings(), ["message", "c", "m"]);
    slow.send_raw(b"\r\n");
}

#[test]
fn a_protocol_error_gets_redis_error_and_closes_the_client() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let cases: [&[u8]; 7] = [
        b"*abc\r\n",
        b"*1\r\n#4\r\nPING\r\n",
        b"*1\r\n$-5\r\nPING\r\n",
        b"*1\r\n$4294967296000\r\n",
        b"*3000000000\r\n",
        b"SET \"unbalanced\r\n",
        b"PING\r\nPING\r\n*1\r\n:1\r\n",
    ];
    for bytes in cases {
        let (mut here, mut there) = (proxy.wire(), trio.master.wire());
        here.send_raw(bytes);
        there.send_raw(bytes);
        let text = String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(here.expect_closed(), there.expect_closed(), "{text:?}");
    }
    // With more behind it than was read: the error still arrives.
    let mut wire = proxy.wire();
    let mut bytes = b"*1\r\n:1\r\n".to_vec();
    bytes.resize(200_000, b'x');
    let _ = wire.try_send_raw(&bytes);
    let said = wire.expect_closed();
    assert_eq!(said, [Reply::Error("ERR Protocol error: expected '$', got ':'".into())]);
}

/// How long a read takes beside two thousand idle clients, before five thousand come and go.
pub fn idle_and_passing_clients() -> Duration {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("log", "level", "\"info\"").start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    trio.wait_synced();
    (0..20).for_each(|_| drop(wire.cmd(&["GET", "k"])));
    let idle: Vec<Wire> = (0..2000).map(|_| proxy.wire()).collect();
    let asked = Instant::now();
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
    let took = asked.elapsed();
    drop(idle);
    let settled = |wire: &mut Wire| {
        eventually(PATIENCE, || {
            let info = wire.cmd(&["INFO", "proxy"]).str().to_owned();
            info.contains("proxy_connected_clients:1\r\n").then_some(()).ok_or(info)
        });
    };
    settled(&mut wire);
    let before = fds(&proxy);
    let storm = |thread: usize| {
        let addr = proxy.addr();
        thread::spawn(move || {
            for n in 0..1250 {
                let mut wire = Wire::connect(addr);
                match (n + thread) % 5 {
                    0 => {}
                    1 => wire.send(&["GET", "k"]),
                    2 => wire.send(&["BLPOP", "nothing", "0"]),
                    3 => wire.send_raw(b"*3\r\n$3\r\nSET\r\n$1"),
                    _ => drop(wire.cmd(&["PING"])),
                }
            }
        })
    };
    let threads: Vec<_> = (0..4).map(storm).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    settled(&mut wire);
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
    // Connections to the servers may be kept for the next lease; 64 per server and worker.
    eventually(PATIENCE, || match fds(&proxy) {
        now if now <= before + 2 * 64 => Ok(()),
        now => Err(format!("{now} descriptors, {before} before")),
    });
    let clients = trio.master.info("clients");
    assert_eq!(clients.get("blocked_clients"), Some("0"));
    took
}

/// `latency` judges how quickly the others are served.
#[test]
fn two_thousand_idle_clients_and_five_thousand_that_come_and_go() {
    idle_and_passing_clients();
}
