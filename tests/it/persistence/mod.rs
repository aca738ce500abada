//! The engine's append-only file: real servers load it, the engine loads theirs, and a restart goes
//! on where the last run ended.

mod exchange;
mod kills;
mod master;
mod restart;
mod run_time;
mod sub_replicas;

use std::path::Path;

use crate::support::*;

/// An engine that follows `master`, with an append-only file in `dir`.
fn engine_of(master: &RedisServer, dir: &Path) -> ConfigBuilder {
    ReplicaPort::of(master).set("replica", "dir", &format!("{dir:?}")).set(
        "replica",
        "appendonly",
        "true",
    )
}

/// Waits until the append-only file has the data and no rewrite is under way.
#[track_caller]
fn wait_for_log(port: &ReplicaPort) {
    eventually(PATIENCE, || {
        let info = port.info("persistence");
        let is_quiet = info.get("aof_rewrite_in_progress") == Some("0");
        let size: u64 = info.get("aof_base_size").unwrap().parse().unwrap();
        if is_quiet && size > 0 { Ok(()) } else { Err(format!("{}\n{}", info.0, port.proxy.log())) }
    });
}

/// Copies the files of a directory, and those of directories in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

/// Writes keys of all types, in two databases.
fn fill(server: &RedisServer, prefix: &str) {
    let mut wire = server.wire();
    for line in [
        "SELECT 0",
        "SET P:string value",
        "SET P:expires later PX 86400000",
        "RPUSH P:list a b 3",
        "SADD P:ints 1 2 3",
        "HSET P:hash f v g w",
        "ZADD P:zset 1.5 a 2 b",
        "XADD P:stream 1-1 f v",
        "XGROUP CREATE P:stream group 0",
        "XREADGROUP GROUP group consumer STREAMS P:stream >",
        "PFADD P:hll a b c",
        "SELECT 9",
        "MULTI",
        "INCR P:count",
        "APPEND P:text abc",
        "EXEC",
        "SPOP P:none",
        "SELECT 0",
        "LPOP P:list",
        "EVAL return{redis.call('set',KEYS[1],'1'),redis.call('incr',KEYS[1])} 1 P:script",
    ] {
        let line = line.replace("P:", prefix);
        let words: Vec<_> = line.split(' ').collect();
        let reply = wire.cmd(&words);
        assert!(!reply.is_err(), "{line}: {reply:?}");
    }
}
