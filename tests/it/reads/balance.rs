//! `[reads]`: which servers serve reads, and in which shares, as the servers count them.

use std::time::Duration;

use crate::support::*;

/// A proxy that no busy machine makes believe that a replica is stale or silent.
fn patient(trio: &Trio) -> ConfigBuilder {
    // One session takes turns over all servers at this level alone.
    Tidegate::for_trio(trio)
        .set("reads", "consistency", "\"bounded\"")
        .set("topology", "connect-timeout", "\"20s\"")
        .set("topology", "probe-timeout", "\"20s\"")
        .set("reads", "max-lag", "\"3m\"")
        .set("writes", "min-replicas-max-lag", "\"3m\"")
}

/// The GETs that the master and each replica served of `count` sent one after the other.
fn shares(trio: &Trio, proxy: &Tidegate, count: u64) -> [u64; 3] {
    let calls =
        || [trio.master.calls("get"), trio.replicas[0].calls("get"), trio.replicas[1].calls("get")];
    wait_serving(proxy, 2);
    let before = calls();
    let mut client = proxy.wire();
    for _ in 0..count {
        client.cmd(&["GET", "k"]);
    }
    let after = calls();
    std::array::from_fn(|at| after[at] - before[at])
}

#[test]
fn reads_go_where_the_policy_says() {
    let trio = Trio::spawn(Flavor::Redis70);
    let master = patient(&trio).reads_from("master").start();
    assert_eq!(shares(&trio, &master, 90), [90, 0, 0]);
    let replica = patient(&trio).reads_from("replica").start();
    let [master, first, second] = shares(&trio, &replica, 90);
    assert_eq!(master, 0);
    assert_eq!((first, second), (45, 45), "equals take turns");
    let any = patient(&trio).reads_from("any").start();
    assert_eq!(shares(&trio, &any, 90), [30, 30, 30]);
}

#[test]
fn weights_are_kept_by_every_balance() {
    let trio = Trio::spawn(Flavor::Redis70);
    let [first, _] = trio.replica_addrs();
    let proxy = patient(&trio)
        .reads_from("replica")
        .set("reads", "balance", "\"round-robin\"")
        .set("reads", "weights", &format!("{{ \"{first}\" = 2 }}"))
        .start();
    assert_eq!(shares(&trio, &proxy, 90), [0, 60, 30]);
    let none = patient(&trio)
        .reads_from("replica")
        .set("reads", "weights", &format!("{{ \"{first}\" = 0 }}"))
        .start();
    assert_eq!(shares(&trio, &none, 30), [0, 0, 30]);
}

#[test]
fn the_slower_replica_serves_less_by_latency() {
    let trio = Trio::spawn(Flavor::Redis70);
    let [quick, slow] = trio.replica_addrs();
    let slow = FaultProxy::start(slow);
    // Far more than a busy machine adds to the other one.
    slow.set_delay(Duration::from_millis(50));
    let proxy = patient(&trio)
        .replicas(&[quick, slow.addr()])
        .reads_from("replica")
        .set("reads", "balance", "\"latency\"")
        .set("proxy", "workers", "1")
        .start();
    let [master, quick, slow] = shares(&trio, &proxy, 200);
    assert_eq!(master, 0);
    assert!(quick > 180 && slow < 20, "{quick} to {slow}");
}

#[test]
fn the_emptier_replica_serves_more_by_requests_in_flight() {
    let trio = Trio::spawn(Flavor::Redis70);
    let [first, second] = trio.replica_addrs();
    let slow = FaultProxy::start(second);
    slow.set_delay(Duration::from_millis(20));
    let proxy = patient(&trio)
        .replicas(&[first, slow.addr()])
        .reads_from("replica")
        .set("proxy", "workers", "1")
        .start();
    wait_serving(&proxy, 2);
    let before = [trio.replicas[0].calls("get"), trio.replicas[1].calls("get")];
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let mut client = proxy.wire();
                for _ in 0..50 {
                    client.cmd(&["GET", "k"]);
                }
            });
        }
    });
    let quick = trio.replicas[0].calls("get") - before[0];
    let slow = trio.replicas[1].calls("get") - before[1];
    assert_eq!(quick + slow, 500);
    assert!(quick > slow * 2, "{quick} to {slow}");
}

#[test]
fn replicas_left_out_are_taken_from_the_master() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = patient(&trio).unset("topology", "replicas").reads_from("replica").start();
    let [master, first, second] = shares(&trio, &proxy, 60);
    assert_eq!((master, first, second), (0, 30, 30));
}
