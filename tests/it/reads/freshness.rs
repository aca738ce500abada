//! Reads are never older than `max-lag` allows: lag is measured, and what cannot be measured does
//! not serve.

pub mod clock;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use self::clock::{Clock, read_for};
use crate::support::*;

const PERIOD: Duration = Duration::from_millis(100);

pub fn until_fresh(proxy: &Tidegate, replicas: &[std::net::SocketAddr]) {
    let mut wire = proxy.wire();
    for replica in replicas {
        eventually(PATIENCE, || {
            let line = ReplicaLine::find(&mut wire, *replica)?;
            if line.serves() { Ok(()) } else { Err(format!("{line:?}")) }
        });
    }
}

/// A replica that is cut off from its master and does not notice would answer with old data for
/// ever.
#[test]
fn a_replica_that_is_cut_off_serves_nothing_old() {
    for flavor in [Flavor::Redis70, Flavor::Valkey91] {
        let trio = TamperedTrio::spawn(flavor);
        let proxy = trio.config().set("reads", "balance", "\"round-robin\"").start();
        until_fresh(&proxy, &trio.replica_addrs());
        let clock = Clock::start(&trio.master, Duration::from_millis(2));
        let max_lag = Duration::from_secs(1);
        let cut_off = &trio.replicas[1];

        // Both serve.
        let calls = || trio.replicas.each_ref().map(|replica| replica.calls("get"));
        let before = calls();
        eventually(PATIENCE, || {
            read_for(Duration::from_millis(100), &proxy, &clock, max_lag);
            let grown = calls().iter().zip(before).all(|(now, before)| *now > before + 5);
            if grown { Ok(()) } else { Err(format!("{before:?}, now {:?}", calls())) }
        });

        let cut = Instant::now();
        trio.links[1].blackhole();
        let limit = max_lag + 2 * PERIOD;
        let (oldest, _) = read_for(limit, &proxy, &clock, max_lag);
        let (served, late) = (cut_off.calls("get"), cut.elapsed() - limit);
        println!("{flavor:?}: oldest read {oldest:?}; looked {late:?} after the limit");
        read_for(Duration::from_millis(1500), &proxy, &clock, max_lag);
        assert_eq!(cut_off.calls("get"), served, "reads served after max-lag and two periods");
        let line = ReplicaLine::of(&mut proxy.wire(), cut_off.addr());
        assert!(line.get("state") == "stale" && line.int("lag_ms") >= 2000, "{line:?}");

        trio.links[1].heal();
        eventually(PATIENCE, || {
            read_for(Duration::from_millis(50), &proxy, &clock, max_lag);
            let calls = cut_off.calls("get");
            if calls > served { Ok(()) } else { Err("it does not serve again".to_owned()) }
        });
    }
}

/// The same if the replica notices: its connection is closed.
#[test]
fn a_replica_whose_link_is_down_serves_nothing() {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    let proxy = trio
        .config()
        .set("reads", "balance", "\"round-robin\"")
        .set("reads", "consistency", "\"bounded\"")
        .start();
    until_fresh(&proxy, &trio.replica_addrs());
    let clock = Clock::start(&trio.master, Duration::from_millis(2));
    let max_lag = Duration::from_secs(1);
    trio.links[0].cut();
    eventually(PATIENCE, || {
        read_for(Duration::from_millis(20), &proxy, &clock, max_lag);
        let line = ReplicaLine::of(&mut proxy.wire(), trio.replicas[0].addr());
        if line.get("state") == "unknown" { Ok(()) } else { Err(format!("{line:?}")) }
    });
    let served = trio.replicas[0].calls("get");
    read_for(Duration::from_secs(1), &proxy, &clock, max_lag);
    assert_eq!(trio.replicas[0].calls("get"), served);
    trio.links[0].heal();
    until_fresh(&proxy, &trio.replica_addrs());
    read_for(Duration::from_millis(300), &proxy, &clock, max_lag);
    assert!(trio.replicas[0].calls("get") > served);
}

/// Delays the first replica's answers to the proxy by 300 ms, once the clock's keys exist.
pub fn delay(trio: &TamperedTrio, direct: &mut Wire) {
    eventually(PATIENCE, || match direct.cmd(&["GET", "n"]) {
        reply if reply.is_null() => Err("not yet there".to_owned()),
        _ => Ok(()),
    });
    trio.links[0].set_delay_of(Direction::ToClient, Duration::from_millis(300));
}

/// A replica behind a slow link: the reported lag is never below the true one, and decides whether
/// the replica is within `max-lag`. (`latency::a_delay_is_measured_closely` judges how far above.)
#[test]
fn a_delay_is_measured_and_judged() {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    let replica = trio.replicas[0].addr();
    let with = |max_lag: &str| {
        let config = ConfigBuilder::new(trio.master.addr(), &[replica]);
        config.set("reads", "max-lag", &format!("\"{max_lag}\"")).start()
    };
    // The second one is far above what a busy machine adds.
    let (strict, lax) = (with("200ms"), with("60s"));
    for proxy in [&strict, &lax] {
        until_fresh(proxy, &[replica]);
    }
    // More would not fit into the queue of what is delayed, and be delayed for longer.
    let clock = Clock::start(&trio.master, Duration::from_millis(8));
    let mut direct = trio.replicas[0].wire();
    delay(&trio, &mut direct);
    let (mut looking, mut wire) = (strict.wire(), lax.wire());
    eventually(PATIENCE, || {
        let line = ReplicaLine::find(&mut looking, replica)?;
        if line.get("state") == "stale" { Ok(()) } else { Err(format!("{line:?}")) }
    });
    for _ in 0..100 {
        let asked = Instant::now();
        let line = ReplicaLine::of(&mut wire, replica);
        assert!(line.is_fresh(), "max-lag = 60s: {line:?}");
        // The replica has not gone back since.
        let true_age = clock.age(asked, direct.cmd(&["GET", "n"]).str().parse().unwrap());
        let true_age = i64::try_from(true_age.as_millis()).unwrap();
        assert!(line.int("lag_ms") + 1 >= true_age, "{line:?}, {true_age}");
        assert!(!ReplicaLine::of(&mut looking, replica).is_fresh(), "max-lag = 200ms");
        thread::sleep(Duration::from_millis(7));
    }
    assert_eq!(departures(&lax), 0, "{}", lax.log());
    assert!(departures(&strict) >= 1, "{}", strict.log());
}

/// How often a replica stopped being fresh.
pub fn departures(proxy: &Tidegate) -> usize {
    proxy.log().matches("replica is stale").count()
}

#[test]
fn lag_in_bytes_is_what_was_written() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("reads", "max-lag-bytes", "\"1mb\"").start();
    until_fresh(&proxy, &trio.replica_addrs());
    let mut wire = proxy.wire();
    trio.replicas[0].pause();
    let (value, mebibytes) = ("x".repeat(1 << 20), 16_i64);
    for n in 0..mebibytes {
        trio.master.cmd(&["SET", &format!("k{n}"), &value]).ok();
    }
    let (written, stopped) = (mebibytes << 20, trio.replicas[0].addr());
    eventually(PATIENCE, || {
        let line = ReplicaLine::find(&mut wire, stopped)?;
        let lag = line.int("lag_bytes");
        println!("written {written}, lag {lag}");
        let off = (lag - written).abs() * 100 > written;
        if off || line.is_fresh() { Err(format!("{line:?}")) } else { Ok(()) }
    });
    trio.replicas[0].resume();
    until_fresh(&proxy, &trio.replica_addrs());
    assert_eq!(ReplicaLine::of(&mut wire, stopped).int("lag_bytes"), 0);
}

#[test]
fn resets_never_give_wrong_values() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    until_fresh(&proxy, &trio.replica_addrs());
    let stop: Arc<AtomicBool> = Arc::default();
    let (told, mut wire) = (stop.clone(), proxy.wire());
    let watcher = thread::spawn(move || {
        let mut seen = 0;
        while !told.load(SeqCst) {
            let text = wire.cmd(&["INFO", "proxy"]).str().to_owned();
            for line in text.lines().filter(|line| line.starts_with("proxy_replica")) {
                for part in line.split(',') {
                    let Some((field, value)) = part.split_once('=') else { continue };
                    let limit = match field {
                        "lag_ms" => 60_000,
                        "lag_bytes" => 64 << 20,
                        _ => continue,
                    };
                    let value: i64 = value.parse().expect("a number");
                    assert!((-1..=limit).contains(&value), "{line}");
                    seen += 1;
                }
            }
            thread::sleep(Duration::from_millis(3));
        }
        seen
    });
    let fill = |server: &RedisServer| {
        for n in 0..200 {
            server.cmd(&["SET", &format!("k{n}"), &"v".repeat(10_000)]).ok();
        }
    };
    fill(&trio.master);
    trio.master.cmd(&["FLUSHALL"]).ok();
    trio.wait_synced();
    // Another replid in the midst of it all.
    trio.master.cmd(&["DEBUG", "CHANGE-REPL-ID"]).ok();
    thread::sleep(Duration::from_millis(300));
    fill(&trio.master);
    // A failover: the offsets of the new history go on from the heir's.
    trio.replicas[0].promote();
    trio.master.replicate_from(trio.replicas[0].addr());
    trio.replicas[1].replicate_from(trio.replicas[0].addr());
    fill(&trio.replicas[0]);
    until_fresh(&proxy, &[trio.master.addr(), trio.replicas[1].addr()]);
    stop.store(true, SeqCst);
    let seen = watcher.join().expect("no nonsense");
    assert!(seen > 100, "{seen}");
}

#[test]
fn a_replica_of_a_replica_counts_by_its_own_offset() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let middle = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.wait_attached(&middle);
    let link = FaultProxy::start(middle.addr());
    let last = RedisServer::builder(Flavor::Redis70).replica_of(link.addr()).start();
    middle.wait_attached(&last);
    let replicas = [middle.addr(), last.addr()];
    let proxy = ConfigBuilder::new(master.addr(), &replicas).start();
    until_fresh(&proxy, &replicas);
    let _clock = Clock::start(&master, Duration::from_millis(2));
    link.blackhole();
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let line = ReplicaLine::find(&mut wire, last.addr())?;
        if line.get("state") == "stale" { Ok(()) } else { Err(format!("{line:?}")) }
    });
    assert!(ReplicaLine::of(&mut wire, middle.addr()).is_fresh());
    link.heal();
    until_fresh(&proxy, &replicas);
}

#[test]
fn a_listed_replica_that_is_not_attached_is_shown_and_not_used() {
    let trio = Trio::spawn(Flavor::Redis70);
    let stranger = RedisServer::spawn(Flavor::Redis70);
    let elsewhere = RedisServer::builder(Flavor::Redis70).replica_of(stranger.addr()).start();
    stranger.wait_attached(&elsewhere);
    let listed = [trio.replicas[0].addr(), elsewhere.addr()];
    let proxy = ConfigBuilder::new(trio.master.addr(), &listed).start();
    until_fresh(&proxy, &listed[..1]);
    let mut wire = proxy.wire();
    let line = ReplicaLine::of(&mut wire, elsewhere.addr());
    assert!(line.get("state") == "foreign" && !line.serves(), "{line:?}");
    for _ in 0..50 {
        wire.cmd(&["GET", "k"]);
    }
    assert_eq!(elsewhere.calls("get"), 0);
    // It is attached: it joins.
    elsewhere.replicate_from(trio.master.addr());
    until_fresh(&proxy, &listed);
}

#[test]
fn unlisted_replicas_join_and_leave_by_themselves() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).unset("topology", "replicas").start();
    until_fresh(&proxy, &trio.replica_addrs());
    let mut third = RedisServer::builder(Flavor::Redis70).replica_of(trio.master.addr()).start();
    trio.master.wait_attached(&third);
    let mut wire = proxy.wire();
    let is_known = |wire: &mut Wire| {
        wire.cmd(&["INFO", "proxy"]).str().contains(&format!("addr={},", third.addr()))
    };
    eventually(PATIENCE, || {
        if is_known(&mut wire) { Ok(()) } else { Err("it has not joined".to_owned()) }
    });
    until_fresh(&proxy, &[third.addr()]);
    third.kill();
    let addr = third.addr();
    eventually(PATIENCE, || {
        let text = wire.cmd(&["INFO", "proxy"]).str().to_owned();
        let gone = text.lines().all(|line| !line.contains(&format!("addr={addr},state=fresh")));
        if gone { Ok(()) } else { Err(text) }
    });
}

/// Reads in flight on a replica when it becomes stale are answered.
#[test]
fn a_read_under_way_finishes() {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    let replica = trio.replicas[0].addr();
    let proxy = ConfigBuilder::new(trio.master.addr(), &[replica])
        .set("reads", "max-lag", "\"300ms\"")
        .start();
    until_fresh(&proxy, &[replica]);
    let mut slow = proxy.wire();
    slow.send(&["XREAD", "BLOCK", "2500", "STREAMS", "none", "$"]);
    eventually(PATIENCE, || {
        let blocked = trio.replicas[0].info("clients").get("blocked_clients").map(str::to_owned);
        if blocked.as_deref() == Some("1") { Ok(()) } else { Err(format!("{blocked:?}")) }
    });
    let _clock = Clock::start(&trio.master, Duration::from_millis(2));
    trio.links[0].blackhole();
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let line = ReplicaLine::find(&mut wire, replica)?;
        if line.get("state") == "stale" { Ok(()) } else { Err(format!("{line:?}")) }
    });
    let before = trio.master.calls("get");
    assert!(!wire.cmd(&["GET", "n"]).is_err());
    assert_eq!(trio.master.calls("get"), before + 1, "new ones go elsewhere");
    assert!(slow.read_reply().is_null(), "its own time-out, no error");
}
