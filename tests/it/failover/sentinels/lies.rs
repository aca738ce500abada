//! One Sentinel says something else than the others.

use super::{sentinels, wait_agreeing, wait_master};
use crate::support::fake_sentinel::Statement;
use crate::support::sentinel::group::MASTER;
use crate::support::*;

#[test]
fn a_sentinel_that_lies_is_outvoted() {
    let trio = Trio::spawn(Flavor::Redis70);
    let group = SentinelGroup::builder().watch(MASTER, trio.master.addr()).count(2).start();
    group.wait_whole(MASTER, &trio.replica_addrs().map(|it| it.port()));
    let stray = RedisServer::spawn(Flavor::Redis70);
    let invented = FakeMaster::start(|call| call.hold());
    let mut lie = Statement {
        master: stray.addr(),
        epoch: 999,
        flags: "master".to_owned(),
        replicas: vec![invented.addr()],
        sentinels: (0..20).map(|n| (format!("invented{n}"), invented.addr())).collect(),
    };
    let liar = FakeSentinel::start("liar", lie.clone());
    let all = [&[liar.addr()], &group.addrs()[..]].concat();
    let proxy = Tidegate::for_trio(&trio).sentinels(&all).start();
    wait_agreeing(&proxy, 2);
    wait_master(&proxy, trio.master.addr());
    // It says so, again and again, and tells of a switch that no other Sentinel sees.
    eventually(PATIENCE, || match liar.subscribers() {
        0 => Err("no subscription yet".to_owned()),
        _ => Ok(()),
    });
    let (old, new) = (trio.master.addr(), stray.addr());
    let switch = format!("{MASTER} {} {} {} {}", old.ip(), old.port(), new.ip(), new.port());
    liar.publish("+switch-master", &switch);
    eventually(PATIENCE, || {
        let log = proxy.log();
        let is_said = log.contains("Sentinel disagrees") && log.contains(&new.to_string());
        if is_said { Ok(()) } else { Err(log) }
    });
    for n in 1..=50 {
        assert_eq!(proxy.wire().cmd(&["INCR", "n"]).int(), n);
    }
    assert_eq!(trio.master.cmd(&["GET", "n"]).str(), "50");
    // It names the right master, and further servers.
    (lie.master, lie.epoch) = (trio.master.addr(), 0);
    liar.say(lie);
    wait_agreeing(&proxy, 3);
    let said = topology(&mut proxy.wire());
    assert_eq!(said["backends"].as_array().unwrap().len(), 3, "{said}");
    assert_eq!(sentinels(&proxy)["sentinels"].as_array().unwrap().len(), 3, "{said}");
    assert_eq!(invented.calls(), 0, "no server is asked that one Sentinel invents");
    assert_eq!(stray.cmd(&["DBSIZE"]).int(), 0);
    let clients = stray.cmd(&["CLIENT", "LIST"]);
    assert_eq!(clients.str().lines().count(), 1, "the test's own: {clients:?}");
}

#[test]
fn a_failover_without_a_successor_ends() {
    let trio = Trio::spawn(Flavor::Redis70);
    let group = SentinelGroup::builder().watch(MASTER, trio.master.addr()).count(2).start();
    group.wait_whole(MASTER, &trio.replica_addrs().map(|it| it.port()));
    let honest = Statement {
        master: trio.master.addr(),
        epoch: 0,
        flags: "master".to_owned(),
        replicas: trio.replica_addrs().to_vec(),
        sentinels: Vec::new(),
    };
    let leader = FakeSentinel::start("leader", honest);
    let all = [&[leader.addr()], &group.addrs()[..]].concat();
    let proxy = Tidegate::for_trio(&trio).sentinels(&all).start();
    wait_agreeing(&proxy, 3);
    eventually(PATIENCE, || match leader.subscribers() {
        0 => Err("no subscription yet".to_owned()),
        _ => Ok(()),
    });
    let master = format!("master {MASTER} 127.0.0.1 {}", trio.master.port());
    let until = |wanted: bool| {
        eventually(PATIENCE, || {
            let said = sentinels(&proxy);
            if said["failover"] == wanted { Ok(()) } else { Err(said.to_string()) }
        });
    };
    leader.publish("+failover-state-select-slave", &master);
    until(true);
    // Nothing more is heard of it.
    until(false);
    wait_master(&proxy, trio.master.addr());
    assert_eq!(proxy.wire().cmd(&["INCR", "n"]).int(), 1);
}
