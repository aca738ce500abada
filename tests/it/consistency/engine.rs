//! The engine of the proxy's process answers reads at the levels above bounded staleness, too.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::Text;
use crate::support::*;

/// A proxy whose engine is its only replica, and follows `link`.
fn start(master: &RedisServer, link: SocketAddr, dir: &Path, level: &str, wait: &str) -> Tidegate {
    let proxy = ConfigBuilder::new(master.addr(), &[])
        .unset("topology", "replicas")
        .set("replica", "enabled", "true")
        .set("replica", "listen", "\"127.0.0.1:0\"")
        .set("replica", "replicaof", &format!("\"{link}\""))
        .set("replica", "dir", &format!("{dir:?}"))
        .set("reads", "local", "true")
        .set("reads", "max-lag", "\"10s\"")
        .set("reads", "floor-wait", &format!("\"{wait}\""))
        .set("reads", "consistency", &format!("\"{level}\""))
        .start();
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let before = master.calls("get");
        wire.cmd(&["GET", "k"]);
        if master.calls("get") == before { Ok(()) } else { Err(proxy.log()) }
    });
    proxy
}

/// Writes and reads `rounds` times over two connections. Returns how many reads were old, and how
/// many the master answered.
fn write_and_read(proxy: &Tidegate, master: &RedisServer, rounds: usize) -> (usize, u64) {
    let (mut writer, mut reader) = (proxy.wire(), proxy.wire());
    let before = master.calls("get");
    let is_old = |round: usize| {
        let value = format!("{round}-{}", proxy.addr());
        writer.cmd(&["SET", "k", &value]).ok();
        let seen = reader.cmd(&["GET", "k"]).text();
        seen != Some(value)
    };
    let old = (0..rounds).map(is_old).filter(|is_old| *is_old).count();
    (old, master.calls("get") - before)
}

#[test]
fn a_read_waits_for_the_engines_data() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let link = FaultProxy::start(master.addr());
    for (level, may_be_old) in [("bounded", true), ("global", false)] {
        let dir = tempfile::tempdir().unwrap();
        let proxy = start(&master, link.addr(), dir.path(), level, "1s");
        link.set_delay_of(Direction::ToClient, Duration::from_millis(30));
        let (old, at_master) = write_and_read(&proxy, &master, 20);
        link.set_delay_of(Direction::ToClient, Duration::ZERO);
        assert_eq!(old > 0, may_be_old, "{level}: {old} of 20 were old");
        assert!(at_master <= 4, "{level}: the master answered {at_master} of 20");
    }
}

#[test]
fn the_master_answers_when_the_wait_is_over() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let link = FaultProxy::start(master.addr());
    let dir = tempfile::tempdir().unwrap();
    let proxy = start(&master, link.addr(), dir.path(), "global", "1ms");
    link.set_delay_of(Direction::ToClient, Duration::from_millis(300));
    let (old, at_master) = write_and_read(&proxy, &master, 10);
    assert_eq!((old, at_master), (0, 10));
}

/// Only the master has the script, so it shows newer data than the engine has.
#[test]
fn a_read_behind_one_at_the_master_is_not_older() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let link = FaultProxy::start(master.addr());
    let source = "return redis.call('GET', KEYS[1])";
    let sha = master.cmd(&["SCRIPT", "LOAD", source]).str().to_owned();
    for level in ["session", "global"] {
        let dir = tempfile::tempdir().unwrap();
        let proxy = start(&master, link.addr(), dir.path(), level, "1ms");
        let mut wire = proxy.wire();
        for round in 0..10 {
            // The proxy does not know of these writes.
            master.cmd(&["SET", "k", &format!("{round}")]).ok();
            let script: &[&str] = &["EVALSHA_RO", &sha, "1", "k"];
            link.set_delay_of(Direction::ToClient, Duration::from_millis(300));
            master.cmd(&["SET", "k", &format!("{round} and later")]).ok();
            let seen =
                wire.pipeline(&[script, &["GET", "k"], &["STRLEN", "k"], script, &["GET", "k"]]);
            let newest = seen[0].str().to_owned();
            assert_eq!(seen[1].str(), newest, "{level}");
            assert_eq!(seen[2].int(), newest.len() as i64, "{level}");
            assert_eq!((seen[3].str(), seen[4].str()), (&*newest, &*newest), "{level}");
            link.set_delay_of(Direction::ToClient, Duration::ZERO);
        }
    }
}

/// Each time that the read looks again, another client has written its key.
#[test]
fn a_read_whose_minimum_grows_while_it_waits_is_answered() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let link = FaultProxy::start(master.addr());
    let dir = tempfile::tempdir().unwrap();
    let proxy = start(&master, link.addr(), dir.path(), "global", "300ms");
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = proxy.wire();
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                writer.cmd(&["INCR", "k"]).int();
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        link.set_delay_of(Direction::ToClient, Duration::from_millis(20));
        let mut reader = proxy.wire();
        reader.set_timeout(PATIENCE);
        let replies = (0..30).map(|_| reader.try_cmd(&["GET", "k"]).map(|_| ()));
        let outcome: Result<Vec<()>, _> = replies.collect();
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        outcome.unwrap();
    });
}
