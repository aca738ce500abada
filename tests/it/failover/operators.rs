//! PROXY HOLD, PROXY RELEASE and PROXY FAILOVER.

use std::thread;
use std::time::Duration;

use super::deposed_master::load::Load;
use crate::support::*;

fn ok() -> Reply {
    Reply::Simple("OK".to_owned())
}

fn for_operators(config: ConfigBuilder) -> ConfigBuilder {
    config.set("admin", "commands", "\"master\"")
}

#[test]
fn a_hold_lasts_until_it_is_released_or_its_time_is_up() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).with(for_operators).start();
    let (mut operator, mut wire) = (proxy.wire(), proxy.wire());
    assert_eq!(operator.cmd(&["PROXY", "HOLD"]), ok());
    wire.send(&["SET", "k", "1"]);
    wire.expect_silence(Duration::from_millis(100));
    assert_eq!(trio.master.calls("set"), 0);
    let table = operator.cmd(&["PROXY", "TOPOLOGY"]);
    let table = format!("{table:?}");
    assert!(table.contains("an operator holds the writes"), "{table}");
    assert_eq!(operator.cmd(&["GET", "k"]), Reply::Null, "reads go on");
    assert_eq!(operator.cmd(&["PROXY", "RELEASE"]), ok());
    assert_eq!(wire.read_reply(), ok());
    for _ in 0..5 {
        assert_eq!(operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "100"]), ok());
        assert_eq!(wire.cmd(&["SET", "k", "2"]), ok(), "its time is up");
    }
    assert_eq!(operator.cmd(&["PROXY", "RELEASE"]), ok(), "nothing to release");
}

#[test]
fn only_operators_may_and_wrong_words_change_nothing() {
    let trio = Trio::spawn(Flavor::Redis70);
    let denied = Tidegate::for_trio(&trio).set("admin", "commands", "\"deny\"").start();
    for line in ["HOLD", "RELEASE", "FAILOVER"] {
        let error = denied.wire().cmd(&["PROXY", line]).err().to_owned();
        assert!(error.starts_with("NOPERM "), "{line}: {error}");
    }
    let proxy = Tidegate::for_trio(&trio).with(for_operators).start();
    let mut wire = proxy.wire();
    for line in ["HOLD TO 127.0.0.1:1", "HOLD TIMEOUT", "FAILOVER TO", "FAILOVER TIMEOUT x"] {
        let words: Vec<_> = std::iter::once("PROXY").chain(line.split(' ')).collect();
        assert!(wire.cmd(&words).err().starts_with("ERR "), "{line}");
    }
    let master = trio.master.addr().to_string();
    for (to, why) in [(&*master, "is the master already"), ("127.0.0.1:1", "is no replica")] {
        let error = wire.cmd(&["PROXY", "FAILOVER", "TO", to]).err().to_owned();
        assert!(error.contains(why), "{error}");
    }
    wire.cmd(&["SET", "k", "1"]).ok();
}

#[test]
fn a_planned_failover_is_no_error_and_no_loss_to_any_client() {
    for flavor in Flavor::ALL {
        let trio = Trio::spawn(flavor);
        let proxy = Tidegate::for_trio(&trio).with(for_operators).start();
        let load = Load::start(proxy.addr(), Duration::from_millis(1));
        let mut operator = proxy.wire();
        let servers = [&trio.master, &trio.replicas[0], &trio.replicas[1]];
        let mut master = 0;
        for next in [1, 2, 0] {
            thread::sleep(Duration::from_millis(200));
            let to = servers[next].addr().to_string();
            let reply = operator.cmd(&["PROXY", "FAILOVER", "TO", &to]);
            let from = servers[master].addr().to_string();
            let Reply::Array(fields) = &reply else {
                panic!("{flavor:?} {reply:?} {}", proxy.log())
            };
            let text = |at: usize| fields[at].str().to_owned();
            assert_eq!([text(1), text(3)], [from, to], "{flavor:?}");
            master = next;
            for other in servers.iter().filter(|it| it.port() != servers[next].port()) {
                servers[next].wait_attached(other);
            }
        }
        let account = load.finish(servers[master]);
        assert!(account.errors.is_empty(), "{flavor:?}: {account:?}\n{}", proxy.log());
        assert_eq!((account.lost, account.in_doubt), (0, 0), "{flavor:?}: {account:?}");
        assert!(account.acknowledged > 0);
    }
}

#[test]
fn a_failover_that_does_not_come_about_leaves_the_master_as_it_was() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).with(for_operators).start();
    let (mut operator, mut wire) = (proxy.wire(), proxy.wire());
    trio.wait_synced();
    let to = trio.replicas[0].addr().to_string();
    trio.replicas[0].pause();
    trio.master.cmd(&["SET", "late", "1"]).ok();
    let error = operator.cmd(&["PROXY", "FAILOVER", "TO", &to, "TIMEOUT", "300"]).err().to_owned();
    assert!(error.contains("was given up"), "{error}");
    assert_eq!(wire.cmd(&["SET", "k", "1"]), ok());
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "1");
    trio.replicas[0].resume();
}

/// A switch by hand, with the servers' own commands, inside PROXY HOLD.
#[test]
fn a_switch_by_hand_inside_a_hold_loses_nothing() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).with(for_operators).start();
    let load = Load::start(proxy.addr(), Duration::from_millis(1));
    thread::sleep(Duration::from_millis(300));
    let mut operator = proxy.wire();
    assert_eq!(operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "60000"]), ok());
    trio.wait_synced();
    let [new, other] = &trio.replicas;
    new.promote();
    other.replicate_from(new.addr());
    trio.master.replicate_from(new.addr());
    assert_eq!(operator.cmd(&["PROXY", "RELEASE"]), ok());
    thread::sleep(Duration::from_millis(300));
    let account = load.finish(new);
    assert!(account.errors.is_empty(), "{account:?}\n{}", proxy.log());
    assert_eq!((account.lost, account.in_doubt), (0, 0), "{account:?}");
}
