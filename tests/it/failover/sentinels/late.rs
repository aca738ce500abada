//! A Sentinel that carries out a failover is late: it says nothing for a while.

use std::net::SocketAddr;
use std::time::Duration;

use super::{wait_agreeing, wait_master};
use crate::support::fake_sentinel::Statement;
use crate::support::sentinel::group::MASTER;
use crate::support::*;

/// A Sentinel that names `master` in this configuration epoch.
fn statement(master: SocketAddr, epoch: u64, others: &[SocketAddr]) -> Statement {
    let (flags, replicas) = ("master".to_owned(), others.to_vec());
    Statement { master, epoch, flags, replicas, sentinels: Vec::new() }
}

/// The Sentinel of `trio`, and a proxy that asks it and hears its events.
fn watched(
    trio: &TamperedTrio,
    change: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
) -> (FakeSentinel, Tidegate) {
    let master = trio.master.addr();
    let leader = FakeSentinel::start("leader", statement(master, 0, &trio.replica_addrs()));
    let proxy = change(trio.config().sentinels(&[leader.addr()])).start();
    wait_agreeing(&proxy, 1);
    wait_master(&proxy, master);
    eventually(PATIENCE, || match leader.subscribers() {
        0 => Err("no subscription yet".to_owned()),
        _ => Ok(()),
    });
    (leader, proxy)
}

/// The Sentinel says that it is about to promote `next`; returns when requests wait.
#[track_caller]
fn announce(leader: &FakeSentinel, proxy: &Tidegate, trio: &TamperedTrio, next: &RedisServer) {
    let (master, port) = (trio.master.port(), next.port());
    let event =
        format!("slave {next} 127.0.0.1 {port} @ {MASTER} 127.0.0.1 {master}", next = next.addr());
    leader.publish("+selected-slave", &event);
    leader.publish("+failover-state-send-slaveof-noone", &event);
    eventually(PATIENCE, || {
        let said = topology(&mut proxy.wire());
        let reason = &said["hold"]["reason"];
        if *reason == "announced" { Ok(()) } else { Err(said.to_string()) }
    });
}

#[test]
fn writes_wait_for_the_promoted_replica_however_late_its_sentinel_is() {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    let (leader, proxy) = watched(&trio, |config| config);
    let [next, other] = &trio.replicas;
    assert_eq!(proxy.wire().cmd(&["INCR", "n"]).int(), 1);
    trio.master.wait_synced(next);
    announce(&leader, &proxy, &trio, next);
    next.promote();
    let mut wire = proxy.wire();
    wire.send(&["INCR", "n"]);
    // A failover of which nothing is heard is over after two seconds, if no replica was promoted.
    wire.expect_silence(Duration::from_secs(4));
    leader.say(statement(next.addr(), 1, &[trio.master.addr(), other.addr()]));
    assert_eq!(wire.read_reply().int(), 2);
    assert_eq!(next.cmd(&["GET", "n"]).str(), "2");
    assert_eq!(trio.master.cmd(&["GET", "n"]).str(), "1", "the old master took a write");
}

/// What becomes of a write that the master runs just before a failover is announced. Only the
/// second replica acknowledges it, in the midst of the failover; `act` ends that, with the first
/// replica, which `has_it`.
#[track_caller]
fn acknowledged_meanwhile(
    has_it: bool,
    act: impl FnOnce(&FakeSentinel, &TamperedTrio),
) -> (Reply, TamperedTrio) {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    let (leader, proxy) = watched(&trio, |config| {
        config.set("writes", "wait-replicas", "1").set("writes", "wait-timeout", "\"30s\"")
    });
    let [next, other] = &trio.replicas;
    let mut wire = proxy.wire();
    trio.links.iter().for_each(FaultProxy::blackhole);
    wire.send(&["SET", "k", "v"]);
    eventually(PATIENCE, || match trio.master.cmd(&["GET", "k"]) {
        reply if !reply.is_null() => Ok(()),
        other => Err(format!("{other:?}")),
    });
    announce(&leader, &proxy, &trio, next);
    if has_it {
        trio.links[0].heal();
        trio.master.wait_synced(next);
    }
    trio.links[1].heal();
    trio.master.wait_synced(other);
    wire.expect_silence(Duration::from_millis(200));
    act(&leader, &trio);
    (wire.read_reply(), trio)
}

fn promote(leader: &FakeSentinel, trio: &TamperedTrio) {
    let [next, other] = &trio.replicas;
    next.promote();
    leader.say(statement(next.addr(), 1, &[trio.master.addr(), other.addr()]));
}

#[test]
fn a_write_is_not_acknowledged_if_the_promoted_replica_lacks_it() {
    let (reply, trio) = acknowledged_meanwhile(false, promote);
    assert!(reply.err().starts_with("NOACK "), "{reply:?}");
    assert!(trio.replicas[0].cmd(&["GET", "k"]).is_null());
}

#[test]
fn a_write_is_acknowledged_if_the_promoted_replica_has_it() {
    let (reply, trio) = acknowledged_meanwhile(true, promote);
    reply.ok();
    assert_eq!(trio.replicas[0].cmd(&["GET", "k"]).str(), "v");
}

#[test]
fn a_write_is_acknowledged_if_the_failover_is_given_up() {
    let (reply, _) = acknowledged_meanwhile(false, |leader, trio| {
        let master = format!("master {MASTER} 127.0.0.1 {}", trio.master.port());
        leader.publish("-failover-abort-no-good-slave", &master);
    });
    reply.ok();
}
