//! Planned failovers by Sentinel under load: no client gets an error, and nothing is lost.

use std::thread;
use std::time::Duration;

use super::{Watched, wait_master};
use crate::failover::deposed_master::load::{Account, Load};
use crate::support::sentinel_group::MASTER;
use crate::support::*;

fn for_operators(config: ConfigBuilder) -> ConfigBuilder {
    config.set("admin", "commands", "\"master\"")
}

#[track_caller]
fn nothing_is_lost(account: &Account, proxy: &Tidegate) {
    assert!(account.errors.is_empty(), "{account:?}\n{}", proxy.log());
    assert_eq!((account.lost, account.in_doubt), (0, 0), "{account:?}\n{}", proxy.log());
    assert!(account.acknowledged > 0);
    // Sentinels publish at the old master until it is demoted. No client was told of that.
    assert!(!proxy.log().contains("writes are lost"), "{}", proxy.log());
}

#[test]
fn writers_do_not_notice_a_failover_that_sentinel_announces() {
    let watched = Watched::start();
    let Watched { trio, group, proxy } = &watched;
    let load = Load::start(proxy.addr(), Duration::from_millis(2));
    thread::sleep(Duration::from_millis(500));
    group.fail_over(0, MASTER);
    let new = watched.server(group.wait_switch(MASTER, trio.master.port()));
    wait_master(proxy, new.addr());
    thread::sleep(Duration::from_millis(500));
    nothing_is_lost(&load.finish(new), proxy);
}

#[test]
fn an_operator_has_sentinel_choose_the_next_master() {
    let watched = Watched::with(for_operators);
    let Watched { trio, group, proxy } = &watched;
    let load = Load::start(proxy.addr(), Duration::from_millis(2));
    thread::sleep(Duration::from_millis(500));
    let mut operator = proxy.wire();
    let to = trio.replicas[0].addr().to_string();
    let error = operator.cmd(&["PROXY", "FAILOVER", "TO", &to]).err().to_owned();
    assert!(error.contains("Sentinel chooses"), "{error}");
    let reply = operator.cmd(&["PROXY", "FAILOVER", "TIMEOUT", "60000"]);
    let Reply::Array(fields) = &reply else { panic!("{reply:?} {}", proxy.log()) };
    assert_eq!(fields[1].str(), trio.master.addr().to_string());
    let new = watched.server(group.wait_switch(MASTER, trio.master.port()));
    assert_eq!(fields[3].str(), new.addr().to_string());
    thread::sleep(Duration::from_millis(500));
    nothing_is_lost(&load.finish(new), proxy);
}
