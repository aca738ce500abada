//! WAIT and WAITAOF through the proxy: about this client's writes, which went over connections
//! that it shares with others.

use std::time::{Duration, Instant};

use crate::support::*;

fn stop_replicas(trio: &mut Trio) {
    trio.replicas.iter_mut().for_each(RedisServer::pause);
}

fn resume_replicas(trio: &mut Trio) {
    trio.replicas.iter_mut().for_each(RedisServer::resume);
}

/// A writer that waits gets the true number, in time, and delays no other client.
fn wait_is_honest(flavor: Flavor) {
    let mut trio = Trio::spawn(flavor);
    let proxy = Tidegate::for_trio(&trio).set("proxy", "workers", "1").start();
    let (mut writer, mut other) = (proxy.wire(), proxy.wire());
    writer.cmd(&["SET", "k", "1"]).ok();
    assert_eq!(writer.cmd(&["WAIT", "2", "60000"]).int(), 2);
    stop_replicas(&mut trio);
    writer.cmd(&["SET", "k", "2"]).ok();
    writer.send(&["WAIT", "2", "0"]);
    // Another client on the same worker's shared connection is not kept waiting, nor is a write.
    for n in 0..20 {
        other.cmd(&["SET", "other", &n.to_string()]).ok();
    }
    writer.expect_silence(Duration::from_millis(1));
    resume_replicas(&mut trio);
    assert_eq!(writer.read_reply().int(), 2);
    stop_replicas(&mut trio);
    writer.cmd(&["SET", "k", "3"]).ok();
    let asked = Instant::now();
    assert_eq!(writer.cmd(&["WAIT", "2", "1000"]).int(), 0);
    assert!(asked.elapsed() >= Duration::from_millis(900), "answered after {:?}", asked.elapsed());
    // In one write with what it is about.
    let replies = writer.pipeline(&[&["SET", "k", "4"], &["WAIT", "1", "200"], &["PING"]]);
    assert_eq!((replies[1].int(), replies[2].str()), (0, "PONG"));
    resume_replicas(&mut trio);
    writer.cmd(&["SET", "k", "5"]).ok();
    assert_eq!(writer.cmd(&["WAIT", "2", "60000"]).int(), 2);
    assert_eq!(trio.replicas[1].cmd(&["GET", "k"]).str(), "5");
}

#[test]
fn wait_is_honest_on_redis_6_2() {
    wait_is_honest(Flavor::Redis62);
}

#[test]
fn wait_is_honest_on_redis_7_0() {
    wait_is_honest(Flavor::Redis70);
}

#[test]
fn wait_is_honest_on_redis_8_2() {
    wait_is_honest(Flavor::Redis82);
}

#[test]
fn wait_is_honest_on_valkey_9_1() {
    wait_is_honest(Flavor::Valkey91);
}

fn waitaof_is_honest(flavor: Flavor) {
    let mut trio = Trio::spawn_with(flavor, |builder| builder.arg("--appendonly", "yes"));
    let proxy = Tidegate::for_trio(&trio).start();
    let mut writer = proxy.wire();
    let ints = |reply: Reply| reply.array().iter().map(Reply::int).collect::<Vec<_>>();
    writer.cmd(&["SET", "k", "1"]).ok();
    assert_eq!(ints(writer.cmd(&["WAITAOF", "1", "2", "8000"])), [1, 2]);
    stop_replicas(&mut trio);
    writer.cmd(&["SET", "k", "2"]).ok();
    assert_eq!(ints(writer.cmd(&["WAITAOF", "1", "2", "2500"])), [1, 0]);
    resume_replicas(&mut trio);
    assert_eq!(ints(writer.cmd(&["WAITAOF", "1", "2", "8000"])), [1, 2]);
}

#[test]
fn waitaof_is_honest_on_redis_8_2() {
    waitaof_is_honest(Flavor::Redis82);
}

#[test]
fn waitaof_is_honest_on_valkey_9_1() {
    waitaof_is_honest(Flavor::Valkey91);
}

/// A client that wrote nothing does not wait, as on the server itself (8.2 and Valkey; before
/// that the server counts its own stream as the client's).
#[test]
fn without_a_write_there_is_nothing_to_wait_for() {
    let mut trio = Trio::spawn(Flavor::Valkey91);
    let proxy = Tidegate::for_trio(&trio).start();
    proxy.wire().cmd(&["SET", "k", "1"]).ok();
    trio.wait_synced();
    stop_replicas(&mut trio);
    proxy.wire().cmd(&["SET", "k", "2"]).ok();
    let mut reader = proxy.wire();
    reader.cmd(&["PING"]);
    // Without end, had it to wait for the other client's write: the replicas are stopped.
    assert_eq!(reader.cmd(&["WAIT", "2", "0"]).int(), 2);
}

/// If the server refuses the proxy's marker, the reply to WAIT is an error, not a made-up number.
#[test]
fn a_login_that_may_not_publish_gets_no_made_up_number() {
    let mut trio = Trio::spawn(Flavor::Redis82);
    for server in [&trio.master, &trio.replicas[0], &trio.replicas[1]] {
        let user = ["ACL", "SETUSER", "tide", "on", ">pw", "~*", "resetchannels", "+@all"];
        server.cmd(&user).ok();
    }
    let proxy = Tidegate::for_trio(&trio)
        .set("topology", "masteruser", "\"tide\"")
        .set("topology", "masterauth", "\"pw\"")
        .start();
    stop_replicas(&mut trio);
    let mut writer = proxy.wire();
    writer.cmd(&["SET", "k", "2"]).ok();
    let reply = writer.cmd(&["WAIT", "2", "300"]);
    assert!(reply.is_err() && reply.err().contains("__tidegate:w_"), "{reply:?}");
    assert_eq!(writer.cmd(&["PING"]).str(), "PONG");
}

#[test]
fn no_subscriber_gets_the_marker_of_wait() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut listener = proxy.wire();
    listener.cmd(&["PSUBSCRIBE", "*"]);
    let mut client = proxy.wire();
    client.cmd(&["SET", "k", "v"]).ok();
    assert_eq!(client.cmd(&["WAIT", "2", "60000"]).int(), 2);
    listener.expect_silence(Duration::from_millis(300));
}
