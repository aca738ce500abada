//! Planned failovers by Sentinel under load: no client gets an error, and nothing is lost.

use std::thread;
use std::time::Duration;

use super::{Watched, wait_master};
use crate::failover::deposed_master::load::{Account, Load};
use crate::support::sentinel::group::MASTER;
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
    let watched = Watched::with(|config| config.set("writes", "min-replicas-to-write", "1"));
    let Watched { trio, group, proxy } = &watched;
    let load = Load::start(proxy.addr(), Duration::from_millis(2));
    thread::sleep(Duration::from_millis(500));
    group.fail_over(0, MASTER);
    let new = watched.server(group.wait_switch(MASTER, trio.master.port()));
    wait_master(proxy, new.addr());
    thread::sleep(Duration::from_millis(500));
    nothing_is_lost(&load.finish(new), proxy);
    // Writes wait for the new master's replica. None is refused.
    assert!(!proxy.log().contains(" ERROR "), "{}", proxy.log());
}

/// The proxy does not ask Sentinel, which watches the servers: it warns that Sentinel may act.
#[test]
fn an_operator_is_warned_of_sentinels_that_are_not_named() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).with(for_operators).start();
    let mut operator = proxy.wire();
    let [new, next] = [0, 1].map(|n| &trio.replicas[n]);
    let fail_over = |operator: &mut Wire, to: &RedisServer| {
        let reply = operator.cmd(&["PROXY", "FAILOVER", "TO", &to.addr().to_string()]);
        let Reply::Array(fields) = reply else { panic!("{reply:?}\n{}", proxy.log()) };
        fields.get(6..).unwrap_or_default().iter().map(|it| it.str().to_owned()).collect()
    };
    let none: Vec<String> = fail_over(&mut operator, new);
    assert!(none.is_empty() && !proxy.log().contains("Sentinel"), "{none:?}\n{}", proxy.log());
    new.wait_attached(&trio.master);
    new.wait_attached(next);
    let group = SentinelGroup::of(new.addr());
    group.wait_whole(MASTER, &[trio.master.port(), next.port()]);
    let warned = fail_over(&mut operator, next);
    let text = format!("3 Sentinels watch the master {}, and topology.sentinels", new.addr());
    assert!(warned[0] == "warning" && warned[1].starts_with(&text), "{warned:?}");
    assert!(proxy.log().contains(&text), "{}", proxy.log());
}

/// No request waits for Sentinels that do not answer.
#[test]
fn sentinels_that_do_not_answer_begin_no_hold() {
    let mut watched = Watched::with(for_operators);
    (0..3).for_each(|number| watched.group.pause(number));
    let proxy = &watched.proxy;
    let (mut operator, mut wire) = (proxy.wire(), proxy.wire());
    operator.send(&["PROXY", "FAILOVER", "TIMEOUT", "1000"]);
    let asking = thread::spawn(move || operator.read_reply().err().to_owned());
    while !asking.is_finished() {
        wire.cmd(&["INCR", "n"]);
    }
    let error = asking.join().unwrap();
    assert!(error.starts_with("ERR no Sentinel "), "{error}");
    for addr in watched.group.addrs() {
        assert!(error.contains(&addr.to_string()), "{addr}: {error}");
    }
    let held = Scrape::of(proxy).sum("tidegate_failover_requests_total", &[("outcome", "held")]);
    assert_eq!(held, 0.0, "{}", proxy.log());
    // One that answers is enough.
    watched.group.resume(1);
    let mut operator = proxy.wire();
    eventually(PATIENCE, || match operator.cmd(&["PROXY", "FAILOVER", "TIMEOUT", "60000"]) {
        Reply::Array(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    (0..3).for_each(|number| watched.group.resume(number));
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
