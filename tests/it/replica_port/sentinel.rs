//! A real Sentinel finds the engine among the replicas of its master, trusts its INFO, and makes it
//! follow the new master after a failover.

use std::time::Duration;

use crate::support::sentinel::Sentinel;
use crate::support::*;

#[test]
fn sentinel_sees_a_healthy_replica() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let own = ReplicaPort::synced(&ReplicaPort::of(&master), &master);
    let sentinel = Sentinel::of(&master);
    let port = own.addr().port();
    eventually(PATIENCE, || {
        let Some(seen) = sentinel.replica(port) else { return Err("not seen".into()) };
        let wanted = [("flags", "slave"), ("master-link-status", "ok"), ("slave-priority", "0")];
        let is_well = wanted.iter().all(|(name, value)| seen.field(name) == *value);
        let run_id = own.info("server").get("run_id").unwrap().to_owned();
        if is_well && seen.field("runid") == run_id { Ok(()) } else { Err(format!("{seen:?}")) }
    });
    // It answers PING too: without that it would be down now.
    std::thread::sleep(Sentinel::DOWN_AFTER + Duration::from_secs(2));
    let seen = sentinel.replica(port).unwrap();
    assert_eq!(seen.field("flags"), "slave", "{seen:?}");
    // Its hello messages reach the engine's subscribers, which it is one of.
    let channels = own.cmd(&["PUBSUB", "CHANNELS"]).strings();
    assert_eq!(channels, ["__sentinel__:hello"]);
}

#[test]
fn what_is_not_announced_is_not_listed() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let real = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    let config = ReplicaPort::of(&master).set("replica", "replica-announced", "false");
    let own = ReplicaPort::synced(&config, &master);
    let sentinel = Sentinel::of(&master);
    eventually(PATIENCE, || {
        let info = own.info("clients");
        let is_known = info.get("pubsub_clients") == Some("1");
        let is_listed = sentinel.replica(own.addr().port()).is_some();
        match (is_known, is_listed, sentinel.replica(real.port()).is_some()) {
            (true, false, true) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
}

/// An engine whose run id has a larger one above it soon.
fn with_small_run_id(config: &ConfigBuilder, master: &RedisServer) -> ReplicaPort {
    for _ in 0..50 {
        let own = ReplicaPort::synced(config, master);
        if own.info("server").get("run_id").unwrap() < "8" {
            return own;
        }
    }
    panic!("50 run ids above 8");
}

/// A replica of `master` whose run id is larger than `run_id`: of two replicas that are otherwise
/// equal Sentinel selects the one with the smaller run id.
fn replica_behind(master: &RedisServer, run_id: &str) -> RedisServer {
    let mut real = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    for _ in 0..200 {
        if real.info("server").get("run_id").unwrap() > run_id {
            return real;
        }
        real.restart();
    }
    panic!("200 run ids below {run_id}");
}

/// With default settings, and run ids for which Sentinel would prefer the engine if its priority
/// allowed that.
#[test]
fn after_a_failover_it_follows_the_new_master() {
    let mut master = RedisServer::spawn(Flavor::Redis70);
    let follows = format!("\"{}\"", master.addr());
    let config = ReplicaPort::of(&master).set("replica", "replicaof", &follows);
    let own = with_small_run_id(&config, &master);
    let real = replica_behind(&master, own.info("server").get("run_id").unwrap());
    master.wait_attached(&real);
    master.cmd(&["SET", "k", "1"]).ok();
    own.wait_for(&master);
    master.wait_synced(&real);
    let sentinel = Sentinel::of(&master);
    sentinel.wait_for(&[real.port(), own.addr().port()]);
    master.kill();
    // Sentinel sends CLIENT KILL TYPE normal behind its REPLICAOF, to the engine and to the new
    // master: a question that it cuts off is asked again.
    eventually(PATIENCE, || {
        let info = own.try_info("replication")?;
        let is_new = info.get("master_port") == Some(real.port().to_string().as_str());
        let is_up = info.get("master_link_status") == Some("up");
        if is_new && is_up { Ok(()) } else { Err(info.0) }
    });
    eventually(PATIENCE, || {
        let set =
            Wire::try_connect(real.addr()).and_then(|mut wire| wire.try_cmd(&["SET", "k", "2"]));
        set.map(|reply| reply.ok()).map_err(|error| error.to_string())
    });
    own.wait_for(&real);
    eventually(PATIENCE, || match own.try_cmd(&["GET", "k"])? {
        reply if reply.str() == "2" => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
    // It was a partial resync, and the file names the new master, too.
    eventually(PATIENCE, || {
        let info = own.try_info("tidegate")?;
        assert_eq!(info.get("full_resyncs"), Some("1"), "{}", real.log());
        Ok(())
    });
    let file = std::fs::read_to_string(own.proxy.config_path()).unwrap();
    assert!(file.contains(&format!("replicaof = \"127.0.0.1:{}\"", real.port())), "{file}");
}
