//! `timeout`: only a client that sends nothing and waits for nothing is idle.

use std::time::Duration;

use crate::support::*;

/// So long that no client becomes idle because the machine is busy.
const TIMEOUT: &str = "\"3s\"";
/// Long enough for an idle client to be closed.
const LATE: Duration = Duration::from_millis(6500);

#[test]
fn a_client_that_waits_at_the_gate_is_not_idle() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = |replicas: &str| {
        ConfigBuilder::new(server.addr(), &[])
            .set("proxy", "timeout", TIMEOUT)
            .set("writes", "min-replicas-to-write", replicas)
            .set("writes", "on-closed", "\"hold\"")
            .set("writes", "hold-timeout", "\"1m\"")
    };
    let mut proxy = config("1").start();
    let (mut held, mut unfinished) = (proxy.wire(), proxy.wire());
    held.send(&["SET", "k", "v"]);
    unfinished.send_raw(b"*3\r\n$3\r\nSET\r\n");
    held.expect_silence(LATE);
    assert!(unfinished.expect_closed().is_empty(), "half a request is none");
    proxy.reload(&config("0").toml());
    held.read_reply().ok();
    assert!(held.expect_closed().is_empty(), "now it is");
}

#[test]
fn a_client_that_waits_for_a_reply_is_not_idle() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio)
        .reads_from("master")
        .set("proxy", "timeout", TIMEOUT)
        .set("topology", "request-timeout", "\"30s\"")
        .start();
    let (mut write, mut queueing, mut idle) = (proxy.wire(), proxy.wire(), proxy.wire());
    write.cmd(&["SET", "k", "u"]).ok();
    queueing.cmd(&["MULTI"]).ok();
    trio.master.pause();
    write.send(&["SET", "k", "v"]);
    queueing.send(&["GET", "k"]);
    write.expect_silence(LATE);
    queueing.expect_silence(Duration::from_millis(1));
    assert!(idle.expect_closed().is_empty());
    trio.master.resume();
    write.read_reply().ok();
    assert_eq!(queueing.read_reply().str(), "QUEUED");
    assert_eq!(write.cmd(&["GET", "k"]).str(), "v", "its time begins with the reply");
}
