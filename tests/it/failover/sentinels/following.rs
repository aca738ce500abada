//! The master that a majority names is followed, and no other server gets writes.

use std::thread;
use std::time::Duration;

use super::{Watched, sentinels, wait_master};
use crate::support::sentinel::group::MASTER;
use crate::support::*;

/// The number of the last write that a server has.
fn last_write(server: &RedisServer) -> i64 {
    match server.cmd(&["GET", "n"]) {
        Reply::Bulk(text) => String::from_utf8_lossy(&text).parse().unwrap(),
        _ => 0,
    }
}

/// Increments until the proxy answers with a number above `from`.
#[track_caller]
fn write_on(proxy: &Tidegate) -> i64 {
    let mut written = 0;
    eventually(PATIENCE, || match proxy.wire().cmd(&["INCR", "n"]) {
        Reply::Int(n) => {
            written = n;
            Ok(())
        }
        other => Err(format!("{other:?}")),
    });
    written
}

#[test]
fn a_planned_failover_is_followed() {
    let watched = Watched::start();
    let Watched { trio, group, proxy } = &watched;
    write_on(proxy);
    let before = sentinels(proxy)["epoch"].as_u64().unwrap();
    group.fail_over(0, MASTER);
    let new = group.wait_switch(MASTER, trio.master.port());
    let new = watched.server(new);
    wait_master(proxy, new.addr());
    let written = write_on(proxy);
    assert_eq!(last_write(new), written);
    let said = sentinels(proxy);
    assert!(said["epoch"].as_u64().unwrap() > before, "{said}");
    assert_eq!(said["switches"], 1, "{said}");
    // The failover ends with the election of its master.
    eventually(PATIENCE, || {
        let said = sentinels(proxy);
        if said["failover"] == false { Ok(()) } else { Err(said.to_string()) }
    });
    assert!(proxy.log().contains("a majority of the Sentinels names"), "{}", proxy.log());
}

#[test]
fn the_master_after_a_crash_is_followed_and_the_old_one_gets_no_write() {
    let mut watched = Watched::start();
    write_on(&watched.proxy);
    watched.trio.master.kill();
    let old = watched.trio.master.port();
    let new = watched.group.wait_switch(MASTER, old);
    let new = watched.server(new).addr();
    wait_master(&watched.proxy, new);
    // No Sentinel is left that would make the old master a replica.
    (0..3).for_each(|number| watched.group.kill(number));
    watched.trio.master.restart();
    let mut wire = watched.proxy.wire();
    eventually(PATIENCE, || {
        let said = server(&mut wire, watched.trio.master.addr());
        let is_seen = said["excluded"] == "says it is a master too";
        if is_seen { Ok(()) } else { Err(said.to_string()) }
    });
    let scrape = Scrape::of(&watched.proxy);
    let claims = |labels: &[_]| scrape.sum("tidegate_backend_claims_master", labels);
    let old = watched.trio.master.addr().to_string();
    assert_eq!((claims(&[]), claims(&[("backend", &*old)])), (1.0, 1.0));
    for _ in 0..200 {
        let written = write_on(&watched.proxy);
        assert_eq!(last_write(watched.server(new.port())), written);
    }
    assert_eq!(last_write(&watched.trio.master), 0, "it has lost its data, and got none");
    assert_eq!(topology(&mut wire)["master"], *new.to_string());
}

#[test]
fn a_master_that_the_sentinels_left_gets_no_write_while_it_claims() {
    let mut watched = Watched::start();
    write_on(&watched.proxy);
    watched.trio.master.pause();
    let old = watched.trio.master.port();
    let new = watched.group.wait_switch(MASTER, old);
    let new = watched.server(new).addr();
    wait_master(&watched.proxy, new);
    let count = |server: &RedisServer| last_write(server);
    let written = write_on(&watched.proxy);
    watched.trio.master.resume();
    for _ in 0..50 {
        write_on(&watched.proxy);
        thread::sleep(Duration::from_millis(1));
    }
    let written = write_on(&watched.proxy).max(written);
    assert_eq!(count(watched.server(new.port())), written, "no increment went elsewhere");
}
