//! The engine's own port beside a real replica of the same master: the same answers.

use std::time::Duration;

use crate::support::ports;
use crate::support::server::Info;
use crate::support::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// A master, a real replica of it, and an engine.
struct Both {
    master: RedisServer,
    real: RedisServer,
    own: ReplicaPort,
}

impl Both {
    fn spawn(flavor: Flavor) -> Self {
        Self::with(flavor, |config| config)
    }

    fn with(flavor: Flavor, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let master = RedisServer::spawn(flavor);
        let real = RedisServer::builder(flavor).replica_of(master.addr()).start();
        master.wait_attached(&real);
        let own = ReplicaPort::start(&change(ReplicaPort::of(&master)));
        own.wait_for(&master);
        for args in [&["SET", "a", "1"][..], &["SET", "e", "2", "EX", "100000"]] {
            master.cmd(args).ok();
        }
        master.cmd(&["RPUSH", "l", "1", "2", "3"]);
        own.wait_for(&master);
        master.wait_synced(&real);
        Self { master, real, own }
    }

    /// The exact replies of both to these requests, one after the other.
    fn answers(&self, requests: &[&[&str]]) -> [Vec<String>; 2] {
        [self.real.wire(), self.own.wire()].map(|mut wire| {
            let one = |request: &&[&str]| {
                wire.send(request);
                String::from_utf8_lossy(&wire.read_raw_reply()).into_owned()
            };
            requests.iter().map(one).collect()
        })
    }

    #[track_caller]
    fn same(&self, requests: &[&[&str]]) {
        let [real, own] = self.answers(requests);
        for ((request, real), own) in requests.iter().zip(&real).zip(&own) {
            assert_eq!(own, real, "{request:?} in {requests:?}, {:?}", self.master.flavor());
        }
    }
}

/// The names of the fields, in their order.
fn names(info: &str) -> Vec<String> {
    info.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.to_owned()).collect()
}

#[track_caller]
fn assert_same_replication(both: &Both) {
    let (real, own) = (both.real.info("replication"), both.own.info("replication"));
    assert_eq!(names(&own.0), names(&real.0), "{:?}\n{}\n{}", both.master.flavor(), own.0, real.0);
    let of_their_own = [
        "master_last_io_seconds_ago",
        "master_link_down_since_seconds",
        "master_link_up_since_seconds",
        "master_current_sync_attempts",
        "master_total_sync_attempts",
        "total_disconnect_time_sec",
        "repl_backlog_size",
        "repl_backlog_first_byte_offset",
        "repl_backlog_histlen",
        // They count alike, but are not asked in the same moment.
        "slave_read_repl_offset",
        "slave_repl_offset",
        "master_repl_offset",
    ];
    for name in names(&real.0).iter().filter(|name| !of_their_own.contains(&name.as_str())) {
        assert_eq!(own.get(name), real.get(name), "{name}");
    }
}

#[test]
fn replication_is_told_as_a_real_replica_tells_it() {
    for flavor in Flavor::ALL {
        let mut both = Both::spawn(flavor);
        assert_same_replication(&both);
        let [mut real, mut own] = both.answers(&[&["ROLE"]]).map(|it| it[0].clone());
        // The offset, which a PING of the master may have moved in between.
        for role in [&mut real, &mut own] {
            role.truncate(role.rfind(':').unwrap());
        }
        assert_eq!(own, real);
        let offset = |info: Info| info.get("slave_repl_offset").unwrap().parse::<i64>().unwrap();
        let offsets =
            || [offset(both.real.info("replication")), offset(both.own.info("replication"))];
        eventually(PATIENCE, || match offsets() {
            [real, own] if real == own => Ok(()),
            other => Err(format!("{other:?}")),
        });
        both.master.kill();
        eventually(PATIENCE, || {
            let down = |info: Info| info.get("master_link_status") == Some("down");
            if down(both.real.info("replication")) && down(both.own.info("replication")) {
                Ok(())
            } else {
                Err("a link is up".into())
            }
        });
        assert_same_replication(&both);
        assert!(both.own.cmd(&["ROLE"]).array()[3].str().starts_with("connect"));
        assert_eq!(both.own.cmd(&["ROLE"]).array()[4].int(), -1);
    }
}

#[test]
fn a_replica_that_never_synced_is_empty() {
    let port = ports::free_port();
    let nobody = format!("\"127.0.0.1:{port}\"");
    let master = RedisServer::spawn(Flavor::Redis70);
    let real = RedisServer::builder(Flavor::Redis70).replica_of(([127, 0, 0, 1], port).into());
    let real = real.start();
    let own = ReplicaPort::start(&ReplicaPort::of(&master).set("replica", "replicaof", &nobody));
    eventually(PATIENCE, || match own.info("replication").get("master_port") {
        Some(shown) if shown == port.to_string() => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(names(&own.info("replication").0), names(&real.info("replication").0));
    for name in ["slave_repl_offset", "master_link_down_since_seconds", "repl_backlog_active"] {
        assert_eq!(own.info("replication").get(name), real.info("replication").get(name), "{name}");
    }
    for request in [&["GET", "a"][..], &["DBSIZE"], &["SET", "a", "b"], &["PING"]] {
        assert_eq!(own.cmd(request), real.cmd(request), "{request:?}");
    }
}

/// Errors, and what tools ask for at the connection.
const SMALL_TALK: &[&[&str]] = &[
    &["PING"],
    &["PING", "x"],
    &["PING", "x", "y"],
    &["ECHO"],
    &["GET"],
    &["GET", "l"],
    &["get", "a"],
    &["nosuch", "a", "b"],
    &["CLIENT", "nosuch"],
    &["CLIENT"],
    &["CLIENT", "KILL"],
    &["SET", "a", "b"],
    &["BLPOP", "l", "1"],
    &["SWAPDB", "0", "1"],
    &["TOUCH", "a"],
    &["TYPE", "l"],
    &["SELECT", "99"],
    &["SELECT", "x"],
    &["SELECT", "1"],
    &["DBSIZE"],
    &["AUTH", "x"],
    &["AUTH", "a", "b", "c"],
    &["HELLO", "5"],
    &["HELLO", "x"],
    &["HELLO", "2", "x"],
    &["EXEC"],
    &["EXEC", "x"],
    &["DISCARD"],
    &["WAIT", "0", "0"],
    &["FAILOVER"],
    &["REPLICAOF", "127.0.0.1", "x"],
    &["REPLICAOF", "127.0.0.1", "99999"],
    &["REPLCONF", "a"],
    &["REPLCONF", "a", "b"],
    &["REPLCONF", "capa", "eof"],
    &["CLUSTER", "INFO"],
    &["READONLY"],
    &["ACL", "WHOAMI"],
    &["SLOWLOG", "LEN"],
    &["LATENCY", "LATEST"],
    &["MODULE", "LIST"],
    &["SCRIPT", "EXISTS", "x"],
    &["SHUTDOWN", "x"],
    &["SHUTDOWN", "ABORT"],
    &["DEBUG"],
    &["DEBUG", "SLEEP", "0"],
    &["DEBUG", "DIGEST"],
    &["CLIENT", "GETNAME"],
    &["CLIENT", "SETNAME", "a b"],
    &["CLIENT", "SETNAME", "me"],
    &["CLIENT", "GETNAME"],
    &["CLIENT", "NO-EVICT", "x"],
    &["CLIENT", "REPLY", "x"],
    &["CLIENT", "PAUSE", "x"],
    &["CLIENT", "UNBLOCK", "x"],
    &["CLIENT", "TRACKINGINFO"],
    &["CLIENT", "GETREDIR"],
    &["CLIENT", "LIST", "TYPE", "x"],
    &["CLIENT", "LIST", "ID", "x"],
    &["CLIENT", "KILL", "ID", "0"],
    &["CLIENT", "KILL", "1.1.1.1:1"],
    &["COMMAND", "GETKEYS", "mset", "a", "b", "c", "d"],
    &["COMMAND", "GETKEYS", "nosuch", "a"],
    &["INFO", "nosuch"],
    &["PUBSUB", "NUMSUB", "a", "b"],
    &["PUBSUB", "NUMPAT"],
    &["PUBLISH", "a", "b"],
    &["RESET"],
];

#[test]
fn errors_and_small_talk_are_redis_own() {
    Both::spawn(Flavor::Redis70).same(SMALL_TALK);
}

#[test]
fn transactions_subscriptions_and_reply_modes() {
    let both = Both::spawn(Flavor::Redis70);
    both.same(&[
        &["MULTI"],
        &["MULTI"],
        &["WATCH", "a"],
        &["GET", "a"],
        &["EXEC"],
        &["MULTI"],
        &["nosuch"],
        &["EXEC"],
        &["MULTI"],
        &["SET", "a", "b"],
        &["EXEC"],
        &["MULTI"],
        &["PSYNC", "?", "-1"],
        &["DISCARD"],
        &["WATCH", "a"],
        &["MULTI"],
        &["PING"],
        &["LRANGE", "l", "0", "-1"],
        &["SELECT", "1"],
        &["DBSIZE"],
        &["EXEC"],
    ]);
    both.same(&[
        &["SUBSCRIBE", "a"],
        &["SUBSCRIBE", "a"],
        &["GET", "a"],
        &["PING"],
        &["PING", "x"],
        &["PSUBSCRIBE", "a*"],
        &["UNSUBSCRIBE"],
        &["PUNSUBSCRIBE", "nosuch"],
        &["PUNSUBSCRIBE"],
        &["PUNSUBSCRIBE"],
        &["GET", "a"],
        &["SSUBSCRIBE", "s"],
        &["PUBSUB", "SHARDNUMSUB", "s"],
        &["SUNSUBSCRIBE"],
    ]);
    // The first reply of each is HELLO's, with an id of its own.
    let requests: [&[&str]; 6] = [
        &["HELLO", "3"],
        &["SUBSCRIBE", "a"],
        &["PUBLISH", "a", "hi"],
        &["PING"],
        &["CLIENT", "TRACKINGINFO"],
        &["CONFIG", "GET", "maxmemory"],
    ];
    let [real, own] = both.answers(&requests);
    assert_eq!(own[1..], real[1..]);
    let shape = |hello: &str| {
        let lines = hello.split("\r\n").filter(|line| !line.starts_with(':'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(shape(&own[0]), shape(&real[0]));
    for mut wire in [both.real.wire(), both.own.wire()] {
        wire.send_raw(b"CLIENT REPLY OFF\r\nPING\r\nnosuch\r\nCLIENT REPLY ON\r\nCLIENT REPLY SKIP\r\nPING\r\nECHO x\r\n");
        wire.read_reply().ok();
        assert_eq!(wire.read_reply().str(), "x");
    }
}

#[test]
fn a_watched_change_is_seen() {
    let both = Both::spawn(Flavor::Redis70);
    let mut wire = both.own.wire();
    wire.cmd(&["WATCH", "a"]).ok();
    both.master.cmd(&["SET", "a", "9"]).ok();
    both.own.wait_for(&both.master);
    wire.cmd(&["MULTI"]).ok();
    wire.cmd(&["GET", "a"]);
    assert!(wire.cmd(&["EXEC"]).is_null());
    both.master.cmd(&["SET", "short", "1", "PX", "300"]).ok();
    both.own.wait_for(&both.master);
    wire.cmd(&["WATCH", "short"]).ok();
    std::thread::sleep(Duration::from_millis(350));
    wire.cmd(&["MULTI"]).ok();
    wire.cmd(&["GET", "a"]);
    assert!(wire.cmd(&["EXEC"]).is_null());
    // Nothing is watched any more.
    wire.cmd(&["MULTI"]).ok();
    wire.cmd(&["GET", "a"]);
    assert_eq!(wire.cmd(&["EXEC"]).strings(), ["9"]);
}

#[test]
fn stale_data_is_refused_where_that_is_said() {
    for flavor in [Flavor::Redis70, Flavor::Valkey91] {
        let mut both =
            Both::with(flavor, |it| it.set("replica", "replica-serve-stale-data", "false"));
        both.real.cmd(&["CONFIG", "SET", "replica-serve-stale-data", "no"]).ok();
        assert_eq!(both.own.cmd(&["GET", "a"]).str(), "1");
        both.master.kill();
        eventually(PATIENCE, || match both.own.cmd(&["GET", "a"]) {
            Reply::Error(text) if text.starts_with("MASTERDOWN") => Ok(()),
            other => Err(format!("{other:?}")),
        });
        eventually(PATIENCE, || match both.real.cmd(&["GET", "a"]) {
            Reply::Error(_) => Ok(()),
            other => Err(format!("{other:?}")),
        });
        both.same(&[
            &["PING"],
            &["GET", "a"],
            &["SET", "a", "b"],
            &["DBSIZE"],
            &["OBJECT", "ENCODING", "a"],
            &["nosuch"],
            &["CLIENT", "GETNAME"],
            &["CONFIG", "GET", "maxmemory"],
            &["PUBLISH", "a", "b"],
            &["MULTI"],
            &["GET", "a"],
            &["EXEC"],
            &["ECHO", "x"],
            &["SELECT", "1"],
            &["WATCH", "a"],
            &["UNWATCH"],
        ]);
    }
}

#[test]
fn passwords_are_asked_for_in_redis_words() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let real = RedisServer::builder(Flavor::Redis70).requirepass("secret").start();
    let config = ReplicaPort::of(&master).set("replica", "requirepass", "\"secret\"");
    let own = ReplicaPort::start(&config);
    let requests: [&[&str]; 12] = [
        &["PING"],
        &["nosuch"],
        &["GET"],
        &["AUTH", "wrong"],
        &["AUTH", "nobody", "secret"],
        &["HELLO", "3"],
        &["HELLO", "3", "AUTH", "default", "wrong"],
        &["AUTH", "secret"],
        &["PING"],
        &["RESET"],
        &["PING"],
        &["AUTH", "default", "secret"],
    ];
    let mut wires = [Wire::connect(real.addr()), own.wire()];
    for request in requests {
        let [real, own] = wires.each_mut().map(|wire| wire.cmd(request));
        assert_eq!(own, real, "{request:?}");
    }
    // Who has not said AUTH sends nothing large.
    let mut wire = own.wire();
    wire.send_raw(b"*2\r\n$4\r\nECHO\r\n$20000\r\n");
    let replies = wire.expect_closed();
    assert!(replies[0].err().contains("unauthenticated bulk length"));
}

#[test]
fn messages_of_the_stream_reach_subscribers_and_monitors() {
    for flavor in Flavor::ALL {
        let both = Both::spawn(flavor);
        let (mut plain, mut pattern, mut monitor) =
            (both.own.wire(), both.own.wire(), both.own.wire());
        plain.cmd(&["SUBSCRIBE", "news"]);
        pattern.hello3();
        pattern.cmd(&["PSUBSCRIBE", "n*"]);
        monitor.cmd(&["MONITOR"]).ok();
        both.master.cmd(&["PUBLISH", "news", "of the master"]);
        assert_eq!(plain.read_reply().strings(), ["message", "news", "of the master"]);
        let message = pattern.read_reply();
        assert!(matches!(message, Reply::Push(_)), "{message:?}");
        assert_eq!(message.strings(), ["pmessage", "n*", "news", "of the master"]);
        let said = |wire: &mut Wire, what: &str| {
            let line = loop {
                let line = wire.read_reply().str().to_owned();
                if line.contains(what) {
                    break line;
                }
            };
            let (time, rest) = line.split_once(' ').unwrap();
            assert!(time.parse::<f64>().is_ok(), "{line}");
            rest.to_owned()
        };
        let master = both.master.addr();
        let line = said(&mut monitor, "PUBLISH");
        assert_eq!(line, format!("[0 {master}] \"PUBLISH\" \"news\" \"of the master\""));
        let mut client = both.own.wire();
        assert_eq!(client.cmd(&["PUBLISH", "news", "local"]).int(), 2);
        assert_eq!(plain.read_reply().strings(), ["message", "news", "local"]);
        let addr = client.stream().local_addr().unwrap();
        let line = said(&mut monitor, "local");
        assert_eq!(line, format!("[0 {addr}] \"PUBLISH\" \"news\" \"local\""));
    }
}

#[test]
fn a_pipeline_is_answered_in_order() {
    let both = Both::spawn(Flavor::Redis70);
    let mut wire = both.own.wire();
    let mut bytes = Vec::new();
    for n in 0..5000 {
        bytes.extend(encode(&["GET", "a"]));
        bytes.extend(encode(&["ECHO", &n.to_string()]));
    }
    wire.send_raw(&bytes);
    for n in 0..5000 {
        assert_eq!(wire.read_reply().str(), "1");
        assert_eq!(wire.read_reply().str(), n.to_string());
    }
}

#[test]
fn local_writes_where_they_are_allowed() {
    let both = Both::with(Flavor::Redis70, |it| it.set("replica", "replica-read-only", "false"));
    both.own.cmd(&["SET", "mine", "1"]).ok();
    assert_eq!(both.own.cmd(&["GET", "mine"]).str(), "1");
    assert!(both.master.cmd(&["GET", "mine"]).is_null());
    let mut wire = both.own.wire();
    wire.cmd(&["MULTI"]).ok();
    wire.cmd(&["APPEND", "mine", "2"]);
    wire.cmd(&["GET", "mine"]);
    let done = wire.cmd(&["EXEC"]);
    assert_eq!((done.array()[0].int(), done.array()[1].str()), (2, "12"));
    assert_eq!(both.own.info("replication").get("slave_read_only"), Some("0"));
}
