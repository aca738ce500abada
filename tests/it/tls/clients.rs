//! Clients that connect with TLS.

use std::io::{Read, Write};
use std::thread;

use rustls::ProtocolVersion;
use rustls::version::{TLS12, TLS13};

use super::{HOSTS, quoted, with_tls};
use crate::support::tls::ping;
use crate::support::*;

/// A request of 3 MB, and a slow reader of its reply: what does not fit into the socket waits.
#[test]
fn large_requests_and_replies_pass_unchanged() {
    let trio = Trio::spawn(Flavor::Redis70);
    let authority = Authority::new("authority");
    let issued = authority.issue("server", &HOSTS);
    let (config, addr) = with_tls(Tidegate::for_trio(&trio), &issued);
    let proxy = config.start();
    let tunnel = Tunnel::open(&authority.client(), addr);
    let value: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251).to_le_bytes()[0]).collect();
    let mut wire = Wire::connect(tunnel.addr());
    assert_eq!(wire.cmd(&[b"SET", &b"big"[..], &value]).str(), "OK");
    let mut pipeline = Vec::new();
    for _ in 0..10 {
        wire::append(&mut pipeline, &["GET", "big"]);
        wire::append(&mut pipeline, &["ECHO", "next"]);
    }
    wire.send_raw(&pipeline);
    thread::sleep(std::time::Duration::from_millis(300));
    for _ in 0..10 {
        assert_eq!(wire.read_reply().bytes(), value);
        assert_eq!(wire.read_reply().str(), "next");
    }
    // The plain port is there as before.
    assert_eq!(proxy.wire().cmd(&["STRLEN", "big"]).int(), 3_000_000);
}

#[test]
fn subscriptions_transactions_and_blocking_commands_work_over_tls() {
    let trio = Trio::spawn(Flavor::Redis70);
    let authority = Authority::new("authority");
    let (config, addr) = with_tls(Tidegate::for_trio(&trio), &authority.issue("server", &HOSTS));
    let _proxy = config.start();
    let tunnel = Tunnel::open(&authority.client(), addr);
    let (mut one, mut other) = (Wire::connect(tunnel.addr()), Wire::connect3(tunnel.addr()));
    one.send(&["BLPOP", "list", "0"]);
    eventually(PATIENCE, || {
        let info = other.cmd(&["INFO", "clients"]).str().to_owned();
        if info.contains("blocked_clients:1") { Ok(()) } else { Err(info) }
    });
    assert_eq!(other.cmd(&["LPUSH", "list", "a"]).int(), 1);
    assert_eq!(one.read_reply().strings(), ["list", "a"]);
    assert_eq!(one.cmd(&["MULTI"]).str(), "OK");
    assert_eq!(one.cmd(&["SET", "k", "v"]).str(), "QUEUED");
    assert_eq!(one.cmd(&["EXEC"]).array().len(), 1);
    assert_eq!(one.cmd(&["GET", "k"]).str(), "v");
    one.send(&["SUBSCRIBE", "news"]);
    one.read_reply();
    eventually(PATIENCE, || match other.cmd(&["PUBLISH", "news", "hello"]).int() {
        0 => Err("nobody listens".to_owned()),
        _ => Ok(()),
    });
    assert_eq!(one.read_reply().strings(), ["message", "news", "hello"]);
}

#[test]
fn both_versions_are_spoken_and_sessions_are_resumed() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let authority = Authority::new("authority");
    let issued = authority.issue("server", &HOSTS);
    let (config, addr) = with_tls(ConfigBuilder::new(server.addr(), &[]), &issued);
    let proxy = config.start();
    let versions = [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)];
    for (version, name) in versions {
        let client = authority.client().version(version).config();
        let (reply, first) = ping(&client, addr).unwrap();
        assert_eq!((reply.as_str(), first.version, first.is_resumed), ("+PONG", name, false));
        let (_, again) = ping(&client, addr).unwrap();
        assert!(again.is_resumed, "{name:?}");
    }
    proxy.write_config(&config.set("proxy", "tls-protocols", "[\"TLSv1.3\"]").toml());
    eventually(PATIENCE, || match authority.client().version(&TLS12).ping(addr) {
        Ok(_) => Err("TLS 1.2 is still spoken".to_owned()),
        Err(_) => Ok(()),
    });
    assert_eq!(authority.client().ping(addr).unwrap().0, "+PONG");
}

#[test]
fn a_client_certificate_is_asked_for_as_the_configuration_says() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let (authority, stranger) = (Authority::new("authority"), Authority::new("stranger"));
    let issued = authority.issue("server", &HOSTS);
    let own = authority.issue("alice", &[]);
    let strange = stranger.issue("mallory", &[]);
    let expired = authority.issue_expired("bob", &[]);
    let (config, addr) = with_tls(ConfigBuilder::new(server.addr(), &[]), &issued);
    let config = config.set("proxy", "tls-ca-cert-file", &quoted(&authority.file()));
    // With a file of authorities, Redis asks for a certificate unless it is told otherwise.
    let proxy = config.start();
    let client = authority.client();
    assert_eq!(client.clone().with(&own).ping(addr).unwrap().0, "+PONG");
    client.ping(addr).unwrap_err();
    client.clone().with(&strange).ping(addr).unwrap_err();
    client.clone().with(&expired).ping(addr).unwrap_err();
    let metrics = Scrape::of(&proxy);
    let failed = |reason: &str| {
        let labels = [("side", "client"), ("reason", reason)];
        metrics.value("tidegate_tls_handshake_failures_total", &labels)
    };
    assert_eq!((failed("no_certificate"), failed("certificate")), (Some(1.0), Some(2.0)));
    proxy.write_config(&config.clone().set("proxy", "tls-auth-clients", "\"optional\"").toml());
    eventually(PATIENCE, || client.ping(addr).map(drop));
    client.clone().with(&strange).ping(addr).unwrap_err();
    assert_eq!(client.clone().with(&own).ping(addr).unwrap().0, "+PONG");
    proxy.write_config(&config.set("proxy", "tls-auth-clients", "\"no\"").toml());
    eventually(PATIENCE, || client.clone().with(&strange).ping(addr).map(drop));
}

#[test]
fn plain_bytes_and_garbage_at_a_tls_port_harm_nobody() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let authority = Authority::new("authority");
    let issued = authority.issue("server", &HOSTS);
    let (config, addr) = with_tls(ConfigBuilder::new(server.addr(), &[]), &issued);
    let proxy = config.set("proxy", "max-clients", "20").start();
    let idle: Vec<_> = (0..5).map(|_| std::net::TcpStream::connect(addr).unwrap()).collect();
    for bytes in [&b"PING\r\n"[..], b"GET / HTTP/1.1\r\n\r\n", &[22, 3, 1, 0, 5, 1, 2, 3, 4, 5]] {
        for _ in 0..10 {
            let mut stream = std::net::TcpStream::connect(addr).unwrap();
            stream.write_all(bytes).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut answer = Vec::new();
            // The proxy closes it, perhaps with an alert of TLS.
            let _ = stream.read_to_end(&mut answer);
            assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
        }
    }
    assert_eq!(authority.client().ping(addr).unwrap().0, "+PONG");
    drop(idle);
    eventually(PATIENCE, || {
        let clients = proxy.wire().cmd(&["CLIENT", "LIST"]).str().to_owned().lines().count();
        if clients == 1 { Ok(()) } else { Err(format!("{clients} clients are left")) }
    });
}

#[test]
fn a_listener_with_tls_has_its_own_policy() {
    let trio = Trio::spawn(Flavor::Redis70);
    let authority = Authority::new("authority");
    let issued = authority.issue("server", &HOSTS);
    let (config, _) = with_tls(Tidegate::for_trio(&trio), &issued);
    let addr = std::net::SocketAddr::from(([127, 0, 0, 1], ports::free_port()));
    let config = config
        .extra(&format!("[[listener]]\ntls-listen = [\"{addr}\"]\nreads.consistency = \"strong\""));
    let _proxy = config.start();
    let tunnel = Tunnel::open(&authority.client(), addr);
    let mut wire = Wire::connect(tunnel.addr());
    let explained = wire.cmd(&["PROXY", "EXPLAIN", "GET", "k"]).pairs();
    let level = explained.iter().find(|(name, _)| name.str() == "consistency").unwrap();
    assert_eq!(level.1.str(), "strong");
}
