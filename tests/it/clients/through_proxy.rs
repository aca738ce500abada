//! The real clients' suites, through the proxy. The same suites hold on a plain server.

use super::redis_rs;
use super::suites::{Suite, run_suite};
use crate::support::*;

/// With reads from the master, each read follows its write at once, as the suites expect.
#[track_caller]
fn all_on_master(run: impl FnOnce(std::net::SocketAddr)) {
    let trio = Trio::spawn(Flavor::Redis70);
    let mut proxy = Tidegate::for_trio(&trio).reads_from("master").start();
    run(proxy.addr());
    proxy.assert_alive();
}

#[test]
fn redis_py_holds() {
    all_on_master(|addr| run_suite(Suite::RedisPy, addr, "all"));
}

#[test]
fn ioredis_holds() {
    all_on_master(|addr| run_suite(Suite::Ioredis, addr, "all"));
}

#[test]
fn node_redis_holds() {
    all_on_master(|addr| run_suite(Suite::NodeRedis, addr, "all"));
}

#[test]
fn redis_rs_holds() {
    all_on_master(redis_rs::run_suite);
}

#[test]
fn reads_are_right_and_come_from_replicas() {
    let trio = Trio::spawn(Flavor::Redis70);
    // On a busy machine a replica may be late for more than the defaults.
    let config = Tidegate::for_trio(&trio).reads_from("replica");
    let config = config.set("reads", "max-lag", "\"20s\"").set("reads", "floor-wait", "\"1s\"");
    let mut proxy = config.start();
    for suite in Suite::ALL {
        run_suite(suite, proxy.addr(), "seed");
    }
    trio.wait_synced();
    let before = trio.master.calls("get");
    for suite in Suite::ALL {
        run_suite(suite, proxy.addr(), "reads");
    }
    assert_eq!(trio.master.calls("get"), before, "reads went to the master");
    for replica in &trio.replicas {
        assert!(replica.calls("get") > 0, "a replica served nothing");
    }
    proxy.assert_alive();
}
