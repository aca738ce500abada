//! A reload names other Sentinels, another master, or none.

use super::{sentinels, two_masters, wait_agreeing, wait_master};
use crate::support::fake_sentinel::Statement;
use crate::support::sentinel::group::MASTER;
use crate::support::*;

#[test]
fn a_reload_turns_to_sentinels_to_another_master_and_back() {
    let (trio, other, group) = two_masters();
    // The other master has a lower epoch, which counts all the same.
    group.fail_over(0, MASTER);
    let first = group.wait_switch(MASTER, trio.master.port());
    let first = ([127, 0, 0, 1], first).into();
    let named = Tidegate::for_trio(&trio).master(first).unset("topology", "replicas");
    let mut proxy = named.start();
    wait_master(&proxy, first);
    let found = named.clone().sentinels(&group.addrs());
    proxy.reload(&found.toml());
    wait_agreeing(&proxy, 3);
    wait_master(&proxy, first);
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "first"]).ok();
    proxy.reload(&found.set("topology", "master-name", "\"other\"").toml());
    wait_master(&proxy, other.master.addr());
    wire.cmd(&["SET", "k", "second"]).ok();
    assert_eq!(other.master.cmd(&["GET", "k"]).str(), "second");
    proxy.reload(&named.toml());
    wait_master(&proxy, first);
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "first");
    assert!(topology(&mut wire)["sentinel"].is_null());
}

#[test]
fn a_reload_to_a_master_that_no_sentinel_watches_does_not_end_a_failover() {
    reload_during_a_failover(|config, _| config.set("topology", "master-name", "\"unwatched\""));
}

#[test]
fn a_reload_with_a_wrong_password_of_the_sentinels_does_not_end_a_failover() {
    reload_during_a_failover(|config, _| config.set("topology", "sentinel-password", "\"wrong\""));
}

#[test]
fn a_reload_from_sentinels_to_the_present_master_does_not_end_a_failover() {
    reload_during_a_failover(|_, named| named);
}

/// A Sentinel says that it is about to promote a replica. Then proxy.toml is changed, so that no
/// Sentinel is heard any more, and only then the replica is promoted.
/// `change` returns the new one; it gets the present one, and one that names the servers.
#[track_caller]
fn reload_during_a_failover(change: impl FnOnce(ConfigBuilder, ConfigBuilder) -> ConfigBuilder) {
    let trio = Trio::spawn(Flavor::Redis70);
    let (master, next) = (trio.master.addr(), &trio.replicas[0]);
    let leader = FakeSentinel::start(
        "leader",
        Statement {
            master,
            epoch: 0,
            flags: "master".to_owned(),
            replicas: trio.replica_addrs().to_vec(),
            sentinels: Vec::new(),
        },
    );
    let named = Tidegate::for_trio(&trio).unset("topology", "replicas");
    let config = named.clone().sentinels(&[leader.addr()]);
    let mut proxy = config.start();
    wait_agreeing(&proxy, 1);
    wait_master(&proxy, master);
    eventually(PATIENCE, || match leader.subscribers() {
        0 => Err("no subscription yet".to_owned()),
        _ => Ok(()),
    });
    assert_eq!(proxy.wire().cmd(&["INCR", "n"]).int(), 1);
    // A server sends its stream to a new replica only when that has acknowledged the snapshot.
    trio.wait_synced();
    let event = format!(
        "slave {next} {ip} {port} @ {MASTER} {} {}",
        master.ip(),
        master.port(),
        next = next.addr(),
        ip = next.addr().ip(),
        port = next.port()
    );
    leader.publish("+selected-slave", &event);
    eventually(PATIENCE, || {
        let said = topology(&mut proxy.wire());
        let reason = &said["hold"]["reason"];
        if *reason == "announced" { Ok(()) } else { Err(said.to_string()) }
    });
    let mut wire = proxy.wire();
    wire.send(&["INCR", "n"]);
    proxy.reload(&change(config, named).toml());
    // The monitor takes the new configuration.
    eventually(PATIENCE, || {
        let said = sentinels(&proxy);
        let agrees = said["sentinels"].as_array().into_iter().flatten();
        let is_old = agrees.clone().any(|it| it["agrees"] == true);
        if is_old { Err(said.to_string()) } else { Ok(()) }
    });
    // No master takes the write that waits before the replica is promoted.
    next.cmd(&["REPLICAOF", "NO", "ONE"]).ok();
    let other = &trio.replicas[1];
    let (ip, port) = (next.addr().ip().to_string(), next.port().to_string());
    other.cmd(&["REPLICAOF", &ip, &port]).ok();
    assert_eq!(wire.read_reply().int(), 2);
    assert_eq!(next.cmd(&["GET", "n"]).str(), "2");
    assert_eq!(trio.master.cmd(&["GET", "n"]).str(), "1", "the deposed master took a write");
}
