//! What the configuration and Redis allow a client to send.

use std::time::Duration;

use crate::support::*;

#[test]
fn an_argument_above_proto_max_bulk_len_is_refused_in_redis_words() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("proxy", "proto-max-bulk-len", "\"1mb\"").start();
    let mut client = proxy.wire();
    client.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048577\r\n");
    let replies = client.expect_closed();
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0].err(), "ERR Protocol error: invalid bulk length");
    let mut client = proxy.wire();
    let value = "x".repeat(1_048_576);
    client.cmd(&["SET", "k", &value]).ok();
    trio.wait_synced();
    assert_eq!(client.cmd(&["STRLEN", "k"]).int(), 1_048_576);
}

#[test]
fn requests_before_auth_are_small() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("proxy", "requirepass", "\"secret\"").start();
    let mut many = Wire::connect(proxy.addr());
    many.send_raw(b"*11\r\n");
    let error = "ERR Protocol error: unauthenticated multibulk length";
    assert_eq!(many.expect_closed()[0].err(), error);
    let mut long = Wire::connect(proxy.addr());
    long.send_raw(b"*2\r\n$4\r\nAUTH\r\n$16385\r\n");
    let error = "ERR Protocol error: unauthenticated bulk length";
    assert_eq!(long.expect_closed()[0].err(), error);
    let mut known = Wire::connect(proxy.addr());
    known.cmd(&["AUTH", "secret"]).ok();
    known.cmd(&["SET", "k", &"x".repeat(20_000)]).ok();
}

#[test]
fn fragments_of_any_size_are_one_request() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).reads_from("master").start();
    let mut client = proxy.wire();
    let mut bytes = encode(&["SET", "k", "some value"]);
    bytes.extend(encode(&["GET", "k"]));
    bytes.extend_from_slice(b"PING\r\nECHO \"two words\"\r\n");
    for byte in &bytes {
        client.send_raw(std::slice::from_ref(byte));
        std::thread::sleep(Duration::from_micros(200));
    }
    client.read_reply().ok();
    assert_eq!(client.read_reply().bytes(), b"some value");
    assert_eq!(client.read_reply().str(), "PONG");
    assert_eq!(client.read_reply().str(), "two words");
}

#[test]
fn json_logs_are_one_object_a_line() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("log", "format", "\"json\"").start();
    let log = proxy.log();
    let lines: Vec<&str> = log.lines().filter(|line| !line.is_empty()).collect();
    assert!(!lines.is_empty());
    for line in lines {
        assert!(
            line.starts_with('{') && line.ends_with('}') && line.contains("\"level\":"),
            "{line}"
        );
    }
}
