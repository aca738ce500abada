//! A reload takes a server out of the file: what becomes of sessions that own a connection to it.

use std::time::Duration;

use crate::support::*;

fn before(master: &RedisServer) -> ConfigBuilder {
    ConfigBuilder::new(master.addr(), &[]).set("proxy", "watch-config", "false").set(
        "topology",
        "connect-timeout",
        "\"10s\"",
    )
}

/// Waits until what is for the master goes to this server.
fn moved(proxy: &Tidegate, to: &RedisServer) {
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let before = to.calls("touch");
        wire.cmd(&["TOUCH", "none"]);
        if to.calls("touch") > before { Ok(()) } else { Err("not yet".to_owned()) }
    });
}

/// Waits until the proxy has no connection to it.
#[track_caller]
fn lets_go(server: &RedisServer) {
    eventually(PATIENCE, || match client_list::of_server(server).len() {
        // The client that reloads.
        1 => Ok(()),
        n => Err(format!("{n} connections")),
    });
}

/// Subscriptions move to the server that is master now. What the removed server kept for MONITOR and
/// CLIENT TRACKING cannot move: these clients are closed, and connect again.
#[test]
fn subscriptions_at_a_removed_server_move() {
    let [old, new] = [Flavor::Redis70; 2].map(RedisServer::spawn);
    let mut proxy = before(&old).start();
    let mut subscriber = proxy.wire();
    subscriber.cmd(&["SUBSCRIBE", "c"]);
    let mut pushed = Wire::connect3(proxy.addr());
    pushed.cmd(&["SUBSCRIBE", "c"]);
    let mut monitor = proxy.wire();
    monitor.cmd(&["MONITOR"]).ok();
    let mut tracking = Wire::connect3(proxy.addr());
    tracking.cmd(&["CLIENT", "TRACKING", "ON"]).ok();
    let mut plain = proxy.wire();
    let id = plain.cmd(&["CLIENT", "ID"]);
    proxy.reload(&before(&new).toml());
    moved(&proxy, &new);
    for wire in [&mut monitor, &mut tracking] {
        // What the monitor heard until then.
        drop(wire.expect_closed());
    }
    assert_eq!(plain.cmd(&["CLIENT", "ID"]), id, "who owned nothing stays");
    eventually(PATIENCE, || match new.cmd(&["PUBSUB", "NUMSUB", "c"]).array()[1].int() {
        2 => Ok(()),
        other => Err(format!("{other}")),
    });
    assert_eq!(new.cmd(&["PUBLISH", "c", "m"]).int(), 2);
    for wire in [&mut subscriber, &mut pushed] {
        assert_eq!(wire.read_reply().strings(), ["message", "c", "m"]);
    }
    lets_go(&old);
}

/// As with any lost connection: watched keys count as changed, and a queue is begun anew.
#[test]
fn a_transaction_at_a_removed_server_is_begun_anew() {
    let [old, new] = [Flavor::Redis70; 2].map(RedisServer::spawn);
    let mut proxy = before(&old).start();
    let (mut watching, mut queueing) = (proxy.wire(), proxy.wire());
    watching.cmd(&["WATCH", "k"]).ok();
    queueing.cmd(&["MULTI"]).ok();
    assert_eq!(queueing.cmd(&["SET", "k", "v"]).str(), "QUEUED");
    proxy.reload(&before(&new).toml());
    moved(&proxy, &new);
    lets_go(&old);
    let replies = watching.pipeline(&[&["MULTI"], &["SET", "k", "v"], &["EXEC"]]);
    assert!(replies[2].is_null(), "{replies:?}");
    assert_eq!(queueing.cmd(&["SET", "l", "v"]).str(), "QUEUED");
    assert_eq!(queueing.cmd(&["EXEC"]).array().len(), 2);
    for wire in [&mut watching, &mut queueing] {
        wire.cmd(&["SET", "after", "v"]).ok();
    }
    assert_eq!(old.cmd(&["DBSIZE"]).int(), 0);
    assert_eq!(new.cmd(&["DBSIZE"]).int(), 3);
}

/// The file names another master, which becomes master as soon as it answers. The old one never
/// does again, although it still reports `role:master`.
#[test]
fn the_file_decides_which_server_is_master() {
    let [old, mut new] = [Flavor::Redis70; 2].map(RedisServer::spawn);
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(old.addr()).start();
    old.wait_attached(&replica);
    // The replicas are the master's own list.
    let config = |master: &RedisServer| before(master).unset("topology", "replicas");
    let mut proxy = config(&old).start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "at", "old"]).ok();
    // Until the new one answers the old one serves.
    new.pause();
    proxy.reload(&config(&new).toml());
    eventually(PATIENCE, || {
        let log = proxy.log();
        if log.contains("reloaded topology.master") { Ok(()) } else { Err(log) }
    });
    for n in 0..20 {
        wire.cmd(&["SET", "n", &n.to_string()]).ok();
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(old.cmd(&["GET", "n"]).str(), "19");
    new.resume();
    moved(&proxy, &new);
    wire.cmd(&["SET", "at", "new"]).ok();
    assert_eq!((new.cmd(&["GET", "at"]).str(), old.cmd(&["GET", "at"]).str()), ("new", "old"));
    new.kill();
    let mut refused = 0;
    for _ in 0..40 {
        refused += u32::from(wire.cmd(&["SET", "at", "nowhere"]).is_err());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!((refused, old.cmd(&["GET", "at"]).str()), (40, "old"));
    // And back.
    proxy.reload(&config(&old).toml());
    moved(&proxy, &old);
    assert_eq!(wire.cmd(&["GET", "at"]).str(), "old");
}

/// The file names a replica: the proxy takes that replica's master, and no write is lost meanwhile.
#[test]
fn a_replica_named_as_master_leads_to_its_own_master() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = |master| Tidegate::for_trio(&trio).master(master).unset("topology", "replicas");
    let [replica, _] = trio.replica_addrs();
    let mut proxy = config(trio.master.addr()).start();
    let mut wire = proxy.wire();
    for (round, named) in [replica, trio.master.addr(), replica].into_iter().enumerate() {
        proxy.reload(&config(named).toml());
        for n in 0..300 {
            wire.cmd(&["SET", "n", &format!("{round}:{n}")]).ok();
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    assert_eq!(trio.master.cmd(&["GET", "n"]).str(), "2:299");
}

/// The server has 10 s to answer; then the client gets an error.
#[test]
fn a_client_blocked_at_a_removed_server_gets_an_error() {
    let [old, new] = [Flavor::Redis70; 2].map(RedisServer::spawn);
    let mut proxy = before(&old).start();
    let mut blocked = proxy.wire();
    blocked.send(&["BLPOP", "list", "0"]);
    eventually(PATIENCE, || match old.info("clients").get("blocked_clients") {
        Some("1") => Ok(()),
        other => Err(format!("{other:?} blocked")),
    });
    proxy.reload(&before(&new).toml());
    moved(&proxy, &new);
    let error = blocked.read_reply();
    assert!(error.err().starts_with("INDOUBT"), "{error:?}");
    blocked.cmd(&["SET", "k", "v"]).ok();
    assert_eq!(new.cmd(&["GET", "k"]).str(), "v");
}

/// A SIGHUP during a client's reload causes a reload of its own afterwards.
#[test]
fn a_signal_and_a_client_may_ask_at_once() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = before(&server).set("admin", "commands", "\"master\"");
    let mut proxy = config.start();
    let mut wire = proxy.wire();
    for n in 0..20 {
        let from = if n % 2 == 0 { "any" } else { "replica" };
        proxy.write_config(&config.clone().reads_from(from).toml());
        wire.send(&["PROXY", "RELOAD"]);
        proxy.sighup();
        assert!(!wire.read_reply().is_err());
        // Whichever came first brought it; the other one found nothing new.
        eventually(PATIENCE, || {
            let page = Scrape::of(&proxy);
            let count = |name: &str| page.sum(&format!("tidegate_config_{name}"), &[]);
            let now = (count("generation"), count("reloads_total"));
            let wanted = (f64::from(n + 2), f64::from(2 * (n + 1)));
            if now == wanted { Ok(()) } else { Err(format!("{now:?}, not {wanted:?}")) }
        });
    }
}
