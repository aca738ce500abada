//! The requests that one client has in flight take effect in their order, whichever server answers.

use std::time::Duration;

use crate::support::*;

/// A replica that gets the master's stream at once, and the proxy's requests late.
struct LateReads {
    master: RedisServer,
    replica: RedisServer,
    way: FaultProxy,
    proxy: Tidegate,
}

impl LateReads {
    fn new(flavor: Flavor) -> Self {
        let master = RedisServer::spawn(flavor);
        let replica = RedisServer::builder(flavor).replica_of(master.addr()).start();
        master.wait_synced(&replica);
        let way = FaultProxy::start(replica.addr());
        let proxy = ConfigBuilder::new(master.addr(), &[way.addr()])
            .reads_from("replica")
            .set("proxy", "workers", "1")
            .set("reads", "max-lag", "\"20s\"")
            .set("admin", "commands", "\"master\"")
            .start();
        wait_read_fresh(&mut proxy.wire(), "k");
        way.set_delay_of(Direction::ToServer, Duration::from_millis(60));
        Self { master, replica, way, proxy }
    }
}

/// A replica that gets the master's stream late.
fn late_replica(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> (TamperedTrio, Tidegate) {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    let config = trio
        .config()
        .reads_from("replica")
        .set("admin", "commands", "\"master\"")
        .set("reads", "max-lag", "\"20s\"");
    let proxy = change(config.set("proxy", "workers", "1")).start();
    wait_read_fresh(&mut proxy.wire(), "k");
    for link in &trio.links {
        link.set_delay_of(Direction::ToClient, Duration::from_millis(60));
    }
    (trio, proxy)
}

/// The replies to these requests, which leave in one write.
#[track_caller]
fn packet(wire: &mut Wire, lines: &[&str]) -> Vec<Reply> {
    let requests: Vec<Vec<&str>> = lines.iter().map(|line| words(line)).collect();
    let requests: Vec<&[&str]> = requests.iter().map(Vec::as_slice).collect();
    wire.pipeline(&requests)
}

/// All that a reply says, its parts sorted and parted by blanks.
fn text(reply: &Reply) -> String {
    match reply {
        Reply::Array(parts) => {
            let mut parts: Vec<String> = parts.iter().map(text).collect();
            parts.sort();
            parts.join(" ")
        }
        Reply::Int(number) => number.to_string(),
        Reply::Null => "nil".to_owned(),
        Reply::Error(text) => text.clone(),
        other => other.str().to_owned(),
    }
}

#[test]
fn a_write_does_not_overtake_a_read_before_it() {
    const SCRIPT: &str = "return(redis.call('set','k','new'))";
    let setup = LateReads::new(Flavor::Redis70);
    let eval = format!("EVAL {SCRIPT} 0");
    for (read, write) in [
        ("GET k", "SET k new"),
        ("GET k", "DEL k"),
        ("MGET a b k", "MSET b 1 k new"),
        ("GET k", "FLUSHALL"),
        ("GET k", "SWAPDB 0 1"),
        ("GET k", &*eval),
        ("GET k", "DEBUG FLUSHALL"),
        ("KEYS *", "SET new 1"),
        ("EVAL_RO return(redis.call('get',KEYS[1])) 1 k", "SET k new"),
        ("SCAN 0", "SET new 1"),
        ("SORT_RO list BY by_*", "SET by_1 9"),
    ] {
        setup.master.cmd(&["FLUSHALL"]).ok();
        let mut fresh = setup.proxy.wire();
        for line in ["SET k old", "SET by_1 1", "SET by_2 2", "RPUSH list 2 1"] {
            fresh.cmd(&words(line));
        }
        setup.master.wait_synced(&setup.replica);
        let expected = text(&packet(&mut setup.master.wire(), &[read])[0]);
        // On a client's first pipeline, when nothing is known of it, and on a later one.
        for round in 0..2 {
            let got = packet(&mut fresh, &[read, write]);
            assert_eq!(text(&got[0]), expected, "{read} before {write}, {round}");
            assert!(!got[1].is_err() || write.starts_with("DEBUG"), "{got:?}");
            for line in ["FLUSHALL", "SET k old", "SET by_1 1", "SET by_2 2", "RPUSH list 2 1"] {
                fresh.cmd(&words(line));
            }
            setup.master.wait_synced(&setup.replica);
        }
    }
    let inline = b"GET k\r\nSET k new\r\n";
    let mut wire = setup.proxy.wire();
    wire.send_raw(inline);
    assert_eq!(wire.read_reply().str(), "old", "inline");
    wire.read_reply().ok();
}

#[test]
fn a_script_is_not_loaded_before_it_is_asked_for() {
    let setup = LateReads::new(Flavor::Redis70);
    let mut wire = setup.proxy.wire();
    for n in 0..10 {
        let script = format!("return {n}");
        let sha = setup.replica.cmd(&["EVAL", "return redis.sha1hex(ARGV[1])", "0", &script]);
        let got = wire.pipeline(&[&["EVALSHA_RO", sha.str(), "0"], &["SCRIPT", "LOAD", &script]]);
        assert!(got[0].is_err() && got[0].err().starts_with("NOSCRIPT"), "{got:?}");
        assert_eq!(got[1].str(), sha.str());
    }
}

#[test]
fn writes_pass_reads_of_other_keys() {
    let setup = LateReads::new(Flavor::Redis70);
    let mut wire = setup.proxy.wire();
    packet(&mut wire, &["GET x", "SET y 1"]);
    setup.way.set_delay_of(Direction::ToServer, Duration::from_millis(400));
    wire.send_raw(&[encode(&["GET", "a"]), encode(&["SET", "b", "1"])].concat());
    eventually(PATIENCE, || match setup.master.cmd(&["GET", "b"]) {
        Reply::Null => Err("b was not written".to_owned()),
        _ => Ok(()),
    });
    wire.expect_silence(Duration::from_millis(10));
    wire.read_reply();
    wire.read_reply().ok();
    // And a read of another key than those written goes to the replica.
    setup.way.set_delay_of(Direction::ToServer, Duration::ZERO);
    wait_read_fresh(&mut setup.proxy.wire(), "k");
    // A server sends its stream to a new replica only when that has acknowledged the snapshot.
    setup.master.wait_synced(&setup.replica);
    let (master, replica) = (setup.master.calls("get"), setup.replica.calls("get"));
    packet(&mut wire, &["SET a 1", "GET b", "SET c 1", "GET d"]);
    assert_eq!(setup.master.calls("get"), master);
    assert_eq!(setup.replica.calls("get"), replica + 2);
}

#[test]
fn a_read_goes_where_the_write_before_it_went() {
    let (trio, proxy) = late_replica(|config| config);
    for round in 0..3 {
        let mut wire = proxy.wire();
        if round > 0 {
            // It is known that this client mixes reads and writes.
            packet(&mut wire, &["SET x 1", "GET x", "GET y", "SET y 1"]);
        }
        let v = format!("v{round}");
        let big = "x".repeat(300 * 1024);
        let set = format!("SET k {v}");
        let cases: &[(&[&str], &str)] = &[
            (&[&set, "GET k"], &v),
            (&["DEL k", &set, "STRLEN x", "GET k"], &v),
            (&["MSET k no", &format!("MSET a 1 k {v}"), "MGET k"], &v),
            (&[&set, "SELECT 1", "SELECT 0", "GET k"], &v),
            (&[&set, "CLIENT NO-EVICT ON", "GET k"], &v),
            (&["MULTI", &set, "EXEC", "GET k"], &v),
            (&[&format!("SET k {big}"), &set, "GET k"], &v),
            (&["DEL l", &format!("LPUSH l {v}"), "BLPOP none l 1", "LLEN l"], "0"),
            (&[&set, "PING", "ECHO x", "EXISTS k"], "1"),
            (&["SET big 1", &format!("SETRANGE big 0 {big}"), "STRLEN big"], "307200"),
            (&["FLUSHALL", "DBSIZE"], "0"),
            (&["FLUSHALL", "SET one 1", "KEYS *"], "one"),
            (&[&set, "EVAL_RO return(redis.call('get',KEYS[1])) 1 k"], &v),
            (&[&set, "DEBUG SLEEP 0", "GET k"], &v),
        ];
        for (lines, expected) in cases {
            let got = packet(&mut wire, lines);
            let last = text(got.last().unwrap());
            assert_eq!(last, *expected, "round {round}: {:?}", &lines[lines.len() - 2..]);
        }
    }
    drop(trio);
}

#[test]
fn a_scan_or_a_function_call_goes_where_the_write_before_it_went() {
    let (_trio, proxy) = late_replica(|config| config);
    let mut wire = proxy.wire();
    let got = packet(&mut wire, &["SET k v", "SCAN 0"]);
    assert_eq!(got[1].array()[1].strings(), ["k"]);
    let library = "#!lua name=lib\nredis.register_function{function_name='f', \
                   callback=function() return 'hello' end, flags={'no-writes'}}";
    let got = wire.pipeline(&[&["FUNCTION", "LOAD", library], &["FCALL_RO", "f", "0"]]);
    assert_eq!(got[1].str(), "hello");
    let got = packet(&mut wire, &["XADD s 1-1 a 1", "XREAD BLOCK 50 STREAMS s 0"]);
    assert!(!got[1].is_null(), "{got:?}");
}

#[test]
fn a_read_follows_a_write_that_waits_for_the_replicas() {
    let (_trio, proxy) = late_replica(|config| config.set("writes", "wait-replicas", "1"));
    let mut wire = proxy.wire();
    for n in 0..20 {
        let n = n.to_string();
        let got = packet(&mut wire, &[&format!("SET k {n}"), "GET k"]);
        assert_eq!(got[1].str(), n);
    }
}

#[test]
fn reads_in_place_follow_writes() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let link = FaultProxy::start(master.addr());
    let dir = tempfile::tempdir().unwrap();
    let proxy = ConfigBuilder::new(master.addr(), &[])
        .unset("topology", "replicas")
        .set("replica", "enabled", "true")
        .set("replica", "listen", "\"127.0.0.1:0\"")
        .set("replica", "dir", &format!("{:?}", dir.path()))
        .set("replica", "replicaof", &format!("\"{}\"", link.addr()))
        .set("reads", "local", "true")
        .set("admin", "commands", "\"master\"")
        .set("reads", "max-lag", "\"20s\"")
        .start();
    let mut wire = proxy.wire();
    wait_read_fresh(&mut wire, "k");
    link.set_delay_of(Direction::ToClient, Duration::from_millis(60));
    let before = master.calls("get");
    assert!(wire.cmd(&["GET", "k"]).is_null());
    assert_eq!(master.calls("get"), before, "it is served in place");
    for n in 0..20 {
        let n = n.to_string();
        let got = packet(&mut wire, &["GET x", &format!("SET k {n}"), "GET k", "GET y"]);
        assert_eq!(got[2].str(), n);
    }
    assert_eq!(wire.cmd(&["GET", "x"]), Reply::Null);
}

#[test]
fn explain_shows_the_order() {
    let (trio, proxy) = late_replica(|config| config);
    let mut wire = proxy.wire();
    packet(&mut wire, &["SET x 1", "GET x"]);
    let lines = ["SET k v", "PROXY EXPLAIN GET k", "PROXY EXPLAIN GET j", "PROXY EXPLAIN SCAN 0"];
    let got = packet(&mut wire, &lines);
    let route = |reply: &Reply| {
        let pairs = reply.pairs();
        let find = |name| pairs.iter().find(|(key, _)| key.str() == name).unwrap().1.clone();
        (find("route").str() == trio.master.addr().to_string(), find("why").str().to_owned())
    };
    let (is_master, why) = route(&got[1]);
    assert!(is_master && why.contains("in flight"), "{why}");
    assert!(!route(&got[2]).0, "{:?}", got[2]);
    assert!(route(&got[3]).0, "{:?}", got[3]);
    // The bound of a write may take a moment to be known.
    eventually(PATIENCE, || match route(&wire.cmd(&["PROXY", "EXPLAIN", "GET", "k"])) {
        (true, why) => Err(why),
        (false, _) => Ok(()),
    });
}

#[test]
fn ten_thousand_pairs() {
    const PAIRS: usize = 10_000;
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio)
        .reads_from("replica")
        .set("admin", "commands", "\"master\"")
        .start();
    let mut wire = proxy.wire();
    wait_read_fresh(&mut wire, "k");
    wire.cmd(&["SET", "k", "-1"]).ok();
    let pair = |n: usize| [encode(&["GET", "k"]), encode(&["SET", "k", &n.to_string()])].concat();
    let all: Vec<u8> = (0..PAIRS).flat_map(pair).collect();
    let mut writer = wire.stream().try_clone().unwrap();
    let sender = std::thread::spawn(move || std::io::Write::write_all(&mut writer, &all).unwrap());
    let mut early = Vec::new();
    for n in 0..PAIRS {
        let seen: i64 = match wire.read_reply() {
            Reply::Null => -1,
            seen => seen.str().parse().unwrap(),
        };
        if seen >= i64::try_from(n).unwrap() {
            early.push((n, seen));
        }
        wire.read_reply().ok();
    }
    sender.join().unwrap();
    assert_eq!(early, [], "reads that saw what was written behind them");
}
