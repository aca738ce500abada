//! PROXY HOLD, PROXY RELEASE and PROXY FAILOVER that come while another of them is in force.

use std::time::{Duration, Instant};

use crate::support::*;

fn ok() -> Reply {
    Reply::Simple("OK".to_owned())
}

fn start(trio: &Trio) -> Tidegate {
    Tidegate::for_trio(trio).set("admin", "commands", "\"master\"").start()
}

/// How the proxy describes the hold in PROXY TOPOLOGY JSON.
fn hold(wire: &mut Wire) -> serde_json::Value {
    let text = wire.cmd(&["PROXY", "TOPOLOGY", "JSON"]).str().to_owned();
    let topology: serde_json::Value = serde_json::from_str(&text).unwrap();
    topology["hold"].clone()
}

/// A failover that does not end by itself: the replica `to` is frozen, and lacks a write.
fn begin_failover(trio: &mut Trio, proxy: &Tidegate) -> Wire {
    trio.wait_synced();
    let to = trio.replicas[0].addr().to_string();
    trio.replicas[0].pause();
    trio.master.cmd(&["SET", "late", "1"]).ok();
    let mut operator = proxy.wire();
    operator.send(&["PROXY", "FAILOVER", "TO", &to, "TIMEOUT", "600000"]);
    wait_failing_over(trio, true);
    operator
}

fn wait_failing_over(trio: &Trio, expected: bool) {
    eventually(PATIENCE, || {
        let state = trio
            .master
            .info("replication")
            .get("master_failover_state")
            .unwrap_or_default()
            .to_owned();
        if (state != "no-failover") == expected { Ok(()) } else { Err(state) }
    });
}

#[test]
fn a_hold_outlasts_a_failover_inside_it() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = start(&trio);
    trio.wait_synced();
    let (mut operator, mut wire) = (proxy.wire(), proxy.wire());
    assert_eq!(operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "600000"]), ok());
    let reply = operator.cmd(&["PROXY", "FAILOVER"]);
    assert!(matches!(reply, Reply::Array(_)), "{reply:?}");
    wire.send(&["SET", "k", "1"]);
    wire.expect_silence(Duration::from_millis(300));
    assert_eq!(hold(&mut operator)["reason"], "operator");
    assert_eq!(operator.cmd(&["PROXY", "RELEASE"]), ok());
    assert_eq!(wire.read_reply(), ok());
}

#[test]
fn the_last_of_two_holds_counts() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = start(&trio);
    let (mut operator, mut wire) = (proxy.wire(), proxy.wire());
    assert_eq!(operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "300"]), ok());
    wire.send(&["SET", "k", "1"]);
    assert_eq!(operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "600000"]), ok());
    let left_ms = hold(&mut operator)["left_ms"].as_u64().unwrap();
    assert!((300_000..=600_000).contains(&left_ms), "{left_ms}");
    // Longer than the first one, and than the time in which its end would be noticed.
    wire.expect_silence(Duration::from_secs(3));
    assert_eq!(operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "10"]), ok());
    assert_eq!(wire.read_reply(), ok());
}

/// How long PROXY HOLD takes while four clients wait in BLPOP at the master: the median.
pub fn median_hold() -> Duration {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = start(&trio);
    let mut blocked: [Wire; 4] = std::array::from_fn(|_| proxy.wire());
    blocked.iter_mut().for_each(|wire| wire.send(&["BLPOP", "none", "0"]));
    let mut operator = proxy.wire();
    let mut times: Vec<_> = (0..21)
        .map(|round| {
            trio.master.wait_blocked(4);
            // At any moment between two ticks.
            std::thread::sleep(Duration::from_millis(13 * round));
            let asked = Instant::now();
            assert_eq!(operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "600000"]), ok());
            let took = asked.elapsed();
            assert_eq!(operator.cmd(&["PROXY", "RELEASE"]), ok());
            took
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

#[test]
fn a_release_gives_a_failover_up() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = start(&trio);
    let mut failing = begin_failover(&mut trio, &proxy);
    let (mut operator, mut wire) = (proxy.wire(), proxy.wire());
    wire.send(&["SET", "k", "1"]);
    assert_eq!(operator.cmd(&["PROXY", "RELEASE"]), ok());
    let error = failing.read_reply().err().to_owned();
    assert!(error.starts_with("ERR ") && error.contains("PROXY RELEASE"), "{error}");
    assert_eq!(wire.read_reply(), ok());
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "1");
    wait_failing_over(&trio, false);
    trio.replicas[0].resume();
}

/// As FAILOVER at a server.
#[test]
fn a_second_failover_is_refused_while_one_is_under_way() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = start(&trio);
    let mut failing = begin_failover(&mut trio, &proxy);
    let mut operator = proxy.wire();
    for line in [&["PROXY", "FAILOVER"][..], &["PROXY", "FAILOVER", "TIMEOUT", "1"]] {
        assert_eq!(operator.cmd(line).err(), "ERR FAILOVER already in progress.");
    }
    assert_eq!(operator.cmd(&["PROXY", "RELEASE"]), ok());
    assert!(failing.read_reply().err().contains("PROXY RELEASE"));
    trio.replicas[0].resume();
    wait_failing_over(&trio, false);
    let reply = operator.cmd(&["PROXY", "FAILOVER"]);
    assert!(matches!(reply, Reply::Array(_)), "{reply:?}");
}

/// FAILOVER ABORT, or the end of the time that FAILOVER had.
#[test]
fn a_failover_that_its_master_ends_is_given_up() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = start(&trio);
    let mut failing = begin_failover(&mut trio, &proxy);
    assert_eq!(proxy.wire().cmd(&["FAILOVER", "ABORT"]), ok());
    let error = failing.read_reply().err().to_owned();
    assert!(error.starts_with("ERR ") && error.contains("given up"), "{error}");
    assert_eq!(proxy.wire().cmd(&["SET", "k", "1"]), ok());
    trio.replicas[0].resume();
}

#[test]
fn a_proxy_that_ends_gives_its_failover_up() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let mut proxy = start(&trio);
    let mut failing = begin_failover(&mut trio, &proxy);
    proxy.sigterm();
    let error = failing.read_reply().err().to_owned();
    assert!(error.starts_with("ERR ") && error.contains("given up"), "{error}");
    wait_failing_over(&trio, false);
    assert_eq!(trio.master.cmd(&["SET", "k", "1"]), ok());
    trio.replicas[0].resume();
}

/// redis-py, node-redis and others ask for CLIENT MAINT_NOTIFICATIONS when they connect.
#[test]
fn client_libraries_connect_and_read_in_a_hold() {
    for flavor in Flavor::ALL {
        let trio = Trio::spawn(flavor);
        let proxy = start(&trio);
        assert_eq!(proxy.wire().cmd(&["PROXY", "HOLD", "TIMEOUT", "600000"]), ok());
        let mut wire = proxy.wire();
        let handshake: [&[&str]; 4] = [
            &["CLIENT", "SETINFO", "LIB-NAME", "redis-py"],
            &["CLIENT", "MAINT_NOTIFICATIONS", "ON", "moving-endpoint-type", "internal-ip"],
            &["CLIENT", "MAINT_NOTIFICATIONS", "OFF"],
            &["GET", "k"],
        ];
        for words in handshake {
            let here = wire.cmd(words);
            if words[1] == "MAINT_NOTIFICATIONS" {
                assert_eq!(here, trio.master.cmd(words), "{flavor:?} {words:?}");
            }
        }
    }
}

#[test]
fn an_explanation_tells_that_a_request_waits() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = start(&trio);
    let mut wire = proxy.wire();
    assert_eq!(wire.cmd(&["PROXY", "HOLD", "TIMEOUT", "600000"]), ok());
    for line in ["SET k 1", "MULTI", "BLPOP k 0", "INFO"] {
        let words: Vec<_> = ["PROXY", "EXPLAIN"].into_iter().chain(line.split(' ')).collect();
        let reply = wire.cmd(&words);
        let fields = reply.array();
        let at = |name: &str| {
            let at = fields.iter().position(|it| *it == Reply::Bulk(name.into())).unwrap();
            fields[at + 1].str().to_owned()
        };
        assert_eq!(at("route"), "held", "{line}");
        assert!(at("why").contains("an operator holds the writes"), "{line}: {}", at("why"));
    }
}
