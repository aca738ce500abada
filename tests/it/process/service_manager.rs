//! What the proxy tells a service manager over `NOTIFY_SOCKET`.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::support::*;

/// A service manager that hears what the proxy tells.
struct Manager {
    socket: UnixDatagram,
    path: String,
    _dir: tempfile::TempDir,
}

impl Manager {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify").to_str().unwrap().to_owned();
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        Self { socket, path, _dir: dir }
    }

    /// The next message, if one comes soon.
    fn next(&self) -> Option<String> {
        let mut message = [0; 4096];
        let len = self.socket.recv(&mut message).ok()?;
        Some(String::from_utf8(message[..len].to_vec()).unwrap())
    }

    /// All messages up to and including the first that has this line.
    #[track_caller]
    fn until(&self, line: &str) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut heard = Vec::new();
        while Instant::now() < deadline {
            let Some(message) = self.next() else { continue };
            let is_last = message.lines().any(|it| it == line);
            heard.push(message);
            if is_last {
                return heard;
            }
        }
        panic!("no {line}: {heard:?}");
    }
}

#[test]
fn start_state_reload_and_end_are_told() {
    let trio = Trio::spawn(Flavor::Redis70);
    let manager = Manager::start();
    let config = Tidegate::for_trio(&trio)
        .set("writes", "min-replicas-to-write", "2")
        .env("NOTIFY_SOCKET", &manager.path);
    let mut proxy = config.start();
    manager.until("READY=1");
    let status = |fresh, gate| {
        let master = trio.master.addr();
        format!("STATUS=master {master}; {fresh} of 2 replicas serve reads; write gate {gate}")
    };
    manager.until(&status(2, "open"));
    trio.replicas[0].cmd(&["REPLICAOF", "127.0.0.1", "1"]);
    manager.until(&status(1, "closed"));

    // One with a mistake as well: the service manager waits for the end of each.
    let changed = config.clone().set("proxy", "max-clients", "777");
    let mistake = config.set("proxy", "max-clients", "0");
    for toml in [changed.toml(), mistake.toml()] {
        proxy.reload(&toml);
        let begun = manager.until("RELOADING=1").pop().unwrap();
        let time = begun.lines().find_map(|it| it.strip_prefix("MONOTONIC_USEC=")).unwrap();
        assert!(time.parse::<u64>().unwrap() > 0, "{begun}");
        manager.until("READY=1");
    }

    proxy.sigterm();
    let last = manager.until("STOPPING=1");
    assert!(last.last().unwrap().contains("STATUS=draining"), "{last:?}");
    assert_eq!(proxy.wait_exit(PATIENCE).code(), Some(0));
}

/// Without a master the proxy serves clients all the same: they wait, or get errors that say why.
#[test]
fn it_is_ready_without_a_master() {
    let manager = Manager::start();
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    let proxy = ConfigBuilder::new(nowhere, &[]).env("NOTIFY_SOCKET", &manager.path).start();
    manager.until("READY=1");
    manager.until("STATUS=no master; 0 of 0 replicas serve reads; write gate open");
    drop(proxy);
}

#[test]
fn the_watchdog_is_fed_while_every_task_is_healthy() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let manager = Manager::start();
    let config = ConfigBuilder::new(server.addr(), &[])
        .env("NOTIFY_SOCKET", &manager.path)
        .env("WATCHDOG_USEC", "300000");
    let mut proxy = config.start();
    for _ in 0..3 {
        manager.until("WATCHDOG=1");
    }
    // A process that hangs feeds it no more.
    proxy.pause();
    while manager.next().is_some() {}
    assert_eq!(manager.next(), None);
    proxy.resume();
    manager.until("WATCHDOG=1");
}

/// With `WATCHDOG_USEC` unset no watchdog waits.
#[test]
fn without_a_watchdog_none_is_fed() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let manager = Manager::start();
    let mut proxy =
        ConfigBuilder::new(server.addr(), &[]).env("NOTIFY_SOCKET", &manager.path).start();
    manager.until("READY=1");
    proxy.sigterm();
    let heard = manager.until("STOPPING=1");
    assert!(!heard.iter().any(|it| it.contains("WATCHDOG")), "{heard:?}");
}
