//! Commands that wait for data: only their own timeout ends them, they delay no other client, and
//! nothing is lost.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::{
    ConfigBuilder, Flavor, PATIENCE, Pair, RedisServer, Reply, Tidegate, Trio, Wire, client_list,
    eventually, words,
};

const QUIET: Duration = Duration::from_millis(30);

/// A server behind a proxy whose request-timeout is far shorter than what blocks.
fn impatient() -> (RedisServer, Tidegate) {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]);
    let proxy = config.set("topology", "request-timeout", "\"300ms\"").start();
    (server, proxy)
}

#[test]
fn every_kind_is_delivered_byte_for_byte() {
    let pair = Pair::spawn(Flavor::Redis70);
    let kinds = [
        ("BLPOP l 0", "RPUSH l a b"),
        ("BRPOP none l 0", "RPUSH l a b"),
        ("BLMOVE l to LEFT RIGHT 0", "RPUSH l a"),
        ("BRPOPLPUSH l to 0", "RPUSH l a"),
        ("BLMPOP 0 2 none l LEFT COUNT 2", "RPUSH l a b c"),
        ("BZPOPMIN z 0", "ZADD z 1 a 2 b"),
        ("BZPOPMAX z 0", "ZADD z 1 a 2 b"),
        ("BZMPOP 0 1 z MAX COUNT 5", "ZADD z 1 a 2 b"),
        ("XREAD COUNT 2 BLOCK 0 STREAMS s $", "XADD s 1-1 f v"),
        ("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "XADD s 1-1 f v"),
    ];
    for three in [false, true] {
        for (blocking, push) in kinds {
            let mut both = if three { pair.both3() } else { pair.both() };
            both.same("FLUSHALL");
            both.same("XGROUP CREATE s g $ MKSTREAM");
            both.direct.send(&words(blocking));
            both.proxied.send(&words(blocking));
            pair.behind.wait_blocked(1);
            pair.direct.wait_blocked(1);
            let mut other = pair.both();
            other.same(push);
            let expected = both.direct.read_raw_reply();
            assert_eq!(both.proxied.read_raw_reply(), expected, "{blocking}");
            both.same_all("LRANGE l 0 -1; LRANGE to 0 -1; ZCARD z");
        }
    }
}

#[test]
fn a_block_outlasts_the_request_timeout() {
    let (server, proxy) = impatient();
    server.cmd(&["XADD", "s", "1-1", "f", "v"]);
    let null = [
        "BLPOP l 1",
        "BRPOP l 1",
        "BLMOVE l to LEFT RIGHT 1",
        "BLMPOP 1 1 l LEFT",
        "BZPOPMIN z 1",
        "XREAD BLOCK 1000 STREAMS s $",
    ];
    thread::scope(|scope| {
        for blocking in null {
            let mut wire = proxy.wire();
            scope.spawn(move || {
                let started = Instant::now();
                assert!(wire.cmd(&words(blocking)).is_null(), "{blocking}");
                assert!(started.elapsed() >= Duration::from_millis(950), "{blocking}");
                assert_eq!(wire.cmd(&["PING"]).str(), "PONG");
            });
        }
        let mut wire = proxy.wire();
        scope.spawn(move || {
            let started = Instant::now();
            wire.cmd(&["SET", "k", "v"]).ok();
            assert_eq!(wire.cmd(&["WAIT", "1", "1000"]).int(), 0);
            assert!(started.elapsed() >= Duration::from_millis(950));
        });
    });
    server.wait_blocked(0);
}

#[test]
fn wait_counts_the_replicas_that_have_this_clients_writes() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    for n in 0..20 {
        let n = n.to_string();
        let replies = wire.pipeline(&[&["SET", "n", &n], &["WAIT", "2", "5000"], &["GET", "n"]]);
        assert_eq!(replies[1].int(), 2);
        // Whichever replica is asked, it has the write.
        assert_eq!(replies[2].str(), n);
    }
}

#[test]
fn what_follows_a_block_is_answered_after_it_in_order() {
    let (server, proxy) = impatient();
    let mut wire = proxy.wire();
    for line in ["BLPOP l 0", "SET k 1", "GET k", "PING", "INCR k", "GET k"] {
        wire.send(&words(line));
    }
    server.wait_blocked(1);
    wire.expect_silence(Duration::from_millis(500));
    assert!(server.cmd(&["GET", "k"]).is_null(), "run before what it follows");
    server.cmd(&["RPUSH", "l", "x"]);
    assert_eq!(wire.read_reply().strings(), ["l", "x"]);
    wire.read_reply().ok();
    assert_eq!(wire.read_reply().str(), "1");
    assert_eq!(wire.read_reply().str(), "PONG");
    assert_eq!(wire.read_reply().int(), 2);
    assert_eq!(wire.read_reply().str(), "2");
}

#[test]
fn a_push_and_a_pop_in_one_pipeline() {
    let (_server, proxy) = impatient();
    let mut wire = proxy.wire();
    let round: [&[&str]; 4] =
        [&["LPUSH", "l", "x"], &["BLPOP", "l", "0"], &["LLEN", "l"], &["ECHO", "e"]];
    let requests: Vec<&[&str]> = round.iter().copied().cycle().take(4 * 100).collect();
    for replies in wire.pipeline(&requests).chunks(4) {
        assert_eq!(replies[0].int(), 1);
        assert_eq!(replies[1].strings(), ["l", "x"]);
        assert_eq!(replies[2].int(), 0);
        assert_eq!(replies[3].str(), "e");
    }
}

/// How long a thousand requests take beside a hundred blocked clients.
pub fn beside_blocked_clients() -> Duration {
    let (server, proxy) = impatient();
    let mut blocked: Vec<Wire> = (0..100).map(|_| proxy.wire()).collect();
    for (at, wire) in blocked.iter_mut().enumerate() {
        wire.send(&["BLPOP", &format!("l{at}"), "0"]);
    }
    server.wait_blocked(100);
    let mut wire = proxy.wire();
    let started = Instant::now();
    for n in 0..500 {
        wire.cmd(&["SET", "k", &n.to_string()]).ok();
        assert_eq!(wire.cmd(&["GET", "k"]).str(), n.to_string());
    }
    let took = started.elapsed();
    for (at, blocked) in blocked.iter_mut().enumerate().rev() {
        let list = format!("l{at}");
        assert_eq!(wire.cmd(&["LPUSH", &list, "x"]).int(), 1);
        assert_eq!(blocked.read_reply().strings(), [list.as_str(), "x"]);
        assert_eq!(blocked.cmd(&["LLEN", &list]).int(), 0);
    }
    server.wait_blocked(0);
    took
}

/// `latency` judges how quickly the other one is served.
#[test]
fn a_hundred_blocked_clients_delay_no_other_client() {
    beside_blocked_clients();
}

#[test]
fn unblock_reaches_clients_of_every_worker() {
    let (server, proxy) = impatient();
    let mut wires: Vec<Wire> = (0..6).map(|_| proxy.wire()).collect();
    for _ in 0..2 {
        for (reason, is) in [(None, false), (Some("TIMEOUT"), false), (Some("error"), true)] {
            for at in 0..wires.len() {
                let id = wires[at].cmd(&["CLIENT", "ID"]).int().to_string();
                wires[at].send(&["BLPOP", "l", "0"]);
                server.wait_blocked(1);
                let other = (at + 1) % wires.len();
                let mut request = vec!["CLIENT", "UNBLOCK", &id];
                request.extend(reason);
                let unblock = || match wires[other].cmd(&request).int() {
                    1 => Ok(()),
                    n => Err(format!("{n}")),
                };
                eventually(PATIENCE, unblock);
                let reply = wires[at].read_reply();
                if is {
                    let text = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
                    assert_eq!(reply.err(), text);
                } else {
                    assert!(reply.is_null(), "{reply:?}");
                }
                wires[other].cmd(&["CLIENT", "UNBLOCK", &id]);
                assert_eq!(wires[at].cmd(&["PING"]).str(), "PONG");
            }
        }
    }
}

#[test]
fn unblock_has_the_errors_of_the_server() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut both = pair.both();
    both.same_all(
        "CLIENT UNBLOCK; CLIENT UNBLOCK x; CLIENT UNBLOCK 1 WHY; CLIENT UNBLOCK x WHY;
         CLIENT UNBLOCK 99999; CLIENT UNBLOCK 99999 ERROR; CLIENT UNBLOCK -1",
    );
}

/// Pushes to `list` until the value stays there, so no client that has disconnected takes it.
#[track_caller]
fn assert_not_swallowed(server: &RedisServer, proxy: &Tidegate, list: &str) {
    server.wait_blocked(0);
    let mut wire = proxy.wire();
    assert_eq!(wire.cmd(&["LPUSH", list, "kept"]).int(), 1);
    thread::sleep(QUIET);
    assert_eq!(wire.cmd(&["LRANGE", list, "0", "-1"]).strings(), ["kept"]);
}

#[test]
fn a_client_that_goes_away_ends_its_block() {
    let (server, proxy) = impatient();
    for three in [false, true] {
        let mut wire = proxy.wire();
        if three {
            wire.hello3();
        }
        wire.send(&["BLPOP", "gone", "0"]);
        server.wait_blocked(1);
        drop(wire);
        assert_not_swallowed(&server, &proxy, "gone");
        server.cmd(&["DEL", "gone"]);
    }
}

#[test]
fn a_client_that_goes_away_after_much_more_ends_its_block() {
    let (server, proxy) = impatient();
    let mut wire = proxy.wire();
    wire.send(&["BLPOP", "gone", "0"]);
    server.wait_blocked(1);
    let value = "x".repeat(1000);
    for _ in 0..300 {
        wire.send(&["SET", "k", &value]);
    }
    thread::sleep(QUIET);
    drop(wire);
    assert_not_swallowed(&server, &proxy, "gone");
    assert!(server.cmd(&["GET", "k"]).is_null(), "a dead client's requests were run");
}

#[test]
fn a_client_that_is_killed_ends_its_block() {
    let (server, proxy) = impatient();
    let mut wire = proxy.wire();
    let id = wire.cmd(&["CLIENT", "ID"]).int().to_string();
    wire.send(&["BLPOP", "gone", "0"]);
    server.wait_blocked(1);
    assert_eq!(proxy.wire().cmd(&["CLIENT", "KILL", "ID", &id]).int(), 1);
    assert_eq!(wire.expect_closed(), []);
    assert_not_swallowed(&server, &proxy, "gone");
}

#[test]
fn a_blocked_client_is_listed_as_blocked() {
    let (server, proxy) = impatient();
    let mut wire = proxy.wire();
    let id = wire.cmd(&["CLIENT", "ID"]).int();
    wire.send(&["BLPOP", "l", "0"]);
    server.wait_blocked(1);
    let mut other = proxy.wire();
    eventually(PATIENCE, || {
        let lines = client_list::list(&mut other);
        let line = lines.iter().find(|line| line.id() == id).unwrap();
        if line.has_flag('b') && line.get("cmd") == "blpop" {
            Ok(())
        } else {
            Err(format!("{line:?}"))
        }
    });
}

#[test]
fn a_connection_lost_under_a_block_is_an_error() {
    let (server, proxy) = impatient();
    let mut wire = proxy.wire();
    wire.send(&["BLPOP", "l", "0"]);
    server.wait_blocked(1);
    let id = client_list::only(&server, |line| line.has_flag('b')).unwrap();
    server.cmd(&["CLIENT", "KILL", "ID", &id.to_string()]);
    let reply = wire.read_reply();
    assert!(reply.err().starts_with("INDOUBT "), "{reply:?}");
    let works = || match wire.cmd(&["SET", "k", "v"]) {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(PATIENCE, works);
}
