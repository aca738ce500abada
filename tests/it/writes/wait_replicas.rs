//! `writes.wait-replicas`: a write is answered when so many replicas have acknowledged it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

/// Long enough for replicas that are well, on whatever machine.
const PATIENT: &str = "\"10s\"";
/// For replicas that are known to be stopped.
const SHORT: &str = "\"300ms\"";
/// From here on a value goes over a connection of its own.
const LARGE: usize = 300 * 1024;

fn waiting(trio: &Trio, replicas: u32, timeout: &str) -> ConfigBuilder {
    Tidegate::for_trio(trio).set("writes", "wait-replicas", &replicas.to_string()).set(
        "writes",
        "wait-timeout",
        timeout,
    )
}

/// A count among the metrics.
fn metric(proxy: &Tidegate, name: &str) -> u64 {
    let mut stream = TcpStream::connect(proxy.metrics_addr()).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

/// Waits until a count, which is handed on ten times a second, is this.
#[track_caller]
fn counted(proxy: &Tidegate, name: &str, wanted: u64) {
    eventually(PATIENCE, || match metric(proxy, name) {
        count if count == wanted => Ok(()),
        count => Err(format!("{name} is {count}, not {wanted}")),
    });
}

/// Waits until a WAIT is under way at the master.
#[track_caller]
fn wait_is_under_way(master: &RedisServer) {
    eventually(PATIENCE, || match master.info("clients").get("blocked_clients") {
        Some("0") => Err("no WAIT under way".to_owned()),
        _ => Ok(()),
    });
}

/// Within a short time even a replica that is well, or the master itself, may not make it: why it
/// was not acknowledged does not matter here.
fn is_noack(reply: &Reply) -> bool {
    matches!(reply, Reply::Error(text) if text.starts_with("NOACK The write was applied on the master"))
}

#[track_caller]
fn assert_noack(reply: &Reply) {
    assert!(is_noack(reply), "{reply:?}");
}

/// An acknowledged write is at the replicas, any other gets NOACK, and no client waits for more
/// replicas than configured.
fn is_semi_synchronous(flavor: Flavor) {
    let master = RedisServer::spawn(flavor);
    // Without an acknowledgement its data would always come late.
    let link = FaultProxy::start(master.addr());
    let near = RedisServer::builder(flavor).replica_of(master.addr()).start();
    master.wait_attached(&near);
    let far = RedisServer::builder(flavor).replica_of(link.addr()).start();
    master.wait_attached(&far);
    link.set_delay(Duration::from_millis(40));
    let mut trio = Trio { master, replicas: [near, far] };
    let two = waiting(&trio, 2, "\"3s\"").start();
    let (mut wire, mut direct) = (two.wire(), trio.replicas.each_ref().map(RedisServer::wire));
    for n in 0..10 {
        let n = n.to_string();
        wire.cmd(&["SET", "k", &n]).ok();
        for replica in &mut direct {
            assert_eq!(replica.cmd(&["GET", "k"]).str(), n);
        }
    }
    let replies = wire.pipeline(&[&["INCR", "n"], &["APPEND", "s", "x"], &["INCR", "n"]]);
    assert_eq!(replies.iter().map(Reply::int).collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!(direct[1].cmd(&["GET", "n"]).str(), "2");
    counted(&two, "tidegate_writes_acknowledged_total", 13);
    counted(&two, "tidegate_writes_unacknowledged_total", 0);

    trio.replicas[1].pause();
    let asked = Instant::now();
    let reply = wire.cmd(&["SET", "k", "alone"]);
    assert_eq!(
        reply.err(),
        "NOACK The write was applied on the master, but acknowledged by 1 of 2 replicas within \
         wait-timeout"
    );
    assert!(asked.elapsed() >= Duration::from_millis(2900), "told after {:?}", asked.elapsed());
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "alone");
    counted(&two, "tidegate_writes_unacknowledged_total", 1);
    let one = waiting(&trio, 1, PATIENT).start();
    one.wire().cmd(&["SET", "k", "one"]).ok();
    assert_eq!(trio.replicas[0].cmd(&["GET", "k"]).str(), "one");

    // The waiting client gets its reply when the replica is back.
    wire.send(&["SET", "k", "again"]);
    wait_is_under_way(&trio.master);
    trio.replicas[1].resume();
    wire.read_reply().ok();
    assert_eq!(direct[1].cmd(&["GET", "k"]).str(), "again");
}

#[test]
fn writes_are_semi_synchronous_on_every_server() {
    thread::scope(|scope| {
        for flavor in Flavor::ALL {
            scope.spawn(move || is_semi_synchronous(flavor));
        }
    });
}

#[test]
fn by_default_no_replica_is_asked() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    wire.pipeline(&[&["SET", "k", "v"], &["MULTI"], &["INCR", "n"], &["EXEC"]]);
    assert_eq!(wire.cmd(&["EVAL", "return 1", "0"]).int(), 1);
    assert_eq!((trio.master.calls("wait"), trio.master.calls("spublish")), (0, 0));
    assert_eq!(metric(&proxy, "tidegate_wait_checks_total"), 0);
}

#[test]
fn writes_share_checks() {
    const CLIENTS: usize = 50;
    const ROUNDS: usize = 20;
    let trio = Trio::spawn(Flavor::Redis82);
    let proxy = waiting(&trio, 2, PATIENT).start();
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let mut wire = proxy.wire();
            scope.spawn(move || {
                let key = format!("key:{client}");
                for round in 0..ROUNDS {
                    let incr: &[&str] = &["INCR", &key];
                    let replies = wire.pipeline(&[incr, incr, incr, incr]);
                    let expected = (round * 4 + 1..=round * 4 + 4).map(|n| Reply::Int(n as i64));
                    assert_eq!(replies, expected.collect::<Vec<_>>());
                }
            });
        }
    });
    let writes = (CLIENTS * ROUNDS * 4) as u64;
    counted(&proxy, "tidegate_writes_acknowledged_total", writes);
    let checks = metric(&proxy, "tidegate_wait_checks_total");
    assert_eq!(trio.master.calls("wait"), checks);
    assert!(checks > 0 && checks * 8 < writes, "{checks} checks for {writes} writes");
}

/// Requests, and whether each one's reply waits for the replicas. Keys begin with `p`.
fn every_kind(p: &str) -> Vec<(Vec<String>, bool)> {
    let large = "x".repeat(LARGE);
    let text = format!(
        "SET {p}s 1|+; LPUSH {p}s x|-; INCR {p}n|+; RPUSH {p}l a b c d|+; PING|-; BLPOP {p}l 0|+;
         BLPOP {p}none 0.01|-; EVAL redis.call('incr',KEYS[1])return{{1}} 1 {p}n|+; NOSUCH x|-;
         EVAL return{{err='E'}} 0|-; MULTI|-; INCR {p}n|-; CLIENT ID|-; EXEC|+; MULTI|-;
         INCR {p}n|-; EXEC|+; WATCH {p}s|-; SET {p}s 2|+; MULTI|-; SET {p}s never|-; EXEC|-;
         SET {p}large {large}|+; PUBLISH {p}c m|+; ROLE|-; SELECT 3|-; SET {p}three 1|+;
         SELECT 0|-; SET {p}s 3 GET|+; GETDEL {p}none|+; WAIT 0 10|-"
    );
    let one = |line: &str| {
        let (request, kind) = line.trim().rsplit_once('|').unwrap();
        (request.split(' ').map(str::to_owned).collect(), kind == "+")
    };
    text.split(';').map(one).collect()
}

/// Healthy replicas: every reply is the server's. Stopped ones: NOACK where something was, or may
/// have been, written, and it was; all other replies as ever.
fn each_kind_of_write(pipelined: bool) {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let healthy = waiting(&trio, 2, PATIENT).start();
    let short = waiting(&trio, 2, SHORT).start();
    let run = |proxy: &Tidegate, prefix: &str| -> Vec<Reply> {
        let mut wire = proxy.wire();
        let requests = every_kind(prefix);
        if pipelined {
            let bytes: Vec<u8> = requests.iter().flat_map(|(args, _)| encode(args)).collect();
            let mut sender = wire.stream().try_clone().unwrap();
            let sending = thread::spawn(move || sender.write_all(&bytes).unwrap());
            let replies = requests.iter().map(|_| wire.read_reply()).collect();
            sending.join().unwrap();
            return replies;
        }
        requests.iter().map(|(args, _)| wire.cmd(args)).collect()
    };
    let well = run(&healthy, "a");
    trio.wait_synced();
    trio.replicas[0].pause();
    let ill = run(&short, "b");
    for (((args, waits), well), ill) in every_kind("b").iter().zip(&well).zip(&ill) {
        let request = &args.join(" ")[..args.join(" ").len().min(60)];
        if *waits {
            assert!(!well.is_err(), "{request}: {well:?}");
            assert!(is_noack(ill), "{request}: {ill:?}");
        } else if !["CLIENT ID", "ROLE"].contains(&request) {
            let alike = well == ill || well.is_err() && ill.is_err();
            assert!(alike && !format!("{ill:?}").contains("NOACK"), "{request}: {well:?}, {ill:?}");
        }
    }
    let mut master = trio.master.wire();
    assert_eq!(master.cmd(&["GET", "bn"]).str(), "4");
    assert_eq!(master.cmd(&["GET", "bs"]).str(), "3");
    assert_eq!(master.cmd(&["LLEN", "bl"]).int(), 3);
    assert_eq!(master.cmd(&["STRLEN", "blarge"]).int(), LARGE as i64);
}

#[test]
fn each_kind_of_write_waits() {
    each_kind_of_write(false);
}

#[test]
fn each_kind_of_write_waits_in_a_pipeline() {
    each_kind_of_write(true);
}

#[test]
fn writes_without_a_reply_and_of_sessions_that_stream() {
    let mut trio = Trio::spawn(Flavor::Redis82);
    let proxy = waiting(&trio, 2, SHORT).start();
    trio.replicas[0].pause();
    let mut silent = proxy.wire();
    silent.send_raw(&[encode(&["CLIENT", "REPLY", "OFF"]), encode(&["SET", "k", "1"])].concat());
    silent.cmd(&["CLIENT", "REPLY", "ON"]).ok();
    assert_eq!(silent.cmd(&["GET", "none"]), Reply::Null);
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "1");
    assert_eq!(metric(&proxy, "tidegate_wait_checks_total"), 0);

    let mut tracking = Wire::connect3(proxy.addr());
    tracking.cmd(&["CLIENT", "TRACKING", "ON"]).ok();
    assert_eq!(tracking.cmd(&["GET", "k"]).str(), "1");
    assert_noack(&tracking.cmd(&["SET", "other", "1"]));
    trio.master.cmd(&["SET", "k", "2"]).ok();
    assert!(matches!(tracking.read_reply(), Reply::Push(_)));
    assert_eq!(tracking.cmd(&["GET", "k"]).str(), "2");
}

#[test]
fn a_blocked_client_gets_noack_too() {
    let mut trio = Trio::spawn(Flavor::Valkey91);
    let proxy = waiting(&trio, 2, SHORT).start();
    trio.replicas[0].pause();
    let mut blocked = proxy.wire();
    blocked.send(&["BLPOP", "list", "0"]);
    wait_is_under_way(&trio.master);
    assert_eq!(trio.master.cmd(&["RPUSH", "list", "x"]).int(), 1);
    assert_noack(&blocked.read_reply());
    assert_eq!(trio.master.cmd(&["LLEN", "list"]).int(), 0);
    assert_eq!(blocked.cmd(&["PING"]).str(), "PONG");
}

/// A check that hangs delays no reads, and other writes not much longer than their `wait-timeout`.
#[test]
fn a_check_that_hangs_delays_no_client() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy =
        waiting(&trio, 2, "\"12s\"").set("proxy", "workers", "1").reads_from("master").start();
    trio.replicas.iter_mut().for_each(RedisServer::pause);
    let (mut first, mut second, mut reader) = (proxy.wire(), proxy.wire(), proxy.wire());
    first.send(&["SET", "k", "1"]);
    wait_is_under_way(&trio.master);
    let asked = Instant::now();
    second.send(&["SET", "k", "2"]);
    for _ in 0..10 {
        reader.cmd(&["GET", "k"]);
        reader.cmd(&["ROLE"]);
    }
    // The check hangs still.
    first.expect_silence(Duration::from_millis(1));
    assert_noack(&first.read_reply());
    assert_noack(&second.read_reply());
    let waited = asked.elapsed();
    // A second more than its time; behind the first check it would be twice its time.
    let bounds = Duration::from_millis(11_900)..Duration::from_millis(23_000);
    assert!(bounds.contains(&waited), "the second waited for {waited:?}");
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "2");
}

#[test]
fn a_master_that_dies_during_the_check_gives_noack() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = waiting(&trio, 2, "\"60s\"").start();
    trio.replicas[0].pause();
    let mut wire = proxy.wire();
    wire.send(&["SET", "k", "1"]);
    wait_is_under_way(&trio.master);
    trio.master.kill();
    let reply = wire.read_reply();
    assert!(reply.err().starts_with("NOACK ") && reply.err().contains("unknown"), "{reply:?}");
}

/// One process answered the write, and another one the check: its replicas prove nothing, although
/// there are enough of them.
#[test]
fn another_process_cannot_acknowledge() {
    let (trio, other) = (Trio::spawn(Flavor::Redis70), Trio::spawn(Flavor::Redis70));
    let way = FaultProxy::start(trio.master.addr());
    let proxy = waiting(&trio, 2, PATIENT).set("proxy", "workers", "1").master(way.addr()).start();
    let mut wire = proxy.wire();
    // The shared connection is open now, that of the checks is not.
    wire.cmd(&["ROLE"]);
    way.set_upstream(other.master.addr());
    let reply = wire.cmd(&["SET", "k", "1"]);
    assert!(reply.err().contains("the master was restarted"), "{reply:?}");
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "1");
}

/// A write that the former master refused and the new one ran waits like any other.
#[test]
fn a_write_that_goes_to_the_new_master_waits_for_its_replicas() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = waiting(&trio, 2, SHORT).start();
    let (mut small, mut large) = (proxy.wire(), proxy.wire());
    small.cmd(&["SET", "warm", "1"]);
    trio.replicas[0].promote();
    trio.master.replicate_from(trio.replicas[0].addr());
    trio.replicas[1].pause();
    // What waits from before the hold on is given up before its end.
    eventually(PATIENCE, || match topology(&mut proxy.wire())["hold"].is_null() {
        true => Err("no hold yet".to_owned()),
        false => Ok(()),
    });
    large.send(&["SET", "large", &"x".repeat(LARGE)]);
    let replies = [small.cmd(&["SET", "k", "1"]), large.read_reply()];
    for reply in &replies {
        assert!(reply.err().starts_with("NOACK The write was applied"), "{reply:?}");
    }
    assert_eq!(trio.replicas[0].cmd(&["GET", "k"]).str(), "1");
    assert_eq!(trio.replicas[0].cmd(&["STRLEN", "large"]).int(), LARGE as i64);
}

#[test]
fn a_login_that_may_not_publish_gets_no_made_up_acknowledgement() {
    let mut trio = Trio::spawn(Flavor::Redis82);
    for server in [&trio.master, &trio.replicas[0], &trio.replicas[1]] {
        let user = ["ACL", "SETUSER", "tide", "on", ">pw", "~*", "resetchannels", "+@all"];
        server.cmd(&user).ok();
    }
    let proxy = waiting(&trio, 2, SHORT)
        .set("topology", "masteruser", "\"tide\"")
        .set("topology", "masterauth", "\"pw\"")
        .start();
    trio.replicas.iter_mut().for_each(RedisServer::pause);
    let reply = proxy.wire().cmd(&["SET", "k", "2"]);
    assert!(reply.err().starts_with("NOACK "), "{reply:?}");
    assert!(reply.err().contains("__tidegate:w_"), "{reply:?}");
}

#[test]
fn a_reload_changes_it_and_the_clients_own_wait_goes_on() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let config = waiting(&trio, 2, SHORT);
    let mut proxy = config.clone().set("writes", "wait-replicas", "0").start();
    let mut wire = proxy.wire();
    trio.replicas[0].pause();
    wire.cmd(&["SET", "k", "1"]).ok();
    proxy.reload(&config.toml());
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "2"]) {
        Reply::Error(text) if text.starts_with("NOACK ") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert!(wire.cmd(&["WAIT", "1", "5000"]).int() >= 1);
    trio.replicas[0].resume();
    proxy.reload(&waiting(&trio, 2, PATIENT).toml());
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "3"]) {
        Reply::Error(text) => Err(text),
        _ => Ok(()),
    });
    assert_eq!(wire.cmd(&["WAIT", "2", "60000"]).int(), 2);
    trio.replicas[0].pause();
    proxy.reload(&config.set("writes", "wait-replicas", "1").toml());
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "4"]) {
        Reply::Error(text) => Err(text),
        _ => Ok(()),
    });
}
