//! A request that is sent again has the database and the protocol with which it was sent first,
//! whatever its client has asked for since.

use std::time::Duration;

use crate::support::*;

/// How late replies are. The connection is closed before.
const LATE: Duration = Duration::from_millis(800);

/// A master and a replica, each behind a network of its own.
struct Stage {
    master: RedisServer,
    _replica: RedisServer,
    to_master: FaultProxy,
    to_replica: FaultProxy,
    proxy: Tidegate,
}

impl Stage {
    fn new() -> Self {
        let master = RedisServer::spawn(Flavor::Redis70);
        let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
        for (db, value) in [("0", "zero"), ("1", "one")] {
            in_database(&master, db, &["SET", "k", value]).ok();
            in_database(&master, db, &["HSET", "h", "f", value]);
        }
        master.wait_synced(&replica);
        let to_master = FaultProxy::start(master.addr());
        let to_replica = FaultProxy::start(replica.addr());
        let proxy = ConfigBuilder::new(to_master.addr(), &[to_replica.addr()])
            .reads_from("replica")
            .set("admin", "commands", "\"master\"")
            .start();
        wait_read_fresh(&mut proxy.wire(), "k");
        Self { master, _replica: replica, to_master, to_replica, proxy }
    }

    /// A client that has used both databases, over connections that exist.
    fn client(&self) -> Wire {
        let mut wire = self.proxy.wire();
        for db in ["1", "0"] {
            wire.cmd(&["SELECT", db]).ok();
            assert!(!wire.cmd(&["GET", "k"]).is_err());
            assert!(!wire.cmd(&["EXISTS", "none"]).is_err());
        }
        wire
    }
}

/// Asks a server in this database.
#[track_caller]
fn in_database(server: &RedisServer, db: &str, request: &[&str]) -> Reply {
    let mut wire = server.wire();
    wire.cmd(&["SELECT", db]).ok();
    wire.cmd(request)
}

#[test]
fn a_read_is_asked_again_in_its_own_database() {
    let stage = Stage::new();
    let mut wire = stage.client();
    stage.to_replica.set_delay_of(Direction::ToClient, LATE);
    wire.send(&["GET", "k"]);
    wire.send(&["SELECT", "1"]);
    wire.send(&["GET", "k"]);
    until_under_way(&stage.proxy, 1);
    stage.to_replica.cut();
    assert_eq!(wire.read_reply().str(), "zero");
    wire.read_reply().ok();
    assert_eq!(wire.read_reply().str(), "one");
}

#[test]
fn a_read_is_asked_again_in_its_own_protocol() {
    let stage = Stage::new();
    let mut wire = stage.client();
    stage.to_replica.set_delay_of(Direction::ToClient, LATE);
    wire.send(&["HGETALL", "h"]);
    until_under_way(&stage.proxy, 1);
    wire.send(&["HELLO", "3"]);
    wire.send(&["HGETALL", "h"]);
    until_under_way(&stage.proxy, 1);
    stage.to_replica.cut();
    let first = String::from_utf8(wire.read_raw_reply()).unwrap();
    assert!(first.starts_with("*2\r\n"), "{first}");
    wire.read_raw_reply();
    let second = String::from_utf8(wire.read_raw_reply()).unwrap();
    assert!(second.starts_with("%1\r\n"), "{second}");
}

#[test]
fn a_refused_write_is_sent_again_to_its_own_database() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    for db in ["1", "0"] {
        wire.cmd(&["SELECT", db]).ok();
        wire.cmd(&["SET", "k", "old"]).ok();
    }
    trio.wait_synced();
    let [new, other] = &trio.replicas;
    trio.master.cmd(&["CLIENT", "PAUSE", "120000", "WRITE"]).ok();
    wire.send(&["SET", "k", "zero"]);
    wire.send(&["SELECT", "1"]);
    wire.send(&["SET", "k", "one"]);
    until_under_way(&proxy, 1);
    new.promote();
    other.replicate_from(new.addr());
    trio.master.replicate_from(new.addr());
    trio.master.cmd(&["CLIENT", "UNPAUSE"]).ok();
    for _ in 0..3 {
        wire.read_reply().ok();
    }
    assert_eq!(in_database(new, "0", &["GET", "k"]).str(), "zero", "{}", proxy.log());
    assert_eq!(in_database(new, "1", &["GET", "k"]).str(), "one");
}

/// Redis has 16 databases. A server is asked for one that no client has used.
#[test]
fn a_database_is_looked_for_again_at_the_server_that_answers() {
    let stage = Stage::new();
    let mut wire = stage.client();
    stage.to_master.blackhole();
    wire.send(&["SELECT", "99"]);
    wire.send(&["SELECT", "9"]);
    until_under_way(&stage.proxy, 1);
    stage.to_master.close_all();
    stage.to_master.heal();
    assert_eq!(wire.read_reply().err(), "ERR DB index is out of range");
    wire.read_reply().ok();
    wire.cmd(&["SET", "k", "nine"]).ok();
    assert_eq!(in_database(&stage.master, "9", &["GET", "k"]).str(), "nine");
}
