//! The end of the stream survives a restart of the engine: its own replicas continue partially.

use super::{engine_of, fill, wait_for_log};
use crate::support::*;

/// A replica that is behind when the engine ends, and comes back after its restart.
fn continues(is_killed: bool, appendonly: bool) {
    let master = RedisServer::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    let listen = format!("\"127.0.0.1:{}\"", ports::free_port());
    let config = engine_of(&master, dir.path())
        .set("replica", "appendonly", if appendonly { "true" } else { "false" })
        .set("replica", "listen", &listen)
        .set("replica", "repl-diskless-sync-delay", "\"0s\"");
    let mut port = ReplicaPort::synced(&config, &master);
    if appendonly {
        wait_for_log(&port);
    }
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    fill(&master, "a:");
    let has_all = |replica: &RedisServer| {
        let target = master.offset();
        eventually(PATIENCE, || match replica.offset() {
            offset if offset >= target => Ok(()),
            offset => Err(format!("{offset} of {target}\n{}", replica.log())),
        });
    };
    has_all(&replica);
    // It falls behind by what the engine still gets: nothing answers where it connects.
    let nothing = ([127, 0, 0, 1], ports::free_port()).into();
    replica.replicate_from(nothing);
    fill(&master, "b:");
    port.wait_for(&master);
    if appendonly && !is_killed {
        // The command files of before are gone.
        port.cmd(&["BGREWRITEAOF"]);
        wait_for_log(&port);
        fill(&master, "c:");
        port.wait_for(&master);
    }
    if is_killed {
        port.proxy.kill();
    } else {
        port.proxy.sigterm();
        assert!(port.proxy.wait_exit(PATIENCE).success());
    }
    let full = local::stat(&master, "sync_full");
    let port = ReplicaPort::synced(&config, &master);
    assert!(replica.offset() < master.offset());
    // The engine's port refuses replicas before its link is up.
    replica.replicate_from(port.addr());
    has_all(&replica);
    assert_eq!(replica.digest(), master.digest());
    assert_eq!(local::stat(&master, "sync_full"), full);
    let stats = port.info("stats");
    let found = (stats.get("sync_full"), stats.get("sync_partial_ok"));
    assert_eq!(found, (Some("0"), Some("1")), "{}\n{}", port.proxy.log(), replica.log());
}

#[test]
fn replicas_continue_after_a_kill_with_the_append_only_file() {
    continues(true, true);
}

#[test]
fn replicas_continue_after_a_stop_and_a_rewrite() {
    continues(false, true);
}

#[test]
fn replicas_continue_after_a_stop_with_a_snapshot() {
    continues(false, false);
}
