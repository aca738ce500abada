//! A session that watches keys loses its connection: EXEC is null, and nothing else is noticed.

use std::time::Duration;

use crate::support::*;

/// A master behind a network whose replies can be held up.
fn slow() -> (RedisServer, FaultProxy, Tidegate) {
    let server = RedisServer::spawn(Flavor::Redis70);
    let network = FaultProxy::start(server.addr());
    let proxy = ConfigBuilder::new(network.addr(), &[]).start();
    (server, network, proxy)
}

/// The server has got `command` so many times, and its connections are lost before it answers.
#[track_caller]
fn lose(server: &RedisServer, network: &FaultProxy, command: &str, times: u64) {
    eventually(PATIENCE, || match server.calls(command) {
        calls if calls >= times => Ok(()),
        calls => Err(format!("{calls} of {command}")),
    });
    network.close_all();
    network.set_delay_of(Direction::ToClient, Duration::ZERO);
}

#[track_caller]
fn assert_exec_is_null(wire: &mut Wire) {
    let replies = wire.pipeline(&[&["MULTI"], &["SET", "k", "mine"], &["EXEC"]]);
    assert!(replies[2].is_null(), "{replies:?}");
    let replies = wire.pipeline(&[&["WATCH", "k"], &["MULTI"], &["SET", "k", "v"], &["EXEC"]]);
    assert_eq!(replies[3].array().len(), 1, "the next one: {replies:?}");
}

#[test]
fn a_read_after_watch_is_asked_again() {
    let (server, network, proxy) = slow();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "1"]).ok();
    wire.cmd(&["WATCH", "k"]).ok();
    let before = server.calls("get");
    network.set_delay_of(Direction::ToClient, Duration::from_secs(60));
    wire.send_raw(
        &[encode(&["GET", "k"]), encode(&["STRLEN", "k"]), encode(&["INFO", "server"])].concat(),
    );
    lose(&server, &network, "get", before + 1);
    assert_eq!(wire.read_reply().str(), "1", "{}", proxy.log());
    assert_eq!(wire.read_reply().int(), 1);
    assert!(wire.read_reply().str().contains("redis_version"));
    assert_exec_is_null(&mut wire);
}

#[test]
fn a_watch_that_is_lost_is_one_whose_keys_have_changed() {
    let (server, network, proxy) = slow();
    let mut wire = proxy.wire();
    // Its connection is open.
    wire.pipeline(&[&["MULTI"], &["EXEC"]]);
    network.set_delay_of(Direction::ToClient, Duration::from_secs(60));
    wire.send(&["WATCH", "k"]);
    lose(&server, &network, "watch", 1);
    assert_eq!(wire.read_reply(), Reply::Simple("OK".to_owned()), "{}", proxy.log());
    assert_exec_is_null(&mut wire);
}

/// A write may have been run.
#[test]
fn a_write_after_watch_is_in_doubt() {
    let (server, network, proxy) = slow();
    let mut wire = proxy.wire();
    wire.cmd(&["WATCH", "k"]).ok();
    network.set_delay_of(Direction::ToClient, Duration::from_secs(60));
    wire.send(&["INCR", "n"]);
    lose(&server, &network, "incr", 1);
    assert!(wire.read_reply().err().starts_with("INDOUBT "), "{}", proxy.log());
    assert_exec_is_null(&mut wire);
    assert_eq!(server.cmd(&["GET", "n"]).str(), "1");
}
