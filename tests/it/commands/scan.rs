//! SCAN and its kin through the proxy: an iteration stays with the process that began it, and when
//! that is gone it begins anew and still misses nothing.

use std::collections::BTreeSet;

use crate::support::*;

/// What a client of JavaScript can still count.
const CURSOR_MAX: u64 = 1 << 53;

fn seed(trio: &Trio, keys: usize) {
    let mut wire = trio.master.wire();
    for chunk in (0..keys).collect::<Vec<_>>().chunks(500) {
        let sets: Vec<u8> =
            chunk.iter().flat_map(|n| encode(&["SET", &format!("key:{n}"), "v"])).collect();
        wire.send_raw(&sets);
        chunk.iter().for_each(|_| wire.read_reply().ok());
    }
    trio.wait_synced();
}

/// One step with `cursor` in its place; the next cursor and the elements.
fn step(wire: &mut Wire, words: &[&str], cursor: &str) -> (String, Vec<String>) {
    let args: Vec<&str> = words.iter().map(|w| if *w == "@" { cursor } else { *w }).collect();
    let reply = wire.cmd(&args);
    assert!(!reply.is_err(), "{args:?}: {reply:?}");
    let next = reply.array()[0].str().to_owned();
    assert!(next.parse::<u64>().unwrap() < CURSOR_MAX, "cursor {next}");
    (next, reply.array()[1].strings())
}

/// A whole iteration over connections in turn; every element as it came.
fn iterate(wires: &mut [Wire], words: &[&str]) -> Vec<String> {
    let (mut cursor, mut all) = ("0".to_owned(), Vec::new());
    for turn in 0.. {
        assert!(turn < 5_000, "no end");
        let count = wires.len();
        let (next, elements) = step(&mut wires[turn % count], words, &cursor);
        all.extend(elements);
        if next == "0" {
            return all;
        }
        cursor = next;
    }
    all
}

fn keys_of(all: &[String]) -> BTreeSet<&str> {
    all.iter().map(String::as_str).filter(|k| k.starts_with("key:")).collect()
}

const SCAN: &[&str] = &["SCAN", "@", "COUNT", "100"];

fn plain_iterations(flavor: Flavor, from: &str) {
    let trio = Trio::spawn(flavor);
    seed(&trio, 5000);
    let mut master = trio.master.wire();
    for n in 0..1000 {
        let n = n.to_string();
        master.send(&["HSET", "hash", &format!("f{n}"), &n]);
        master.send(&["SADD", "set", &n]);
        master.send(&["ZADD", "zset", &n, &n]);
        (0..3).for_each(|_| assert_eq!(master.read_reply().int(), 1));
    }
    trio.wait_synced();
    let before = trio.master.calls("scan");
    let proxy = Tidegate::for_trio(&trio).reads_from(from).start();
    let mut one = [proxy.wire()];
    let all = iterate(&mut one, SCAN);
    assert_eq!((keys_of(&all).len(), all.len()), (5000, 5003), "no rehashing: each exactly once");
    if from == "replica" {
        assert_eq!(trio.master.calls("scan"), before);
    }
    // Several clients, by chance of both workers, share one iteration.
    let mut many: Vec<Wire> = (0..8).map(|_| proxy.wire()).collect();
    let all = iterate(&mut many, SCAN);
    assert_eq!((keys_of(&all).len(), all.len()), (5000, 5003));
    let pairs = iterate(&mut many, &["HSCAN", "hash", "@", "COUNT", "50"]);
    assert_eq!(pairs.len(), 2000, "a thousand fields with their values");
    assert_eq!(pairs.chunks(2).map(|p| p[0].clone()).collect::<BTreeSet<_>>().len(), 1000);
    assert_eq!(iterate(&mut many, &["SSCAN", "set", "@", "COUNT", "50"]).len(), 1000);
    assert_eq!(iterate(&mut many, &["ZSCAN", "zset", "@", "COUNT", "50"]).len(), 2000);
}

#[test]
fn iterations_are_complete_on_redis_6_2() {
    plain_iterations(Flavor::Redis62, "replica");
}

#[test]
fn iterations_are_complete_on_redis_7_0() {
    plain_iterations(Flavor::Redis70, "any");
}

#[test]
fn iterations_are_complete_on_redis_8_2() {
    plain_iterations(Flavor::Redis82, "replica");
}

#[test]
fn iterations_are_complete_on_valkey_9_1() {
    plain_iterations(Flavor::Valkey91, "replica");
}

#[test]
fn an_iteration_stays_with_its_first_server() {
    let trio = Trio::spawn(Flavor::Redis70);
    seed(&trio, 5000);
    let proxy = Tidegate::for_trio(&trio).reads_from("any").start();
    let servers = [&trio.master, &trio.replicas[0], &trio.replicas[1]];
    for _ in 0..4 {
        let before = servers.map(|server| server.calls("scan"));
        let mut wires = [proxy.wire(), proxy.wire(), proxy.wire()];
        iterate(&mut wires, SCAN);
        let asked = servers.iter().zip(before).filter(|(s, before)| s.calls("scan") > *before);
        assert_eq!(asked.count(), 1, "the iteration wandered");
    }
}

/// Half an iteration, then `fault` to the replica that began it, then the rest.
fn goes_on_after(fault: impl FnOnce(&mut Trio, usize)) {
    let mut trio = Trio::spawn(Flavor::Redis70);
    seed(&trio, 5000);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    let before = [trio.replicas[0].calls("scan"), trio.replicas[1].calls("scan")];
    let (mut cursor, mut all) = ("0".to_owned(), Vec::new());
    for _ in 0..20 {
        let (next, keys) = step(&mut wire, SCAN, &cursor);
        cursor = next;
        all.extend(keys);
    }
    let began = usize::from(trio.replicas[1].calls("scan") > before[1]);
    fault(&mut trio, began);
    for turn in 0.. {
        assert!(turn < 500, "no end");
        let (next, keys) = step(&mut wire, SCAN, &cursor);
        all.extend(keys);
        if next == "0" {
            break;
        }
        cursor = next;
    }
    assert_eq!(keys_of(&all).len(), 5000, "keys were missed");
}

#[test]
fn goes_on_when_the_replica_is_killed() {
    goes_on_after(|trio, began| trio.replicas[began].kill());
}

#[test]
fn goes_on_when_the_replica_is_a_new_process() {
    goes_on_after(|trio, began| {
        trio.replicas[began].restart();
        let Trio { master, replicas } = trio;
        master.wait_attached(&replicas[began]);
    });
}

#[test]
fn goes_on_when_another_server_has_the_port() {
    let mut stranger = None;
    goes_on_after(|trio, began| {
        let port = trio.replicas[began].port();
        trio.replicas[began].kill();
        // Another history, other keys: what a cursor means here has no bearing on the iteration.
        let server = RedisServer::builder(Flavor::Redis82).port(port).start();
        server.cmd(&["DEBUG", "POPULATE", "3000", "stranger"]).ok();
        stranger = Some(server);
    });
}

#[test]
fn invalid_cursors_get_the_servers_reply() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let (mut here, mut there) = (proxy.wire(), trio.replicas[0].wire());
    for words in [
        &["SCAN", "x"][..],
        &["SCAN", "-1"],
        &["SCAN", ""],
        &["SCAN", "1.5"],
        &["SCAN", "99999999999999999999999"],
        &["SCAN"],
        &["SCAN", "0", "COUNT", "0"],
        &["SCAN", "0", "NONSENSE"],
        &["HSCAN", "nokey", "abc"],
        &["HSCAN", "nokey"],
        &["ZSCAN", "nokey", "18446744073709551616"],
    ] {
        assert_eq!(here.cmd(words), there.cmd(words), "{words:?}");
    }
    // A number that no server gave as a cursor is answered like a step, never with an error.
    for cursor in ["1", "17", "9007199254740991", "18446744073709551615"] {
        let reply = here.cmd(&["SCAN", cursor]);
        assert_eq!(reply.array().len(), 2, "{cursor}: {reply:?}");
    }
}

#[test]
fn cursors_outlive_the_proxy_and_enter_transactions() {
    let trio = Trio::spawn(Flavor::Redis70);
    seed(&trio, 5000);
    let proxy = Tidegate::for_trio(&trio).start();
    let (cursor, mut all) = step(&mut proxy.wire(), SCAN, "0");
    drop(proxy);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    let (mut cursor, keys) = step(&mut wire, SCAN, &cursor);
    all.extend(keys);
    let calls = trio.replicas.iter().map(|replica| replica.calls("scan")).max();
    assert_eq!(calls, Some(2), "the second step went to another process");
    // A replica's cursor means nothing to the master, which serves transactions: from the start.
    wire.cmd(&["MULTI"]).ok();
    assert_eq!(wire.cmd(&["SCAN", &cursor, "COUNT", "100"]).str(), "QUEUED");
    let reply = wire.cmd(&["EXEC"]);
    let scanned = reply.array()[0].array();
    assert!(!scanned[1].strings().is_empty(), "{reply:?}");
    cursor = scanned[0].str().to_owned();
    all = scanned[1].strings();
    // And the cursor that came of it belongs to the master.
    while cursor != "0" {
        let (next, keys) = step(&mut wire, SCAN, &cursor);
        all.extend(keys);
        cursor = next;
    }
    assert_eq!(keys_of(&all).len(), 5000);
}
