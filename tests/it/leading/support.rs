//! What the tests of the engine as a master share.

use crate::support::*;

/// A configuration of a process whose engine is a master.
pub fn config() -> ConfigBuilder {
    let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    ConfigBuilder::new(nobody, &[])
        .set("replica", "enabled", "true")
        .set("replica", "listen", "\"127.0.0.1:0\"")
        .set("replica", "replicaof", "\"no one\"")
        .set("replica", "counts-as-replica", "true")
        .set("replica", "repl-diskless-sync-delay", "\"0s\"")
}

/// An engine that is a master.
pub fn leader() -> ReplicaPort {
    leader_of(&config())
}

/// An engine of this configuration, once it serves as a master.
pub fn leader_of(config: &ConfigBuilder) -> ReplicaPort {
    let port = ReplicaPort::start(config);
    eventually(PATIENCE, || match port.try_cmd(&["DBSIZE"])? {
        Reply::Int(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    port
}

/// An engine that imitates a server of this version, whose replica it was.
pub fn leader_like(flavor: Flavor) -> ReplicaPort {
    let server = RedisServer::spawn(flavor);
    let addr = format!("\"{}\"", server.addr());
    let port = ReplicaPort::synced(&config().set("replica", "replicaof", &addr), &server);
    port.cmd(&["REPLICAOF", "NO", "ONE"]).ok();
    port
}

/// The offset of its stream.
pub fn offset(port: &ReplicaPort) -> i64 {
    port.cmd(&["ROLE"]).array()[1].int()
}

/// Waits until a real replica of the engine has all of its stream.
#[track_caller]
pub fn wait_replica(replica: &RedisServer, master: &ReplicaPort) {
    let target = offset(master);
    eventually(PATIENCE, || {
        let info = replica.info("replication");
        let is_its = info.get("master_port") == Some(&master.addr().port().to_string());
        let is_up = info.get("master_link_status") == Some("up");
        let offset = info.get("slave_repl_offset").and_then(|it| it.parse::<i64>().ok());
        if is_its && is_up && offset.unwrap_or_default() >= target {
            return Ok(());
        }
        Err(format!("{} of {target}\n{}", info.0, replica.log()))
    });
}

/// Checks that a real replica has the data of the engine.
#[track_caller]
pub fn assert_same_data(replica: &RedisServer, master: &ReplicaPort) {
    wait_replica(replica, master);
    let both = [replica.cmd(&["DEBUG", "DIGEST"]), master.cmd(&["DEBUG", "DIGEST"])];
    assert_eq!(both[0], both[1], "{:?}", replica.flavor());
}
