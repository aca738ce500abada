//! The stream: transactions whole, large and many commands, acks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::fake_master::snapshot;
use crate::support::local::{each_flavor, resyncs, slave0};
use crate::support::*;

#[test]
fn transactions_are_seen_whole() {
    each_flavor(|flavor| {
        let master = RedisServer::spawn(flavor);
        master.cmd(&["MSET", "a", "0", "b", "0"]).ok();
        let local = Local::of(master.addr());
        local.wait_equal(&master);
        let (stop, states) = (AtomicBool::new(false), AtomicUsize::new(0));
        let mut rounds = 0;
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut last = String::new();
                while !stop.load(SeqCst) {
                    let both = local.ask(0, &["MGET", "a", "b"]);
                    let values: Vec<&str> = both.split("\r\n").collect();
                    assert_eq!(values[2], values[4], "{flavor:?}: half a transaction");
                    states.fetch_add(usize::from(last != both), SeqCst);
                    last = both;
                }
            });
            let mut wire = master.wire();
            let began = Instant::now();
            // Few states say little.
            while (rounds < 60 || states.load(SeqCst) < 20) && began.elapsed() < PATIENCE {
                let round: [&[&str]; 5] =
                    [&["MULTI"], &["INCR", "a"], &["SET", "other", "x"], &["INCR", "b"], &["EXEC"]];
                let many: Vec<_> = round.iter().cycle().take(250).copied().collect();
                wire.pipeline(&many);
                rounds += 1;
            }
            stop.store(true, SeqCst);
        });
        assert!(states.into_inner() >= 20, "{rounds} rounds prove nothing");
        local.wait_equal(&master);
        assert_eq!(local.get("a"), Some((rounds * 50).to_string()));
    });
}

#[test]
fn a_transaction_that_is_half_there_is_not_seen() {
    let looked = Arc::new(AtomicBool::new(false));
    let may_end = Arc::clone(&looked);
    let master = FakeMaster::start(move |call| {
        call.full(&snapshot(&[("a", "0"), ("b", "0")]))?;
        call.command(&["MULTI"])?;
        call.command(&["SET", "a", "1"])?;
        call.command(&["SET", "b", "1"])?;
        while !may_end.load(SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        call.command(&["EXEC"])?;
        call.hold()
    });
    let local = Local::of(master.addr());
    local.wait_value("b", "0");
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(500) {
        assert_eq!(local.get("a").as_deref(), Some("0"));
        assert_eq!(local.engine.applied().get(), 100);
        thread::sleep(Duration::from_millis(5));
    }
    looked.store(true, SeqCst);
    local.wait_value("b", "1");
    assert_eq!(local.get("a").as_deref(), Some("1"));
}

#[test]
fn large_commands() {
    let master = RedisServer::builder(Flavor::Redis82)
        .arg("--client-output-buffer-limit", "replica 0 0 0")
        .start();
    let local = Local::of(master.addr());
    local.wait_equal(&master);
    let mut wire = master.wire();
    wire.cmd(&[&b"SET"[..], b"large", &vec![b'x'; 64 << 20]]).ok();
    wire.cmd(&["SET", "behind", "1"]).ok();
    local.wait_value("behind", "1");
    assert_eq!(local.ask(0, &["STRLEN", "large"]), ":67108864\r\n");
    assert_eq!(resyncs(&master), (1, 0));
}

#[test]
fn many_commands_at_once() {
    let master = RedisServer::spawn(Flavor::Valkey91);
    let local = Local::of(master.addr());
    local.wait_equal(&master);
    let mut wire = master.wire();
    let bytes: Vec<u8> =
        (0..100_000).flat_map(|n| encode(&["SET", &format!("k:{n}"), "v"])).collect();
    // Replies are read meanwhile: neither side waits for the other.
    let mut reader = wire.stream().try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut left, mut sink) = (100_000 * "+OK\r\n".len(), [0; 65536]);
            while left > 0 {
                left -= std::io::Read::read(&mut reader, &mut sink).unwrap();
            }
        });
        wire.send_raw(&bytes);
    });
    local.wait_equal(&master);
    assert_eq!(local.ask(0, &["DBSIZE"]), ":100000\r\n");
    assert_eq!(resyncs(&master), (1, 0));
}

#[test]
fn the_master_sees_acks() {
    each_flavor(|flavor| {
        let master = RedisServer::spawn(flavor);
        let mut wire = master.wire();
        let local = Local::of(master.addr());
        local.wait_equal(&master);
        for n in 0..5 {
            wire.cmd(&["SET", "k", &n.to_string()]).ok();
            assert_eq!(wire.cmd(&["WAIT", "1", "60000"]).int(), 1, "{flavor:?}");
            assert_eq!(local.get("k").as_deref(), Some(n.to_string().as_str()));
        }
        eventually(PATIENCE, || {
            let (acked, lag) = (slave0(&master, "offset"), slave0(&master, "lag"));
            match acked == master.offset().to_string() && (lag == "0" || lag == "1") {
                true => Ok(()),
                false => Err(format!("{flavor:?} {acked} of {}, lag {lag}", master.offset())),
            }
        });
        wire.cmd(&["CONFIG", "SET", "min-replicas-to-write", "1"]).ok();
        wire.cmd(&["CONFIG", "SET", "min-replicas-max-lag", "2"]).ok();
        for _ in 0..6 {
            wire.cmd(&["INCR", "n"]).int();
            thread::sleep(Duration::from_millis(500));
        }
        local.set("replicaof", "\"topology\"");
        eventually(PATIENCE, || match wire.cmd(&["INCR", "n"]) {
            Reply::Error(text) if text.starts_with("NOREPLICAS") => Ok(()),
            other => Err(format!("{other:?}")),
        });
    });
}
