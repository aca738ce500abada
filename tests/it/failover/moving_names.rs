//! A name that leads to another address leads to another server.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::*;

const OTHER: [u8; 4] = [127, 0, 0, 2];

/// Two servers that know nothing of one another, with the same port on two addresses.
fn two_servers() -> [RedisServer; 2] {
    let one = RedisServer::spawn(Flavor::Redis70);
    let builder = RedisServer::builder(Flavor::Redis70).host(OTHER);
    let other = builder.port(one.port()).start();
    [one, other]
}

fn start(names: &Names, config: &ConfigBuilder) -> Tidegate {
    Tidegate::spawn_program(&names.program(), &config.toml())
}

fn named(config: ConfigBuilder, name: &str, server: &RedisServer) -> ConfigBuilder {
    config.set("topology", "master", &format!("\"{name}:{}\"", server.port()))
}

#[track_caller]
fn id(proxy: &Tidegate, name: &str, port: u16) -> Value {
    server(&mut proxy.wire(), format!("{name}:{port}"))["id"].clone()
}

#[test]
fn writes_follow_the_name_of_the_master() {
    let [old, new] = two_servers();
    let names = Names::new(&[("db.test", "127.0.0.1")]);
    let proxy = start(&names, &named(ConfigBuilder::new(old.addr(), &[]), "db.test", &old));
    let (mut wire, before) = (proxy.wire(), id(&proxy, "db.test", old.port()));
    wire.cmd(&["SET", "k", "old"]).ok();
    names.set(&[("db.test", "127.0.0.2")]);
    let mut last = String::new();
    eventually(PATIENCE, || {
        let value = format!("{last}x");
        let reply = wire.cmd(&["SET", "k", &value]);
        last = value;
        let found = new.cmd(&["EXISTS", "k"]);
        (found == Reply::Int(1)).then_some(()).ok_or_else(|| format!("{reply:?}"))
    });
    // The old server still claims to be master, and gets nothing any more.
    let offset = old.calls("set");
    for n in 0..50 {
        wire.cmd(&["SET", "k", &n.to_string()]).ok();
    }
    proxy.wire().cmd(&["SET", "k", "fresh connection"]).ok();
    assert_eq!((old.calls("set"), new.cmd(&["GET", "k"]).str()), (offset, "fresh connection"));
    assert_ne!(id(&proxy, "db.test", old.port()), before);
    let last = &topology(&mut wire)["failovers"]["last"];
    assert_eq!((&last["cause"], &last["lost_bytes"]), (&"moved".into(), &Value::Null), "{last}");
    assert!(proxy.log().contains("leads to another address than 127.0.0.1"), "{}", proxy.log());
}

#[test]
fn a_replica_that_returns_with_another_address_serves_reads() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let mut old = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.wait_attached(&old);
    let names = Names::new(&[("replica.test", "127.0.0.1")]);
    let list = format!("[\"replica.test:{}\"]", old.port());
    let config = ConfigBuilder::new(master.addr(), &[]).set("topology", "replicas", &list);
    let proxy = start(&names, &config);
    wait_serving(&proxy, 1);
    let before = id(&proxy, "replica.test", old.port());
    old.kill();
    let builder = RedisServer::builder(Flavor::Redis70).host(OTHER).port(old.port());
    let new = builder.replica_of(master.addr()).start();
    names.set(&[("replica.test", "127.0.0.2")]);
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        wire.cmd(&["GET", "k"]);
        if new.calls("get") > 0 { Ok(()) } else { Err(proxy.log()) }
    });
    assert_ne!(id(&proxy, "replica.test", old.port()), before);
}

#[test]
fn a_name_that_stops_resolving_leads_where_it_did() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let names = Names::new(&[("db.test", "127.0.0.1")]);
    let proxy = start(&names, &named(ConfigBuilder::new(master.addr(), &[]), "db.test", &master));
    let before = id(&proxy, "db.test", master.port());
    names.set(&[]);
    let lost = "name does not resolve";
    eventually(PATIENCE, || proxy.log().contains(lost).then_some(()).ok_or_else(|| proxy.log()));
    // Two more look-ups.
    thread::sleep(Duration::from_millis(2_500));
    proxy.wire().cmd(&["SET", "k", "1"]).ok();
    assert_eq!(proxy.log().matches(lost).count(), 1, "{}", proxy.log());
    assert_eq!(id(&proxy, "db.test", master.port()), before);
    names.set(&[("db.test", "127.0.0.1")]);
    eventually(PATIENCE, || {
        proxy.log().contains("name resolves again").then_some(()).ok_or_else(|| proxy.log())
    });
    assert_eq!(id(&proxy, "db.test", master.port()), before);
}

#[test]
fn the_engine_follows_the_name_of_the_master() {
    let [old, new] = two_servers();
    let names = Names::new(&[("db.test", "127.0.0.1")]);
    let config = named(ConfigBuilder::new(old.addr(), &[]), "db.test", &old);
    let config = config.set("replica", "enabled", "true").set("reads", "local", "true");
    let proxy = start(&names, &config.set("replica", "listen", "\"127.0.0.1:0\""));
    wait_serving(&proxy, 1);
    names.set(&[("db.test", "127.0.0.2")]);
    let links = |server: &RedisServer| {
        server.info("replication").get("connected_slaves").map(str::to_owned)
    };
    eventually(PATIENCE, || {
        let links = [links(&old), links(&new)];
        let wanted = ["0", "1"].map(|it| Some(it.to_owned()));
        (links == wanted).then_some(()).ok_or_else(|| format!("{links:?}\n{}", proxy.log()))
    });
}
