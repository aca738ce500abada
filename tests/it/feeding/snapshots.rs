//! Full resyncs: one snapshot for all that wait, filters, payloads without a stream.

use std::io::{BufRead, Read};

use super::*;
use crate::support::*;

fn snapshots(port: &ReplicaPort) -> usize {
    port.proxy.log().matches("a snapshot for replicas begins").count()
}

#[test]
fn eight_replicas_at_once_share_snapshots() {
    for diskless in ["true", "false"] {
        let master = RedisServer::spawn(Flavor::Redis70);
        let mut wire = master.wire();
        wire.cmd(&["DEBUG", "POPULATE", "100000", "key", "100"]).ok();
        let config = engine(&master)
            .set("replica", "repl-diskless-sync", diskless)
            .set("replica", "repl-diskless-sync-delay", "\"1h\"")
            .set("replica", "repl-diskless-sync-max-replicas", "8");
        let port = ReplicaPort::synced(&config, &master);
        let replicas: Vec<_> = (0..8)
            .map(|_| RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start())
            .collect();
        let mut writer = Writer::new(&master, 5);
        writer.write(500);
        for replica in &replicas {
            wait_following(replica, port.addr().port(), &master);
        }
        writer.write(500);
        let wanted = master.digest();
        for replica in &replicas {
            wait_following(replica, port.addr().port(), &master);
            assert_eq!(replica.digest(), wanted, "{diskless}");
        }
        assert_eq!(number(&port, "replication", "connected_slaves"), 8);
        assert_eq!(number(&port, "stats", "sync_full"), 8);
        if diskless == "true" {
            assert_eq!(snapshots(&port), 1, "{}", port.proxy.log());
        }
    }
}

/// `redis-cli --rdb` and `--functions-rdb`: a payload without a stream, of the whole or a part.
#[test]
fn redis_cli_gets_a_file() {
    let master = RedisServer::spawn(Flavor::Redis70);
    fill::fill(&master);
    let port = ReplicaPort::synced(&engine(&master), &master);
    let dir = tempfile::tempdir().unwrap();
    let take = |option: &str| {
        let file = dir.path().join(option);
        let address = port.addr().port().to_string();
        let output = std::process::Command::new("redis-cli")
            .args(["-p", &address, &format!("--{option}")])
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    take("rdb");
    let copy = RedisServer::builder(Flavor::Redis70)
        .args(&["--dir", dir.path().to_str().unwrap(), "--dbfilename", "rdb"])
        .start();
    assert_eq!(copy.digest(), master.digest());
    take("functions-rdb");
    let copy = RedisServer::builder(Flavor::Redis70)
        .args(&["--dir", dir.path().to_str().unwrap(), "--dbfilename", "functions-rdb"])
        .start();
    assert_eq!(copy.cmd(&["DBSIZE"]).int(), 0);
    let list = |server: &RedisServer| format!("{:?}", server.cmd(&["FUNCTION", "LIST"]));
    assert_eq!(list(&copy), list(&master));
    wait_online(&port, 0);
}

/// A save and a snapshot for replicas take turns.
#[test]
fn a_save_waits_for_a_snapshot_and_the_end_of_the_process_does_not() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["DEBUG", "POPULATE", "200000", "key", "200"]).ok();
    let port = ReplicaPort::synced(&engine(&master), &master);
    // A replica that takes nothing of its payload.
    let mut slow = port.wire();
    slow.cmd(&["REPLCONF", "capa", "eof"]).ok();
    slow.send(&["PSYNC", "?", "-1"]);
    eventually(PATIENCE, || match snapshots(&port) {
        1 => Ok(()),
        count => Err(format!("{count} snapshots")),
    });
    let busy = port.cmd(&["BGSAVE"]);
    assert!(format!("{busy:?}").contains("Background save already in progress"), "{busy:?}");
    let dump = master.digest();
    let mut shutdown = port.wire();
    shutdown.send(&["SHUTDOWN"]);
    eventually(PATIENCE, || match port.proxy.log().contains("the data is saved") {
        true => Ok(()),
        false => Err(port.proxy.log()),
    });
    drop(dump);
}

/// `SYNC` of an old replica or of `redis-cli --replica`: a payload of known length, then the stream.
#[test]
fn an_old_replica_gets_a_file_and_the_stream() {
    let master = RedisServer::spawn(Flavor::Redis70);
    fill::fill(&master);
    let port = ReplicaPort::synced(&engine(&master), &master);
    let mut old = port.wire();
    old.send_raw(b"SYNC\r\n");
    let stream = old.stream().try_clone().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = std::io::BufReader::new(stream);
    let mut line = String::new();
    while line.trim().is_empty() {
        line.clear();
        reader.read_line(&mut line).unwrap();
    }
    let len: usize = line.trim().strip_prefix('$').expect(&line).parse().unwrap();
    let mut payload = vec![0; len];
    reader.read_exact(&mut payload).unwrap();
    assert!(payload.starts_with(b"REDIS0010"));
    wait_online(&port, 1);
    master.cmd(&["SET", "late", "value"]).ok();
    let wanted = encode(&["SET", "late", "value"]);
    let mut seen = Vec::new();
    while !seen.ends_with(&wanted) {
        let mut byte = [0];
        reader.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
}

/// A replica that takes its snapshot slowly keeps another one waiting for a bounded time, and a long
/// read at the port none at all.
#[test]
fn neither_a_slow_replica_nor_a_long_read_stops_another_replica() {
    let master = RedisServer::spawn(Flavor::Redis70);
    // Values that cannot be compressed, more of them than wait in memory.
    let mut wire = master.wire();
    for n in 0..400 {
        let value: Vec<u8> = (0..100_000).map(|_| fastrand::u8(..)).collect();
        wire.cmd(&[&b"SET"[..], format!("large:{n}").as_bytes(), &value]).ok();
    }
    let config = engine(&master).set("replica", "repl-diskless-sync-delay", "\"1h\"").set(
        "replica",
        "repl-diskless-sync-max-replicas",
        "2",
    );
    let port = ReplicaPort::synced(&config, &master);
    let mut slow = port.wire();
    slow.cmd(&["REPLCONF", "capa", "eof"]).ok();
    slow.send(&["PSYNC", "?", "-1"]);
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    assert_eq!(snapshots(&port), 1);
    let log = port.proxy.log();
    assert!(log.contains("its snapshot could not be written"), "{log}");
    // The port sleeps; the feeding thread does not.
    let mut sleeper = port.wire();
    sleeper.send(&["DEBUG", "SLEEP", "1000"]);
    master.cmd(&["SET", "k", "v"]).ok();
    wait_following(&sub, port.addr().port(), &master);
    assert_eq!(sub.digest(), master.digest());
    sleeper.expect_silence(std::time::Duration::from_millis(1));
}

/// Values of modules pass through a snapshot.
#[test]
fn values_of_modules_pass_through() {
    let master = RedisServer::spawn(Flavor::Redis82);
    let mut wire = master.wire();
    wire.cmd(&["VADD", "vectors", "VALUES", "3", "1", "2", "3", "one"]).int();
    wire.cmd(&["VADD", "vectors", "VALUES", "3", "3", "2", "1", "two"]).int();
    wire.cmd(&["SET", "k", "v"]).ok();
    let port = ReplicaPort::synced(&engine(&master), &master);
    let sub = RedisServer::builder(Flavor::Redis82).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    assert_eq!(sub.cmd(&["VCARD", "vectors"]).int(), 2);
    let attribute = |server: &RedisServer| format!("{:?}", server.cmd(&["VEMB", "vectors", "two"]));
    assert_eq!(attribute(&sub), attribute(&master));
}
