//! The engine's own port beside a real replica of the same master: the same answers.

use super::both::Both;
use crate::support::ports;
use crate::support::server::Info;
use crate::support::*;

/// The names of the fields, in their order, without those that only an engine has.
fn names(info: &str) -> Vec<String> {
    let names = info.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name);
    names.filter(|name| !name.starts_with("tidegate_")).map(str::to_owned).collect()
}

#[track_caller]
fn assert_same_replication(both: &Both) {
    let (real, own) = (both.real.info("replication"), both.own.info("replication"));
    assert_eq!(names(&own.0), names(&real.0), "{:?}\n{}\n{}", both.master.flavor(), own.0, real.0);
    // Unless the operator allows it, Sentinel does not promote the engine.
    assert_eq!(own.get("slave_priority"), Some("0"));
    let of_their_own = [
        "slave_priority",
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
fn replication_is_reported_as_by_a_real_replica() {
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
fn errors_and_simple_replies_equal_those_of_redis() {
    Both::spawn(Flavor::Redis70).same(SMALL_TALK);
}

#[test]
fn stale_data_is_refused_if_so_configured() {
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
fn passwords_are_required_with_redis_errors() {
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
    // A client without AUTH may send no large request.
    let mut wire = own.wire();
    wire.send_raw(b"*2\r\n$4\r\nECHO\r\n$20000\r\n");
    let replies = wire.expect_closed();
    assert!(replies[0].err().contains("unauthenticated bulk length"));
}

#[test]
fn local_writes_if_they_are_allowed() {
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
