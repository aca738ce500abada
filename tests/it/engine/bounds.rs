//! Large replies of the engine to a client that does not read them: memory is bounded, and the
//! client waits or is closed.

use std::time::Duration;

use crate::support::*;

const MIB: usize = 1024 * 1024;
/// Replies of 1 MiB each that are asked for at once.
const MANY: usize = 300;

fn setting(master: &RedisServer) -> ConfigBuilder {
    master.cmd(&["SET", "big", &"x".repeat(MIB)]).ok();
    ReplicaPort::of(master)
        .set("proxy", "workers", "1")
        .set("proxy", "client-output-buffer-limit", "\"2mb\"")
        .set("reads", "local", "true")
        // The engine has the data soon, however loaded the machine is.
        .set("reads", "floor-wait", "\"1s\"")
        .set("admin", "commands", "\"master\"")
}

/// The most memory that the process ever had, in MiB.
fn peak(proxy: &Tidegate) -> usize {
    proxy.status_kib("VmHWM") / 1024
}

/// The client is closed though it does not read.
#[track_caller]
fn wait_closed(proxy: &Tidegate, why: &str) {
    eventually(PATIENCE, || match proxy.log() {
        log if log.contains(why) => Ok(()),
        log => Err(log),
    });
}

/// The engine answers only as many requests as the client takes replies for, and loses none.
#[test]
fn a_pipeline_through_the_proxy() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let own = ReplicaPort::synced(&setting(&master), &master);
    let mut slow = own.proxy.wire();
    wait_read_fresh(&mut slow, "big");
    let before = master.calls("get");
    let mut requests = encode(&["GET", "big"]).repeat(MANY);
    // Short ones among them, and one that goes elsewhere.
    requests.extend(encode(&["GET", "none"]).repeat(MANY));
    requests.extend(encode(&["SET", "small", "1"]));
    requests.extend(encode(&["GET", "big"]).repeat(MANY));
    slow.send_raw(&requests);
    slow.finish_sending();
    std::thread::sleep(Duration::from_millis(500));
    let peak = peak(&own.proxy);
    assert!(peak < 100, "{peak} MiB for a limit of two");
    let big = vec![b'x'; MIB];
    (0..MANY).for_each(|_| assert!(slow.read_reply() == Reply::Bulk(big.clone())));
    (0..MANY).for_each(|_| assert!(slow.read_reply().is_null()));
    slow.read_reply().ok();
    (0..MANY).for_each(|_| assert!(slow.read_reply() == Reply::Bulk(big.clone())));
    assert!(slow.expect_closed().is_empty());
    assert_eq!(master.calls("get"), before, "they were asked elsewhere");
    assert!(self::peak(&own.proxy) < 100);
}

/// A reply that is larger than the limit comes from a server, in pieces.
#[test]
fn a_long_reply_through_the_proxy() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let config = setting(&master).set("proxy", "client-output-buffer-limit", "\"16mb\"");
    let own = ReplicaPort::synced(&config, &master);
    master.cmd(&["SET", "long", &"y".repeat(18 * MIB)]).ok();
    own.wait_for(&master);
    let mut wire = own.proxy.wire();
    wait_read_fresh(&mut wire, "big");
    let before = master.calls("get");
    let (small, big) = (encode(&["GET", "big"]), encode(&["GET", "long"]));
    wire.send_raw(&[&small[..], &big, &small, &encode(&["ECHO", "end"])].concat());
    for len in [MIB, 18 * MIB, MIB] {
        assert_eq!(wire.read_reply().bytes().len(), len);
    }
    assert_eq!(wire.read_reply().str(), "end");
    let asked = master.calls("get") - before;
    assert!((1..=2).contains(&asked), "{asked}");
    // The server is not read while the client does not read.
    wire.send_raw(&big.repeat(5));
    std::thread::sleep(Duration::from_secs(1));
    for _ in 0..5 {
        assert_eq!(wire.read_reply().bytes().len(), 18 * MIB);
    }
}

#[test]
fn a_transaction_at_the_port() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let own = ReplicaPort::synced(&setting(&master), &master);
    let mut slow = own.wire();
    let queue = encode(&["GET", "big"]).repeat(MANY);
    slow.send_raw(&[encode(&["MULTI"]), queue, encode(&["EXEC"])].concat());
    wait_closed(&own.proxy, "the replica closed a client at client-output-buffer-limit");
    let peak = peak(&own.proxy);
    assert!(peak < 100, "{peak} MiB for a limit of two");
    assert_eq!(own.info("stats").get("client_output_buffer_limit_disconnections"), Some("1"));
}
