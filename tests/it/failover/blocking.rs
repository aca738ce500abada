//! Blocking commands while the master changes: they wait on at the new one.

mod held;

use std::thread;
use std::time::{Duration, Instant};

use crate::support::sentinel::Sentinel;
use crate::support::*;

/// Each kind that waits at the master, and what it waits for; `@` is a number.
const KINDS: [(&str, &str); 10] = [
    ("BLPOP none l@ 0", "RPUSH l@ a b"),
    ("BRPOP l@ 0", "RPUSH l@ a b"),
    ("BLMOVE l@ to LEFT RIGHT 0", "RPUSH l@ a"),
    ("BRPOPLPUSH l@ to 0", "RPUSH l@ a"),
    ("BLMPOP 0 2 none l@ LEFT COUNT 2", "RPUSH l@ a b c"),
    ("BZPOPMIN z@ 0", "ZADD z@ 1 a 2 b"),
    ("BZPOPMAX z@ 60", "ZADD z@ 1 a 2 b"),
    ("BZMPOP 60.5 1 z@ MAX COUNT 5", "ZADD z@ 1 a 2 b"),
    ("XREADGROUP GROUP g c BLOCK 60000 STREAMS s@ >", "XADD s@ 1-1 f v"),
    ("XREAD BLOCK 0 STREAMS s@ 0", "XADD s@ 1-1 f v"),
];

/// The first replica is promoted, and the other one follows it.
#[track_caller]
fn promote(trio: &Trio) {
    let [new, other] = &trio.replicas;
    new.promote();
    other.replicate_from(new.addr());
}

/// As Sentinel does it: the connections are closed before `-UNBLOCKED` has left.
#[track_caller]
fn demote_and_kill(old: &RedisServer, new: &RedisServer) {
    let (host, port) = (new.addr().ip().to_string(), new.port().to_string());
    let replies = old.wire().pipeline(&[
        &["MULTI"],
        &["REPLICAOF", &host, &port],
        &["CLIENT", "KILL", "TYPE", "normal"],
        &["EXEC"],
    ]);
    assert!(!replies[3].is_err(), "{replies:?}");
}

/// A trio, and a proxy whose reads go to the master, too.
fn trio(flavor: Flavor) -> (Trio, Tidegate) {
    let trio = Trio::spawn(flavor);
    let proxy = Tidegate::for_trio(&trio).reads_from("master").start();
    (trio, proxy)
}

/// A command that waits, and the one that gives it data.
struct Waiting {
    wire: Wire,
    kind: String,
    push: String,
}

/// Begins every kind, in both versions of the protocol, each at keys of its own, and waits until all
/// wait at `server`.
#[track_caller]
fn block_all(proxy: &Tidegate, server: &RedisServer) -> Vec<Waiting> {
    let mut all = Vec::new();
    for (kind, push) in KINDS {
        for three in [false, true] {
            let mut wire = proxy.wire();
            if three {
                wire.hello3();
            }
            let n = all.len().to_string();
            let [kind, push] = [kind, push].map(|line| line.replace('@', &n));
            wire.cmd(&["XGROUP", "CREATE", &format!("s{n}"), "g", "$", "MKSTREAM"]).ok();
            wire.send(&words(&kind));
            all.push(Waiting { wire, kind, push });
        }
    }
    server.wait_blocked(all.len());
    all
}

/// Each command gets its data at `server`.
#[track_caller]
fn all_get_data(all: Vec<Waiting>, server: &RedisServer, proxy: &Tidegate) {
    let mut direct = server.wire();
    for Waiting { mut wire, kind, push } in all {
        assert!(!direct.cmd(&words(&push)).is_err(), "{push}");
        let reply = wire.read_reply();
        assert!(!reply.is_err() && !reply.is_null(), "{kind}: {reply:?}\n{}", proxy.log());
    }
}

#[test]
fn what_a_demoted_master_unblocks_waits_at_the_new_one() {
    let (trio, proxy) = trio(Flavor::Redis70);
    let wires = block_all(&proxy, &trio.master);
    // The new master must have the groups.
    trio.wait_synced();
    promote(&trio);
    trio.master.replicate_from(trio.replicas[0].addr());
    let new = &trio.replicas[0];
    new.wait_blocked(wires.len());
    all_get_data(wires, new, &proxy);
}

#[test]
fn every_version_of_the_servers_hands_its_blocked_clients_over() {
    for flavor in Flavor::ALL {
        let (trio, proxy) = trio(flavor);
        let mut wires = [proxy.wire(), proxy.wire()];
        wires.iter_mut().for_each(|wire| wire.send(&["BLPOP", "l", "0"]));
        trio.master.wait_blocked(2);
        promote(&trio);
        trio.master.replicate_from(trio.replicas[0].addr());
        trio.replicas[0].wait_blocked(2);
        proxy.wire().cmd(&["RPUSH", "l", "a", "b"]);
        for wire in &mut wires {
            assert_eq!(wire.read_reply().strings()[0], "l", "{flavor:?}\n{}", proxy.log());
        }
    }
}

/// A replica has just become a master: Sentinel closes the connections to the old one next.
#[test]
fn what_waits_at_a_master_that_is_about_to_go_is_taken_back() {
    for flavor in Flavor::ALL {
        let (trio, proxy) = trio(flavor);
        let mut wires = [proxy.wire(), proxy.wire(), proxy.wire()];
        wires[2].hello3();
        let kinds = ["BLPOP l 0", "BLMOVE l to LEFT RIGHT 60", "BZPOPMIN z 0"];
        for (wire, kind) in wires.iter_mut().zip(kinds) {
            wire.send(&words(kind));
        }
        trio.master.wait_blocked(3);
        let (old, [new, other]) = (&trio.master, &trio.replicas);
        new.promote();
        old.wait_blocked(0);
        other.replicate_from(new.addr());
        demote_and_kill(old, new);
        new.wait_blocked(3);
        let mut direct = new.wire();
        direct.cmd(&["RPUSH", "l", "a", "b"]);
        direct.cmd(&["ZADD", "z", "1", "m"]);
        for wire in &mut wires {
            let reply = wire.read_reply();
            assert!(!reply.is_err() && !reply.is_null(), "{flavor:?} {reply:?}\n{}", proxy.log());
        }
    }
}

/// CLIENT UNBLOCK of a command that a pause has postponed ends Redis 6.2 and 7.0.
#[test]
fn a_paused_master_survives_that_its_clients_are_taken_back() {
    for flavor in Flavor::ALL {
        let (trio, proxy) = trio(flavor);
        let mut wires = [proxy.wire(), proxy.wire()];
        wires[0].send(&["BLPOP", "l", "0"]);
        trio.master.wait_blocked(1);
        trio.master.cmd(&["CLIENT", "PAUSE", "60000", "WRITE"]).ok();
        wires[1].send(&["BLPOP", "l", "0"]);
        eventually(PATIENCE, || match trio.master.cmd(&["CLIENT", "LIST"]).str() {
            list if list.matches("cmd=blpop").count() == 2 => Ok(()),
            list => Err(list.to_owned()),
        });
        trio.replicas[0].promote();
        // The proxy asks its question, which waits for the end of the pause.
        eventually(PATIENCE, || match trio.master.cmd(&["CLIENT", "LIST"]).str() {
            list if list.contains("cmd=pfcount") => Ok(()),
            list => Err(list.to_owned()),
        });
        trio.replicas[1].replicate_from(trio.replicas[0].addr());
        trio.master.replicate_from(trio.replicas[0].addr());
        trio.master.cmd(&["CLIENT", "UNPAUSE"]).ok();
        trio.replicas[0].wait_blocked(2);
        trio.replicas[0].cmd(&["RPUSH", "l", "a", "b"]);
        for wire in &mut wires {
            assert_eq!(wire.read_reply().strings()[0], "l", "{flavor:?}\n{}", proxy.log());
        }
        assert_eq!(trio.master.cmd(&["PING"]).str(), "PONG");
    }
}

/// The time of a command goes on while it waits for the new master.
#[test]
fn a_command_whose_time_is_over_gets_its_null() {
    let (mut trio, proxy) = trio(Flavor::Redis70);
    let mut wires = [proxy.wire(), proxy.wire(), proxy.wire()];
    wires[1].hello3();
    let started = Instant::now();
    for (wire, kind) in wires.iter_mut().zip(["BLPOP l 2", "BLMPOP 2.5 1 l LEFT", "BLPOP l 3600"]) {
        wire.send(&words(kind));
    }
    trio.master.wait_blocked(3);
    // It follows a server that does not answer.
    trio.replicas[0].pause();
    trio.master.cmd(&["REPLICAOF", "127.0.0.1", &trio.replicas[0].port().to_string()]).ok();
    assert_eq!(wires[0].read_raw_reply(), b"*-1\r\n", "{}", proxy.log());
    assert!(started.elapsed() >= Duration::from_secs(2));
    assert_eq!(wires[1].read_raw_reply(), b"_\r\n", "{}", proxy.log());
    assert!(started.elapsed() >= Duration::from_millis(2_500));
    // No server becomes master in the time that requests are held.
    assert!(wires[2].read_reply().err().starts_with("UNBLOCKED "), "{}", proxy.log());
    trio.replicas[0].resume();
}

/// A connection that is lost without a proof may have given its element away.
#[test]
fn a_pop_that_is_lost_is_in_doubt() {
    let (trio, proxy) = trio(Flavor::Redis70);
    let mut wire = proxy.wire();
    wire.send(&["BLPOP", "l", "0"]);
    trio.master.wait_blocked(1);
    trio.master.cmd(&["CLIENT", "KILL", "TYPE", "normal"]);
    assert!(wire.read_reply().err().starts_with("INDOUBT "), "{}", proxy.log());
}

/// Consumers that pop from a queue while the master changes.
struct Consumers {
    threads: Vec<thread::JoinHandle<Vec<String>>>,
}

impl Consumers {
    fn start(proxy: &Tidegate) -> Self {
        let one = |n: usize| {
            let addr = proxy.addr();
            let mut wire =
                if n.is_multiple_of(2) { Wire::connect(addr) } else { Wire::connect3(addr) };
            thread::spawn(move || {
                let mut popped = Vec::new();
                loop {
                    let timeout = if n < 2 { "0" } else { "5" };
                    let reply = wire.cmd(&["BLPOP", "queue", timeout]);
                    match reply {
                        Reply::Array(it) if it[1].str() == "end" => return popped,
                        Reply::Array(it) => popped.push(it[1].str().to_owned()),
                        Reply::Null => {}
                        other => {
                            eprintln!("consumer {n}: {other:?}");
                            popped.push(format!("{other:?}"));
                            return popped;
                        }
                    }
                }
            })
        };
        Self { threads: (0..4).map(one).collect() }
    }

    /// Ends them; all that they got.
    #[track_caller]
    fn finish(self, wire: &mut Wire) -> Vec<String> {
        for _ in &self.threads {
            wire.cmd(&["RPUSH", "queue", "end"]).int();
        }
        let mut all: Vec<_> = self.threads.into_iter().flat_map(|it| it.join().unwrap()).collect();
        all.sort_unstable();
        all
    }
}

/// Pushes elements until `until` says so, and returns them in order.
#[track_caller]
fn push_until(wire: &mut Wire, pushed: &mut Vec<String>, mut until: impl FnMut() -> bool) {
    while !until() {
        let element = format!("{:06}", pushed.len());
        let reply = wire.cmd(&["RPUSH", "queue", &element]);
        assert!(!reply.is_err(), "{reply:?}");
        pushed.push(element);
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn consumers_do_not_notice_the_command_failover() {
    for flavor in Flavor::ALL {
        let a = RedisServer::spawn(flavor);
        let b = RedisServer::builder(flavor).replica_of(a.addr()).start();
        a.wait_attached(&b);
        let proxy = ConfigBuilder::new(a.addr(), &[b.addr()]).start();
        let (consumers, mut wire, mut pushed) = (Consumers::start(&proxy), proxy.wire(), vec![]);
        for turn in 0..4 {
            let (old, new) = if turn % 2 == 0 { (&a, &b) } else { (&b, &a) };
            let started = Instant::now();
            push_until(&mut wire, &mut pushed, || started.elapsed() > Duration::from_millis(200));
            old.wait_attached(new);
            old.cmd(&["FAILOVER"]).ok();
            push_until(&mut wire, &mut pushed, || {
                new.info("replication").get("role") == Some("master")
            });
        }
        let started = Instant::now();
        push_until(&mut wire, &mut pushed, || started.elapsed() > Duration::from_millis(200));
        assert_eq!(consumers.finish(&mut wire), pushed, "{flavor:?}\n{}", proxy.log());
    }
}

/// Sentinel closes the connections of the old master's clients.
#[test]
fn idle_consumers_do_not_notice_a_failover_by_sentinel() {
    let trio = Trio::spawn(Flavor::Redis70);
    let sentinel = Sentinel::of(&trio.master);
    sentinel.wait_for(&trio.replicas.each_ref().map(RedisServer::port));
    let proxy = Tidegate::for_trio(&trio).start();
    let consumers = Consumers::start(&proxy);
    trio.master.wait_blocked(4);
    sentinel.ask(&["SENTINEL", "FAILOVER", "m"]).unwrap().ok();
    let mut heir = None;
    eventually(PATIENCE, || {
        let port = sentinel.master_port();
        heir = trio.replicas.iter().find(|it| Some(it.port()) == port);
        heir.map(|_| ()).ok_or_else(|| format!("{port:?}"))
    });
    let heir = heir.unwrap();
    eventually(PATIENCE, || match trio.master.info("replication") {
        info if info.get("role") == Some("slave") => Ok(()),
        info => Err(info.0),
    });
    heir.wait_blocked(4);
    let (mut wire, mut pushed) = (proxy.wire(), vec![]);
    let started = Instant::now();
    push_until(&mut wire, &mut pushed, || started.elapsed() > Duration::from_millis(300));
    assert_eq!(consumers.finish(&mut wire), pushed, "{}", proxy.log());
}
