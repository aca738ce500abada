//! Clients that say QUIT: what the servers keep for them ends at once, not when they hang up.

use std::time::Duration;

use crate::support::*;

/// Whether a line of the server's `CLIENT LIST` has one of `marks`.
fn is_kept(server: &RedisServer, marks: &[&str]) -> bool {
    let list = server.cmd(&["CLIENT", "LIST"]).str().to_owned();
    list.lines().any(|line| marks.iter().any(|mark| line.contains(mark)))
}

/// Says `setup`, then QUIT without hanging up: the server forgets the client while the proxy still
/// waits for it to hang up.
fn quits(proxy: &Tidegate, master: &RedisServer, setup: &[&[&str]], mark: &str) {
    let mut wire = proxy.wire();
    wire.cmd(&["HELLO", "3"]);
    wire.cmd(&["CLIENT", "SETNAME", "leaver"]).ok();
    for request in setup {
        wire.cmd(request);
    }
    eventually(PATIENCE, || {
        is_kept(master, &[mark]).then_some(()).ok_or_else(|| format!("never had {mark}"))
    });
    wire.cmd(&["QUIT"]).ok();
    let mut watcher = proxy.wire();
    loop {
        // In this order: a client that is listed now was so before as well.
        let is_gone = !is_kept(master, &[mark]);
        let list = watcher.cmd(&["CLIENT", "LIST"]).str().to_owned();
        assert!(list.contains("name=leaver"), "{mark} lasted until the client was gone");
        if is_gone {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn quit_ends_what_the_server_keeps_for_the_client() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(master.addr(), &[]).set("proxy", "workers", "1").start();
    quits(&proxy, &master, &[&["SUBSCRIBE", "c"]], "sub=1");
    quits(&proxy, &master, &[&["WATCH", "k"]], "cmd=watch");
    quits(&proxy, &master, &[&["MULTI"], &["INCR", "k"]], "multi=1");
    quits(&proxy, &master, &[&["CLIENT", "TRACKING", "ON"]], "flags=t");
}

/// Its replies may be many and wait long.
#[test]
fn quit_behind_replies_that_wait_ends_it_too() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(master.addr(), &[]).set("proxy", "workers", "1").start();
    master.cmd(&["SET", "big", &"x".repeat(2 * 1024 * 1024)]).ok();
    let mut wire = proxy.wire();
    wire.cmd(&["HELLO", "3"]);
    wire.send(&["SUBSCRIBE", "c"]);
    // More than the sockets hold.
    for _ in 0..8 {
        wire.send(&["GET", "big"]);
    }
    wire.send(&["QUIT"]);
    wire.stream().peek(&mut [0]).unwrap();
    eventually(PATIENCE, || {
        (!is_kept(&master, &["sub=1"])).then_some(()).ok_or_else(|| "still subscribed".into())
    });
    assert_eq!(proxy.wire().cmd(&["PUBLISH", "c", "m"]).int(), 0);
}

#[test]
fn quit_ends_subscriptions_at_the_engines_own_port() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let port = ReplicaPort::synced(&ReplicaPort::of(&master), &master);
    let mut wire = port.wire();
    wire.cmd(&["SUBSCRIBE", "c"]);
    wire.cmd(&["QUIT"]);
    // Both run on the port's only thread.
    assert_eq!(port.cmd(&["PUBSUB", "NUMSUB", "c"]).array()[1].int(), 0);
}
