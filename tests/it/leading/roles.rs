//! How the engine becomes a master, and stays one over a restart.

use super::support::*;
use crate::support::sentinel::Sentinel;
use crate::support::*;

#[test]
fn the_data_and_the_history_outlive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let config = config().set("replica", "dir", &format!("{:?}", dir.path()));
    let mut first = leader_of(&config);
    first.cmd(&["SET", "k", "v"]).ok();
    let replid = first.info("replication").get("master_replid").unwrap().to_owned();
    let end = offset(&first);
    first.proxy.sigterm();
    first.proxy.wait_exit(PATIENCE);
    let second = leader_of(&config);
    assert_eq!(second.cmd(&["GET", "k"]).str(), "v");
    let info = second.info("replication");
    assert_eq!(info.get("master_replid2"), Some(&*replid), "{}", info.0);
    assert_eq!(info.get("second_repl_offset"), Some(&*(end + 1).to_string()), "{}", info.0);
    assert_ne!(info.get("master_replid"), Some(&*replid));
}

#[test]
fn a_file_of_a_server_without_a_history_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let server = RedisServer::spawn(Flavor::Redis70);
    server.cmd(&["SET", "k", "v"]).ok();
    server.cmd(&["SAVE"]).ok();
    std::fs::copy(server.dir().join("dump.rdb"), dir.path().join("dump.rdb")).unwrap();
    let engine = leader_of(&config().set("replica", "dir", &format!("{:?}", dir.path())));
    assert_eq!(engine.cmd(&["GET", "k"]).str(), "v");
    engine.cmd(&["SET", "l", "w"]).ok();
}

#[test]
fn a_reload_makes_it_a_replica_and_a_master_again() {
    let server = RedisServer::spawn(Flavor::Redis70);
    server.cmd(&["SET", "of", "server"]).ok();
    let mut engine = leader();
    engine.cmd(&["SET", "of", "engine"]).ok();
    let addr = format!("\"{}\"", server.addr());
    let follower = config().set("replica", "replicaof", &addr).toml();
    engine.proxy.reload(&follower);
    eventually(PATIENCE, || match engine.try_cmd(&["GET", "of"])? {
        Reply::Bulk(value) if value == b"server" => Ok(()),
        other => Err(format!("{other:?}")),
    });
    engine.proxy.reload(&config().toml());
    eventually(PATIENCE, || match engine.try_cmd(&["SET", "of", "engine again"])? {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(server.cmd(&["GET", "of"]).str(), "server");
}

#[test]
fn config_rewrite_keeps_the_role() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let own = ReplicaPort::synced(&ReplicaPort::of(&server), &server);
    own.cmd(&["REPLICAOF", "NO", "ONE"]).ok();
    own.cmd(&["CONFIG", "REWRITE"]).ok();
    let file = std::fs::read_to_string(own.proxy.config_path()).unwrap();
    assert!(file.contains("replicaof = \"no one\""), "{file}");
}

/// The engine may be promoted where the operator allows it, and is a replica again afterwards.
#[test]
fn sentinel_fails_over_to_the_engine_and_back() {
    let mut master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "k", "v"]).ok();
    let config = ReplicaPort::of(&master)
        .set("replica", "replicaof", &format!("\"{}\"", master.addr()))
        .set("replica", "replica-priority", "100")
        .set("replica", "counts-as-replica", "true");
    let engine = ReplicaPort::synced(&config, &master);
    let sentinel = Sentinel::of(&master);
    sentinel.wait_for(&[engine.addr().port()]);
    master.kill();
    eventually(PATIENCE, || match sentinel.master_port() {
        Some(port) if port == engine.addr().port() => Ok(()),
        other => Err(format!("{other:?}\n{}", engine.proxy.log())),
    });
    eventually(PATIENCE, || match engine.try_cmd(&["SET", "k", "of the engine"])? {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    // The old master comes back, and Sentinel makes it a replica of the engine.
    master.restart();
    eventually(PATIENCE, || match master.cmd(&["GET", "k"]) {
        Reply::Bulk(value) if value == b"of the engine" => Ok(()),
        other => Err(format!("{other:?}\n{}", master.log())),
    });
    sentinel.wait_for(&[master.port()]);
    eventually(PATIENCE, || match sentinel.ask(&["SENTINEL", "FAILOVER", "m"]) {
        Ok(Reply::Simple(_)) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    eventually(PATIENCE, || match master.cmd(&["SET", "k", "of the server"]) {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    eventually(PATIENCE, || match engine.try_cmd(&["GET", "k"])? {
        Reply::Bulk(value) if value == b"of the server" => Ok(()),
        other => Err(format!("{other:?}\n{}", engine.proxy.log())),
    });
}
