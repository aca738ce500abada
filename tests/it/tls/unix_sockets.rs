//! Unix sockets towards clients and servers.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::support::*;

fn ask(path: &Path, request: &[u8], reply: &[u8]) {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request).unwrap();
    let mut read = vec![0; reply.len()];
    stream.read_exact(&mut read).unwrap();
    assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(reply));
}

#[test]
fn clients_and_servers_are_reached_over_unix_sockets() {
    let dir = tempfile::tempdir().unwrap();
    let (own, servers) = (dir.path().join("proxy.sock"), dir.path().join("redis.sock"));
    let server = RedisServer::builder(Flavor::Redis70)
        .arg("--unixsocket", &servers.display().to_string())
        .start();
    let proxy = ConfigBuilder::new(server.addr(), &[])
        .set(
            "proxy",
            "listen",
            &format!("[\"127.0.0.1:{}\", \"unix:{}\"]", tidegate::PORT, own.display()),
        )
        .set("proxy", "unixsocketperm", "\"770\"")
        .set("topology", "master", &format!("\"unix:{}\"", servers.display()))
        .start();
    let mode = std::fs::metadata(&own).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o770);
    ask(&own, b"SET k v\r\nGET k\r\n", b"+OK\r\n$1\r\nv\r\n");
    let topology = format!("{:?}", proxy.wire().cmd(&["PROXY", "TOPOLOGY"]));
    assert!(topology.contains(&format!("unix:{}", servers.display())), "{topology}");
    // The server sees connections to its socket only.
    let list = Wire::connect(server.addr()).cmd(&["CLIENT", "LIST"]).str().to_owned();
    assert_eq!(list.lines().filter(|line| !line.contains("redis.sock:0")).count(), 1, "{list}");
    let listed = proxy.wire().cmd(&["CLIENT", "LIST"]).str().to_owned();
    let mut stays = UnixStream::connect(&own).unwrap();
    stays.write_all(b"PING\r\n").unwrap();
    eventually(PATIENCE, || {
        let list = proxy.wire().cmd(&["CLIENT", "LIST"]).str().to_owned();
        let line = format!("addr={}:0 ", own.display());
        if list.contains(&line) { Ok(()) } else { Err(list) }
    });
    drop(listed);
    drop(proxy);
}

#[test]
fn the_socket_goes_with_the_proxy_and_an_abandoned_one_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("proxy.sock");
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]).set(
        "proxy",
        "listen",
        &format!("[\"127.0.0.1:{}\", \"unix:{}\"]", tidegate::PORT, own.display()),
    );
    let killed = config.start();
    ask(&own, b"PING\r\n", b"+PONG\r\n");
    drop(killed);
    assert!(own.exists(), "a killed process leaves it");
    let mut next = config.start();
    ask(&own, b"PING\r\n", b"+PONG\r\n");
    next.sigterm();
    next.wait_exit(PATIENCE);
    assert!(!own.exists());
}
