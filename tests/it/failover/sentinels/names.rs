//! Sentinels know the servers by names, by addresses, or each in its own way.

use super::{sentinels, wait_agreeing};
use crate::support::sentinel::group::MASTER;
use crate::support::*;

#[test]
fn a_name_and_an_address_of_one_server_are_one_server() {
    let trio = Trio::spawn(Flavor::Redis70);
    let group = SentinelGroup::builder()
        .watch(MASTER, trio.master.addr())
        .extra("sentinel resolve-hostnames yes")
        .host("localhost")
        .extra_of(0, "sentinel announce-hostnames yes")
        .start();
    group.wait_whole(MASTER, &trio.replica_addrs().map(|it| it.port()));
    let proxy = Tidegate::for_trio(&trio).sentinels(&group.addrs()).start();
    // One names `localhost`, two name 127.0.0.1.
    wait_agreeing(&proxy, 3);
    let named: std::collections::BTreeSet<_> = sentinels(&proxy)["sentinels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["master"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(named.len(), 2, "{named:?}");
    let is_one = |proxy: &Tidegate| {
        let said = topology(&mut proxy.wire());
        let servers = said["backends"].as_array().unwrap();
        if servers.len() == 3 { Ok(()) } else { Err(said.to_string()) }
    };
    eventually(PATIENCE, || is_one(&proxy));
    proxy.wire().cmd(&["SET", "k", "v"]).ok();
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "v");
    group.fail_over(0, MASTER);
    let new = group.wait_switch(MASTER, trio.master.port());
    eventually(PATIENCE, || {
        let said = topology(&mut proxy.wire());
        let is_new = said["master"].as_str().is_some_and(|it| it.ends_with(&format!(":{new}")));
        if is_new { Ok(()) } else { Err(said.to_string()) }
    });
    wait_agreeing(&proxy, 3);
    eventually(PATIENCE, || is_one(&proxy));
    proxy.wire().cmd(&["SET", "k", "w"]).ok();
    let all = [&trio.master, &trio.replicas[0], &trio.replicas[1]];
    let master = all.into_iter().find(|it| it.port() == new).unwrap();
    assert_eq!(master.cmd(&["GET", "k"]).str(), "w");
}

/// The master listens at one address, and proxy.toml named it by another before.
#[test]
fn a_reload_from_named_servers_keeps_the_master() {
    let trio = Trio::spawn(Flavor::Redis70);
    let group = SentinelGroup::of(trio.master.addr());
    group.wait_whole(MASTER, &trio.replica_addrs().map(|it| it.port()));
    let by_name = format!("\"localhost:{}\"", trio.master.port());
    let named =
        Tidegate::for_trio(&trio).set("topology", "master", &by_name).unset("topology", "replicas");
    let mut proxy = named.start();
    let mut wire = proxy.wire();
    eventually(PATIENCE, || match wire.cmd(&["INCR", "n"]) {
        Reply::Int(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    proxy.reload(&named.sentinels(&group.addrs()).toml());
    // No write is refused meanwhile.
    let mut last = wire.cmd(&["INCR", "n"]).int();
    eventually(PATIENCE, || {
        last = wire.cmd(&["INCR", "n"]).int();
        match sentinels(&proxy)["epoch"].as_u64() {
            Some(_) => Ok(()),
            None => Err("no majority yet".to_owned()),
        }
    });
    for _ in 0..100 {
        last = wire.cmd(&["INCR", "n"]).int();
    }
    wait_agreeing(&proxy, 3);
    assert_eq!(trio.master.cmd(&["GET", "n"]).str(), last.to_string());
    // It keeps its identity, and so its connections.
    let said = topology(&mut wire);
    assert_eq!(said["master"], *format!("localhost:{}", trio.master.port()), "{said}");
    assert_eq!(said["backends"].as_array().unwrap().len(), 3, "{said}");
}
