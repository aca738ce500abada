//! PROXY, the proxy's own command.

use std::time::Duration;

use crate::support::*;

const SOON: Duration = Duration::from_secs(10);

/// A proxy before three servers that lets operators in.
fn open() -> (Trio, Tidegate) {
    let trio = Trio::spawn(Flavor::Redis70);
    // Nobody is stale here, however slow the machine is.
    let config = Tidegate::for_trio(&trio).set("reads", "max-lag", "\"60s\"");
    let proxy = config.set("admin", "commands", "\"master\"").start();
    (trio, proxy)
}

/// A field of a record: a map, or a flat list.
#[track_caller]
fn field(record: &Reply, name: &str) -> Reply {
    let pairs = record.pairs();
    let found = pairs.into_iter().find(|(key, _)| key.str() == name);
    found.unwrap_or_else(|| panic!("no {name} in {record:?}")).1
}

#[track_caller]
fn text(record: &Reply, name: &str) -> String {
    field(record, name).str().to_owned()
}

#[track_caller]
fn explain(wire: &mut Wire, request: &str) -> Reply {
    let words: Vec<&str> = ["PROXY", "EXPLAIN"].into_iter().chain(request.split(' ')).collect();
    wire.cmd(&words)
}

#[test]
fn only_for_whoever_may_use_admin_commands() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[]).start();
    let mut wire = proxy.wire();
    let requests: [&[&str]; 6] = [
        &["PROXY", "HELP"],
        &["proxy", "topology"],
        &["PROXY", "EXPLAIN", "GET", "k"],
        &["PROXY", "RELOAD"],
        &["PROXY", "NONSENSE"],
        &["PROXY"],
    ];
    for request in requests {
        let error = wire.cmd(request);
        assert!(error.err().starts_with("NOPERM 'proxy"), "{error:?}");
    }
    let locked = ConfigBuilder::new(server.addr(), &[])
        .set("admin", "commands", "\"master\"")
        .set("proxy", "requirepass", "\"secret\"")
        .start();
    assert!(locked.wire().cmd(&["PROXY", "HELP"]).err().starts_with("NOAUTH"));
}

#[test]
fn wrong_words_are_answered_as_redis_does() {
    let (_trio, proxy) = open();
    let mut wire = proxy.wire();
    for (request, error) in [
        (&["PROXY"][..], "ERR wrong number of arguments for 'proxy' command"),
        (&["PROXY", "HELP", "x"], "ERR wrong number of arguments for 'proxy|help' command"),
        (&["PROXY", "EXPLAIN"], "ERR wrong number of arguments for 'proxy|explain' command"),
        (&["PROXY", "Reload", "x"], "ERR wrong number of arguments for 'proxy|reload' command"),
        (&["PROXY", "Nonsense"], "ERR unknown subcommand 'Nonsense'. Try PROXY HELP."),
        (&["PROXY", "x\r\ny", "z"], "ERR unknown subcommand 'x  y'. Try PROXY HELP."),
    ] {
        assert_eq!(wire.cmd(request).err(), error);
    }
    // It cannot be queued, and fails the transaction as what Redis refuses does.
    let replies = wire.pipeline(&[&["MULTI"], &["PROXY", "HELP"], &["SET", "k", "v"], &["EXEC"]]);
    assert!(replies[1].err().contains("not possible in a transaction"), "{replies:?}");
    assert!(replies[3].err().starts_with("EXECABORT"), "{replies:?}");
    assert!(wire.cmd(&["GET", "k"]).is_null());
    // A pause of the clients is none for the operator.
    wire.cmd(&["CLIENT", "PAUSE", "60000", "ALL"]).ok();
    assert_eq!(wire.cmd(&["PROXY", "TOPOLOGY"]).array().len(), 4);
}

#[test]
fn help_lists_every_subcommand() {
    let (_trio, proxy) = open();
    let mut wire = proxy.wire();
    let lines = wire.cmd(&["proxy", "help"]);
    assert!(lines.array().iter().all(|line| matches!(line, Reply::Simple(_))), "{lines:?}");
    let lines = lines.strings();
    for name in ["EXPLAIN <command> [<arg> ...]", "RELOAD", "TOPOLOGY", "HELP"] {
        assert!(lines.contains(&name.to_owned()), "{lines:?}");
    }
}

#[test]
fn topology_tells_of_the_proxy_and_of_every_server() {
    let (mut trio, proxy) = open();
    for version in [2, 3] {
        let mut wire = proxy.wire();
        if version == 3 {
            wire.hello3();
        }
        let topology = wire.cmd(&["PROXY", "TOPOLOGY"]);
        let [own, master, first, second] = topology.array() else { panic!("{topology:?}") };
        assert_eq!(matches!(own, Reply::Map(_)), version == 3, "{own:?}");
        assert_eq!(text(own, "role"), "proxy");
        assert_eq!(text(own, "master"), trio.master.addr().to_string());
        assert_eq!(field(own, "config-generation").int(), 1);
        assert!(field(own, "topology-generation").int() > 0);
        let addr = |record: &Reply| text(record, "addr");
        assert_eq!(addr(master), trio.master.addr().to_string());
        assert_eq!([addr(first), addr(second)], trio.replica_addrs().map(|a| a.to_string()));
        assert_eq!((text(master, "role"), text(master, "reads")), ("master".into(), "no".into()));
        for replica in [first, second] {
            assert_eq!(text(replica, "role"), "replica");
            assert_eq!(
                (text(replica, "reads"), text(replica, "reason")),
                ("yes".into(), String::new())
            );
        }
    }
    trio.replicas[0].kill();
    let mut wire = proxy.wire();
    eventually(SOON, || {
        let topology = wire.cmd(&["PROXY", "TOPOLOGY"]);
        let dead = topology
            .array()
            .iter()
            .skip(1)
            .find(|record| text(record, "addr") == trio.replica_addrs()[0].to_string());
        let dead = dead.unwrap();
        let told = text(dead, "reads") == "no" && !text(dead, "reason").is_empty();
        if told { Ok(()) } else { Err(format!("{dead:?}")) }
    });
}

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
    assert_eq!(field(&told, "max-lag-ms").int(), 60_000);
    assert!(field(&told, "floor").is_null());
    assert_eq!(text(&explain(&mut wire, "PING"), "route"), "proxy");
    assert_eq!(text(&explain(&mut wire, "PROXY RELOAD"), "route"), "proxy");
    assert_eq!(text(&explain(&mut wire, "PSYNC ? -1"), "route"), "none");
    assert!(text(&explain(&mut wire, "GET k k"), "note").contains("takes 2 words, 3 were given"));
    assert!(text(&explain(&mut wire, "SET k"), "note").contains("takes at least 3 words, 2"));
    // Nothing of all that was run.
    assert_eq!(trio.master.cmd(&["DBSIZE"]).int(), 0);
    assert_eq!(wire.cmd(&["GET", "k"]), Reply::Null);
}

/// Whatever is asked about, there is an answer, nothing is run, and the session stays as it is.
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
    let names = ::tidegate::command::all().map(|row| row.name);
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

/// Before RESET a monitor's or (in RESP2) a subscriber's words go to its server, which knows no
/// PROXY; with replies off it is silent.
#[test]
fn every_state_of_a_session_has_its_answer() {
    let (_trio, proxy) = open();
    for state in [&["SUBSCRIBE", "c"][..], &["MONITOR"]] {
        let mut wire = proxy.wire();
        wire.cmd(state);
        wire.send(&["PROXY", "RELOAD"]);
        let error = eventually(SOON, || match wire.read_reply() {
            Reply::Error(text) => Ok(text),
            heard => Err(format!("{heard:?}")),
        });
        assert!(error.starts_with("ERR unknown command"), "{error}");
    }
    let mut pushed = Wire::connect3(proxy.addr());
    pushed.cmd(&["SUBSCRIBE", "c"]);
    assert_eq!(pushed.cmd(&["PROXY", "TOPOLOGY"]).array().len(), 4);
    pushed.cmd(&["PROXY", "RELOAD"]).ok();
    let mut watching = proxy.wire();
    watching.cmd(&["WATCH", "k"]).ok();
    watching.cmd(&["PROXY", "RELOAD"]).ok();
    assert_eq!(text(&explain(&mut watching, "PROXY HELP"), "route"), "proxy");
    let mut silent = proxy.wire();
    silent.send(&["CLIENT", "REPLY", "OFF"]);
    silent.send(&["PROXY", "RELOAD"]);
    silent.send(&["PROXY", "EXPLAIN", "GET", "k"]);
    silent.cmd(&["CLIENT", "REPLY", "ON"]).ok();
    silent.send(&["CLIENT", "REPLY", "SKIP"]);
    silent.send(&["PROXY", "RELOAD"]);
    assert_eq!(silent.cmd(&["PROXY", "TOPOLOGY"]).array().len(), 4);
}

#[test]
fn explain_follows_the_session_and_the_iteration() {
    let (trio, proxy) = open();
    for n in 0..500 {
        trio.master.cmd(&["SET", &n.to_string(), "v"]).ok();
    }
    trio.wait_synced();
    let master = trio.master.addr().to_string();
    let mut wire = Wire::connect3(proxy.addr());
    // Whoever gave the cursor out goes on with it, however often that is asked.
    let cursor = wire.cmd(&["SCAN", "0"]).array()[0].str().to_owned();
    let owner = text(&explain(&mut wire, &format!("SCAN {cursor}")), "route");
    assert_ne!(owner, master);
    for _ in 0..4 {
        assert_eq!(text(&explain(&mut wire, &format!("SCAN {cursor}")), "route"), owner);
    }
    assert_eq!(text(&explain(&mut wire, "SCAN 7"), "route"), master);
    wire.cmd(&["READWRITE"]).ok();
    let told = explain(&mut wire, "GET k");
    assert_eq!(text(&told, "route"), master);
    assert!(text(&told, "why").contains("READWRITE"), "{told:?}");
    wire.cmd(&["READONLY"]).ok();
    assert_ne!(text(&explain(&mut wire, "GET k"), "route"), master);
    wire.cmd(&["WATCH", "k"]).ok();
    let told = explain(&mut wire, "GET k");
    assert_eq!(text(&told, "route"), master);
    assert!(text(&told, "why").contains("connection of its own"), "{told:?}");
}

#[test]
fn explain_says_so_where_there_is_no_route() {
    let mut server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]).set("admin", "commands", "\"master\"");
    let proxy = config.start();
    server.kill();
    let mut wire = proxy.wire();
    eventually(SOON, || {
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
    eventually(SOON, || {
        let topology = wire.cmd(&["PROXY", "TOPOLOGY"]);
        let own = &topology.array()[0];
        let gate = (field(own, "good-replicas").int(), text(own, "writes-pass"));
        if gate == (2, "no".to_owned()) { Ok(()) } else { Err(format!("{gate:?}")) }
    });
    for request in ["SET k v", "EVAL x 0", "frobnicate"] {
        let told = explain(&mut wire, request);
        assert!(text(&told, "route").starts_with("-NOREPLICAS "), "{told:?}");
        assert!(text(&told, "why").contains("2 of 3 replicas keep up"), "{told:?}");
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
    let mut states = || {
        let topology = wire.cmd(&["PROXY", "TOPOLOGY"]);
        [2, 3].map(|at: usize| {
            let record = &topology.array()[at];
            (text(record, "state"), text(record, "reason"), field(record, "lag-ms"))
        })
    };
    eventually(SOON, || {
        let states = states();
        let fresh = states.iter().all(|(state, reason, lag)| {
            state == "fresh" && reason.is_empty() && matches!(lag, Reply::Int(_))
        });
        if fresh { Ok(()) } else { Err(format!("{states:?}")) }
    });
    trio.replicas.iter_mut().for_each(RedisServer::pause);
    eventually(SOON, || {
        let states = states();
        let doubted =
            states.iter().all(|(state, reason, _)| state != "fresh" && !reason.is_empty());
        if doubted { Ok(()) } else { Err(format!("{states:?}")) }
    });
    let told = explain(&mut wire, "GET k");
    assert!(text(&told, "route").starts_with("-MASTERDOWN No replica is fresh"), "{told:?}");
    assert_eq!(text(&explain(&mut wire, "SET k v"), "route"), trio.master.addr().to_string());
    trio.replicas.iter_mut().for_each(RedisServer::resume);
}
