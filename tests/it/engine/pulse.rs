//! Slow and silent masters, slow networks, and loads that take their time.

use std::thread;
use std::time::{Duration, Instant};

use ::tidegate::topology::LinkState;

use super::cuts::wait_online;
use super::resync::{fill, traffic};
use crate::support::fake_master::snapshot;
use crate::support::local::{each_flavor, resyncs};
use crate::support::*;

#[test]
fn a_master_that_hangs() {
    each_flavor(|flavor| {
        let mut master =
            RedisServer::builder(flavor).arg("--repl-ping-replica-period", "1").start();
        fill(&master);
        let local = Local::with(master.addr(), &[("repl-timeout", "\"5s\"")]);
        local.wait_equal(&master);
        // Nothing but PINGs for longer than repl-timeout.
        thread::sleep(Duration::from_millis(5500));
        assert_eq!(resyncs(&master), (1, 0), "{:?}", local.engine.trouble());
        master.pause();
        local.wait_link(LinkState::Down);
        eventually(PATIENCE, || match local.engine.trouble() {
            Some(why) if why.contains("the master has sent nothing for 5s") => Ok(()),
            other => Err(format!("{other:?}")),
        });
        master.resume();
        traffic(&master);
        local.wait_equal(&master);
        assert_eq!(resyncs(&master).0, 1, "{flavor:?}");
    });
}

#[test]
fn a_slow_network() {
    each_flavor(|flavor| {
        let master = RedisServer::builder(flavor).arg("--rdbcompression", "no").start();
        fill(&master);
        for n in 0..60 {
            master.cmd(&["SET", &format!("big:{n}"), &"b".repeat(10_000)]).ok();
        }
        let link = FaultProxy::start(master.addr());
        link.set_delay(Duration::from_millis(30));
        link.set_rate_of(Direction::ToClient, 100_000);
        let local = Local::with(link.addr(), &[("repl-timeout", "\"5s\"")]);
        local.wait_equal(&master);
        link.set_rate(0);
        link.set_delay(Duration::ZERO);
        // In crumbs.
        link.split(7);
        traffic(&master);
        local.wait_equal(&master);
        assert_eq!(resyncs(&master), (1, 0), "{flavor:?}");
    });
}

#[test]
fn a_long_load_keeps_the_link() {
    // A master without patience, and with little room for what is not taken at once.
    let master = RedisServer::builder(Flavor::Redis70)
        .args(&["--repl-timeout", "2", "--repl-backlog-size", "16kb"])
        .args(&["--client-output-buffer-limit", "replica 4mb 4mb 1"])
        .args(&["--repl-ping-replica-period", "1"])
        .start();
    // So many that more is written than fits meanwhile, on slow machines and on fast ones.
    let keys = 1_000_000;
    master.cmd(&["DEBUG", "POPULATE", &keys.to_string()]).ok();
    let local = Local::of(master.addr());
    let mut wire = master.wire();
    let value = "v".repeat(10_000);
    let (mut written, began) = (0, Instant::now());
    let mut write = || {
        for n in 0..10 {
            wire.cmd(&["SET", &format!("late:{n}"), &value]).ok();
        }
        // Not more than a loaded machine can take.
        thread::sleep(Duration::from_millis(5));
        assert!(began.elapsed() < PATIENCE * 2);
    };
    // While the engine receives the payload it cannot read the stream.
    wait_online(&local, &master);
    let loading = Instant::now();
    while local.observed().map_or(true, |it| it.loading) {
        write();
        written += 10 * value.len();
    }
    let took = loading.elapsed();
    local.wait_link(LinkState::Up);
    assert_eq!(resyncs(&master), (1, 0), "{written} bytes in {took:?}\n{}", master.log());
    assert!(written > 4 << 20, "only {written} bytes in {took:?}");
    // The digest takes long.
    master.cmd(&["CONFIG", "SET", "repl-timeout", "60"]).ok();
    local.wait_equal(&master);
    drop(local);
    // A server in the engine's place, whose load takes as long, starts over and over.
    let slow = (took.as_micros() / keys).max(4).to_string();
    let server = RedisServer::builder(Flavor::Redis70).args(&["--key-load-delay", &slow]).start();
    server.replicate_from(master.addr());
    while resyncs(&master).0 < 3 {
        write();
    }
}

#[test]
fn a_link_that_was_not_listened_to_is_not_dead() {
    let master = FakeMaster::start(|call| {
        call.full(&snapshot(&[("k", "1")]))?;
        loop {
            call.command(&["INCR", "k"])?;
            thread::sleep(Duration::from_millis(100));
        }
    });
    let local = Local::with(master.addr(), &[("repl-timeout", "\"5s\"")]);
    local.wait_link(LinkState::Up);
    let store = local.engine.store();
    thread::sleep(Duration::from_millis(6500));
    drop(store);
    thread::sleep(Duration::from_millis(500));
    assert_eq!(
        (master.calls(), local.link()),
        (1, Ok(LinkState::Up)),
        "{:?}",
        local.engine.trouble()
    );
}

#[test]
fn a_master_that_never_rests_is_caught_up_with() {
    let master = FakeMaster::start(|call| {
        call.full(&snapshot(&[("k", "1")]))?;
        let mut round = Vec::new();
        for n in 0..5 {
            round.extend(encode(&["SADD", &format!("s:{n}"), "a", "b", "c", "d"]));
            round.extend(encode(&["DEL", &format!("s:{n}")]));
        }
        loop {
            call.send(&round)?;
            thread::sleep(Duration::from_micros(200));
        }
    });
    let local = Local::of(master.addr());
    local.wait_link(LinkState::Up);
    assert_eq!(master.calls(), 1);
}

#[test]
fn a_reader_that_takes_long_does_not_cost_the_link() {
    let master = RedisServer::builder(Flavor::Redis70).arg("--repl-timeout", "5").start();
    fill(&master);
    let local = Local::of(master.addr());
    local.wait_equal(&master);
    let read = local.engine.store();
    let until = Instant::now() + Duration::from_secs(8);
    while Instant::now() < until {
        // Something to apply, all the time.
        master.cmd(&["INCR", "n"]);
        thread::sleep(Duration::from_millis(50));
    }
    drop(read);
    local.wait_equal(&master);
    assert_eq!(resyncs(&master), (1, 0), "{:?}", local.engine.trouble());
}
