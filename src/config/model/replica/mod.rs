//! `[replica]`: the engine that holds the master's data in this process.
//!
//! Names and meanings are those of redis.conf.

mod append_fsync;
mod leading;
mod replica_of;

use std::time::Duration;

use super::section::section;
use crate::config::kind::{
    Address, FileName, Flag, HostName, IfGiven, Integer, ListOf, OneOf, OneOrList, OrOff,
    OutputClass, OutputClassKind, Password, Path, SaveRules, SaveRulesKind, Size, Text, Time,
};
use tidegate_store::EvictionPolicy;
use tidegate_wire::units::ByteSize;
use tidegate_wire::units::{HostPort, Secret};

pub use append_fsync::AppendFsync;
use leading::EventsKind;
pub use replica_of::ReplicaOf;
use replica_of::ReplicaOfKind;

/// The most addresses that the engine listens on.
const MAX_LISTEN: usize = 64;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// The default limits of redis.conf for replicas.
const OUTPUT: OutputClass = OutputClass {
    hard: Some(ByteSize::mib(256)),
    soft: Some(ByteSize::mib(64)),
    soft_for: Duration::from_secs(60),
};

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

        /// The addresses of the engine's own port with TLS, at most 64; its certificate is that of
        /// `proxy.tls-cert-file`. redis.conf: `tls-port`.
        "tls-listen" => tls_listen: Vec<HostPort> = Vec::new(),
            OneOrList(ListOf { kind: Address::Listen, min: 0, max: MAX_LISTEN }), Restart;

        /// Whether the engine connects to its master with TLS; left out, as `topology.tls` says.
        /// redis.conf: `tls-replication`.
        "tls-replication" => tls_replication: Option<bool> = None, IfGiven(Flag), Live;

        /// The master that the engine follows; `"no one"` makes the engine a master itself.
        /// redis.conf: `replicaof`.
        "replicaof" | "slaveof" => replicaof: ReplicaOf = ReplicaOf::Topology, ReplicaOfKind, Live;

        /// The user as which the engine logs in; empty means the default user.
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

        /// The engine's priority for Sentinel, which promotes the replica with the lowest one; 0
        /// means never. redis.conf: `replica-priority`.
        "replica-priority" | "slave-priority" => replica_priority: u32 = 0,
            Integer(0, MAX_INT), Live;

        /// Whether the engine counts as a replica for WAIT, `writes.wait-replicas` and
        /// `writes.min-replicas-to-write`. A write that only the engine has is lost with the
        /// master, unless the engine may be promoted.
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

        /// How often the engine pings its replicas as a master, 1 s to 1 h. As a replica it passes
        /// its master's pings on.
        /// redis.conf: `repl-ping-replica-period`.
        "repl-ping-replica-period" | "repl-ping-slave-period" => repl_ping_replica_period:
            Duration = Duration::from_secs(10), Time(SECOND, HOUR), Live;

        /// Whether links to sub-replicas collect small packets. It concerns links that begin. redis.conf:
        /// `repl-disable-tcp-nodelay`.
        "repl-disable-tcp-nodelay" => repl_disable_tcp_nodelay: bool = false, Flag, Live;

        /// How much of the stream the engine keeps for sub-replicas that reconnect, 16 kb to 1 TiB.
        /// redis.conf: `repl-backlog-size`.
        "repl-backlog-size" => repl_backlog_size: ByteSize = ByteSize::mib(1),
            Size(ByteSize::kib(16), ByteSize::new(1 << 40)), Live;

        /// How long the engine keeps it as a master without replicas, 0 to 365 days; 0 means for
        /// ever. As a replica it always keeps it. redis.conf: `repl-backlog-ttl`.
        "repl-backlog-ttl" => repl_backlog_ttl: Duration = HOUR, Time(Duration::ZERO, YEAR), Live;

        /// Whether a full resync of a sub-replica is sent while the snapshot is written; else a
        /// file in `dir` is written first. redis.conf: `repl-diskless-sync`.
        "repl-diskless-sync" => repl_diskless_sync: bool = true, Flag, Live;

        /// How long such a snapshot waits for further sub-replicas, 0 to 1 h.
        /// redis.conf: `repl-diskless-sync-delay`.
        "repl-diskless-sync-delay" => repl_diskless_sync_delay: Duration = Duration::from_secs(5),
            Time(Duration::ZERO, HOUR), Live;

        /// The number of waiting sub-replicas with which it begins at once; 0 means none.
        /// redis.conf: `repl-diskless-sync-max-replicas`.
        "repl-diskless-sync-max-replicas" => repl_diskless_sync_max_replicas: u32 = 0,
            Integer(0, MAX_INT), Live;

        /// How much of the stream may wait for a sub-replica: a hard limit, a soft limit, and for
        /// how long a sub-replica may exceed the soft one.
        /// redis.conf: `client-output-buffer-limit replica`.
        "client-output-buffer-limit-replica" => client_output_buffer_limit_replica: OutputClass =
            OUTPUT, OutputClassKind, Live;

        /// How many sub-replicas need a recent ack, or the engine refuses writes as a master; 0 means
        /// that none is needed. redis.conf: `min-replicas-to-write`.
        "min-replicas-to-write" | "min-slaves-to-write" => min_replicas_to_write: u32 = 0,
            Integer(0, MAX_INT), Live;

        /// How old the last ack of such a sub-replica may be, 0 to 1 h.
        /// redis.conf: `min-replicas-max-lag`.
        "min-replicas-max-lag" | "min-slaves-max-lag" => min_replicas_max_lag: Duration =
            Duration::from_secs(10), Time(Duration::ZERO, HOUR), Live;

        /// How much memory the data may take, 1 mb to 1 TiB; 0 means no limit. Beyond the
        /// limit a replica serves no reads, and a master evicts keys or refuses commands that need
        /// memory. redis.conf: `maxmemory`.
        "maxmemory" => maxmemory: Option<ByteSize> = None,
            OrOff(Size(ByteSize::mib(1), ByteSize::new(1 << 40))), Live;

        /// Which keys the engine evicts as a master; a replica evicts none.
        /// redis.conf: `maxmemory-policy`.
        "maxmemory-policy" => maxmemory_policy: EvictionPolicy = EvictionPolicy::NoEviction,
            OneOf::<EvictionPolicy>::new(), Live;

        /// How many keys are compared for one that is evicted, 1 to 64.
        /// redis.conf: `maxmemory-samples`.
        "maxmemory-samples" => maxmemory_samples: u32 = 5, Integer(1, 64), Live;

        /// Which keyspace events the engine publishes as a master; empty means none.
        /// redis.conf: `notify-keyspace-events`.
        "notify-keyspace-events" => notify_keyspace_events: String = String::new(), EventsKind,
            Live;

        /// How long a script may run before other clients of the engine's port are told that it is
        /// busy, 1 ms to 1 h. redis.conf: `busy-reply-threshold`.
        "busy-reply-threshold" | "lua-time-limit" => busy_reply_threshold: Duration =
            Duration::from_secs(5), Time(Duration::from_millis(1), HOUR), Live;

        /// How many keys the engine remembers for CLIENT TRACKING; 0 means no limit. Beyond it, keys
        /// that it gives up count as changed. redis.conf: `tracking-table-max-keys`.
        "tracking-table-max-keys" => tracking_table_max_keys: u32 = 1_000_000,
            Integer(0, MAX_INT), Live;

        /// How long SHUTDOWN waits for replicas that lack a part of the stream, 0 to 1 h.
        /// redis.conf: `shutdown-timeout`.
        "shutdown-timeout" => shutdown_timeout: Duration = Duration::from_secs(10),
            Time(Duration::ZERO, HOUR), Live;

        /// The directory of the snapshot; a relative path starts at the process's working
        /// directory. redis.conf: `dir`.
        "dir" => dir: String = ".".to_owned(), Path, Live;

        /// The name of the snapshot's file in that directory. redis.conf: `dbfilename`.
        "dbfilename" => dbfilename: String = "dump.rdb".to_owned(), FileName, Live;

        /// When the data are saved without being asked: pairs of seconds and changes since the last
        /// save. redis.conf: `save`.
        "save" => save: SaveRules = SaveRules::default(), SaveRulesKind, Live;

        /// Whether writes are refused after a failed save, while there are rules in `save`.
        /// redis.conf: `stop-writes-on-bgsave-error`.
        "stop-writes-on-bgsave-error" => stop_writes_on_bgsave_error: bool = true, Flag, Live;

        /// Whether every change goes to the append-only file. redis.conf: `appendonly`.
        "appendonly" => appendonly: bool = false, Flag, Live;

        /// What the names of its files begin with. redis.conf: `appendfilename`.
        "appendfilename" => appendfilename: String = "appendonly.aof".to_owned(), FileName, Restart;

        /// The directory of its files, in `dir`. redis.conf: `appenddirname`.
        "appenddirname" => appenddirname: String = "appendonlydir".to_owned(), FileName, Restart;

        /// When its bytes are synced to the disk. redis.conf: `appendfsync`.
        "appendfsync" => appendfsync: AppendFsync = AppendFsync::EverySec,
            OneOf::<AppendFsync>::new(), Live;

        /// Whether nothing is synced while a snapshot is written.
        /// redis.conf: `no-appendfsync-on-rewrite`.
        "no-appendfsync-on-rewrite" => no_appendfsync_on_rewrite: bool = false, Flag, Live;

        /// By how many percent it grows before it is rewritten; 0 means never.
        /// redis.conf: `auto-aof-rewrite-percentage`.
        "auto-aof-rewrite-percentage" => auto_aof_rewrite_percentage: u32 = 100,
            Integer(0, MAX_INT), Live;

        /// How large it has to be for that, 0 to 1 TiB. redis.conf: `auto-aof-rewrite-min-size`.
        "auto-aof-rewrite-min-size" => auto_aof_rewrite_min_size: ByteSize = ByteSize::mib(64),
            Size(ByteSize::new(0), ByteSize::new(1 << 40)), Live;

        /// Whether a start accepts a file that ends within a command, and cuts it off there.
        /// redis.conf: `aof-load-truncated`.
        "aof-load-truncated" => aof_load_truncated: bool = true, Flag, Live;

        /// The number of databases, 1 to 1 000 000; at least as many as the master has.
        /// redis.conf: `databases`.
        "databases" => databases: u32 = 16, Integer(1, 1_000_000), Restart;

        /// The password for clients of the engine's own port; empty means that of `[proxy]`.
        /// redis.conf: `requirepass`.
        "requirepass" => requirepass: Secret = Secret::default(), Password, Live;
    }
}
