//! CONFIG and REPLICAOF of the engine's own port.

use crate::support::server::Info;
use crate::support::*;

fn spawn(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> (RedisServer, ReplicaPort) {
    let master = RedisServer::spawn(Flavor::Redis70);
    let own = ReplicaPort::synced(&change(ReplicaPort::of(&master)), &master);
    (master, own)
}

fn get(own: &ReplicaPort, key: &str) -> String {
    let pairs = own.cmd(&["CONFIG", "GET", key]).pairs();
    assert_eq!(pairs.len(), 1, "{key}: {pairs:?}");
    pairs[0].1.str().to_owned()
}

#[test]
fn config_is_read_and_set_in_redis_words() {
    let (master, own) = spawn(|config| config);
    let real = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    for key in [
        "replica-read-only",
        "slave-read-only",
        "repl-timeout",
        "repl-backlog-size",
        "maxmemory",
        "replicaof",
        "dbfilename",
        "databases",
        "save",
        "appendonly",
        "requirepass",
        "masterauth",
        "min-replicas-to-write",
        "nosuch",
    ] {
        let [mine, theirs] = [own.cmd(&["CONFIG", "GET", key]), real.cmd(&["CONFIG", "GET", key])];
        assert_eq!(mine, theirs, "{key}");
    }
    assert_eq!(get(&own, "port"), own.addr().port().to_string());
    for args in [
        &["replica-announce-port", "7"][..],
        &["slave-announce-port", "8"],
        &["repl-timeout", "61"],
        &["maxmemory", "100mb"],
        &["replica-announced", "no", "replica-serve-stale-data", "no"],
        &["repl-timeout", "x"],
        &["replica-read-only", "x"],
        &["maxmemory", "x"],
        &["replica-announce-port", "70000"],
        &["replica-announce-port", "5", "replica-announce-port", "6"],
        &["databases", "3"],
        &["replicaof", "a 1"],
        &["dir", "/tmp"],
        &["nosuch", "1"],
        &["replica-announce-port"],
        &["replica-announce-port", "5", "repl-timeout"],
    ] {
        let request = [&["CONFIG", "SET"], args].concat();
        assert_eq!(own.cmd(&request), real.cmd(&request), "{request:?}");
    }
    for key in ["replica-announce-port", "repl-timeout", "maxmemory", "replica-announced"] {
        let both = [own.cmd(&["CONFIG", "GET", key]), real.cmd(&["CONFIG", "GET", key])];
        assert_eq!(both[0], both[1], "{key}");
    }
    // Sentinel may not promote the engine unless the operator allows it.
    assert_eq!(own.info("replication").get("slave_priority"), Some("0"));
    own.cmd(&["CONFIG", "SET", "slave-priority", "8"]).ok();
    assert_eq!(get(&own, "replica-priority"), "8");
    assert_eq!(own.info("replication").get("slave_priority"), Some("8"));
    assert_eq!(own.info("replication").get("replica_announced"), Some("0"));
    own.cmd(&["CONFIG", "SET", "repl-backlog-size", "32kb"]).ok();
    assert_eq!(own.info("replication").get("repl_backlog_size"), Some("32768"));
    own.cmd(&["CONFIG", "SET", "requirepass", "secret"]).ok();
    assert!(own.cmd(&["PING"]).err().starts_with("NOAUTH"));
    let several = real.cmd(&["CONFIG", "GET", "repl-timeout", "maxmemory"]).pairs().len();
    assert_eq!(several, 2);
}

#[test]
fn config_rewrite_keeps_the_rest_of_the_file() {
    let (_master, mut own) = spawn(|config| {
        config.extra("# the end, with a comment").set("proxy", "watch-config", "false")
    });
    let path = own.proxy.config_path();
    let before = std::fs::read_to_string(&path).unwrap();
    own.cmd(&["CONFIG", "REWRITE"]).ok();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before, "nothing has changed");
    own.cmd(&["CONFIG", "SET", "replica-announce-port", "7", "repl-timeout", "61"]).ok();
    own.cmd(&["CONFIG", "SET", "masterauth", "a \"b\" \\ c"]).ok();
    own.cmd(&["CONFIG", "REWRITE"]).ok();
    let after = std::fs::read_to_string(&path).unwrap();
    for line in before.lines() {
        assert!(after.lines().any(|it| it == line), "{line} is gone:\n{after}");
    }
    assert!(after.contains("replica-announce-port = 7") && after.contains("# the end"), "{after}");
    // A reload finds what is in force.
    own.proxy.sighup();
    eventually(PATIENCE, || match own.proxy.log() {
        log if log.contains("nothing has changed") => Ok(()),
        log => Err(log),
    });
    assert_eq!(get(&own, "replica-announce-port"), "7");
    // No secret is shown: only that there is one.
    assert_eq!(get(&own, "masterauth"), "***");
    assert!(after.contains(r#"masterauth = "#), "{after}");
    assert!(!own.proxy.log().contains("a \\\"b"), "no secret is logged");
}

#[test]
fn replicaof_changes_the_master_of_the_engine() {
    for flavor in [Flavor::Redis62, Flavor::Valkey91] {
        let (first, second) = (RedisServer::spawn(flavor), RedisServer::spawn(flavor));
        first.cmd(&["SET", "who", "first"]).ok();
        second.cmd(&["SET", "who", "second"]).ok();
        let own = ReplicaPort::synced(&ReplicaPort::of(&first), &first);
        assert_eq!(own.cmd(&["GET", "who"]).str(), "first");
        let (host, port) = ("127.0.0.1", second.port().to_string());
        own.cmd(&["REPLICAOF", host, &port]).ok();
        eventually(PATIENCE, || match own.cmd(&["GET", "who"]) {
            Reply::Bulk(text) if text == b"second" => Ok(()),
            other => Err(format!("{other:?}")),
        });
        own.wait_for(&second);
        assert_eq!(own.cmd(&["ROLE"]).array()[2].int(), i64::from(second.port()));
        let same = own.cmd(&["SLAVEOF", host, &port]);
        assert_eq!(same.str(), "OK Already connected to specified master");
        // Both masters see it under the port that it listens on.
        let announced = format!("port={}", own.addr().port());
        assert!(second.info("replication").0.contains(&announced));
        own.cmd(&["CONFIG", "REWRITE"]).ok();
        let file = std::fs::read_to_string(own.proxy.config_path()).unwrap();
        assert!(file.contains(&format!("replicaof = \"127.0.0.1:{port}\"")), "{file}");
    }
}

#[test]
fn statistics_begin_anew() {
    let (_master, own) = spawn(|config| config);
    let mut wire = own.wire();
    for _ in 0..100 {
        wire.cmd(&["PING"]);
    }
    let count = |wire: &mut Wire| {
        let info = Info(wire.cmd(&["INFO", "stats"]).str().to_owned());
        info.get("total_commands_processed").unwrap().parse::<u64>().unwrap()
    };
    assert!(count(&mut wire) >= 100);
    wire.cmd(&["CONFIG", "RESETSTAT"]).ok();
    assert!(count(&mut wire) < 10);
    let stats = wire.cmd(&["INFO", "commandstats"]);
    assert!(stats.str().contains("cmdstat_info:calls=") && !stats.str().contains("cmdstat_ping"));
}
