//! Links that are cut at every stage: what a server would continue is continued.

use std::thread;
use std::time::Duration;

use ::tidegate::topology::LinkState;

use super::resync::{fill, traffic};
use crate::support::fake_master::{REPLID, snapshot};
use crate::support::local::{each_flavor, resyncs, slave0};
use crate::support::*;

/// An engine that follows `master` through a proxy.
fn through(master: &RedisServer) -> (FaultProxy, Local) {
    let link = FaultProxy::start(master.addr());
    let local = Local::of(link.addr());
    (link, local)
}

#[test]
fn in_the_handshake() {
    each_flavor(|flavor| {
        let master = RedisServer::spawn(flavor);
        fill(&master);
        let link = FaultProxy::start(master.addr());
        link.cut_after(Direction::ToClient, 3);
        let local = Local::of(link.addr());
        for (accepted, bytes) in [(1, 9), (2, 15)] {
            // In the pause before the next try.
            eventually(PATIENCE, || match (link.accepted(), link.open()) {
                (calls, 0) if calls == accepted => Ok(()),
                (calls, open) => Err(format!("{calls} calls, {open} open")),
            });
            link.cut_after(Direction::ToClient, bytes);
        }
        local.wait_equal(&master);
        assert_eq!(resyncs(&master).0, 1, "{flavor:?}");
        assert!(link.accepted() >= 3);
    });
}

#[test]
fn in_the_payload() {
    each_flavor(|flavor| {
        let master = RedisServer::spawn(flavor);
        master.cmd(&["DEBUG", "POPULATE", "20000"]).ok();
        let link = FaultProxy::start(master.addr());
        link.cut_after(Direction::ToClient, 200_000);
        let local = Local::of(link.addr());
        local.wait_equal(&master);
        assert_eq!(resyncs(&master), (2, 0), "{flavor:?}: none has data to go on from");
        let left = std::fs::read_dir(local.dir()).unwrap().count();
        assert!(left <= 1, "spools are removed: {left}");
    });
}

/// Waits until the payload has come, and the master knows: the load takes a while yet.
#[track_caller]
pub(super) fn wait_online(local: &Local, master: &RedisServer) {
    eventually(PATIENCE, || match slave0(master, "state") {
        state if state == "online" => Ok(()),
        state => Err(format!("{state:?}, {:?}", local.engine.trouble())),
    });
}

#[test]
fn while_loading_and_while_catching_up() {
    for (flavor, cut_in) in [(Flavor::Redis70, 0), (Flavor::Valkey91, 700_000)] {
        let master = RedisServer::builder(flavor).arg("--repl-backlog-size", "64mb").start();
        master.cmd(&["DEBUG", "POPULATE", "200000"]).ok();
        let (link, local) = through(&master);
        wait_online(&local, &master);
        let mut wire = master.wire();
        if cut_in > 0 {
            link.cut_after(Direction::ToClient, cut_in);
        }
        let value = "v".repeat(10_000);
        for n in 0..100 {
            wire.cmd(&["SET", &format!("late:{n}"), &value]).ok();
        }
        if cut_in == 0 {
            link.close_all();
        }
        local.wait_equal(&master);
        // As servers do: what was received is loaded, link or no link.
        assert_eq!(resyncs(&master), (1, 1), "{flavor:?}");
    }
}

#[test]
fn a_payload_outlives_its_link() {
    // The link ends as soon as all is sent; to load so many keys takes longer.
    let keys: Vec<_> = (0..100_000).map(|n| format!("key:{n}")).collect();
    let pairs: Vec<_> = keys.iter().map(|key| (key.as_str(), "1")).collect();
    let payload = snapshot(&pairs);
    let master = FakeMaster::start(move |call| {
        if call.number == 0 {
            call.full(&payload)?;
            call.command(&["SET", "l", "1"])?;
            return call.finish();
        }
        let asked = call.greet()?;
        let at = 101 + encode(&["SET", "l", "1"]).len();
        assert_eq!(asked, format!("PSYNC {} {at}", REPLID.to_uppercase()));
        call.send("+CONTINUE\r\n")?;
        call.command(&["SET", "m", "1"])?;
        call.hold()
    });
    let local = Local::of(master.addr());
    local.wait_value("m", "1");
    assert_eq!((local.get("key:7").as_deref(), local.get("l").as_deref()), (Some("1"), Some("1")));
    assert_eq!(master.calls(), 2);
}

#[test]
fn in_the_stream_and_inside_transactions() {
    each_flavor(|flavor| {
        let master = RedisServer::spawn(flavor);
        fill(&master);
        let (link, local) = through(&master);
        local.wait_equal(&master);
        for round in 0..3_u64 {
            // Somewhere in the midst of MULTI ... EXEC.
            link.cut_after(Direction::ToClient, 40 + round * 333);
            let mut wire = master.wire();
            wire.cmd(&["SELECT", "7"]).ok();
            wire.send(&["MULTI"]);
            for n in 0..60 {
                wire.send(&["INCR", "counted"]);
                wire.send(&["RPUSH", "pushed", &n.to_string()]);
            }
            wire.send(&["EXEC"]);
            for _ in 0..122 {
                wire.read_reply();
            }
            traffic(&master);
            let wanted = round + 1;
            eventually(PATIENCE, || match resyncs(&master) {
                (1, partial) if partial == wanted => Ok(()),
                other => Err(format!("{flavor:?} {other:?} {:?}", local.engine.trouble())),
            });
            local.wait_equal(&master);
        }
    });
}

#[test]
fn the_database_is_kept_over_a_cut() {
    each_flavor(|flavor| {
        let master = RedisServer::spawn(flavor);
        let (link, local) = through(&master);
        local.wait_equal(&master);
        let mut wire = master.wire();
        wire.cmd(&["SELECT", "5"]).ok();
        wire.cmd(&["SET", "a", "1"]).ok();
        local.wait_equal(&master);
        for n in 1..3 {
            link.reset_all();
            wire.cmd(&["INCR", "a"]);
            eventually(PATIENCE, || match resyncs(&master) {
                (1, partial) if partial == n => Ok(()),
                other => Err(format!("{other:?}")),
            });
            local.wait_equal(&master);
        }
        assert_eq!(local.ask(5, &["GET", "a"]), "$1\r\n3\r\n", "{flavor:?}");
        assert_eq!(local.ask(0, &["DBSIZE"]), ":0\r\n");
    });
}

#[test]
fn too_long_away_costs_a_full_resync() {
    let master = RedisServer::builder(Flavor::Redis70).arg("--repl-backlog-size", "16kb").start();
    fill(&master);
    let (link, local) = through(&master);
    local.wait_equal(&master);
    link.cut();
    local.wait_link(LinkState::Down);
    master.cmd(&["SET", "big", &"b".repeat(100_000)]).ok();
    thread::sleep(Duration::from_millis(1200));
    assert!(local.get("big").is_none());
    assert_eq!(local.get("s:1").as_deref(), Some("1".repeat(20).as_str()), "it serves still");
    link.heal();
    local.wait_equal(&master);
    assert_eq!(resyncs(&master), (2, 0));
}
