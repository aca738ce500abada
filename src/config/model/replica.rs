//! `[replica]`: the engine that holds the master's data in this process.
//!
//! Names and meanings are those of redis.conf.

use std::time::Duration;

use super::section::section;
use crate::config::kind::{
    Address, FileName, Flag, HostName, Integer, Kind, ListOf, OneOrList, OrOff, Password, Path,
    Raw, Read, Size, Text, Time, quoted,
};
use tidegate_wire::units::ByteSize;
use tidegate_wire::units::{HostPort, Secret};

/// The most addresses that the engine listens on.
const MAX_LISTEN: usize = 64;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// The largest `int` of C: servers read priorities up to it.
const MAX_INT: u32 = 0x7fff_ffff;

section! {
    /// `[replica]`: which master the engine follows, what it announces, and its limits.
    pub struct Replica = "replica" {
        /// Whether the process runs an engine.
        "enabled" => enabled: bool = false, Flag, Restart;

        /// The addresses of the engine's own port, 1 to 64; port 0 means any free port.
        /// redis.conf: a replica's `bind` and `port`.
        "listen" => listen: Vec<HostPort> = vec![HostPort::local(6390)],
            OneOrList(ListOf { kind: Address::Listen, min: 1, max: MAX_LISTEN }), Restart;

        /// The master that the engine follows. redis.conf: `replicaof`.
        "replicaof" | "slaveof" => replicaof: ReplicaOf = ReplicaOf::Topology, ReplicaOfKind, Live;

        /// The user as which the engine logs in; see [`crate::config::Config::replica_login`].
        /// redis.conf: `masteruser`.
        "masteruser" => masteruser: String = String::new(), Text, Live;

        /// The password with which the engine logs in; empty means the login of `[topology]`.
        /// redis.conf: `masterauth`.
        "masterauth" => masterauth: Secret = Secret::default(), Password, Live;

        /// The host that the engine announces to its master; empty means the address from which it
        /// connects. redis.conf: `replica-announce-ip`.
        "replica-announce-ip" | "slave-announce-ip" => replica_announce_ip: String = String::new(),
            HostName, Live;

        /// The port that the engine announces; 0 means the port on which it listens.
        /// redis.conf: `replica-announce-port`.
        "replica-announce-port" | "slave-announce-port" => replica_announce_port: u16 = 0,
            Integer(0, u16::MAX), Live;

        /// Whether Sentinel may show the engine to clients. redis.conf: `replica-announced`.
        "replica-announced" => replica_announced: bool = true, Flag, Live;

        /// The engine's priority for Sentinel. The engine cannot be promoted yet, so it announces 0
        /// whatever value is configured. redis.conf: `replica-priority`.
        "replica-priority" | "slave-priority" => replica_priority: u32 = 0,
            Integer(0, MAX_INT), Live;

        /// Whether the engine counts as a replica for WAIT, `writes.wait-replicas` and
        /// `writes.min-replicas-to-write`. The engine cannot be promoted, so a write that only
        /// the engine has is lost with the master.
        "counts-as-replica" => counts_as_replica: bool = false, Flag, Live;

        /// Whether the engine's port answers reads while the link to the master is down.
        /// redis.conf: `replica-serve-stale-data`.
        "replica-serve-stale-data" | "slave-serve-stale-data" => replica_serve_stale_data: bool =
            true, Flag, Live;

        /// Whether the engine's port refuses writes. redis.conf: `replica-read-only`.
        "replica-read-only" | "slave-read-only" => replica_read_only: bool = true, Flag, Live;

        /// How long a link to the master or to a sub-replica may be silent before the engine closes
        /// it, 1 s to 1 h.
        /// redis.conf: `repl-timeout`.
        "repl-timeout" => repl_timeout: Duration = Duration::from_secs(60),
            Time(SECOND, HOUR), Live;

        /// How often the engine pings its sub-replicas while it has no master, 1 s to 1 h.
        /// redis.conf: `repl-ping-replica-period`.
        "repl-ping-replica-period" | "repl-ping-slave-period" => repl_ping_replica_period:
            Duration = Duration::from_secs(10), Time(SECOND, HOUR), Live;

        /// Whether links to sub-replicas collect small packets. redis.conf:
        /// `repl-disable-tcp-nodelay`.
        "repl-disable-tcp-nodelay" => repl_disable_tcp_nodelay: bool = false, Flag, Live;

        /// How much of the stream the engine keeps for sub-replicas that reconnect, 16 kb to 1 TiB.
        /// redis.conf: `repl-backlog-size`.
        "repl-backlog-size" => repl_backlog_size: ByteSize = ByteSize::mib(1),
            Size(ByteSize::kib(16), ByteSize::new(1 << 40)), Live;

        /// How much memory the data may take, 1 mb to 1 TiB; `None` means no limit. Beyond the
        /// limit the engine serves no reads. It never evicts keys. redis.conf: `maxmemory`.
        "maxmemory" => maxmemory: Option<ByteSize> = None,
            OrOff(Size(ByteSize::mib(1), ByteSize::new(1 << 40))), Live;

        /// The directory of the snapshot; a relative path starts at the process's working
        /// directory. redis.conf: `dir`.
        "dir" => dir: String = ".".to_owned(), Path, Live;

        /// The name of the snapshot's file in that directory. redis.conf: `dbfilename`.
        "dbfilename" => dbfilename: String = "dump.rdb".to_owned(), FileName, Live;

        /// The number of databases, 1 to 1 000 000; at least as many as the master has.
        /// redis.conf: `databases`.
        "databases" => databases: u32 = 16, Integer(1, 1_000_000), Restart;

        /// The password for clients of the engine's own port; empty means that of `[proxy]`: see
        /// [`crate::config::Config::replica_password`].
        /// redis.conf: `requirepass`.
        "requirepass" => requirepass: Secret = Secret::default(), Password, Live;
    }
}

/// The master that the engine follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicaOf {
    /// The proxy's master, also after a failover.
    Topology,
    /// This server, whichever server is the proxy's master.
    Server(HostPort),
}

/// The kind of `replicaof`: `"topology"`, `"host:port"`, or redis.conf's `"host port"`.
#[derive(Debug)]
struct ReplicaOfKind;

const TOPOLOGY: &str = "topology";

/// The server that a value of redis.conf names: host and port, separated by blanks. An IPv6
/// address needs no brackets.
fn host_and_port(text: &str) -> Option<HostPort> {
    let mut words = text.split_ascii_whitespace();
    let (host, port) = (words.next()?, words.next()?);
    words.next().is_none().then(|| HostPort::of(host, port).ok())?
}

impl Kind for ReplicaOfKind {
    type Value = ReplicaOf;

    fn accepted(&self) -> String {
        format!("{}, \"host port\" or {}", quoted(TOPOLOGY), Address::Server.accepted())
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, ReplicaOf> {
        let text = raw.get_ref().as_str().unwrap_or_default();
        if text == TOPOLOGY {
            return Ok(ReplicaOf::Topology);
        }
        let named = host_and_port(text).filter(|server| server.port > 0);
        named.map_or_else(|| Address::Server.read(raw), Ok).map(ReplicaOf::Server)
    }

    fn show(&self, value: &ReplicaOf) -> String {
        match value {
            ReplicaOf::Topology => quoted(TOPOLOGY),
            ReplicaOf::Server(server) => Address::Server.show(server),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_may_be_written_as_in_redis_conf() {
        for (text, shown) in [
            ("10.0.0.1 6379", "10.0.0.1:6379"),
            ("redis-0.example\t 6379", "redis-0.example:6379"),
            ("::1 6379", "[::1]:6379"),
            ("[::1] 6379", "[::1]:6379"),
        ] {
            assert_eq!(host_and_port(text).unwrap().to_string(), shown, "{text}");
        }
        for text in ["", "no one", "host", "host 6379 6380", "host:1 6379", "::1", "host 65536"] {
            assert_eq!(host_and_port(text), None, "{text}");
        }
    }
}
