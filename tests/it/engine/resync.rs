//! Full resyncs of every form, chains and failovers, with real masters.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use ::tidegate::engine::{Access, Room, Stop};
use ::tidegate::topology::LinkState;
use tidegate_store::Budget;
use tidegate_wire::resp::RespVersion;

use crate::support::fake_master::{MARK, REPLID, snapshot};
use crate::support::local::{each_flavor, resyncs, slave0};
use crate::support::*;

/// Keys of all types in two databases, some of which expire.
pub(super) fn fill(server: &RedisServer) {
    let mut wire = server.wire();
    for db in ["0", "7"] {
        wire.cmd(&["SELECT", db]).ok();
        for n in 0..100 {
            let n = n.to_string();
            wire.cmd(&["SET", &format!("s:{n}"), &n.repeat(20)]).ok();
            wire.cmd(&["PEXPIRE", &format!("s:{n}"), "1000000"]);
            wire.cmd(&["HSET", "hash", &n, &n]);
            wire.cmd(&["ZADD", "zset", &n, &n]);
            wire.cmd(&["SADD", "set", &n, "x"]);
            wire.cmd(&["RPUSH", "list", &n, "y"]);
        }
    }
}

/// Some traffic, transactions and databases among it.
pub(super) fn traffic(server: &RedisServer) {
    let mut wire = server.wire();
    for db in ["7", "0"] {
        wire.cmd(&["SELECT", db]).ok();
        wire.pipeline(&[&["MULTI"], &["INCR", "n"], &["LPUSH", "list", "z"], &["EXEC"]]);
        wire.pipeline(&[&["SPOP", "set"], &["HDEL", "hash", "1"], &["DEL", "s:1"]]);
    }
}

#[test]
fn diskless_and_from_the_disk() {
    each_flavor(|flavor| {
        for diskless in ["yes", "no"] {
            let master = RedisServer::builder(flavor).arg("--repl-diskless-sync", diskless).start();
            fill(&master);
            let local = Local::of(master.addr());
            local.wait_equal(&master);
            traffic(&master);
            local.wait_equal(&master);
            assert_eq!(resyncs(&master), (1, 0), "{flavor:?} {diskless}");
            assert_eq!(slave0(&master, "state"), "online");
        }
    });
}

#[test]
fn a_master_that_saves_slowly() {
    each_flavor(|flavor| {
        for diskless in ["yes", "no"] {
            let master = RedisServer::builder(flavor)
                .args(&["--rdb-key-save-delay", "10000", "--repl-diskless-sync", diskless])
                .args(&["--rdbcompression", "no"])
                .start();
            master.cmd(&["DEBUG", "POPULATE", "250", "key", "20000"]).ok();
            // Empty lines, or bytes of the snapshot, hold the link for longer than this.
            let local = Local::with(master.addr(), &[("repl-timeout", "\"2s\"")]);
            local.wait_equal(&master);
            assert_eq!(resyncs(&master), (1, 0), "{flavor:?} {diskless}");
        }
    });
}

#[test]
fn a_replica_is_followed_and_takes_over() {
    each_flavor(|flavor| {
        let mut master = RedisServer::spawn(flavor);
        fill(&master);
        let middle = RedisServer::builder(flavor).replica_of(master.addr()).start();
        master.wait_attached(&middle);
        let local = Local::of(middle.addr());
        local.wait_equal(&middle);
        traffic(&master);
        master.wait_synced(&middle);
        local.wait_equal(&middle);
        let before = local.observed().unwrap().replid;
        master.kill();
        middle.promote();
        traffic(&middle);
        local.wait_equal(&middle);
        assert_eq!(resyncs(&middle), (1, 1), "{flavor:?}");
        let replid = middle.info("replication").get("master_replid").unwrap().to_owned();
        assert_eq!(local.observed().unwrap().replid, replid);
        assert_ne!(replid, before);
    });
}

#[test]
fn a_failover_between_two_masters() {
    each_flavor(|flavor| {
        let mut master = RedisServer::spawn(flavor);
        fill(&master);
        let other = RedisServer::builder(flavor).replica_of(master.addr()).start();
        master.wait_attached(&other);
        let local = Local::of(master.addr());
        local.wait_equal(&master);
        // The database that the stream has selected has to be kept: no SELECT comes first.
        let mut wire = master.wire();
        wire.cmd(&["SELECT", "7"]).ok();
        wire.cmd(&["SET", "last", "1"]).ok();
        master.wait_synced(&other);
        local.wait_equal(&master);
        master.kill();
        other.promote();
        local.retarget(other.addr());
        local.wait_equal(&other);
        assert_eq!(resyncs(&other), (0, 1), "{flavor:?}");
        traffic(&other);
        local.wait_equal(&other);
        // And back, to one that has become a replica of the other.
        master.restart();
        master.replicate_from(other.addr());
        other.wait_attached(&master);
        local.retarget(master.addr());
        traffic(&other);
        other.wait_synced(&master);
        local.wait_equal(&master);
        let replid = other.info("replication").get("master_replid").unwrap().to_owned();
        assert_eq!(local.observed().unwrap().replid, replid);
    });
}

#[test]
fn another_dataset_replaces_this_one() {
    let [one, two] = [Flavor::Redis70, Flavor::Valkey91].map(RedisServer::spawn);
    fill(&one);
    two.cmd(&["SET", "only", "this"]).ok();
    let local = Local::of(one.addr());
    local.wait_equal(&one);
    local.retarget(two.addr());
    local.wait_value("only", "this");
    local.wait_equal(&two);
    assert_eq!(resyncs(&two), (1, 0));
}

#[test]
fn old_data_serve_until_the_new_are_there() {
    let master = FakeMaster::start(|call| {
        let value = call.number.to_string();
        call.greet()?;
        call.send(format!("+FULLRESYNC {REPLID} 100\r\n\n"))?;
        thread::sleep(Duration::from_millis(300));
        let payload = snapshot(&[("a", &value), ("b", &value)]);
        let (first, second) = payload.split_at(20);
        call.send(format!("$EOF:{MARK}\r\n"))?;
        call.send(first)?;
        thread::sleep(Duration::from_millis(300));
        call.send(second)?;
        call.send(MARK)?;
        call.wait_ack(100)?;
        match call.number {
            // What comes then cannot be continued.
            0..=2 => call.send("nonsense"),
            _ => call.hold(),
        }
    });
    let local = Local::of(master.addr());
    local.wait_value("a", "0");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut seen = vec![0];
            while !stop.load(SeqCst) {
                let both = local.ask(0, &["MGET", "a", "b"]);
                let values: Vec<&str> = both.split("\r\n").collect();
                assert_eq!(values[2], values[4], "one state of the data: {both:?}");
                let now = values[2].parse::<i32>().expect("data at all times");
                if seen.last() != Some(&now) {
                    seen.push(now);
                }
            }
            seen
        });
        local.wait_value("a", "3");
        stop.store(true, SeqCst);
        let seen = reading.join().unwrap();
        assert!(seen.is_sorted(), "{seen:?}");
    });
    local.wait_link(LinkState::Up);
}

/// An upgrade as operators do it: a replica of the next version takes over, and the link continues
/// with it. The engine applies, serves and saves what only the new version has.
#[test]
fn a_failover_to_a_later_version() {
    let old = RedisServer::spawn(Flavor::Redis70);
    old.cmd(&["HSET", "h", "a", "1", "b", "2"]);
    let new = RedisServer::builder(Flavor::Redis82).replica_of(old.addr()).start();
    let local = Local::of(old.addr());
    local.wait_equal(&old);
    old.wait_synced(&new);
    let when = ["HPEXPIRETIME", "h", "FIELDS", "1", "a"];
    // A read that was routed here while the data were a later server's gets the master's error.
    let mut told = Vec::new();
    let budget = Budget::new(u64::MAX, usize::MAX);
    let data_epoch = local.engine.data_epoch();
    let access = Access { data_epoch, db: 0, version: RespVersion::V2 };
    local.engine.answer(access, (&encode(&when), 1), Room::ENDLESS, &budget, &mut told);
    let mut wire = old.wire();
    wire.send(&when);
    assert_eq!(told, wire.read_raw_reply());
    new.promote();
    local.retarget(new.addr());
    eventually(PATIENCE, || match resyncs(&new) {
        (0, 1) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    new.cmd(&["HEXPIRE", "h", "10000", "FIELDS", "1", "a"]);
    local.wait_equal(&new);
    // The data continue under another name: reads that were routed before go elsewhere.
    let room = Room { stop: Some(usize::MAX), most: usize::MAX };
    let stopped = local.engine.answer(access, (&encode(&when), 1), room, &budget, &mut told);
    assert_eq!((stopped.count, stopped.stop), (0, Some(Stop::Unjudged)));
    let Reply::Array(times) = new.cmd(&when) else { panic!("no array") };
    let [Reply::Int(time)] = times[..] else { panic!("{times:?}") };
    assert!(time > 0, "{time}");
    assert_eq!(local.ask(0, &when), format!("*1\r\n:{time}\r\n"));
    local.engine.save().unwrap();
    let file = local.dir().join("dump.rdb");
    let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
    assert!(text.starts_with("REDIS0012") && text.contains("8.2"), "{text:.60}");
}
