//! A client's writes stay in their order while the master changes.

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

/// The master holds writes back, and refuses them when it is a replica. It answers the reads behind
/// them, which would lack those writes.
#[test]
fn a_read_behind_a_refused_write_sees_that_write() {
    for (flavor, wait_replicas) in
        Flavor::ALL.into_iter().flat_map(|flavor| [(flavor, "0"), (flavor, "1")])
    {
        let trio = Trio::spawn(flavor);
        let proxy = Tidegate::for_trio(&trio)
            .set("writes", "wait-replicas", wait_replicas)
            .set("writes", "wait-timeout", "\"20s\"")
            .start();
        let (mut wire, mut apart) = (proxy.wire(), Wire::connect3(proxy.addr()));
        wire.cmd(&["MSET", "k", "old", "n", "1", "m", "1"]).ok();
        trio.wait_synced();
        trio.master.cmd(&["CLIENT", "PAUSE", "120000", "WRITE"]).ok();
        // A read in front of the write is answered by the old master.
        let requests: [&[&str]; 8] = [
            &["SET", "k", "newer"],
            &["GET", "k"],
            &["INCR", "n"],
            &["MGET", "k", "n"],
            &["ECHO", "x"],
            &["STRLEN", "k"],
            &["OBJECT", "ENCODING", "n"],
            &["INCRBY", "n", "5"],
        ];
        requests.iter().for_each(|it| wire.send(it));
        // One packet after the other.
        apart.send(&["INCR", "m"]);
        until_under_way(&proxy, 8);
        apart.send(&["GET", "m"]);
        apart.send(&["EVAL_RO", "return redis.call('get', KEYS[1])", "1", "m"]);
        until_under_way(&proxy, 10);
        switch(&trio);
        trio.master.cmd(&["CLIENT", "UNPAUSE"]).ok();
        let replies: Vec<_> = requests.iter().map(|_| wire.read_reply()).collect();
        let bulk = |text: &str| Reply::Bulk(text.as_bytes().to_vec());
        let expected = [
            Reply::Simple("OK".to_owned()),
            bulk("newer"),
            Reply::Int(2),
            Reply::Array(vec![bulk("newer"), bulk("2")]),
            bulk("x"),
            Reply::Int(5),
            bulk("int"),
            Reply::Int(7),
        ];
        assert_eq!(replies, expected, "{flavor:?}, {wait_replicas}: {}", proxy.log());
        assert_eq!(apart.read_reply(), Reply::Int(2));
        assert_eq!(apart.read_reply(), bulk("2"), "{flavor:?}: {}", proxy.log());
        let script = apart.read_reply();
        assert!(script == bulk("2") || flavor == Flavor::Redis62, "{flavor:?}: {script:?}");
    }
}

/// A replica runs a script that only reads. What that returns would lack the write before it, and
/// whether it has written is not known, so it is not run again.
#[test]
fn a_script_behind_a_refused_write_does_not_show_what_was_before_it() {
    for wait_replicas in ["0", "1"] {
        let trio = Trio::spawn(Flavor::Redis70);
        let proxy = Tidegate::for_trio(&trio)
            .set("writes", "wait-replicas", wait_replicas)
            .set("writes", "wait-timeout", "\"20s\"")
            .start();
        let mut wire = proxy.wire();
        wire.cmd(&["SET", "k", "old"]).ok();
        trio.wait_synced();
        trio.master.cmd(&["CLIENT", "PAUSE", "120000", "WRITE"]).ok();
        let (get, set) =
            ("return redis.call('get', KEYS[1])", "return redis.call('set', KEYS[1], 'newest')");
        wire.send(&["SET", "k", "newer"]);
        wire.send(&["EVAL", get, "1", "k"]);
        wire.send(&["EVAL", set, "1", "k"]);
        until_under_way(&proxy, 3);
        switch(&trio);
        trio.master.cmd(&["CLIENT", "UNPAUSE"]).ok();
        wire.read_reply().ok();
        let read = wire.read_reply();
        assert!(read.err().starts_with("INDOUBT "), "{wait_replicas}: {read:?}");
        wire.read_reply().ok();
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "newest");
    }
}

/// The connection fails before it is open. The write waits for the next master, and the read for the
/// write, although a replica could answer it.
#[test]
fn a_read_behind_a_write_that_was_not_sent_sees_that_write() {
    let trio = Trio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "k", "old"]).ok();
    trio.wait_synced();
    let network = FaultProxy::start(trio.master.addr());
    let proxy = ConfigBuilder::new(network.addr(), &trio.replica_addrs())
        .set("proxy", "workers", "1")
        .start();
    let (mut wire, mut look) = (proxy.wire(), proxy.wire());
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "old");
    network.blackhole();
    wire.send_raw(&[encode(&["SET", "k", "new"]), encode(&["GET", "k"])].concat());
    until_under_way(&proxy, 2);
    network.cut();
    eventually(PATIENCE, || match topology(&mut look)["hold"]["reason"].as_str() {
        Some("unreachable") => Ok(()),
        reason => Err(format!("{reason:?}")),
    });
    assert_eq!(look.cmd(&["GET", "k"]).str(), "old", "other clients read from the replicas");
    wire.expect_silence(Duration::from_millis(200));
    let [new, other] = &trio.replicas;
    new.promote();
    other.replicate_from(new.addr());
    wire.read_reply().ok();
    assert_eq!(wire.read_reply().str(), "new", "{}", proxy.log());
}

/// No master comes: the write gets an error, and the read behind it an answer of a replica.
#[test]
fn a_read_behind_a_write_that_is_given_up_is_answered() {
    let trio = Trio::spawn(Flavor::Redis70);
    let hold = |config: ConfigBuilder| config.set("writes", "failover-hold", "\"500ms\"");
    // Above this level the read waits for a master, which alone surely has what it must include.
    let proxy = Tidegate::for_trio(&trio).with(hold).set("reads", "consistency", "\"bounded\"");
    let proxy = proxy.start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "old"]).ok();
    trio.wait_synced();
    trio.master.cmd(&["CLIENT", "PAUSE", "120000", "WRITE"]).ok();
    wire.send_raw(&[encode(&["SET", "k", "new"]), encode(&["GET", "k"])].concat());
    until_under_way(&proxy, 2);
    // Both follow one another: there is no master.
    trio.master.replicate_from(trio.replicas[0].addr());
    trio.master.cmd(&["CLIENT", "UNPAUSE"]).ok();
    let reply = wire.read_reply();
    assert!(reply.is_err(), "{reply:?}");
    assert_eq!(wire.read_reply(), Reply::Bulk(b"old".to_vec()), "{}", proxy.log());
}

/// The first replica becomes master, and the others follow it.
fn switch(trio: &Trio) {
    let [new, other] = &trio.replicas;
    new.promote();
    other.replicate_from(new.addr());
    trio.master.replicate_from(new.addr());
}

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

/// The old master refuses the write as a replica, and would deliver the message behind it, which
/// tells of that write.
#[test]
fn a_message_comes_after_the_write_that_it_tells_of() {
    for flavor in Flavor::ALL {
        let trio = Trio::spawn(flavor);
        let proxy = Tidegate::for_trio(&trio).start();
        let (mut wire, mut reader) = (proxy.wire(), proxy.wire());
        wire.cmd(&["SET", "k", "old"]).ok();
        trio.wait_synced();
        let mut subscriber = proxy.wire();
        subscriber.cmd(&["SUBSCRIBE", "news"]);
        trio.master.cmd(&["CLIENT", "PAUSE", "120000", "WRITE"]).ok();
        wire.send_raw(&[encode(&["SET", "k", "new"]), encode(&["PUBLISH", "news", "k"])].concat());
        until_under_way(&proxy, 1);
        trio.master.replicate_from(trio.replicas[0].addr());
        trio.master.cmd(&["CLIENT", "UNPAUSE"]).ok();
        // As long as there is no master, there is nothing to tell.
        subscriber.expect_silence(Duration::from_millis(300));
        trio.replicas[0].promote();
        trio.replicas[1].replicate_from(trio.replicas[0].addr());
        wire.read_reply().ok();
        assert!(wire.read_reply().int() >= 0);
        assert_eq!(reader.cmd(&["GET", "k"]).str(), "new", "{flavor:?}: {}", proxy.log());
    }
}
