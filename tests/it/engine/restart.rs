//! What the engine saved, it goes on with: a restart asks for the rest of the stream only.

use std::path::Path;

use crate::support::local::stat;
use crate::support::*;

fn proxy_of(master: &RedisServer, dir: &Path) -> Tidegate {
    ReplicaPort::local(master, dir).start()
}

/// Waits until reads are served in place, and show this.
#[track_caller]
fn wait_for(proxy: &Tidegate, master: &RedisServer, key: &str, value: &str) {
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let before = master.calls("get");
        let seen = wire.cmd(&["GET", key]);
        match seen == Reply::Bulk(value.into()) && master.calls("get") == before {
            true => Ok(()),
            false => Err(format!("{seen:?}\n{}", proxy.log())),
        }
    });
}

#[test]
fn a_restart_continues_with_psync() {
    for flavor in Flavor::ALL {
        let master = RedisServer::spawn(flavor);
        // The file tells how the master packs, too: what is unpacked there stays so.
        master.cmd(&["CONFIG", "SET", "zset-max-ziplist-entries", "1"]).ok();
        master.cmd(&["ZADD", "z", "1", "m", "2", "n"]);
        let dir = tempfile::tempdir().unwrap();
        let mut proxy = proxy_of(&master, dir.path());
        master.cmd(&["SET", "a", "1"]).ok();
        wait_for(&proxy, &master, "a", "1");
        proxy.sigterm();
        assert!(proxy.wait_exit(PATIENCE).success());
        assert!(dir.path().join("dump.rdb").is_file(), "{}", proxy.log());
        master.cmd(&["SET", "b", "2"]).ok();
        let (full, partial) = (stat(&master, "sync_full"), stat(&master, "sync_partial_ok"));
        let proxy = proxy_of(&master, dir.path());
        wait_for(&proxy, &master, "a", "1");
        wait_for(&proxy, &master, "b", "2");
        assert_eq!(proxy.wire().cmd(&["OBJECT", "ENCODING", "z"]).str(), "skiplist");
        assert_eq!(stat(&master, "sync_full"), full, "{flavor:?}\n{}", proxy.log());
        assert_eq!(stat(&master, "sync_partial_ok"), partial + 1);
        let left: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(left, ["dump.rdb"], "nothing temporary is left");
    }
}

#[test]
fn a_killed_process_continues_from_the_payload() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    master.cmd(&["SET", "a", "1"]).ok();
    let mut proxy = proxy_of(&master, dir.path());
    wait_for(&proxy, &master, "a", "1");
    eventually(PATIENCE, || match dir.path().join("dump.rdb").is_file() {
        true => Ok(()),
        false => Err(proxy.log()),
    });
    master.cmd(&["SET", "b", "2"]).ok();
    proxy.kill();
    let full = stat(&master, "sync_full");
    let proxy = proxy_of(&master, dir.path());
    wait_for(&proxy, &master, "b", "2");
    assert_eq!(stat(&master, "sync_full"), full, "{}", proxy.log());
}

#[test]
fn a_snapshot_that_cannot_be_read_is_replaced() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "a", "1"]).ok();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("dump.rdb"), b"REDIS0010\xfe\x00\xfb\xffgarbage").unwrap();
    let proxy = proxy_of(&master, dir.path());
    wait_for(&proxy, &master, "a", "1");
    assert!(proxy.log().contains("cannot be loaded"), "{}", proxy.log());
}

#[test]
fn a_server_of_the_same_version_loads_what_was_saved() {
    for flavor in Flavor::ALL {
        let master = RedisServer::spawn(flavor);
        for words in [
            "SET string value",
            "SET expires later PX 86400000",
            "RPUSH list a b 3",
            "SADD ints 1 2 3",
            "SADD set a b c",
            "HSET hash f v g w",
            "ZADD zset 1.5 a 2 b",
            "XADD stream 1-1 f v",
            "XGROUP CREATE stream group 0",
            "XREADGROUP GROUP group consumer STREAMS stream >",
            "PFADD hll a b c",
        ] {
            let words: Vec<_> = words.split(' ').collect();
            assert!(!master.cmd(&words).is_err(), "{words:?}");
        }
        let dir = tempfile::tempdir().unwrap();
        let proxy = proxy_of(&master, dir.path());
        wait_for(&proxy, &master, "string", "value");
        let log = proxy.log();
        let at = log.split("the engine listens on ").nth(1).unwrap();
        let mut engine = Wire::connect(at.split_whitespace().next().unwrap().parse().unwrap());
        // What was received is kept as the snapshot; this one has to be the engine's own.
        std::fs::remove_file(dir.path().join("dump.rdb")).ok();
        assert_eq!(engine.cmd(&["BGSAVE"]).str(), "Background saving started");
        eventually(PATIENCE, || {
            let info = engine.cmd(&["INFO", "persistence"]).str().to_owned();
            let done = info.contains("rdb_bgsave_in_progress:0\r\n");
            let kept = dir.path().join("dump.rdb").is_file();
            if done && kept { Ok(()) } else { Err(info) }
        });
        let words = ["--dir", dir.path().to_str().unwrap(), "--dbfilename", "dump.rdb"];
        let loaded = RedisServer::builder(flavor).args(&words).start();
        assert_eq!(loaded.digest(), master.digest(), "{flavor:?}");
        assert_eq!(loaded.cmd(&["DBSIZE"]), master.cmd(&["DBSIZE"]));
    }
}

/// A killed process leaves its temporary files. The next process removes them, and keeps those of
/// other processes.
#[test]
fn what_a_killed_process_left_is_removed() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "a", "1"]).ok();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let names = ["temp-sync-a.rdb", "temp-save-b.rdb", "temp-sync-c.rdb", "temp-other.rdb"];
    names.iter().for_each(|name| std::fs::write(path(name), "part").unwrap());
    let used = std::fs::File::open(path("temp-sync-c.rdb")).unwrap();
    used.lock().unwrap();
    let proxy = proxy_of(&master, dir.path());
    wait_for(&proxy, &master, "a", "1");
    let left = names.map(|name| path(name).exists());
    assert_eq!(left, [false, false, true, true], "{names:?}\n{}", proxy.log());
}

/// The stream continues in a database that no longer exists here: its commands must not go to
/// another one.
#[test]
fn fewer_databases_than_before() {
    let master = RedisServer::builder(Flavor::Redis70).args(&["--databases", "32"]).start();
    let dir = tempfile::tempdir().unwrap();
    let start = |databases: &str| {
        ConfigBuilder::new(master.addr(), &[])
            .unset("topology", "replicas")
            .set("replica", "enabled", "true")
            .set("replica", "listen", "\"127.0.0.1:0\"")
            .set("replica", "dir", &format!("{:?}", dir.path()))
            .set("replica", "databases", databases)
            .set("reads", "local", "true")
            .start()
    };
    let mut proxy = start("32");
    let mut wire = master.wire();
    wire.cmd(&["SET", "a", "1"]).ok();
    wire.cmd(&["SELECT", "20"]).ok();
    wire.cmd(&["SET", "b", "1"]).ok();
    wire.cmd(&["DEL", "b"]);
    wait_for(&proxy, &master, "a", "1");
    proxy.sigterm();
    assert!(proxy.wait_exit(PATIENCE).success());
    let proxy = start("16");
    wire.cmd(&["SET", "a", "of database 20"]).ok();
    eventually(PATIENCE, || match proxy.log() {
        log if log.contains("`databases` is less") => Ok(()),
        log => Err(log),
    });
    assert_eq!(proxy.wire().cmd(&["GET", "a"]).str(), "1");
}
