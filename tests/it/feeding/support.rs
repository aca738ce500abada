//! What the tests of feeding share.

use crate::support::*;

/// Waits until `replica` follows `source` and has all that `master` has.
#[track_caller]
pub fn wait_following(replica: &RedisServer, source: u16, master: &RedisServer) {
    let target = master.offset();
    eventually(PATIENCE, || {
        let info = replica.info("replication");
        let is_its = info.get("master_port") == Some(&source.to_string());
        let is_up = info.get("master_link_status") == Some("up");
        let offset = info.get("slave_repl_offset").and_then(|it| it.parse::<i64>().ok());
        if is_its && is_up && offset.unwrap_or_default() >= target {
            return Ok(());
        }
        Err(format!("{} of {target}\n{}", info.0, replica.log()))
    });
}

/// An engine of `master` whose sub-replicas get their snapshots at once.
pub fn engine(master: &RedisServer) -> ConfigBuilder {
    ReplicaPort::of(master).set("replica", "repl-diskless-sync-delay", "\"0s\"")
}

/// An engine that follows another one.
pub fn engine_of(source: &ReplicaPort, master: &RedisServer) -> ConfigBuilder {
    engine(master).set("replica", "replicaof", &format!("\"{}\"", source.addr()))
}

/// A number of `INFO stats` or `INFO replication` at a port.
#[track_caller]
pub fn number(port: &ReplicaPort, section: &str, field: &str) -> i64 {
    let info = port.info(section);
    info.get(field).unwrap_or_else(|| panic!("{field}: {}", info.0)).parse().unwrap()
}

/// Waits until the engine has so many replicas that are online.
#[track_caller]
pub fn wait_online(port: &ReplicaPort, count: usize) {
    eventually(PATIENCE, || {
        let info = port.info("replication");
        let online = info.0.lines().filter(|line| line.contains(",state=online,")).count();
        if online == count { Ok(()) } else { Err(format!("{}\n{}", info.0, port.proxy.log())) }
    });
}

/// Writes random commands of several kinds, with transactions, in several databases.
pub struct Writer {
    wire: Wire,
    random: fastrand::Rng,
}

impl Writer {
    pub fn new(master: &RedisServer, seed: u64) -> Self {
        Self::over(master.wire(), seed)
    }

    /// Writes over this connection.
    pub fn over(wire: Wire, seed: u64) -> Self {
        Self { wire, random: fastrand::Rng::with_seed(seed) }
    }

    /// Sends so many commands.
    pub fn write(&mut self, count: usize) {
        for _ in 0..count {
            let random = &mut self.random;
            let key = format!("k{}", random.u32(..200));
            let value = random.alphanumeric().to_string().repeat(random.usize(..300));
            let number = random.u32(..50).to_string();
            let line: Vec<&str> = match random.u32(..14) {
                0 => vec!["SELECT", ["0", "3", "9"][random.usize(..3)]],
                1 => vec!["LPUSH", "list", &value, &number],
                2 => vec!["LTRIM", "list", "0", "200"],
                3 => vec!["HSET", "hash", &number, &value],
                4 => vec!["ZADD", "zset", &number, &key],
                5 => vec!["SADD", "set", &key, &number],
                6 => vec!["SPOP", "set"],
                7 => vec!["XADD", "stream", "*", &key, &value],
                8 => vec!["DEL", &key],
                9 => vec!["SET", &key, &value, "PX", "100000000"],
                10 => vec!["INCR", "counter"],
                11 => vec!["EVAL", "redis.call('incr', 'a') redis.call('incr', 'b')", "0"],
                _ => vec!["SET", &key, &value],
            };
            if random.u32(..8) == 0 {
                let block = [&["MULTI"][..], &["INCR", "m1"], &["INCR", "m2"], &["EXEC"]];
                self.wire.pipeline(&block);
            }
            let reply = self.wire.cmd(&line);
            assert!(!reply.is_err(), "{line:?}: {reply:?}");
        }
    }
}
