//! The keys of the engine.

use std::time::Duration;

use tidegate::config::{AppendFsync, ReplicaOf, Secret};
use tidegate_store::EvictionPolicy;
use tidegate_wire::units::ByteSize;

use crate::{EVERYTHING, address, parse};

#[test]
fn every_value_of_persistence_arrives_where_it_belongs() {
    let replica = parse(EVERYTHING).unwrap().replica;
    assert_eq!(replica.save.to_string(), "3600 1 60 10000");
    assert_eq!(
        (replica.appendfilename.as_str(), replica.appenddirname.as_str()),
        ("replica.aof", "replica-aof")
    );
    assert!(replica.appendonly && replica.no_appendfsync_on_rewrite);
    assert!(!replica.stop_writes_on_bgsave_error && !replica.aof_load_truncated);
    assert_eq!(replica.appendfsync, AppendFsync::Always);
    let rewrite = (replica.auto_aof_rewrite_percentage, replica.auto_aof_rewrite_min_size);
    assert_eq!(rewrite, (50, ByteSize::mib(1)));
}

#[test]
fn every_value_of_the_engine_arrives_where_it_belongs() {
    let config = parse(EVERYTHING).unwrap();
    assert!(config.reads.local);
    assert_eq!(config.replica_login(), ("engine", &Secret::new("hunter2-engine")));
    let replica = config.replica;
    assert_eq!(replica.listen, [address("0.0.0.0:6390"), address("[::1]:6390")]);
    let master = address("redis-9.redis.svc.cluster.local:6379");
    assert_eq!(replica.replicaof, ReplicaOf::Server(master));
    let announced = (replica.replica_announce_ip.as_str(), replica.replica_announce_port);
    assert_eq!(announced, ("203.0.113.7", 16390));
    let flags = [replica.replica_announced, replica.replica_serve_stale_data];
    assert_eq!((flags, replica.replica_read_only), ([false, false], false));
    assert!(replica.enabled && replica.repl_disable_tcp_nodelay);
    assert_eq!(replica.repl_timeout, Duration::from_secs(20));
    assert_eq!(replica.repl_ping_replica_period, Duration::from_secs(1));
    assert_eq!(replica.repl_backlog_size, ByteSize::mib(64));
    assert_eq!(replica.maxmemory, Some(ByteSize::gib(8)));
    assert_eq!(replica.maxmemory_policy, EvictionPolicy::AllKeysLfu);
    let (samples, events) = (replica.maxmemory_samples, replica.notify_keyspace_events.as_str());
    assert_eq!((samples, events), (10, "KEA"));
    assert_eq!(
        (replica.dir.as_str(), replica.dbfilename.as_str()),
        ("/var/lib/tidegate", "replica.rdb")
    );
    assert_eq!((replica.replica_priority, replica.databases), (5, 64));
    assert!(replica.counts_as_replica);
    assert_eq!(replica.requirepass.expose(), "hunter2-port");
}
