//! The engine's copy is not a replica's unless the operator says so: a write that only it has is lost
//! with the master. WAIT, `wait-replicas` and the write gate leave it out, unless the operator says
//! otherwise.

use crate::support::*;

const WRITES: usize = 100;

/// A master, one real replica behind a link that can be cut, and a proxy with an engine.
struct Scene {
    master: RedisServer,
    link: FaultProxy,
    real: RedisServer,
    own: ReplicaPort,
}

impl Scene {
    fn of(counts: bool) -> Self {
        let master = RedisServer::spawn(Flavor::Redis70);
        let link = FaultProxy::start(master.addr());
        let real = RedisServer::builder(Flavor::Redis70).replica_of(link.addr()).start();
        let config = ReplicaPort::of(&master)
            .set("replica", "counts-as-replica", &counts.to_string())
            .set("writes", "wait-replicas", "1")
            .set("writes", "wait-timeout", "\"200ms\"");
        let own = ReplicaPort::synced(&config, &master);
        let scene = Self { master, link, real, own };
        scene.until_written();
        scene
    }

    /// Both replicas are attached, and a write that the real one has is acknowledged.
    fn until_written(&self) {
        eventually(PATIENCE, || {
            let info = self.master.info("replication");
            let online = info.0.matches("state=online").count();
            let written = self.own.proxy.wire().cmd(&["SET", "before", "v"]);
            if online == 2 && !written.is_err() { Ok(()) } else { Err(format!("{written:?}")) }
        });
    }

    /// From now on the real replica gets nothing.
    fn cut_off_the_real_one(&self) {
        self.link.blackhole_of(Direction::ToClient);
    }
}

#[test]
fn no_write_is_acknowledged_for_the_engines_copy() {
    let scene = Scene::of(false);
    scene.cut_off_the_real_one();
    let mut wire = scene.own.proxy.wire();
    let requests: Vec<Vec<String>> =
        (0..WRITES).map(|n| vec!["SET".into(), format!("k{n}"), "v".into()]).collect();
    let requests: Vec<Vec<&str>> =
        requests.iter().map(|it| it.iter().map(String::as_str).collect()).collect();
    let requests: Vec<&[&str]> = requests.iter().map(Vec::as_slice).collect();
    let replies = wire.pipeline(&requests);
    let noack =
        replies.iter().filter(|it| matches!(it, Reply::Error(text) if text.starts_with("NOACK")));
    assert_eq!(noack.count(), WRITES, "{:?}", replies[0]);
    // Nor does a client's own WAIT count it, nor one that is sent to the master directly.
    scene.own.wait_for(&scene.master);
    assert_eq!(wire.cmd(&["WAIT", "1", "300"]).int(), 0);
    let mut direct = scene.master.wire();
    direct.cmd(&["SET", "direct", "v"]).ok();
    assert_eq!(direct.cmd(&["WAIT", "1", "300"]).int(), 0);
    // The engine has it all, and the real replica does not.
    scene.own.wait_for(&scene.master);
    assert_eq!(scene.own.cmd(&["GET", "direct"]).str(), "v");
    assert_eq!(scene.real.cmd(&["EXISTS", "direct"]).int(), 0);
}

#[test]
fn the_operator_may_count_it() {
    let scene = Scene::of(true);
    scene.cut_off_the_real_one();
    let mut wire = scene.own.proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    assert_eq!(wire.cmd(&["WAIT", "1", "5000"]).int(), 1);
    // Live: from now on it does not.
    scene.own.cmd(&["CONFIG", "SET", "counts-as-replica", "no"]).ok();
    assert!(wire.cmd(&["SET", "k", "v"]).err().starts_with("NOACK"));
}

fn gate(proxy: &Tidegate, wanted: &str) {
    eventually(PATIENCE, || {
        let text = proxy.wire().cmd(&["INFO", "proxy"]).str().to_owned();
        let is = text.contains(&format!("proxy_write_gate:{wanted}\r\n"));
        if is { Ok(()) } else { Err(text) }
    });
}

/// The proxy's own engine, and an engine of another process that is one of its replicas.
#[test]
fn the_gate_leaves_engines_out() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let gated = |config: ConfigBuilder| {
        config.set("writes", "min-replicas-to-write", "1").set(
            "writes",
            "min-replicas-max-lag",
            "\"1s\"",
        )
    };
    let local = ReplicaPort::of(&master).set("reads", "local", "true");
    let own = ReplicaPort::synced(&gated(local), &master);
    let other = gated(ConfigBuilder::new(master.addr(), &[own.addr()])).start();
    // Both know the engine, and that it is well.
    for proxy in [&own.proxy, &other] {
        eventually(PATIENCE, || {
            ReplicaLine::find(&mut proxy.wire(), own.addr())
                .and_then(|it| if it.is_fresh() { Ok(()) } else { Err(format!("{it:?}")) })
        });
        gate(proxy, "closed");
        assert!(proxy.wire().cmd(&["SET", "k", "v"]).err().starts_with("NOREPLICAS"));
    }
    let real = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.wait_attached(&real);
    for proxy in [&own.proxy, &other] {
        gate(proxy, "open");
        eventually(PATIENCE, || {
            let text = proxy.wire().cmd(&["INFO", "proxy"]).str().to_owned();
            if text.contains("proxy_good_replicas:1\r\n") { Ok(()) } else { Err(text) }
        });
    }
    drop(real);
    for proxy in [&own.proxy, &other] {
        gate(proxy, "closed");
    }
    own.cmd(&["CONFIG", "SET", "counts-as-replica", "yes"]).ok();
    for proxy in [&own.proxy, &other] {
        gate(proxy, "open");
    }
}
