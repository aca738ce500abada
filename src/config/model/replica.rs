//! `[replica]`: the engine that holds the master's data in this process.
//!
//! Names and meanings are redis.conf's; how keys relate to each other stands in `rules.rs`.

use std::time::Duration;

use super::section::section;
use crate::config::kind::{
    Address, FileName, Flag, HostName, Integer, Kind, ListOf, OneOrList, OrOff, Password, Path,
    Raw, Read, Size, Text, Time, quoted,
};
use tidegate_wire::units::ByteSize;
use tidegate_wire::units::{HostPort, Secret};

/// How many addresses may be listened on.
const MAX_LISTEN: usize = 64;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// The largest `int` of C, up to which servers read priorities.
const MAX_INT: u32 = 0x7fff_ffff;

section! {
    /// `[replica]`: whom the engine follows, how it shows itself, and its limits.
    pub struct Replica = "replica" {
        /// Whether there is an engine.
        "enabled" => enabled: bool = false, Flag, Restart;

        /// The addresses of the engine's own port; 1 to 64, port 0 is any free one.
        /// redis.conf: a replica's `bind` and `port`.
        "listen" => listen: Vec<HostPort> = vec![HostPort::local(6390)],
            OneOrList(ListOf { kind: Address::Listen, min: 1, max: MAX_LISTEN }), Restart;

        /// Whom it follows. redis.conf: `replicaof`.
        "replicaof" | "slaveof" => replicaof: ReplicaOf = ReplicaOf::Topology, ReplicaOfKind, Live;

        /// The user the engine logs in as; see [`crate::config::Config::replica_login`].
        /// redis.conf: `masteruser`.
        "masteruser" => masteruser: String = String::new(), Text, Live;

        /// The password the engine logs in with; empty is the login of `[topology]`.
        /// redis.conf: `masterauth`.
        "masterauth" => masterauth: Secret = Secret::default(), Password, Live;

        /// The host that the engine tells its master to show to others; empty is the address it
        /// comes from. redis.conf: `replica-announce-ip`.
        "replica-announce-ip" | "slave-announce-ip" => replica_announce_ip: String = String::new(),
            HostName, Live;

        /// The port that goes with it; 0 is the one it listens on.
        /// redis.conf: `replica-announce-port`.
        "replica-announce-port" | "slave-announce-port" => replica_announce_port: u16 = 0,
            Integer(0, u16::MAX), Live;

        /// Whether Sentinel may show it to clients. redis.conf: `replica-announced`.
        "replica-announced" => replica_announced: bool = true, Flag, Live;

        /// The priority that Sentinel is meant to read. The engine cannot be promoted yet: it
        /// announces 0 whatever is configured. redis.conf: `replica-priority`.
        "replica-priority" | "slave-priority" => replica_priority: u32 = 0,
            Integer(0, MAX_INT), Live;

        /// Whether the engine's copy counts as a replica's: for WAIT, `writes.wait-replicas` and
        /// `writes.min-replicas-to-write`. The engine cannot be promoted, so a write that only it
        /// has is lost with the master.
        "counts-as-replica" => counts_as_replica: bool = false, Flag, Live;

        /// Whether its own port answers reads while the link is down.
        /// redis.conf: `replica-serve-stale-data`.
        "replica-serve-stale-data" | "slave-serve-stale-data" => replica_serve_stale_data: bool =
            true, Flag, Live;

        /// Whether its own port refuses writes. redis.conf: `replica-read-only`.
        "replica-read-only" | "slave-read-only" => replica_read_only: bool = true, Flag, Live;

        /// Silence after which a link is given up, to the master and to sub-replicas; 1 s to 1 h.
        /// redis.conf: `repl-timeout`.
        "repl-timeout" => repl_timeout: Duration = Duration::from_secs(60),
            Time(SECOND, HOUR), Live;

        /// How often sub-replicas are pinged while nobody is above; 1 s to 1 h.
        /// redis.conf: `repl-ping-replica-period`.
        "repl-ping-replica-period" | "repl-ping-slave-period" => repl_ping_replica_period:
            Duration = Duration::from_secs(10), Time(SECOND, HOUR), Live;

        /// Whether sub-replicas' links gather small packets. redis.conf:
        /// `repl-disable-tcp-nodelay`.
        "repl-disable-tcp-nodelay" => repl_disable_tcp_nodelay: bool = false, Flag, Live;

        /// How much of the stream is kept for replicas that come back; 16 kb to 1 TiB.
        /// redis.conf: `repl-backlog-size`.
        "repl-backlog-size" => repl_backlog_size: ByteSize = ByteSize::mib(1),
            Size(ByteSize::kib(16), ByteSize::new(1 << 40)), Live;

        /// How much memory the data may take, 1 mb to 1 TiB; `None` is no limit. Beyond it the
        /// engine serves nothing; it evicts nothing. redis.conf: `maxmemory`.
        "maxmemory" => maxmemory: Option<ByteSize> = None,
            OrOff(Size(ByteSize::mib(1), ByteSize::new(1 << 40))), Live;

        /// The directory of the snapshot, from the process's own on. redis.conf: `dir`.
        "dir" => dir: String = ".".to_owned(), Path, Live;

        /// The snapshot's file in it. redis.conf: `dbfilename`.
        "dbfilename" => dbfilename: String = "dump.rdb".to_owned(), FileName, Live;

        /// How many databases there are; 1 to 1 000 000, no fewer than the master has.
        /// redis.conf: `databases`.
        "databases" => databases: u32 = 16, Integer(1, 1_000_000), Restart;

        /// The password that clients of the engine's own port give; empty is that of `[proxy]`: see
        /// [`crate::config::Config::replica_password`].
        /// redis.conf: `requirepass`.
        "requirepass" => requirepass: Secret = Secret::default(), Password, Live;
    }
}

/// Whom the engine follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicaOf {
    /// Whoever is the proxy's master.
    Topology,
    /// This server, whatever the topology says.
    Server(HostPort),
}

/// `"topology"`, `"host:port"`, or redis.conf's `"host port"`.
#[derive(Debug)]
struct ReplicaOfKind;

const TOPOLOGY: &str = "topology";

/// The server that a text of redis.conf names: host and port with blanks between, the host
/// without brackets though it be an IPv6 address.
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
    fn redis_confs_way_to_name_a_master_is_understood() {
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
