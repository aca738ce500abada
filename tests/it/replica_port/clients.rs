//! The engine's own port against clients of all kinds: slow, silent, broken, many, unwanted.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::client_list;
use crate::support::*;

fn spawn(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> (RedisServer, ReplicaPort) {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "a", "1"]).ok();
    let own = ReplicaPort::synced(&change(ReplicaPort::of(&master)), &master);
    (master, own)
}

#[test]
fn garbage_closes_one_client_and_affects_no_other() {
    let (master, mut own) = spawn(|config| config);
    let real = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    let mut calm = own.wire();
    for bytes in [
        &b"*x\r\n"[..],
        b"*1\r\nfoo\r\n",
        b"*1\r\n$x\r\n",
        b"*1\r\n$-5\r\n",
        b"*3000000000\r\n",
        b"*1\r\n$99999999999\r\n",
        b"PING \"a\r\n",
        b"\x80\x81\x82\r\n*1\r\n\xff\r\n",
    ] {
        let [real, mine] = [Wire::connect(real.addr()), own.wire()].map(|mut wire| {
            wire.send_raw(bytes);
            wire.expect_closed()
        });
        assert_eq!(mine, real, "{}", bytes.escape_ascii());
        assert_eq!(calm.cmd(&["GET", "a"]).str(), "1");
    }
    for _ in 0..200 {
        let mut wire = own.wire();
        let noise: Vec<u8> = (0..fastrand::usize(1..2000)).map(|_| fastrand::u8(..)).collect();
        // It may be closed in the middle of it.
        let _ = wire.try_send_raw(&noise);
    }
    assert_eq!(calm.cmd(&["GET", "a"]).str(), "1");
    own.proxy.assert_alive();
}

#[test]
fn frames_may_come_byte_by_byte() {
    let (_master, own) = spawn(|config| config);
    let mut wire = own.wire();
    let bytes = [encode(&["GET", "a"]), b"ECHO 'x y'\r\n".to_vec(), encode(&["PING"])].concat();
    for byte in bytes {
        wire.send_raw(&[byte]);
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(wire.read_reply().str(), "1");
    assert_eq!(wire.read_reply().str(), "x y");
    assert_eq!(wire.read_reply().str(), "PONG");
    // Half a request is answered by nothing, and its end by the reply.
    wire.send_raw(b"*2\r\n$3\r\nGET\r\n$1");
    wire.expect_silence(Duration::from_millis(200));
    wire.send_raw(b"\r\na\r\n");
    assert_eq!(wire.read_reply().str(), "1");
    // A client that stops sending still gets its replies.
    wire.send_raw(&encode(&["GET", "a"]));
    wire.finish_sending();
    assert_eq!(wire.expect_closed()[0].str(), "1");
}

/// How long a thousand reads take beside a client that does not read its replies.
pub fn beside_a_slow_reader() -> Duration {
    let (master, own) = spawn(|it| it.set("proxy", "client-output-buffer-limit", "\"8mb\""));
    let large = "x".repeat(1 << 20);
    master.cmd(&["SET", "large", &large]).ok();
    own.wait_for(&master);
    let mut slow = own.wire();
    let mut bytes = Vec::new();
    for _ in 0..100 {
        bytes.extend(encode(&["GET", "large"]));
    }
    slow.send_raw(&bytes);
    // Others are served, and what waits for the slow one is bounded.
    let mut other = own.wire();
    let started = Instant::now();
    for _ in 0..1000 {
        assert_eq!(other.cmd(&["GET", "a"]).str(), "1");
    }
    let took = started.elapsed();
    let waiting = client_list::list(&mut other);
    let most = waiting.iter().map(|it| it.get("omem").parse::<usize>().unwrap()).max().unwrap();
    assert!(most <= 3 << 20, "{most}");
    // It loses nothing by it.
    for _ in 0..100 {
        assert_eq!(slow.read_reply().bytes().len(), large.len());
    }
    took
}

/// `latency` judges how quickly.
#[test]
fn a_slow_reader_delays_no_other_client() {
    beside_a_slow_reader();
}

#[test]
fn a_subscriber_that_does_not_read_is_cut_off() {
    let (master, own) =
        spawn(|it| it.set("proxy", "client-output-buffer-limit-pubsub", "\"1mb 0 0\""));
    let (mut slow, mut quick) = (own.wire(), own.wire());
    slow.cmd(&["SUBSCRIBE", "c"]);
    quick.cmd(&["SUBSCRIBE", "c"]);
    let message = "m".repeat(100_000);
    let mut publisher = master.wire();
    eventually(PATIENCE, || {
        publisher.cmd(&["PUBLISH", "c", &message]);
        assert_eq!(quick.read_reply().array().len(), 3);
        let stats = own.info("stats");
        match stats.get("client_output_buffer_limit_disconnections") {
            Some("0") => Err("nobody was cut off".into()),
            Some("1") => Ok(()),
            other => panic!("{other:?}"),
        }
    });
    let listed = client_list::list(&mut own.wire());
    assert_eq!(listed.iter().filter(|it| it.get("sub") == "1").count(), 1);
}

#[test]
fn a_subscriber_that_pauses_loses_nothing() {
    let (master, own) = spawn(|config| config);
    let mut rests = own.wire();
    rests.cmd(&["SUBSCRIBE", "c"]);
    let mut publisher = master.wire();
    let message = "m".repeat(100_000);
    // More than sockets hold, and than a client's replies may be before it has to read.
    for n in 0..150 {
        publisher.cmd(&["PUBLISH", "c", &format!("{n}{message}")]);
    }
    own.wait_for(&master);
    for n in 0..150 {
        let got = rests.read_reply().strings();
        assert_eq!(
            (got[2].len(), got[2].starts_with(&n.to_string())),
            (100_000 + n.to_string().len(), true)
        );
    }
    publisher.cmd(&["PUBLISH", "c", "last"]);
    assert_eq!(rests.read_reply().strings()[2], "last");
}

#[test]
fn a_thousand_idle_clients_and_no_more_than_max_clients() {
    let (_master, own) = spawn(|it| it.set("proxy", "max-clients", "1011"));
    let mut idle: Vec<_> = (0..1000).map(|_| own.wire()).collect();
    let mut wire = own.wire();
    eventually(PATIENCE, || match client_list::list(&mut wire).len() {
        // All of them, this one and the master.
        1002 => Ok(()),
        other => Err(other.to_string()),
    });
    assert_eq!(idle[999].cmd(&["GET", "a"]).str(), "1");
    idle.extend((0..9).map(|_| own.wire()));
    assert_eq!(idle[1008].cmd(&["GET", "a"]).str(), "1");
    let refused = own.wire().expect_closed();
    assert_eq!(refused[0].err(), "ERR max number of clients reached");
    drop(idle);
    eventually(PATIENCE, || match wire.cmd(&["INFO", "clients"]).str() {
        info if info.contains("connected_clients:2\r\n") => Ok(()),
        info => Err(info.to_owned()),
    });
}

#[test]
fn clients_are_listed_and_killed_as_in_redis() {
    let (master, own) = spawn(|config| config);
    let real = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.wait_attached(&real);
    let mut me = own.wire();
    me.cmd(&["CLIENT", "SETNAME", "me"]).ok();
    let fields = |line: &str| {
        let fields = line.split_whitespace().filter_map(|field| field.split_once('='));
        fields.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    let [mine, theirs] =
        [fields(me.cmd(&["CLIENT", "INFO"]).str()), fields(real.cmd(&["CLIENT", "INFO"]).str())];
    let missing: Vec<_> = theirs.iter().filter(|name| !mine.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let (mut other, mut subscriber) = (own.wire(), own.wire());
    other.cmd(&["CLIENT", "SETNAME", "other"]).ok();
    other.cmd(&["SELECT", "3"]).ok();
    subscriber.cmd(&["SUBSCRIBE", "c"]);
    let line = |wire: &mut Wire, name: &str| {
        let all = client_list::list(wire);
        all.into_iter().find(|it| it.get("name") == name).unwrap()
    };
    let seen = line(&mut me, "other");
    assert_eq!((seen.get("db"), seen.get("cmd"), seen.get("flags")), ("3", "select", "N"));
    assert_eq!(me.cmd(&["CLIENT", "KILL", "TYPE", "pubsub"]).int(), 1);
    assert!(subscriber.expect_closed().is_empty());
    let id = line(&mut me, "other").id().to_string();
    assert_eq!(me.cmd(&["CLIENT", "KILL", "ID", &id]).int(), 1);
    assert!(other.expect_closed().is_empty());
    let mut third = own.wire();
    let addr = third.stream().local_addr().unwrap().to_string();
    third.cmd(&["PING"]);
    me.cmd(&["CLIENT", "KILL", &addr]).ok();
    third.expect_closed();
    let addr = me.stream().local_addr().unwrap().to_string();
    // It kills itself last, and has its reply.
    assert_eq!(me.cmd(&["CLIENT", "KILL", "ADDR", &addr, "SKIPME", "no"]).int(), 1);
    me.expect_closed();
}

/// As on a real replica, the master is a client, which a client may kill and which comes back.
#[test]
fn the_link_is_a_client() {
    // The proxy would connect to the real replica, too, and be one more client there.
    let (master, own) = spawn(|config| config.set("topology", "replicas", "[]"));
    let real = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.wait_synced(&real);
    let words = |list: &str| -> Vec<String> {
        let is_fixed = |word: &&str| {
            let name = word.split('=').next().unwrap();
            ["addr", "name", "flags", "db", "user", "resp", "multi"].contains(&name)
        };
        list.split_ascii_whitespace().filter(is_fixed).map(str::to_owned).collect()
    };
    let list = ["CLIENT", "LIST", "TYPE", "MASTER"];
    let (theirs, ours) = (real.cmd(&list), own.cmd(&list));
    assert_eq!(words(ours.str()), words(theirs.str()));
    assert!(words(ours.str()).contains(&format!("addr={}", master.addr())));
    // Until both have seen that earlier connections are closed.
    eventually(PATIENCE, || {
        let (theirs, ours) = (real.info("clients"), own.info("clients"));
        let same = ours.get("connected_clients") == theirs.get("connected_clients");
        if same { Ok(()) } else { Err(format!("{theirs:?} {ours:?}")) }
    });
    assert_eq!(own.cmd(&["CLIENT", "KILL", "TYPE", "master"]).int(), 1);
    eventually(PATIENCE, || match master.info("stats").get("sync_partial_ok") {
        Some("1") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    own.wait_for(&master);
    assert_eq!(own.cmd(&list).str().lines().count(), 1);
}

#[test]
fn a_pause_holds_every_client() {
    let (_master, own) = spawn(|config| config);
    let (mut one, mut two) = (own.wire(), own.wire());
    one.cmd(&["CLIENT", "PAUSE", "3000", "ALL"]).ok();
    let started = Instant::now();
    two.send(&["GET", "a"]);
    two.expect_silence(Duration::from_millis(150));
    assert_eq!(two.read_reply().str(), "1");
    assert!(started.elapsed() >= Duration::from_millis(2950), "{:?}", started.elapsed());
    one.cmd(&["CLIENT", "PAUSE", "60000", "WRITE"]).ok();
    assert_eq!(two.cmd(&["GET", "a"]).str(), "1");
    one.cmd(&["CLIENT", "UNPAUSE"]).ok();
    // On a busy machine the PING may come before the sleep.
    eventually(PATIENCE, || {
        let started = Instant::now();
        one.send(&["DEBUG", "SLEEP", "0.4"]);
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(two.cmd(&["PING"]).str(), "PONG");
        let waited = started.elapsed();
        one.read_reply().ok();
        if waited >= Duration::from_millis(350) { Ok(()) } else { Err(format!("{waited:?}")) }
    });
}

#[test]
fn redis_cli_works() {
    let (master, own) = spawn(|config| config);
    for n in 0..50 {
        master.cmd(&["SET", &format!("key:{n}"), "v"]).ok();
    }
    own.wait_for(&master);
    let port = own.addr().port().to_string();
    let cli = |args: &[&str]| {
        let output = Command::new("redis-cli").args(["-p", &port]).args(args).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    };
    assert_eq!(cli(&["GET", "a"]), "1");
    assert_eq!(cli(&["-3", "PING"]), "PONG");
    assert_eq!(cli(&["-n", "2", "DBSIZE"]), "0");
    assert_eq!(cli(&["--scan", "--pattern", "key:*"]).lines().count(), 50);
    assert!(cli(&["INFO", "replication"]).contains("role:slave"));
    assert!(cli(&["COMMAND", "DOCS", "get"]).starts_with("get"));
    let count: usize = cli(&["COMMAND", "COUNT"]).parse().unwrap();
    assert!(count > 100, "{count}");
    assert_eq!(cli(&["COMMAND"]).lines().filter(|line| *line == "get").count(), 1);
}

#[test]
fn shutdown_ends_the_process() {
    let (_master, mut own) = spawn(|config| config);
    let mut wire = own.wire();
    wire.cmd(&["MULTI"]).ok();
    assert!(wire.cmd(&["SHUTDOWN", "NOSAVE"]).is_err());
    wire.cmd(&["DISCARD"]).ok();
    wire.send(&["SHUTDOWN", "NOSAVE"]);
    assert!(wire.expect_closed().is_empty());
    assert_eq!(own.proxy.wait_exit(PATIENCE).code(), Some(0));
}

#[test]
fn the_start_reports_a_port_that_is_taken() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let squatter = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = squatter.local_addr().unwrap();
    let taken = format!("\"{addr}\"");
    let config = ReplicaPort::of(&master).set("replica", "listen", &taken);
    let (status, said) = Tidegate::run_to_exit(&config.toml(), PATIENCE);
    assert!(!status.success());
    assert!(said.contains(&format!("cannot listen on {addr}")), "{said}");
}
