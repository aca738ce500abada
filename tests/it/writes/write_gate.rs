//! The write gate: no write leaves while too few replicas are in sync.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

const NOREPLICAS: &str = "NOREPLICAS Not enough good replicas to write.";

fn gated(trio: &Trio, max_lag: &str) -> ConfigBuilder {
    Tidegate::for_trio(trio).set("writes", "min-replicas-to-write", "1").set(
        "writes",
        "min-replicas-max-lag",
        &format!("\"{max_lag}\""),
    )
}

fn until_gate(wire: &mut Wire, state: &str) {
    eventually(PATIENCE, || {
        let text = wire.cmd(&["INFO", "proxy"]).str().to_owned();
        let is = text.contains(&format!("proxy_write_gate:{state}\r\n"));
        if is { Ok(()) } else { Err(text) }
    });
}

fn both(trio: &mut Trio, change: fn(&mut RedisServer)) {
    trio.replicas.iter_mut().for_each(change);
}

/// How long the last write is accepted after the replicas stop, and the first after they continue.
pub fn closes_and_opens() -> [Duration; 2] {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = gated(&trio, "1s").start();
    until_gate(&mut proxy.wire(), "open");
    let stop: Arc<AtomicBool> = Arc::default();
    let epoch = Instant::now();
    let written = Arc::new(AtomicUsize::new(0));
    // Writers note for each write when it was sent and what came back.
    let writer = |id: usize| {
        let (mut wire, stop, written) = (proxy.wire(), stop.clone(), written.clone());
        thread::spawn(move || {
            let mut outcomes = Vec::new();
            while !stop.load(SeqCst) {
                let n = outcomes.len();
                let sent = epoch.elapsed();
                let reply = wire.cmd(&["SET", &format!("w{id}:{n}"), "v"]);
                let accepted = !reply.is_err();
                assert!(accepted || reply.err() == NOREPLICAS, "{reply:?}");
                outcomes.push((sent, epoch.elapsed(), accepted));
                written.fetch_add(1, SeqCst);
                thread::sleep(Duration::from_micros(300));
            }
            outcomes
        })
    };
    let writers: Vec<_> = (0..4).map(writer).collect();
    // A slow machine takes longer for as many.
    let write_for_a_while = || {
        let since = written.load(SeqCst);
        thread::sleep(Duration::from_millis(700));
        eventually(PATIENCE, || match written.load(SeqCst) - since {
            4000.. => Ok(()),
            few => Err(few.to_string()),
        });
    };
    write_for_a_while();
    let stopped = epoch.elapsed();
    both(&mut trio, RedisServer::pause);
    until_gate(&mut proxy.wire(), "closed");
    write_for_a_while();
    let resumed = epoch.elapsed();
    both(&mut trio, RedisServer::resume);
    until_gate(&mut proxy.wire(), "open");
    write_for_a_while();
    stop.store(true, SeqCst);
    let outcomes: Vec<Vec<_>> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();

    // Every accepted write is there, every refused one is not.
    let (mut accepted, mut refused) = (0, 0);
    for (id, outcomes) in outcomes.iter().enumerate() {
        let keys: Vec<Vec<String>> =
            (0..outcomes.len()).map(|n| vec!["EXISTS".to_owned(), format!("w{id}:{n}")]).collect();
        let mut master = trio.master.wire();
        for chunk in keys.chunks(500).zip(outcomes.chunks(500)) {
            master.send_raw(&chunk.0.iter().flat_map(|words| encode(words)).collect::<Vec<u8>>());
            for outcome in chunk.1 {
                assert_eq!(master.read_reply().int() == 1, outcome.2);
                if outcome.2 { accepted += 1 } else { refused += 1 }
            }
        }
    }
    assert!(accepted + refused >= 10_000 && refused > 100, "{accepted} and {refused}");
    let all = || outcomes.iter().flatten();
    let last_accepted = all().filter(|(sent, _, ok)| *ok && *sent < resumed).map(|o| o.0).max();
    let first_accepted = all().filter(|(sent, _, ok)| *ok && *sent > resumed).map(|o| o.1).min();
    let closed_after = last_accepted.unwrap().saturating_sub(stopped);
    let opened_after = first_accepted.unwrap() - resumed;
    eprintln!(
        "{accepted} accepted, {refused} refused; closed after {closed_after:?}, open after {opened_after:?}"
    );
    [closed_after, opened_after]
}

/// `latency` judges how soon.
#[test]
fn it_closes_and_opens_and_loses_nothing() {
    closes_and_opens();
}

#[test]
fn every_kind_of_write_is_refused_and_no_read() {
    for flavor in [Flavor::Redis62, Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        let trio = Trio::spawn(flavor);
        trio.master.cmd(&["SET", "k", "v"]).ok();
        let proxy = gated(&trio, "1s").set("writes", "min-replicas-to-write", "3").start();
        let mut wire = proxy.wire();
        until_gate(&mut wire, "closed");
        let offset = trio.master.cmd(&["DBSIZE"]).int();
        let script = "return redis.call('set', KEYS[1], '1')";
        let writes: &[&[&str]] = &[
            &["SET", "k", "w"],
            &["DEL", "k"],
            &["BLPOP", "list", "0"],
            &["BLMOVE", "a", "b", "LEFT", "LEFT", "0"],
            &["XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"],
            &["EVAL", script, "1", "k"],
            &["EVALSHA", "0000000000000000000000000000000000000000", "0"],
            &["SORT", "k", "STORE", "l"],
            &["GETEX", "k"],
            &["FLUSHALL"],
            &["NOSUCHCOMMAND", "x"],
        ];
        for write in writes {
            assert_eq!(wire.cmd(write).err(), NOREPLICAS, "{write:?}");
        }
        let large = "x".repeat(600_000);
        assert_eq!(wire.cmd(&["SET", "large", &large]).err(), NOREPLICAS);
        // A pipeline: each has its own answer, in order.
        let replies = wire.pipeline(&[&["GET", "k"], &["SET", "k", "w"], &["GET", "k"], &["PING"]]);
        assert_eq!((replies[0].str(), replies[2].str(), replies[3].str()), ("v", "v", "PONG"));
        assert_eq!(replies[1].err(), NOREPLICAS);
        assert_eq!(wire.cmd(&["EVAL_RO", "return 1", "0"]).is_err(), flavor == Flavor::Redis62);
        assert_eq!(trio.master.cmd(&["DBSIZE"]).int(), offset);
        assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "v");
    }
}

#[test]
fn transactions_end_as_at_a_redis_with_min_replicas() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = gated(&trio, "1s").start();
    let mut wire = proxy.wire();
    until_gate(&mut wire, "open");
    // Refused while it is queued.
    let mut late = proxy.wire();
    late.cmd(&["WATCH", "other"]).ok();
    late.cmd(&["MULTI"]).ok();
    assert_eq!(late.cmd(&["SET", "late", "v"]).str(), "QUEUED");
    let mut reading = proxy.wire();
    reading.cmd(&["MULTI"]).ok();
    assert_eq!(reading.cmd(&["GET", "k"]).str(), "QUEUED");
    both(&mut trio, RedisServer::pause);
    until_gate(&mut wire, "closed");
    wire.cmd(&["MULTI"]).ok();
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "QUEUED");
    assert_eq!(wire.cmd(&["SET", "k", "v"]).err(), NOREPLICAS);
    assert!(wire.cmd(&["EXEC"]).err().starts_with("EXECABORT"));
    // Refused when it is to run.
    let refused = late.cmd(&["EXEC"]);
    let words =
        "EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.";
    assert_eq!(refused.err(), words);
    assert_eq!(reading.cmd(&["EXEC"]).array().len(), 1, "it only reads");
    assert_eq!(trio.master.cmd(&["EXISTS", "k", "late"]).int(), 0);
    both(&mut trio, RedisServer::resume);
    until_gate(&mut wire, "open");
    for wire in [&mut wire, &mut late] {
        wire.cmd(&["MULTI"]).ok();
        wire.cmd(&["SET", "k", "v"]);
        assert_eq!(wire.cmd(&["EXEC"]).array().len(), 1, "the connection is clean");
    }
}

/// Redis counts a replica as good while it acknowledges every second, however far behind it is.
#[test]
fn a_replica_that_acknowledges_and_is_far_behind_does_not_count() {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    let proxy = trio
        .config()
        .set("writes", "min-replicas-to-write", "1")
        .set("writes", "min-replicas-max-lag", "\"2s\"")
        .start();
    let mut wire = proxy.wire();
    until_gate(&mut wire, "open");
    // What the replicas get is a trickle; what they say is heard at once.
    for link in &trio.links {
        link.set_rate_of(Direction::ToClient, 20_000);
    }
    let value = "x".repeat(100_000);
    for n in 0..20 {
        trio.master.cmd(&["SET", &format!("k{n}"), &value]).ok();
    }
    until_gate(&mut wire, "closed");
    let lag = |server: &RedisServer| {
        let info = server.info("replication");
        let slave = info.get("slave0").unwrap().to_owned();
        slave
            .rsplit_once("lag=")
            .unwrap()
            .1
            .chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
    };
    let lag: u64 = lag(&trio.master).parse().unwrap();
    assert!(lag <= 2, "Redis itself sees no lag: {lag}");
    assert_eq!(wire.cmd(&["SET", "k", "v"]).err(), NOREPLICAS);
    for link in &trio.links {
        link.heal();
    }
    until_gate(&mut wire, "open");
    wire.cmd(&["SET", "k", "v"]).ok();
}

#[test]
fn bytes_are_a_limit_of_their_own() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = gated(&trio, "1h").set("writes", "min-replicas-max-lag-bytes", "\"1mb\"").start();
    let mut wire = proxy.wire();
    until_gate(&mut wire, "open");
    both(&mut trio, RedisServer::pause);
    trio.master.cmd(&["SET", "k", &"x".repeat(900_000)]).ok();
    thread::sleep(Duration::from_millis(300));
    wire.cmd(&["SET", "small", "v"]).ok();
    trio.master.cmd(&["SET", "k", &"x".repeat(900_000)]).ok();
    until_gate(&mut wire, "closed");
    both(&mut trio, RedisServer::resume);
    until_gate(&mut wire, "open");
}

fn held(trio: &Trio) -> ConfigBuilder {
    gated(trio, "500ms").set("writes", "on-closed", "\"hold\"")
}

#[test]
fn held_writes_go_when_it_opens() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = held(&trio).set("writes", "hold-timeout", "\"30s\"").start();
    let mut looking = proxy.wire();
    until_gate(&mut looking, "open");
    both(&mut trio, RedisServer::pause);
    until_gate(&mut looking, "closed");
    eventually(PATIENCE, || {
        let log = proxy.log();
        log.contains("write gate closed: writes are held").then_some(()).ok_or(log)
    });
    let mut wires: Vec<Wire> = (0..8).map(|_| proxy.wire()).collect();
    for (n, wire) in wires.iter_mut().enumerate() {
        let set = encode(&["SET", &format!("k{n}"), "v"]);
        let requests = match n % 3 {
            0 => [set, encode(&["GET", &format!("k{n}")])].concat(),
            1 => [encode(&["ECHO", "first"]), set].concat(),
            _ => [encode(&["MULTI"]), set, encode(&["EXEC"])].concat(),
        };
        wire.send_raw(&requests);
    }
    for (n, wire) in wires.iter_mut().enumerate() {
        match n % 3 {
            0 => {}
            1 => assert_eq!(wire.read_reply().str(), "first"),
            _ => wire.read_reply().ok(),
        }
        wire.expect_silence(Duration::from_millis(30));
    }
    assert_eq!(trio.master.cmd(&["DBSIZE"]).int(), 0);
    assert!(looking.cmd(&["GET", "k0"]).is_null(), "reads do not wait");
    both(&mut trio, RedisServer::resume);
    for (n, wire) in wires.iter_mut().enumerate() {
        match n % 3 {
            0 => {
                wire.read_reply().ok();
                wire.read_reply();
            }
            1 => wire.read_reply().ok(),
            _ => {
                assert_eq!(wire.read_reply().str(), "QUEUED");
                assert_eq!(wire.read_reply().array().len(), 1);
            }
        }
    }
    assert_eq!(trio.master.cmd(&["DBSIZE"]).int(), 8);
}

/// How long two writes are held whose time is 400 ms.
pub fn held_too_long() -> Duration {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = held(&trio)
        .set("writes", "min-replicas-to-write", "3")
        .set("writes", "hold-timeout", "\"400ms\"")
        .start();
    let mut wire = proxy.wire();
    let asked = Instant::now();
    let replies = wire.pipeline(&[&["SET", "k", "v"], &["SET", "l", "v"], &["PING"]]);
    assert_eq!((replies[0].err(), replies[1].err()), (NOREPLICAS, NOREPLICAS));
    assert_eq!(replies[2].str(), "PONG");
    let took = asked.elapsed();
    assert!(took >= Duration::from_millis(400), "{took:?}");
    // EXEC waits, too, and the transaction is gone then.
    wire.cmd(&["MULTI"]).ok();
    assert_eq!(wire.cmd(&["SET", "k", "v"]).err(), NOREPLICAS);
    assert!(wire.cmd(&["EXEC"]).err().starts_with("EXECABORT"));
    assert_eq!(trio.master.cmd(&["DBSIZE"]).int(), 0);
    took
}

/// `latency` judges how soon.
#[test]
fn held_writes_fail_when_their_time_is_up() {
    held_too_long();
}

#[test]
fn no_more_is_held_than_there_is_room_for() {
    let trio = Trio::spawn(Flavor::Redis70);
    let with = |key: &str, value: &str| {
        held(&trio)
            .set("writes", "min-replicas-to-write", "3")
            .set("writes", "hold-timeout", "\"30s\"")
            .set("writes", key, value)
            .start()
    };
    let clients = with("hold-max-clients", "3");
    let mut wires: Vec<Wire> = (0..4).map(|_| clients.wire()).collect();
    let (last, first) = wires.split_last_mut().unwrap();
    for wire in first.iter_mut() {
        wire.send(&["SET", "k", "v"]);
        wire.expect_silence(Duration::from_millis(50));
    }
    assert_eq!(last.cmd(&["SET", "k", "v"]).err(), NOREPLICAS);
    // One that goes away leaves its place.
    drop(wires.remove(0));
    eventually(PATIENCE, || {
        let mut wire = clients.wire();
        wire.send(&["SET", "k", "v"]);
        wire.set_timeout(Duration::from_millis(200));
        match wire.try_read_reply() {
            Err(_) => Ok(()),
            Ok(reply) => Err(format!("{reply:?}")),
        }
    });

    let bytes = with("hold-max-bytes", "\"100kb\"");
    let (mut one, mut other) = (bytes.wire(), bytes.wire());
    one.send(&["SET", "k", &"x".repeat(60_000)]);
    one.expect_silence(Duration::from_millis(100));
    assert_eq!(other.cmd(&["SET", "k", &"x".repeat(60_000)]).err(), NOREPLICAS);
    other.send(&["SET", "k", &"x".repeat(20_000)]);
    other.expect_silence(Duration::from_millis(100));
    assert_eq!(trio.master.cmd(&["DBSIZE"]).int(), 0);
}

/// A write that a former master refuses is sent to the new one like a new write: only if that one's
/// gate is open.
#[test]
fn nothing_is_sent_again_past_a_closed_gate() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    // The third server stays with the old master: the new one has one replica where two are wanted.
    let proxy = gated(&trio, "10s").set("writes", "min-replicas-to-write", "2");
    // For so long the writes wait for the new master's replicas.
    let proxy = proxy.set("writes", "failover-hold", "\"1s\"").start();
    until_gate(&mut proxy.wire(), "open");
    let mut wires: Vec<Wire> = (0..4).map(|_| proxy.wire()).collect();
    wires.iter_mut().for_each(|wire| wire.cmd(&["SET", "k", "v"]).ok());
    trio.replicas[1].kill();
    trio.replicas[0].promote();
    trio.replicas[0].cmd(&["CONFIG", "RESETSTAT"]).ok();
    trio.master.replicate_from(trio.replicas[0].addr());
    let started = Instant::now();
    let mut refused = 0;
    while started.elapsed() < Duration::from_secs(4) {
        for wire in &mut wires {
            wire.send(&["SET", "late", "v"]);
        }
        for wire in &mut wires {
            let reply = wire.read_reply();
            let text = reply.err();
            assert!(text == NOREPLICAS || text.starts_with("READONLY "), "{text}");
            refused += 1;
        }
    }
    assert!(refused > 10);
    assert_eq!(trio.replicas[0].calls("set"), 0, "nothing reached the new master");
}
