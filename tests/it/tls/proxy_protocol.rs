//! The PROXY protocol, in front of plain connections and of TLS.

use super::wait_log;
use crate::support::*;

fn config(server: &RedisServer, trusted: &str) -> ConfigBuilder {
    ConfigBuilder::new(server.addr(), &[]).set("proxy", "proxy-protocol", "true").set(
        "proxy",
        "proxy-protocol-trusted",
        trusted,
    )
}

#[test]
fn a_trusted_load_balancer_names_its_client() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = config(&server, "[\"127.0.0.0/8\"]");
    let proxy = Tidegate::spawn_early(&config.toml());
    let mut wire = connect(&proxy);
    wire.send_raw(b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 6379\r\n");
    assert_eq!(wire.cmd(&["SET", "k", "v"]).str(), "OK");
    let list = wire.cmd(&["CLIENT", "LIST"]).str().to_owned();
    assert!(list.contains("addr=192.0.2.7:4000 laddr=192.0.2.1:6379"), "{list}");
    let mut second = connect(&proxy);
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    header.extend([192, 0, 2, 8, 192, 0, 2, 1, 0x0f, 0xa0, 0x18, 0xeb]);
    second.send_raw(&header);
    assert_eq!(second.cmd(&["GET", "k"]).str(), "v");
    assert!(second.cmd(&["CLIENT", "LIST"]).str().to_owned().contains("addr=192.0.2.8:4000"));
    // A health check of the load balancer, which has no client.
    let mut check = connect(&proxy);
    check.send_raw(b"PROXY UNKNOWN\r\nPING\r\n");
    assert_eq!(check.read_reply().str(), "PONG");
}

#[test]
fn without_a_header_or_trust_nobody_gets_in() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let trusting = Tidegate::spawn_early(&config(&server, "[\"127.0.0.1\"]").toml());
    let mut wire = connect(&trusting);
    wire.send_raw(b"*1\r\n$4\r\nPING\r\n");
    assert!(wire.try_read_reply().is_err(), "no header");
    let strict = Tidegate::spawn_early(&config(&server, "[\"10.0.0.0/8\"]").toml());
    let mut wire = connect(&strict);
    let _ = wire.try_send_raw(b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 6379\r\nPING\r\n");
    assert!(wire.try_read_reply().is_err(), "not trusted");
    wait_log(&strict, "not one of proxy-protocol-trusted");
}

/// Connects as soon as the proxy listens.
fn connect(proxy: &Tidegate) -> Wire {
    let mut found = None;
    eventually(PATIENCE, || {
        found = Some(Wire::try_connect(proxy.addr()).map_err(|error| error.to_string())?);
        Ok::<_, String>(())
    });
    found.unwrap()
}
