//! Sentinels are found, and the servers that they name.

use std::thread;
use std::time::Duration;

use super::{Watched, sentinels, two_masters, wait_agreeing, wait_master};
use crate::support::sentinel::group::MASTER;
use crate::support::*;

#[test]
fn one_listed_sentinel_leads_to_all_servers_and_sentinels() {
    let watched = Watched::start();
    let Watched { trio, group, proxy } = &watched;
    wait_serving(proxy, 2);
    let mut wire = proxy.wire();
    let said = topology(&mut wire);
    let addrs = |of: &serde_json::Value| -> Vec<String> {
        let mut addrs: Vec<_> = of
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["addr"].as_str().unwrap().to_owned())
            .collect();
        addrs.sort();
        addrs
    };
    let sorted = |addrs: &[std::net::SocketAddr]| -> Vec<String> {
        let mut addrs: Vec<_> = addrs.iter().map(ToString::to_string).collect();
        addrs.sort();
        addrs
    };
    let servers = [&[trio.master.addr()], &trio.replica_addrs()[..]].concat();
    assert_eq!(addrs(&said["backends"]), sorted(&servers));
    assert_eq!(addrs(&said["sentinel"]["sentinels"]), sorted(&group.addrs()));
    assert_eq!(said["sentinel"]["master"], *trio.master.addr().to_string());
    assert_eq!(said["sentinel"]["master_name"], *MASTER);
    wire.cmd(&["SET", "k", "v"]).ok();
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "v");
    // What the table and the metrics say.
    let table = wire.cmd(&["PROXY", "TOPOLOGY"]).strings().join("\n");
    let line = format!("3 of 3 answer; a majority names {} as {MASTER}", trio.master.addr());
    assert!(table.contains(&line), "{table}");
    let page = Scrape::of(proxy);
    for name in
        ["tidegate_sentinels", "tidegate_sentinels_reachable", "tidegate_sentinels_agreeing"]
    {
        assert_eq!(page.value(name, &[]), Some(3.0), "{name}");
    }
    // A replica that comes later is found, too.
    let late = RedisServer::builder(Flavor::Redis70).replica_of(trio.master.addr()).start();
    eventually(PATIENCE, || {
        let said = topology(&mut wire);
        let is_known = addrs(&said["backends"]).contains(&late.addr().to_string());
        if is_known { Ok(()) } else { Err(said.to_string()) }
    });
}

#[test]
fn the_password_of_the_sentinels_is_not_that_of_the_servers() {
    let trio = Trio::spawn(Flavor::Redis70);
    let group = SentinelGroup::builder()
        .watch("orders", trio.master.addr())
        .password("for-sentinels")
        .start();
    group.wait_whole("orders", &trio.replica_addrs().map(|it| it.port()));
    let config = Tidegate::for_trio(&trio)
        .sentinels(&[group.addr(0)])
        .set("topology", "master-name", "\"orders\"")
        .set("topology", "sentinel-password", "\"for-sentinels\"");
    let proxy = config.start();
    wait_agreeing(&proxy, 3);
    wait_master(&proxy, trio.master.addr());
    for (password, reason) in [
        ("", "asks for a login: set topology.sentinel-password"),
        ("wrong", "refuses topology.sentinel-user and topology.sentinel-password"),
    ] {
        let wrong = format!("\"{password}\"");
        let proxy = config.clone().set("topology", "sentinel-password", &wrong).start();
        eventually(PATIENCE, || {
            let said = sentinels(&proxy)["sentinels"][0]["reason"].to_string();
            if said.contains(reason) { Ok(()) } else { Err(said) }
        });
        assert!(proxy.log().contains(reason), "{}", proxy.log());
    }
}

#[test]
fn events_about_another_master_change_nothing() {
    let (trio, other, group) = two_masters();
    let proxy = Tidegate::for_trio(&trio).sentinels(&group.addrs()).start();
    wait_agreeing(&proxy, 3);
    wait_master(&proxy, trio.master.addr());
    group.fail_over(1, "other");
    group.wait_switch("other", other.master.port());
    // A write behind the switch: the proxy has had the events before it can answer.
    proxy.wire().cmd(&["SET", "k", "v"]).ok();
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "v");
    let said = sentinels(&proxy);
    assert_eq!((&said["switches"], &said["failover"]), (&0.into(), &false.into()), "{said}");
    let known = topology(&mut proxy.wire())["backends"].as_array().unwrap().len();
    assert_eq!(known, 3);
}

/// ERROR at a start without a fault would have the operator look for one.
#[test]
fn a_start_without_a_fault_logs_none() {
    let gated = |config: ConfigBuilder| {
        config.set("writes", "min-replicas-to-write", "1").set("writes", "wait-replicas", "1")
    };
    let watched = Watched::with(gated);
    let all =
        Tidegate::for_trio(&watched.trio).sentinels(&watched.group.addrs()).with(gated).start();
    wait_master(&all, watched.trio.master.addr());
    all.wire().cmd(&["SET", "k", "1"]).ok();
    watched.proxy.wire().cmd(&["SET", "k", "1"]).ok();
    let trio = Trio::spawn(Flavor::Redis70);
    let listed = Tidegate::for_trio(&trio).with(gated).start();
    listed.wire().cmd(&["SET", "k", "1"]).ok();
    for proxy in [&watched.proxy, &listed, &all] {
        let log = proxy.log();
        assert!(!log.contains(" ERROR ") && !log.contains(" WARN "), "{log}");
    }
}

/// The replicas answer first, and the master when the proxy has published what they say.
#[test]
fn a_master_that_answers_late_is_no_fault() {
    for by_sentinel in [false, true] {
        let mut trio = Trio::spawn(Flavor::Redis70);
        let group = SentinelGroup::builder().watch(MASTER, trio.master.addr());
        let group = group.down_after(Duration::from_secs(600)).start();
        group.wait_whole(MASTER, &trio.replica_addrs().map(|it| it.port()));
        let slow = |config: ConfigBuilder| {
            let config = config.set("writes", "min-replicas-to-write", "1");
            let config = config.set("topology", "connect-timeout", "\"60s\"");
            config.set("topology", "probe-timeout", "\"60s\"")
        };
        let config = Tidegate::for_trio(&trio).with(slow);
        let config = if by_sentinel { config.sentinels(&group.addrs()) } else { config };
        trio.master.pause();
        let master = &mut trio.master;
        let proxy = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(1_500));
                master.resume();
            });
            config.start()
        });
        proxy.wire().cmd(&["SET", "k", "1"]).ok();
        let log = proxy.log();
        assert!(!log.contains(" ERROR "), "{log}");
        assert!(!log.contains("is a replica now"), "{log}");
    }
}
