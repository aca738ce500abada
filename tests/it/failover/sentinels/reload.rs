//! A reload names other Sentinels, another master, or none.

use super::{wait_agreeing, wait_master};
use crate::support::sentinel_group::MASTER;
use crate::support::*;

#[test]
fn a_reload_turns_to_sentinels_to_another_master_and_back() {
    let (trio, other) = (Trio::spawn(Flavor::Redis70), Trio::spawn(Flavor::Redis70));
    let group = SentinelGroup::builder()
        .watch(MASTER, trio.master.addr())
        .watch("other", other.master.addr())
        .start();
    group.wait_whole(MASTER, &trio.replica_addrs().map(|it| it.port()));
    group.wait_whole("other", &other.replica_addrs().map(|it| it.port()));
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
