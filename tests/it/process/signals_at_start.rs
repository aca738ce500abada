//! SIGTERM and SIGHUP to a proxy that is not ready yet.

use std::net::{SocketAddr, TcpListener};

use crate::support::*;

/// A server that accepts connections, in the kernel, and never answers.
struct Mute(TcpListener);

impl Mute {
    fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }
}

#[test]
fn sigterm_before_ready_ends_with_success() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let mute = Mute::start();
    let configs = [
        ConfigBuilder::new(server.addr(), &[mute.addr()]),
        ConfigBuilder::new(mute.addr(), &[]),
        ConfigBuilder::new(mute.addr(), &[]).set("replica", "enabled", "true").set(
            "replica",
            "listen",
            "[\"127.0.0.1:0\"]",
        ),
    ];
    for config in configs {
        let mut proxy = Tidegate::spawn_early(&config.toml());
        proxy.sigterm();
        let status = proxy.wait_exit(PATIENCE);
        assert_eq!(status.code(), Some(0), "{status}\n{}", proxy.log());
        assert!(proxy.log().contains("stopped"), "{}", proxy.log());
    }
}

#[test]
fn sighup_before_ready_reloads_once_ready() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let mute = Mute::start();
    let config =
        ConfigBuilder::new(server.addr(), &[mute.addr()]).set("proxy", "watch-config", "false");
    let mut proxy = Tidegate::spawn_early(&config.toml());
    proxy.reload(&config.set("proxy", "max-clients", "777").toml());
    eventually(PATIENCE, || {
        proxy.assert_alive();
        let log = proxy.log();
        let is_done = log.contains("reloaded proxy.max-clients: 10000 -> 777");
        is_done.then_some(()).ok_or(log)
    });
    proxy.wire().cmd(&["SET", "k", "v"]).ok();
}
