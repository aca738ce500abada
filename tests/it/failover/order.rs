//! A client's writes stay in their order while the master changes.

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

/// Each write leaves before the one before it is answered. The old master's refusals come late,
/// long after the new master was found.
#[test]
fn later_writes_do_not_overtake_refused_ones() {
    let trio = Trio::spawn(Flavor::Redis70);
    let slow = FaultProxy::start(trio.master.addr());
    let proxy = ConfigBuilder::new(slow.addr(), &trio.replica_addrs()).start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "first"]).ok();
    slow.set_delay_of(Direction::ToClient, Duration::from_millis(400));
    let mut stream = wire.stream().try_clone().unwrap();
    let count = 400;
    let sender = thread::spawn(move || {
        for n in 0..count {
            stream.write_all(&encode(&["SET", "k", &n.to_string()])).unwrap();
            thread::sleep(Duration::from_millis(5));
        }
    });
    thread::sleep(Duration::from_millis(300));
    trio.replicas[0].promote();
    trio.master.replicate_from(trio.replicas[0].addr());
    let started = Instant::now();
    let replies: Vec<Reply> = (0..count).map(|_| wire.read_reply()).collect();
    sender.join().unwrap();
    assert!(replies.iter().all(|reply| !reply.is_err()), "{replies:?}");
    let last = (count - 1).to_string();
    assert_eq!(trio.replicas[0].cmd(&["GET", "k"]).str(), last, "after {:?}", started.elapsed());
}

/// As with FAILOVER: the old master holds writes back while the new one already accepts others.
#[test]
fn a_write_that_was_held_back_comes_before_later_ones() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let (mut wire, mut probe) = (proxy.wire(), proxy.wire());
    wire.cmd(&["SET", "k", "0"]).ok();
    trio.wait_synced();
    let (old, new) = (&trio.master, &trio.replicas[0]);
    old.cmd(&["CLIENT", "PAUSE", "120000", "WRITE"]).ok();
    wire.send(&["SET", "k", "1"]);
    thread::sleep(Duration::from_millis(100));
    new.promote();
    old.replicate_from(new.addr());
    eventually(PATIENCE, || {
        let info = probe.cmd(&["INFO", "proxy"]).str().to_owned();
        info.contains(&format!("proxy_master:{}", new.addr())).then_some(()).ok_or(info)
    });
    wire.send(&["SET", "k", "2"]);
    thread::sleep(Duration::from_millis(200));
    old.cmd(&["CLIENT", "UNPAUSE"]).ok();
    wire.read_reply().ok();
    wire.read_reply().ok();
    assert_eq!(new.cmd(&["GET", "k"]).str(), "2");
}
