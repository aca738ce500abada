//! What one client says never shows at another: databases, names, where reads go.

use std::io::Write as _;
use std::thread;

use crate::support::{
    ConfigBuilder, Flavor, PATIENCE, Pair, RedisServer, Reply, Tidegate, Trio, Wire, eventually,
    wait_read_fresh, wait_serving,
};

#[test]
fn databases_and_names_never_leak() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    for db in 0..16 {
        let mut wire = trio.master.wire();
        wire.cmd(&["SELECT", &db.to_string()]).ok();
        wire.cmd(&["SET", "which", &db.to_string()]).ok();
    }
    trio.wait_synced();
    thread::scope(|scope| {
        for client in 0..50_u64 {
            let mut wire = proxy.wire();
            scope.spawn(move || wander(&mut wire, client));
        }
    });
    for db in 0..16 {
        let mut wire = trio.master.wire();
        wire.cmd(&["SELECT", &db.to_string()]).ok();
        assert_eq!(wire.cmd(&["GET", "which"]).str(), db.to_string());
        assert_eq!(wire.cmd(&["KEYS", "of-another*"]).array(), []);
    }
}

/// Goes from database to database, in every way there is, and always finds its own.
fn wander(wire: &mut Wire, client: u64) {
    let mut random = fastrand::Rng::with_seed(client);
    if client.is_multiple_of(3) {
        wire.hello3();
    }
    let name = format!("client-{client}");
    wire.cmd(&["CLIENT", "SETNAME", &name]).ok();
    let mut db = String::from("0");
    for _ in 0..30 {
        let next = random.u8(..16).to_string();
        let (line, goes) = match random.u8(..5) {
            0 => ("SELECT ?; GET which", true),
            1 => ("MULTI; SELECT ?; EXEC; GET which", true),
            2 => ("WATCH x; SELECT ?; UNWATCH; GET which", true),
            3 => ("MULTI; SELECT ?; DISCARD; GET which", false),
            _ => ("BLPOP none 0.001; SELECT ?; GET which", true),
        };
        let line = line.replace('?', &next);
        let requests: Vec<Vec<&str>> =
            line.split(';').map(|request| request.split_whitespace().collect()).collect();
        let requests: Vec<&[&str]> = requests.iter().map(Vec::as_slice).collect();
        if goes {
            db = next;
        }
        let replies = wire.pipeline(&requests);
        assert_eq!(replies.last().unwrap().str(), db, "{line}");
        assert_eq!(wire.cmd(&["EVAL", "return redis.call('get','which')", "0"]).str(), db);
        assert_eq!(wire.cmd(&["CLIENT", "GETNAME"]).str(), name);
    }
}

#[test]
fn select_has_the_errors_of_the_server() {
    let server =
        |databases| RedisServer::builder(Flavor::Redis70).arg("--databases", databases).start();
    let (direct, behind) = (server("5"), server("5"));
    let proxy = ConfigBuilder::new(behind.addr(), &[]).start();
    let pair = Pair { direct, behind, proxy };
    for mut both in [pair.both(), pair.both3()] {
        both.same_all(
            "SELECT; SELECT 0 1; SELECT x; SELECT -1; SELECT 5; SELECT 99; SELECT 4294967296; SET k 0;
             SELECT 4; SET k 4; SELECT 5; GET k; SELECT 0; GET k; SWAPDB 0 4; GET k; SELECT 4; GET k;
             MOVE k 3; SELECT 3; GET k; DBSIZE; FLUSHALL; WATCH k; SELECT 9; GET k; UNWATCH",
        );
    }
}

#[test]
fn readonly_and_readwrite_choose_the_readers() {
    let trio = Trio::spawn(Flavor::Redis70);
    for (from, by_default) in [("replica", 0), ("master", 20)] {
        // No replica becomes stale here, however slow the machine is.
        let config = Tidegate::for_trio(&trio).set("reads", "max-lag", "\"60s\"");
        let config = config.set("topology", "probe-timeout", "\"60s\"");
        let config = config.reads_from(from);
        // At the others the master answers until it is known what READWRITE has read.
        let proxy = config.set("reads", "consistency", "\"bounded\"").start();
        wait_serving(&proxy, 2);
        let mut wire = proxy.wire();
        let reads = |wire: &mut Wire| {
            let before = trio.master.calls("strlen");
            let asked: Vec<&[&str]> = vec![&["STRLEN", "k"]; 20];
            wire.pipeline(&asked);
            trio.master.calls("strlen") - before
        };
        assert_eq!(reads(&mut wire), by_default);
        wire.cmd(&["READWRITE"]).ok();
        assert_eq!(reads(&mut wire), 20);
        wire.cmd(&["READONLY"]).ok();
        assert_eq!(reads(&mut wire), 0);
        // No other client is affected, and RESET ends it.
        assert_eq!(reads(&mut proxy.wire()), by_default);
        assert_eq!(wire.cmd(&["RESET"]).str(), "RESET");
        assert_eq!(reads(&mut wire), by_default);
        let before = trio.master.calls("strlen");
        wire.cmd(&["READONLY"]).ok();
        wire.pipeline(&[
            &["STRLEN", "k"],
            &["READWRITE"],
            &["STRLEN", "k"],
            &["READONLY"],
            &["STRLEN", "k"],
        ]);
        assert_eq!(trio.master.calls("strlen") - before, 1, "in one pipeline");
    }
}

#[test]
fn operators_commands_are_denied_or_the_masters() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[]).start();
    let mut wire = proxy.wire();
    for line in [
        "CONFIG GET maxmemory",
        "CONFIG SET maxmemory 1",
        "DEBUG SLEEP 0",
        "SHUTDOWN NOSAVE",
        "SAVE",
        "REPLICAOF NO ONE",
        "SLAVEOF NO ONE",
        "FAILOVER",
        "ACL SETUSER x",
        "ACL LIST",
        "SLOWLOG GET",
        "MODULE LIST",
        "LATENCY RESET",
        "BGSAVE",
        "BGREWRITEAOF",
        "CONFIG",
        "config nosuch",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let reply = wire.cmd(&words);
        assert!(reply.err().starts_with("NOPERM "), "{line}: {reply:?}");
    }
    for line in ["SYNC", "PSYNC ? -1", "REPLCONF listening-port 1", "sync", "PSYNC"] {
        let words: Vec<&str> = line.split(' ').collect();
        let reply = wire.cmd(&words);
        assert!(reply.err().starts_with("ERR ") && reply.err().contains("proxy"), "{reply:?}");
    }
    assert_eq!(server.info("replication").get("connected_slaves"), Some("0"));
    let proxy =
        ConfigBuilder::new(server.addr(), &[]).set("admin", "commands", "\"master\"").start();
    let mut wire = proxy.wire();
    wire.cmd(&["CONFIG", "SET", "maxmemory", "123mb"]).ok();
    let maxmemory = wire.cmd(&["CONFIG", "GET", "maxmemory"]).strings();
    assert_eq!(maxmemory, ["maxmemory", "128974848"]);
    assert!(wire.cmd(&["PSYNC", "?", "-1"]).is_err());
}

#[test]
fn info_and_command_are_the_masters() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        let mut both = pair.both();
        both.same_all("COMMAND COUNT; COMMAND INFO get; ROLE; DBSIZE; NOSUCH a b; GET; SET a");
        for mut wire in [pair.proxy.wire(), Wire::connect3(pair.proxy.addr())] {
            let all = wire.cmd(&["INFO"]).str().to_owned();
            assert!(all.contains("# Server") && all.contains("# Proxy\r\nproxy_version:"), "{all}");
            let alone = wire.cmd(&["INFO", "proxy"]).str().to_owned();
            assert!(alone.starts_with("# Proxy\r\n") && !alone.contains("# Server"), "{alone}");
            let server = wire.cmd(&["INFO", "server"]).str().to_owned();
            assert!(server.starts_with("# Server") && !server.contains("# Proxy"), "{server}");
            assert!(wire.cmd(&["INFO", "everything"]).str().contains("# Proxy"));
            assert!(wire.cmd(&["info", "PROXY"]).str().starts_with("# Proxy"));
        }
    }
}

#[test]
fn inline_requests_are_understood() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut both = pair.both();
    for line in [
        "PING\r\n",
        "ping\n",
        "SET k 'a b'\r\n",
        "GET k\r\n",
        "SET k \"a\\x41\\n\\\"b\"\r\n",
        "GET k\n",
        "set k ''\r\n",
        "get k\r\n",
        "  GET   k  \r\n",
        "MULTI\r\n",
        "GET k\r\n",
        "EXEC\r\n",
        "SELECT 1\r\n",
        "NOSUCH\r\n",
        "\r\nPING\r\n",
        "SET k 'it\\'s'\r\n",
        "GET k\r\n",
        "SUBSCRIBE c\r\n",
        "PING\r\n",
    ] {
        both.same_raw(line.as_bytes(), 1);
    }
    for bad in ["SET k \"a\r\n", "GET 'a'b\r\n"] {
        let mut both = pair.both();
        both.same_raw(bad.as_bytes(), 1);
        both.proxied.expect_closed();
    }
}

#[test]
fn http_requests_are_refused() {
    let pair = Pair::spawn(Flavor::Redis70);
    for head in ["POST / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\n"] {
        let mut stream = pair.proxy.wire();
        stream.send_raw(format!("{head}Content-Length: 40\r\n\r\nSET k hacked\r\n").as_bytes());
        stream.expect_closed();
        assert!(pair.behind.cmd(&["GET", "k"]).is_null(), "run: {head}");
    }
}

#[test]
fn large_and_small_requests_keep_their_order() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut wire = pair.proxy.wire();
    let value = "v".repeat(700_000);
    for n in 0..5 {
        let n = n.to_string();
        let replies = wire.pipeline(&[
            &["SET", "k", &value],
            &["SET", "n", &n],
            &["STRLEN", "k"],
            &["APPEND", "k", &value],
            &["GET", "n"],
            &["SELECT", &n],
            &["GET", "n"],
            &["SELECT", "0"],
        ]);
        assert_eq!(replies[2].int(), 700_000);
        assert_eq!(replies[3].int(), 1_400_000);
        assert_eq!(replies[4].str(), n);
        assert_eq!(replies[6].is_null(), n != "0");
    }
    wire.stream().flush().unwrap();
    eventually(PATIENCE, || match wire.cmd(&["PING"]) {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

/// Many clients that are closed for the same reason do not fill the log.
#[test]
fn the_log_tells_of_many_closed_clients_in_few_lines() {
    let mut server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]);
    let proxy = config.set("pubsub", "on-gap", "\"close\"").start();
    for _ in 0..100 {
        let mut wire = proxy.wire();
        wire.send_raw(b"POST / HTTP/1.1\r\n\r\n");
        wire.expect_closed();
    }
    let mut subscribers: Vec<Wire> = (0..100).map(|_| proxy.wire()).collect();
    for wire in &mut subscribers {
        wire.cmd(&["SUBSCRIBE", "c"]);
    }
    server.kill();
    for wire in &mut subscribers {
        wire.expect_closed();
    }
    for text in ["it speaks HTTP", "closed with its dedicated connection"] {
        // 1, 2, 4, 8, 16, 32, 64. The last clients may be closed a moment before their line is there.
        eventually(PATIENCE, || {
            let log = proxy.log();
            let lines: Vec<&str> = log.lines().filter(|line| line.contains(text)).collect();
            let is_whole = lines.len() == 7 && lines[6].contains("times=64");
            if is_whole { Ok(()) } else { Err(format!("{lines:#?}")) }
        });
    }
}

/// While the master is away, a replica that may serve tells the proxy which databases exist.
#[test]
fn a_database_is_selected_while_the_master_is_away() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    trio.master.wire().pipeline(&[&["SELECT", "3"][..], &["SET", "k", "three"]]);
    trio.wait_synced();
    let proxy = Tidegate::for_trio(&trio).set("reads", "replica-serve-stale-data", "true").start();
    wait_read_fresh(&mut proxy.wire(), "k");
    trio.master.kill();
    let mut wire = proxy.wire();
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "v"]) {
        reply if reply.is_err() && reply.err().contains("knows no server") => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
    wire.cmd(&["SELECT", "3"]).ok();
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "three");
    assert_eq!(wire.cmd(&["SELECT", "99"]).err(), "ERR DB index is out of range");
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "three");
}
