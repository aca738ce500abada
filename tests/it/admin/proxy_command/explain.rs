//! PROXY EXPLAIN: what it says of a request, which it does not run.

use super::{explain, field, open, text};
use crate::support::*;

#[test]
fn explain_tells_class_keys_and_route() {
    let (trio, proxy) = open();
    let mut wire = proxy.wire();
    let master = trio.master.addr().to_string();
    let replicas = trio.replica_addrs().map(|addr| addr.to_string());
    for (request, class, keys, pinned) in [
        ("SET k v", "write", &["k"][..], "no"),
        ("mset a 1 b 2", "write", &["a", "b"], "no"),
        ("GET k", "read", &["k"], "no"),
        ("EVAL_RO x 2 a b c", "read", &["a", "b"], "no"),
        ("BLPOP a b 0", "write", &["a", "b"], "until it is answered"),
        ("XREAD BLOCK 0 STREAMS a 0", "read", &["a"], "until it is answered"),
        ("XREAD STREAMS a 0", "read", &["a"], "no"),
        ("WATCH a", "master", &["a"], "until EXEC or DISCARD"),
        ("CONFIG GET *", "admin", &[], "no"),
        ("INFO", "master", &[], "no"),
        ("frobnicate a", "write", &[], "no"),
    ] {
        let told = explain(&mut wire, request);
        let got = text(&told, "class");
        let class = if request.starts_with("EVAL_RO") || request.starts_with("WATCH") {
            got.clone()
        } else {
            class.to_owned()
        };
        assert_eq!(got, class, "{request}");
        assert_eq!(field(&told, "keys").strings(), keys, "{request}");
        assert_eq!(text(&told, "pinned"), pinned, "{request}");
        let route = text(&told, "route");
        let read = matches!(request.split(' ').next(), Some("GET" | "XREAD" | "EVAL_RO"));
        let expected = if read { replicas.contains(&route) } else { route == master };
        assert!(expected, "{request} goes to {route}: {told:?}");
        assert_eq!(field(&told, "candidates").array().len(), 3);
    }
    assert!(text(&explain(&mut wire, "GET k"), "why").contains("proven to be fresh"));
    assert!(text(&explain(&mut wire, "frobnicate"), "why").contains("neither"));
    let told = explain(&mut wire, "GET k");
    assert_eq!(field(&told, "max_lag_ms").int(), 60_000);
    assert!(field(&told, "minimum_offset").is_null());
    assert_eq!(text(&explain(&mut wire, "PING"), "route"), "proxy");
    assert_eq!(text(&explain(&mut wire, "PROXY RELOAD"), "route"), "proxy");
    assert_eq!(text(&explain(&mut wire, "PSYNC ? -1"), "route"), "none");
    assert!(text(&explain(&mut wire, "GET k k"), "note").contains("takes 2 words, 3 were given"));
    assert!(text(&explain(&mut wire, "SET k"), "note").contains("takes at least 3 words, 2"));
    // Nothing of all that was run.
    assert_eq!(trio.master.cmd(&["DBSIZE"]).int(), 0);
    assert_eq!(wire.cmd(&["GET", "k"]), Reply::Null);
}

/// Every request gets an explanation, is not run, and leaves the session unchanged.
#[test]
fn explain_takes_any_words() {
    let (trio, mut proxy) = open();
    let mut wire = Wire::connect3(proxy.addr());
    let large = "9".repeat(100_000);
    let tails: [&[&str]; 10] = [
        &[],
        &[""],
        &["k"],
        &["18446744073709551615", "-1", "0"],
        &["-1", "18446744073709551616", "x", "2"],
        &["2", "9223372036854775807", "k", "k"],
        &["STREAMS", "BLOCK", "STORE", "KEYS", "STREAMS"],
        &["k", "BY", "STORE", "GET", "STORE"],
        &["\r\n", "\0", "x|y", "*"],
        &[&large, &large],
    ];
    let names = tidegate_wire::command::all().map(|row| row.name);
    for name in names.chain(["", "proxy", "x|y", "client|list", "\r\n", &large]) {
        for tail in tails {
            let words: Vec<&str> = name.split('|').chain(tail.iter().copied()).collect();
            wire.send(&[&["PROXY", "EXPLAIN"][..], &words].concat());
            let told = wire.read_reply();
            assert!(!text(&told, "class").is_empty() && !text(&told, "route").is_empty());
        }
    }
    assert_eq!(wire.cmd(&["PING"]).str(), "PONG");
    assert_eq!(
        client_list::of_server(&trio.master).iter().filter(|it| it.has_flag('P')).count(),
        0
    );
    assert_eq!(trio.master.cmd(&["DBSIZE"]).int(), 0);
    proxy.assert_alive();
}

#[test]
fn explain_follows_the_session_and_the_iteration() {
    let (trio, proxy) = open();
    for n in 0..500 {
        trio.master.cmd(&["SET", &n.to_string(), "v"]).ok();
    }
    trio.wait_synced();
    // The keys are written past the proxy: its replicas have to be fresh first.
    wait_serving(&proxy, 2);
    let master = trio.master.addr().to_string();
    let mut wire = Wire::connect3(proxy.addr());
    // The server that gave the cursor continues the iteration, however often it is explained.
    let cursor = wire.cmd(&["SCAN", "0"]).array()[0].str().to_owned();
    let told = explain(&mut wire, &format!("SCAN {cursor}"));
    let owner = text(&told, "route");
    assert_ne!(owner, master, "{told:?}");
    for _ in 0..4 {
        assert_eq!(text(&explain(&mut wire, &format!("SCAN {cursor}")), "route"), owner);
    }
    assert_eq!(text(&explain(&mut wire, "SCAN 7"), "route"), master);
    wire.cmd(&["READWRITE"]).ok();
    let told = explain(&mut wire, "GET k");
    assert_eq!(text(&told, "route"), master);
    assert!(text(&told, "why").contains("READWRITE"), "{told:?}");
    wire.cmd(&["READONLY"]).ok();
    // The session may have read the master's data: its bound is asked for first.
    eventually(PATIENCE, || {
        let told = explain(&mut wire, "GET k");
        if text(&told, "route") == master { Err(text(&told, "why")) } else { Ok(()) }
    });
    wire.cmd(&["WATCH", "k"]).ok();
    let told = explain(&mut wire, "GET k");
    assert_eq!(text(&told, "route"), master);
    assert!(text(&told, "why").contains("connection of its own"), "{told:?}");
}

#[test]
fn explain_says_that_there_is_no_route() {
    let mut server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]).set("admin", "commands", "\"master\"");
    let proxy = config.start();
    server.kill();
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let route = text(&explain(&mut wire, "SET k v"), "route");
        if route.starts_with("-MASTERDOWN") { Ok(()) } else { Err(route) }
    });
}

#[test]
fn a_closed_gate_is_explained() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio)
        .set("admin", "commands", "\"master\"")
        .set("writes", "min-replicas-to-write", "3")
        .start();
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let gate = &topology(&mut wire)["gate"];
        if gate["good"] == 2 && gate["open"] == false { Ok(()) } else { Err(gate.to_string()) }
    });
    for request in ["SET k v", "EVAL x 0", "frobnicate"] {
        let told = explain(&mut wire, request);
        assert!(text(&told, "route").starts_with("-NOREPLICAS "), "{told:?}");
        assert!(text(&told, "why").contains("2 of 3 replicas are in sync"), "{told:?}");
    }
    assert!(!text(&explain(&mut wire, "GET k"), "route").starts_with('-'));
}

#[test]
fn a_replica_that_is_cut_off_is_explained() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio)
        .set("admin", "commands", "\"master\"")
        .set("reads", "on-stale", "\"error\"")
        .start();
    let mut wire = proxy.wire();
    let addrs = trio.replica_addrs();
    let mut states = || addrs.map(|addr| server(&mut wire, addr));
    eventually(PATIENCE, || {
        let states = states();
        let is_fresh = |it: &serde_json::Value| {
            it["state"] == "fresh" && it["reason"].is_null() && it["lag_ms"].is_u64()
        };
        if states.iter().all(is_fresh) { Ok(()) } else { Err(format!("{states:?}")) }
    });
    trio.replicas.iter_mut().for_each(RedisServer::pause);
    eventually(PATIENCE, || {
        let states = states();
        let is_doubted =
            |it: &serde_json::Value| it["state"] != "fresh" && it["reason"].is_string();
        if states.iter().all(is_doubted) { Ok(()) } else { Err(format!("{states:?}")) }
    });
    let told = explain(&mut wire, "GET k");
    assert!(text(&told, "route").starts_with("-MASTERDOWN No replica is fresh"), "{told:?}");
    assert_eq!(text(&explain(&mut wire, "SET k v"), "route"), trio.master.addr().to_string());
    trio.replicas.iter_mut().for_each(RedisServer::resume);
}
