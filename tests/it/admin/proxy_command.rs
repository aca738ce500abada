//! PROXY, the proxy's own command.

use std::time::Duration;

use crate::support::*;

const SOON: Duration = Duration::from_secs(10);

/// Lines of PROXY TOPOLOGY for three servers: the head, one each, and the write gate.
const LINES: usize = 5;

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
fn what_only_looks_is_open_and_what_changes_is_an_operators() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[]).start();
    let mut wire = proxy.wire();
    let open: [&[&str]; 4] = [
        &["PROXY", "HELP"],
        &["proxy", "topology"],
        &["PROXY", "TOPOLOGY", "JSON"],
        &["PROXY", "EXPLAIN", "GET", "k"],
    ];
    for request in open {
        let reply = wire.cmd(request);
        assert!(!reply.is_err(), "{request:?}: {reply:?}");
    }
    let error = wire.cmd(&["PROXY", "RELOAD"]);
    assert!(error.err().starts_with("NOPERM 'proxy|reload'"), "{error:?}");
    // EXPLAIN tells the same.
    for request in ["PROXY RELOAD", "CONFIG GET save", "SHUTDOWN"] {
        let told = explain(&mut wire, request);
        assert_eq!(text(&told, "route"), "none", "{request}");
        assert!(text(&told, "why").contains("\"deny\" refuses"), "{request}: {told:?}");
    }
    let locked =
        ConfigBuilder::new(server.addr(), &[]).set("proxy", "requirepass", "\"secret\"").start();
    for request in open {
        assert!(locked.wire().cmd(request).err().starts_with("NOAUTH"), "{request:?}");
    }
    let mut wire = locked.wire();
    wire.cmd(&["AUTH", "secret"]).ok();
    assert!(!wire.cmd(&["PROXY", "TOPOLOGY"]).is_err());
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
        (&["PROXY", "TOPOLOGY", "YAML"], "ERR syntax error"),
        (&["PROXY", "TOPOLOGY", "JSON", "x"], "ERR syntax error"),
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
    assert_eq!(wire.cmd(&["PROXY", "TOPOLOGY"]).array().len(), LINES);
}

#[test]
fn help_lists_every_subcommand() {
    let (_trio, proxy) = open();
    let mut wire = proxy.wire();
    let lines = wire.cmd(&["proxy", "help"]);
    assert!(lines.array().iter().all(|line| matches!(line, Reply::Simple(_))), "{lines:?}");
    let lines = lines.strings();
    for name in ["EXPLAIN <command> [<arg> ...]", "RELOAD", "TOPOLOGY [JSON]", "HELP"] {
        assert!(lines.contains(&name.to_owned()), "{lines:?}");
    }
}

#[test]
fn topology_is_a_table_for_people() {
    let (mut trio, proxy) = open();
    let mut wire = proxy.wire();
    wait_read_fresh(&mut wire, "k");
    let lines = eventually(SOON, || {
        let lines = wire.cmd(&["PROXY", "TOPOLOGY"]);
        // Simple strings: redis-cli shows them as they are.
        assert!(lines.array().iter().all(|line| matches!(line, Reply::Simple(_))), "{lines:?}");
        let lines = lines.strings();
        match lines.iter().filter(|line| line.contains("  fresh  ")).count() {
            2 => Ok(lines),
            _ => Err(lines.join("\n")),
        }
    });
    let [head, master, first, second, gate] = &lines[..] else { panic!("{lines:?}") };
    let at = |name: &str| head.find(name).unwrap_or_else(|| panic!("no {name} in {head}"));
    // Columns that begin where their names do.
    for (line, addr, role) in [
        (master, trio.master.addr(), "master"),
        (first, trio.replica_addrs()[0], "replica"),
        (second, trio.replica_addrs()[1], "replica"),
    ] {
        assert!(line[at("ADDRESS")..].starts_with(&format!("{addr} ")), "{lines:#?}");
        assert!(line[at("ROLE")..].starts_with(role), "{lines:#?}");
        assert!(line[at("READS")..].starts_with("yes"), "{lines:#?}");
        assert!(line.len() <= at("WHY-NO-READS"), "{lines:#?}");
    }
    assert!(master[at("STATE")..].starts_with("- "), "{lines:#?}");
    assert!(gate.starts_with("write gate: open; 2 replicas keep up"), "{lines:#?}");
    // The same to RESP3.
    assert_eq!(Wire::connect3(proxy.addr()).cmd(&["PROXY", "TOPOLOGY"]).strings()[0], *head);
    trio.replicas[0].kill();
    eventually(SOON, || {
        let lines = wire.cmd(&["PROXY", "TOPOLOGY"]).strings();
        let dead = lines.iter().find(|it| it.contains(&trio.replica_addrs()[0].to_string()));
        match dead {
            Some(line) if line.contains("cannot be reached: Connection refused") => Ok(()),
            _ => Err(lines.join("\n")),
        }
    });
}

/// What `redis-cli` shows, as people call it and as a program reads it.
#[test]
fn redis_cli_shows_the_table_as_it_is() {
    let (_trio, proxy) = open();
    for (protocol, format) in [("-2", "--no-raw"), ("-3", "--no-raw"), ("-2", "--raw")] {
        let mut command = std::process::Command::new("redis-cli");
        command.args(["-p", &proxy.addr().port().to_string(), protocol, format]);
        let output = command.args(["PROXY", "TOPOLOGY"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), LINES, "{text}");
        // With --no-raw, as at a terminal, in front of each line is its number.
        let head = if format == "--raw" { "ID  ADDRESS" } else { "1) ID  ADDRESS" };
        assert!(lines[0].starts_with(head) && !text.contains(['"', '\\']), "{text}");
    }
}

#[test]
fn topology_has_a_json_form() {
    let (mut trio, proxy) = open();
    for version in [2, 3] {
        let mut wire = proxy.wire();
        if version == 3 {
            wire.hello3();
        }
        let reply = wire.cmd(&["proxy", "topology", "json"]);
        assert_eq!(matches!(reply, Reply::Verbatim(..)), version == 3, "{reply:?}");
        let all = topology(&mut wire);
        assert_eq!(all["master"], trio.master.addr().to_string());
        assert_eq!(all["config"]["generation"], 1);
        assert_eq!(all["config"]["last_reload_successful"], true);
        assert!(all["topology_generation"].as_u64().unwrap() > 0);
        let master = server(&mut wire, trio.master.addr());
        assert_eq!((&master["role"], &master["reads"]), (&"master".into(), &true.into()));
        assert!(master["state"].is_null() && master["lag_ms"].is_null(), "{master}");
        for addr in trio.replica_addrs() {
            assert_eq!(server(&mut wire, addr)["role"], "replica");
        }
    }
    trio.replicas[0].kill();
    let mut wire = proxy.wire();
    eventually(SOON, || {
        let dead = server(&mut wire, trio.replica_addrs()[0]);
        let told = dead["reads"] == false && dead["excluded"].is_string();
        if told { Ok(()) } else { Err(dead.to_string()) }
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
    assert_eq!(field(&told, "max_lag_ms").int(), 60_000);
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
    assert_eq!(pushed.cmd(&["PROXY", "TOPOLOGY"]).array().len(), LINES);
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
    assert_eq!(silent.cmd(&["PROXY", "TOPOLOGY"]).array().len(), LINES);
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
        let gate = &topology(&mut wire)["gate"];
        if gate["good"] == 2 && gate["open"] == false { Ok(()) } else { Err(gate.to_string()) }
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
    let addrs = trio.replica_addrs();
    let mut states = || addrs.map(|addr| server(&mut wire, addr));
    eventually(SOON, || {
        let states = states();
        let is_fresh = |it: &serde_json::Value| {
            it["state"] == "fresh" && it["reason"].is_null() && it["lag_ms"].is_u64()
        };
        if states.iter().all(is_fresh) { Ok(()) } else { Err(format!("{states:?}")) }
    });
    trio.replicas.iter_mut().for_each(RedisServer::pause);
    eventually(SOON, || {
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
