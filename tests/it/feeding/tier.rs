//! The replicas of an engine serve the reads of the proxy's clients, as other replicas do.

use super::*;
use crate::support::*;

/// Waits until reads through the proxy reach `server`.
#[track_caller]
fn wait_read_from(proxy: &Tidegate, server: &RedisServer) {
    eventually(PATIENCE, || {
        let before = server.calls("get");
        // A session stays at one replica for a while.
        for _ in 0..20 {
            proxy.wire().cmd(&["GET", "k"]);
        }
        if server.calls("get") > before {
            return Ok(());
        }
        let topology = proxy.wire().cmd(&["PROXY", "TOPOLOGY"]);
        let why = proxy.wire().cmd(&["PROXY", "EXPLAIN", "GET", "k"]);
        Err(format!("{}\n{topology:?}\n{why:?}", proxy.log()))
    });
}

#[test]
fn replicas_of_the_own_engine_and_of_another_one_serve_reads() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "k", "v"]).ok();
    let port = ReplicaPort::synced(&engine(&master), &master);
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    wait_read_from(&port.proxy, &sub);
    // A proxy without an engine finds the other one's replicas through the master.
    let other = ConfigBuilder::new(master.addr(), &[]).unset("topology", "replicas").start();
    wait_read_from(&other, &sub);
    // A replica that follows another master does not serve.
    let stranger = RedisServer::spawn(Flavor::Redis70);
    stranger.cmd(&["SET", "k", "other"]).ok();
    sub.replicate_from(stranger.addr());
    for proxy in [&port.proxy, &other] {
        let left = format!("it follows another one backend={}", sub.addr());
        eventually(PATIENCE, || match proxy.log().contains(&left) {
            true => Ok(()),
            false => Err(proxy.log()),
        });
        let before = sub.calls("get");
        for _ in 0..20 {
            assert_eq!(proxy.wire().cmd(&["GET", "k"]).str(), "v");
        }
        assert_eq!(sub.calls("get"), before);
    }
}

/// A list of replicas in the file is the list.
#[test]
fn a_listed_topology_has_no_tier() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let config = engine(&master).set("topology", "replicas", "[]");
    let port = ReplicaPort::synced(&config, &master);
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    wait_online(&port, 1);
    let topology = format!("{:?}", port.proxy.wire().cmd(&["PROXY", "TOPOLOGY"]));
    assert!(!topology.contains(&sub.port().to_string()), "{topology}");
}
