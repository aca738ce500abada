//! Clients that write all their requests before they read a reply, as redis-py's `pipeline()` does.

use std::net::SocketAddr;
use std::time::Duration;

use crate::support::*;

/// Writes `requests` to the end, then reads as many replies as `wanted` has.
fn write_then_read(addr: SocketAddr, requests: &[u8], wanted: &[Reply]) {
    let mut wire = Wire::connect(addr);
    wire.stream().set_write_timeout(Some(PATIENCE)).unwrap();
    wire.try_send_raw(requests).expect("the proxy reads on while its replies wait");
    for (at, wanted) in wanted.iter().enumerate() {
        let reply = wire.try_read_reply().unwrap_or_else(|error| panic!("reply {at}: {error}"));
        assert!(reply == *wanted, "reply {at} is another one");
    }
}

fn gets(count: usize) -> (Vec<u8>, Vec<Reply>) {
    let requests = (0..count).flat_map(|n| encode(&["GET", &format!("k{}", n % 16)])).collect();
    let wanted = (0..count).map(|n| Reply::Bulk(value(n % 16))).collect();
    (requests, wanted)
}

fn value(n: usize) -> Vec<u8> {
    format!("{n:0100}").into_bytes()
}

fn server() -> RedisServer {
    let server = RedisServer::spawn(Flavor::Redis70);
    for n in 0..16 {
        server.cmd(&["SET", &format!("k{n}"), &String::from_utf8(value(n)).unwrap()]).ok();
    }
    server
}

#[test]
fn a_pipeline_is_read_to_its_end_before_its_replies_are_taken() {
    let server = server();
    let proxy = ConfigBuilder::new(server.addr(), &[]).set("proxy", "workers", "1").start();
    let (requests, wanted) = gets(300_000);
    write_then_read(proxy.addr(), &requests, &wanted);
}

#[test]
#[ignore = "takes a minute in a debug build"]
fn a_million_requests_are_read_before_their_replies_are_taken() {
    let server = server();
    let proxy = ConfigBuilder::new(server.addr(), &[]).set("proxy", "workers", "1").start();
    let (requests, wanted) = gets(1_000_000);
    write_then_read(proxy.addr(), &requests, &wanted);
}

#[test]
fn large_requests_with_large_replies_are_read_to_their_end() {
    let server = server();
    let proxy = ConfigBuilder::new(server.addr(), &[]).set("proxy", "workers", "1").start();
    let (mut requests, mut wanted) = (Vec::new(), Vec::new());
    for n in 0..30 {
        let big = format!("{n:010}").repeat(50_000);
        requests.extend(encode(&["SET", "big", &big]));
        requests.extend(encode(&["GETRANGE", "big", "0", "-1"]));
        wanted.push(Reply::Simple("OK".into()));
        wanted.push(Reply::Bulk(big.into_bytes()));
    }
    write_then_read(proxy.addr(), &requests, &wanted);
}

#[test]
fn the_engines_own_port_reads_on_too() {
    let server = server();
    let port = ReplicaPort::synced(&ReplicaPort::of(&server), &server);
    let (requests, wanted) = gets(300_000);
    write_then_read(port.addr(), &requests, &wanted);
}

/// At the limit the proxy stops reading from the client, and does not close it.
#[test]
fn reading_on_ends_at_query_buffer_limit() {
    let server = server();
    let proxy = ConfigBuilder::new(server.addr(), &[])
        .set("proxy", "workers", "1")
        .set("proxy", "query-buffer-limit", "\"1mb\"")
        .start();
    let texts: Vec<String> = (0..30_000).map(|n| format!("{n:01000}")).collect();
    let requests: Vec<u8> = texts.iter().flat_map(|text| encode(&["ECHO", text])).collect();
    let mut wire = proxy.wire();
    wire.stream().set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut sent = 0;
    // The limit and the sockets' buffers hold less than all.
    let mut writer = wire.stream();
    while let Ok(len) = std::io::Write::write(&mut writer, &requests[sent..]) {
        sent += len;
        assert!(sent < requests.len(), "all was taken");
    }
    wire.stream().set_nonblocking(false).unwrap();
    let mut rest = wire.stream().try_clone().unwrap();
    rest.set_write_timeout(None).unwrap();
    let tail = requests[sent..].to_vec();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut rest, &tail).unwrap());
    for text in &texts {
        assert!(wire.read_reply().str() == text);
    }
    writer.join().unwrap();
}
