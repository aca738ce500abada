//! Reads that cost too much for a worker's thread: a server answers them, or the engine on a thread
//! of its own.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

/// How many members `big` has.
const MANY: usize = 50_000;

fn proxy_of(master: &RedisServer, dir: &Path) -> Tidegate {
    ReplicaPort::local(master, dir)
        .set("reads", "balance", "\"round-robin\"")
        .set("admin", "commands", "\"master\"")
        .set("proxy", "workers", "1")
        // A session takes turns over the engine and the replica at this level alone.
        .set("reads", "consistency", "\"bounded\"")
        .start()
}

/// A master with a large set and a large string.
fn master() -> RedisServer {
    let master = RedisServer::spawn(Flavor::Redis70);
    let members = (0..MANY).map(|number| format!("m{number}"));
    let words: Vec<String> =
        ["SADD", "big"].map(str::to_owned).into_iter().chain(members).collect();
    assert_eq!(master.cmd(&words), Reply::Int(50_000));
    master.cmd(&["SET", "long", &"x".repeat(4 << 20)]).ok();
    master.cmd(&["SET", "k", "1"]).ok();
    master
}

/// Reads that cost too much, and give the same reply each time.
const SLOW: [&[&str]; 4] = [
    &["SORT_RO", "big", "ALPHA", "LIMIT", "0", "3"],
    &["SINTERCARD", "2", "big", "big"],
    &["GET", "long"],
    &["KEYS", "*"],
];

#[test]
fn a_slow_read_goes_to_a_server() {
    let master = master();
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.wait_synced(&replica);
    let dir = tempfile::tempdir().unwrap();
    let proxy = proxy_of(&master, dir.path());
    let mut wire = proxy.wire();
    let strlens = |wire: &mut Wire| {
        let before = replica.calls("strlen");
        (0..100).for_each(|_| assert_eq!(wire.cmd(&["STRLEN", "k"]), Reply::Int(1)));
        replica.calls("strlen") - before
    };
    // Both are fresh: each has half of the others.
    eventually(PATIENCE, || match strlens(&mut wire) {
        50 => Ok(()),
        other => Err(format!("{other} of 100 reads went to the other replica")),
    });
    for slow in SLOW.iter().filter(|slow| slow[0] != "KEYS") {
        let name = slow[0].to_lowercase();
        let wanted = replica.cmd(slow);
        // While the replica is late, the engine answers all the same, on a thread of its own.
        eventually(PATIENCE, || {
            let before = replica.calls(&name);
            (0..10).for_each(|_| assert_eq!(wire.cmd(slow), wanted, "{slow:?}"));
            assert_eq!(master.calls(&name), 0, "{slow:?}");
            let there = replica.calls(&name) - before;
            if there == 10 { Ok(()) } else { Err(format!("{slow:?}: {there} of 10")) }
        });
    }
    // What is behind it in the same packet comes behind it.
    let pipeline = [encode(SLOW[0]), encode(&["GET", "k"]), encode(SLOW[1])].concat();
    wire.send_raw(&pipeline);
    assert_eq!(wire.read_reply(), replica.cmd(SLOW[0]));
    assert_eq!(wire.read_reply().str(), "1");
    assert_eq!(wire.read_reply(), replica.cmd(SLOW[1]));
}

#[test]
fn an_engine_that_is_alone_answers_it_on_a_thread_of_its_own() {
    let master = master();
    let dir = tempfile::tempdir().unwrap();
    let proxy = proxy_of(&master, dir.path());
    let mut wire = proxy.wire();
    wait_read_fresh(&mut wire, "k");
    let sorted = |reply: Reply| match reply {
        Reply::Array(mut all) => {
            all.sort_by_key(|it| format!("{it:?}"));
            Reply::Array(all)
        }
        other => other,
    };
    let wanted = SLOW.map(|slow| sorted(master.cmd(slow)));
    let before = SLOW.map(|slow| master.calls(&slow[0].to_lowercase()));
    let pipeline = SLOW.map(|slow| [encode(slow), encode(&["STRLEN", "k"])].concat()).concat();
    for _ in 0..3 {
        wire.send_raw(&pipeline);
        for (slow, wanted) in SLOW.iter().zip(&wanted) {
            assert_eq!(sorted(wire.read_reply()), *wanted, "{slow:?}");
            assert_eq!(wire.read_reply(), Reply::Int(1), "behind {slow:?}");
        }
    }
    assert_eq!(SLOW.map(|slow| master.calls(&slow[0].to_lowercase())), before);
    // An iteration that asks for all at once has a cursor of the engine's.
    let Reply::Array(step) = wire.cmd(&["SSCAN", "big", "0", "COUNT", "1000000"]) else { panic!() };
    assert_eq!(step[0].str(), "0");
    assert!(matches!(&step[1], Reply::Array(all) if all.len() == MANY));
}

#[test]
fn other_clients_do_not_wait_for_it() {
    let master = master();
    let dir = tempfile::tempdir().unwrap();
    let proxy = proxy_of(&master, dir.path());
    let (mut slow, mut quick) = (proxy.wire(), proxy.wire());
    wait_read_fresh(&mut quick, "k");
    slow.send_raw(&encode(&["SORT_RO", "big", "ALPHA"]).repeat(12));
    let waiting = thread::spawn(move || {
        (0..12).for_each(|_| assert!(matches!(slow.read_reply(), Reply::Array(_))));
        Instant::now()
    });
    // A write and a read, on the same worker.
    quick.cmd(&["SET", "other", "1"]).ok();
    assert_eq!(quick.cmd(&["GET", "k"]).str(), "1");
    let answered = Instant::now();
    assert!(waiting.join().unwrap() > answered, "it was answered after all slow reads");
}

/// The link and long reads at the engine's own port take turns: neither starves.
#[test]
fn the_stream_goes_on_between_slow_reads_at_the_port() {
    let master = master();
    let local = Local::of(master.addr());
    local.wait_equal(&master);
    let addr = ([127, 0, 0, 1], local.engine.port().unwrap()).into();
    let reading = thread::spawn(move || {
        let mut wire = Wire::connect(addr);
        let request = encode(&["SORT_RO", "big", "ALPHA"]);
        wire.send_raw(&request.repeat(20));
        (0..20).for_each(|_| assert!(matches!(wire.read_reply(), Reply::Array(_))));
        Instant::now()
    });
    thread::sleep(Duration::from_millis(20));
    master.cmd(&["SET", "during", "1"]).ok();
    local.wait_value("during", "1");
    let applied = Instant::now();
    assert!(reading.join().unwrap() > applied, "the stream waited for all slow reads");
}
