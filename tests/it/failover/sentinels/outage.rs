//! Sentinels fail: the data path goes on.

use super::{Watched, sentinels, wait_agreeing, wait_master};
use crate::support::sentinel::group::MASTER;
use crate::support::*;

fn count(proxy: &Tidegate, field: &str) -> usize {
    let said = sentinels(proxy);
    said["sentinels"].as_array().unwrap().iter().filter(|it| it[field] == true).count()
}

#[track_caller]
fn wait_reachable(proxy: &Tidegate, wanted: usize) {
    eventually(PATIENCE, || match count(proxy, "reachable") {
        count if count == wanted => Ok(()),
        count => Err(format!("{count} of {wanted}")),
    });
}

#[test]
fn sentinels_are_restarted_one_by_one() {
    let mut watched = Watched::start();
    let master = watched.trio.master.addr();
    for number in 0..3 {
        watched.group.kill(number);
        wait_reachable(&watched.proxy, 2);
        assert_eq!(sentinels(&watched.proxy)["master"], *master.to_string(), "two are a majority");
        watched.proxy.wire().cmd(&["INCR", "n"]).int();
        watched.group.restart(number);
        wait_agreeing(&watched.proxy, 3);
    }
    let log = watched.proxy.log();
    let mut wire = watched.proxy.wire();
    assert_eq!(topology(&mut wire)["master"], *master.to_string());
    for line in ["Sentinel lost", "Sentinel is back"] {
        assert_eq!(log.matches(line).count(), 3, "{line}\n{log}");
    }
    assert!(!log.contains("master lost") && !log.contains("master changed"), "{log}");
}

#[test]
fn without_any_sentinel_reads_and_writes_go_on() {
    let mut watched = Watched::start();
    let master = watched.trio.master.addr();
    wait_serving(&watched.proxy, 2);
    (0..3).for_each(|number| watched.group.kill(number));
    wait_reachable(&watched.proxy, 0);
    eventually(PATIENCE, || {
        let log = watched.proxy.log();
        let is_said = log.contains("no majority of the Sentinels names a master");
        if is_said { Ok(()) } else { Err(log) }
    });
    let mut wire = watched.proxy.wire();
    for n in 1..=100 {
        assert_eq!(wire.cmd(&["INCR", "n"]).int(), n);
        wire.cmd(&["GET", "n"]).str();
    }
    wait_serving(&watched.proxy, 2);
    // A failover by hand is followed as without Sentinels.
    let heir = &watched.trio.replicas[0];
    heir.promote();
    watched.trio.replicas[1].replicate_from(heir.addr());
    watched.trio.master.replicate_from(heir.addr());
    wait_master(&watched.proxy, heir.addr());
    heir.replicate_from(master);
    watched.trio.master.promote();
    watched.trio.replicas[1].replicate_from(master);
    wait_master(&watched.proxy, master);
    (0..3).for_each(|number| watched.group.restart(number));
    wait_agreeing(&watched.proxy, 3);
    assert_eq!(topology(&mut wire)["master"], *master.to_string());
    let log = watched.proxy.log();
    assert!(log.contains("a majority of the Sentinels names a master again"), "{log}");
}

/// Packets vanish: no connection ends, and nothing arrives.
#[test]
fn a_subscription_that_is_cut_without_notice_is_made_again() {
    let trio = Trio::spawn(Flavor::Redis70);
    let group = SentinelGroup::of(trio.master.addr());
    group.wait_whole(MASTER, &trio.replica_addrs().map(|it| it.port()));
    let cuts: Vec<_> = group.addrs().into_iter().map(FaultProxy::start).collect();
    let addrs: Vec<_> = cuts.iter().map(FaultProxy::addr).collect();
    let timeout = ("topology", "connect-timeout", "\"300ms\"");
    let proxy =
        Tidegate::for_trio(&trio).sentinels(&addrs).set(timeout.0, timeout.1, timeout.2).start();
    wait_master(&proxy, trio.master.addr());
    wait_reachable(&proxy, 3);
    let before = cuts[0].accepted();
    cuts[0].blackhole();
    wait_reachable(&proxy, 2);
    eventually(PATIENCE, || match cuts[0].accepted() {
        // The poll and the subscription, each over new connections.
        now if now >= before + 2 => Ok(()),
        now => Err(format!("{now} connections after {before}")),
    });
    // The others are a majority meanwhile.
    group.fail_over(1, MASTER);
    let new = group.wait_switch(MASTER, trio.master.port());
    wait_master(&proxy, ([127, 0, 0, 1], new).into());
    cuts[0].heal();
    wait_agreeing(&proxy, 3);
    assert_eq!(sentinels(&proxy)["master"], *format!("127.0.0.1:{new}"));
}
