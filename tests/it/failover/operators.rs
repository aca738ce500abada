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

/// A number within those that servers have: no master is needed to say so.
#[test]
fn a_database_that_no_client_has_used_is_selected_during_a_hold() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).with(for_operators).start();
    let (mut operator, mut wire) = (proxy.wire(), proxy.wire());
    assert_eq!(operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "60000"]), ok());
    assert_eq!(wire.cmd(&["SELECT", "9"]), ok());
    assert_eq!(wire.cmd(&["GET", "k"]), Reply::Null);
    assert_eq!(wire.cmd(&["SELECT", "99"]).err(), "ERR DB index is out of range");
    wire.send(&["SET", "k", "1"]);
    wire.expect_silence(Duration::from_millis(100));
    assert_eq!(operator.cmd(&["PROXY", "RELEASE"]), ok());
    assert_eq!(wire.read_reply(), ok());
    let mut direct = trio.master.wire();
    direct.cmd(&["SELECT", "9"]).ok();
    assert_eq!(direct.cmd(&["GET", "k"]).str(), "1");
}

/// FAILOVER at the master itself is carried out when the script ends, too.
#[test]
fn a_failover_begins_when_the_masters_script_ends() {
    const SCRIPT: &str = "local function ms() local t = redis.call('TIME') \
        return t[1] * 1000 + t[2] / 1000 end \
        local till = ms() + 2500 while ms() < till do end return 'done'";
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).with(for_operators).start();
    let (mut operator, mut direct) = (proxy.wire(), trio.master.wire());
    trio.wait_synced();
    direct.send(&["EVAL", SCRIPT, "0"]);
    let to = trio.replicas[0].addr().to_string();
    let reply = operator.cmd(&["PROXY", "FAILOVER", "TO", &to]);
    assert!(!reply.is_err(), "{reply:?}\n{}", proxy.log());
    assert_eq!(direct.read_reply().str(), "done");
    assert_eq!(proxy.wire().cmd(&["SET", "k", "1"]), ok());
    assert_eq!(trio.replicas[0].cmd(&["GET", "k"]).str(), "1");
}

/// What the old master refuses waits as long as what comes during the hold, also where that is
/// longer than `failover-hold`.
#[test]
fn refused_requests_wait_as_long_as_the_operators_hold() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio)
        .with(for_operators)
        .set("writes", "failover-hold", "\"300ms\"")
        .set("topology", "request-timeout", "\"60s\"")
        .start();
    let (mut operator, mut wire, mut multi) = (proxy.wire(), proxy.wire(), proxy.wire());
    wire.cmd(&["SET", "n", "1"]).ok();
    trio.wait_synced();
    trio.master.cmd(&["CLIENT", "PAUSE", "120000", "WRITE"]).ok();
    let requests: [&[&str]; 4] = [&["INCR", "n"], &["MULTI"], &["INCR", "n"], &["EXEC"]];
    wire.send(requests[0]);
    requests[1..].iter().for_each(|request| multi.send(request));
    eventually(PATIENCE, || match trio.master.cmd(&["CLIENT", "LIST"]).str() {
        list if list.matches("cmd=incr").count() == 2 => Ok(()),
        list => Err(list.to_owned()),
    });
    // Requests are under way, and wait all the same.
    let error = operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "60000"]).err().to_owned();
    assert!(error.contains("still under way"), "{error}");
    let [new, other] = &trio.replicas;
    new.promote();
    other.replicate_from(new.addr());
    trio.master.replicate_from(new.addr());
    trio.master.cmd(&["CLIENT", "UNPAUSE"]).ok();
    multi.read_reply().ok();
    for wire in [&mut wire, &mut multi] {
        wire.expect_silence(Duration::from_millis(600));
    }
    assert_eq!(operator.cmd(&["PROXY", "RELEASE"]), ok());
    let alone = wire.read_reply().int();
    assert_eq!(multi.read_reply().str(), "QUEUED", "{}", proxy.log());
    let both = [alone, multi.read_reply().array()[0].int()];
    assert!(both == [2, 3] || both == [3, 2], "{both:?}\n{}", proxy.log());
}

/// The operator's hold was longer than `failover-hold`, and ends before the next master is known:
/// requests wait for it as if the failover had begun now.
#[test]
fn a_failover_that_outlasts_the_operators_hold_has_its_own_time() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio)
        .with(for_operators)
        .set("writes", "failover-hold", "\"4s\"")
        .start();
    let (mut operator, mut wire) = (proxy.wire(), proxy.wire());
    wire.cmd(&["SET", "k", "1"]).ok();
    trio.wait_synced();
    assert_eq!(operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "60000"]), ok());
    wire.send(&["SET", "k", "2"]);
    wire.expect_silence(Duration::from_millis(4200));
    let [new, other] = &trio.replicas;
    // Both follow one another: there is no master.
    trio.master.replicate_from(new.addr());
    assert_eq!(operator.cmd(&["PROXY", "RELEASE"]), ok());
    eventually(PATIENCE, || match topology(&mut operator)["hold"]["reason"].as_str() {
        Some("demoted") => Ok(()),
        reason => Err(format!("{reason:?}\n{}", proxy.log())),
    });
    let mut later = proxy.wire();
    later.send(&["SET", "later", "1"]);
    later.expect_silence(Duration::from_millis(100));
    new.promote();
    other.replicate_from(new.addr());
    for wire in [&mut wire, &mut later] {
        assert_eq!(wire.read_reply(), ok(), "{}", proxy.log());
    }
    assert_eq!(new.cmd(&["GET", "k"]).str(), "2");
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
