//! A reload changes the login at the servers: new requests use it, what is under way is answered.

use std::time::Duration;

use crate::support::*;

/// A server with the users `one` and `two`, which have all rights.
fn server() -> RedisServer {
    let users = "--user one on >first ~* &* +@all --user two on >second ~* &* +@all";
    RedisServer::builder(Flavor::Redis70).args(&words(users)).start()
}

fn config(server: std::net::SocketAddr, user: &str, password: &str) -> ConfigBuilder {
    ConfigBuilder::new(server, &[])
        .set("proxy", "watch-config", "false")
        .set("proxy", "workers", "1")
        .set("topology", "connect-timeout", "\"30s\"")
        .set("topology", "request-timeout", "\"60s\"")
        .set("topology", "masteruser", &format!("\"{user}\""))
        .set("topology", "masterauth", &format!("\"{password}\""))
}

/// Waits until `wire` acts as `user`.
#[track_caller]
fn acts_as(wire: &mut Wire, user: &str) {
    eventually(PATIENCE, || match wire.cmd(&["ACL", "WHOAMI"]) {
        reply if reply.str() == user => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

/// Waits until new clients act as `user`, though earlier requests may get no answer.
#[track_caller]
fn new_clients_act_as(proxy: &Tidegate, user: &str) {
    eventually(PATIENCE, || {
        let mut wire = proxy.wire();
        wire.set_timeout(Duration::from_millis(300));
        match wire.try_cmd(&["ACL", "WHOAMI"]) {
            Ok(reply) if reply.str() == user => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
}

/// Waits until the proxy has begun a `command` of the client `id`, whose last one was another one.
#[track_caller]
fn has_begun(other: &mut Wire, id: i64, command: &str) {
    eventually(PATIENCE, || {
        let all = client_list::list(other);
        match all.iter().find(|line| line.id() == id).map(|line| line.get("cmd")) {
            Some(found) if found.eq_ignore_ascii_case(command) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
}

/// Waits until `user` has so many connections to `server`.
#[track_caller]
fn has_connections(server: &RedisServer, user: &str, count: usize) {
    eventually(PATIENCE, || {
        let all = client_list::of_server(server);
        let found: Vec<_> = all.iter().filter(|line| line.get("user") == user).collect();
        if found.len() == count { Ok(()) } else { Err(format!("{found:?}")) }
    });
}

#[test]
fn requests_go_over_connections_with_the_new_login() {
    let server = server();
    let mut proxy = config(server.addr(), "one", "first").start();
    let mut wires = [(); 3].map(|()| proxy.wire());
    let ids: Vec<i64> = wires.iter_mut().map(|wire| wire.cmd(&["CLIENT", "ID"]).int()).collect();
    let [plain, blocked, subscriber] = &mut wires;
    plain.cmd(&["SELECT", "3"]).ok();
    acts_as(plain, "one");
    blocked.send(&["BLPOP", "list", "0"]);
    subscriber.cmd(&["SUBSCRIBE", "c"]);
    eventually(PATIENCE, || match server.info("clients").get("blocked_clients") {
        Some("1") => Ok(()),
        other => Err(format!("{other:?} blocked")),
    });

    proxy.reload(&config(server.addr(), "two", "second").toml());
    acts_as(plain, "two");
    // The shared connections are gone, and those that are in use are answered.
    has_connections(&server, "one", 2);
    server.cmd(&["RPUSH", "list", "x"]);
    assert_eq!(blocked.read_reply().strings(), ["list", "x"]);
    has_connections(&server, "one", 1);
    server.cmd(&["PUBLISH", "c", "m"]);
    assert_eq!(subscriber.read_reply().strings(), ["message", "c", "m"]);
    subscriber.cmd(&["UNSUBSCRIBE", "c"]);
    has_connections(&server, "one", 0);
    for (wire, id) in wires.iter_mut().zip(ids) {
        acts_as(wire, "two");
        assert_eq!(wire.cmd(&["CLIENT", "ID"]).int(), id, "it was closed");
    }

    // And back to the first user, for which connections exist.
    proxy.reload(&config(server.addr(), "one", "first").toml());
    acts_as(&mut wires[0], "one");
    has_connections(&server, "two", 0);
    let log = proxy.log();
    assert!(!log.contains("first") && !log.contains("second"), "{log}");
}

/// The connection with the former login is slow, so later requests wait: otherwise they would
/// overtake.
#[test]
fn a_clients_requests_keep_their_order_across_two_logins() {
    let server = server();
    let slow = FaultProxy::start(server.addr());
    let way = FaultProxy::start(slow.addr());
    // The first request of each pair leaves at once: a read does not wait for the bound of the write
    // before it, and the silence of the slow connection is no reason to hold writes.
    let config = |user: &str, password: &str| {
        let config = config(way.addr(), user, password);
        let config = config.set("reads", "consistency", "\"bounded\"");
        config.set("topology", "probe-timeout", "\"60s\"")
    };
    let mut proxy = config("one", "first").start();
    let (mut wire, mut other) = (proxy.wire(), proxy.wire());
    let id = wire.cmd(&["CLIENT", "ID"]).int();
    for (first, behind) in [
        (&["SET", "k", "old"][..], &["SET", "k", "new"][..]),
        (&["SET", "k", "old"], &["GETSET", "k", "new"]),
        (&["GET", "k"], &["SET", "k", "new"]),
        (&["SCAN", "0"], &["SET", "k", "new"]),
    ] {
        way.set_upstream(slow.addr());
        proxy.reload(&config("one", "first").toml());
        wire.cmd(&["SET", "k", "0"]).ok();
        acts_as(&mut wire, "one");
        slow.blackhole_of(Direction::ToServer);
        way.set_upstream(server.addr());
        wire.send(first);
        // Else the reload may come before it.
        has_begun(&mut other, id, first[0]);
        proxy.reload(&config("two", "second").toml());
        new_clients_act_as(&proxy, "two");
        wire.send(behind);
        wire.expect_silence(Duration::from_millis(200));
        assert_eq!(server.cmd(&["GET", "k"]).str(), "0", "{behind:?} overtook {first:?}");
        slow.heal();
        for _ in 0..2 {
            assert!(!wire.read_reply().is_err());
        }
        assert_eq!(server.cmd(&["GET", "k"]).str(), "new", "{first:?} came last");
    }
}

/// What `$` of a blocked XREAD means is asked of the master beside the read, with the same login.
#[test]
fn a_blocked_read_after_the_change_moves_to_another_server() {
    let master = server();
    let login = "--user one on >first ~* &* +@all --user two on >second ~* &* +@all";
    let replica = RedisServer::builder(Flavor::Redis70).args(&words(login));
    let mut replica = replica.replica_of(master.addr()).start();
    master.cmd(&["XADD", "s", "1-1", "f", "v"]);
    master.wait_synced(&replica);
    let config = |user: &str, password: &str| {
        let config = config(master.addr(), user, password).replicas(&[replica.addr()]);
        config.set("topology", "connect-timeout", "\"1s\"").set("reads", "from", "\"replica\"")
    };
    let mut proxy = config("one", "first").start();
    let mut wire = proxy.wire();
    wait_read_fresh(&mut wire, "s");
    acts_as(&mut wire, "one");
    proxy.reload(&config("two", "second").toml());
    new_clients_act_as(&proxy, "two");
    wait_read_fresh(&mut proxy.wire(), "s");
    let before = master.calls("xinfo|stream");
    wire.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    eventually(PATIENCE, || match replica.info("clients").get("blocked_clients") {
        Some("1") => Ok(()),
        other => Err(format!("{other:?} blocked")),
    });
    eventually(PATIENCE, || match master.calls("xinfo|stream") - before {
        1 => Ok(()),
        calls => Err(format!("the master was asked for {calls} last ids")),
    });
    replica.pause();
    master.cmd(&["XADD", "s", "2-1", "f", "v"]);
    // An array of streams, each with its entries, each with its id.
    let reply = wire.read_reply();
    assert!(!reply.is_err(), "{reply:?}");
    assert_eq!(reply.array()[0].array()[1].array()[0].array()[0].str(), "2-1");
    replica.resume();
}

/// A new or removed password for clients applies to later logins.
#[test]
fn a_client_keeps_its_user_when_requirepass_changes() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let with = |password: &str| {
        let config = ConfigBuilder::new(server.addr(), &[]).set("proxy", "watch-config", "false");
        config.set("proxy", "requirepass", &format!("\"{password}\""))
    };
    let mut proxy = with("").start();
    let mut early = proxy.wire();
    early.cmd(&["SET", "k", "v"]).ok();
    proxy.reload(&with("x").toml());
    eventually(PATIENCE, || match proxy.wire().cmd(&["GET", "k"]) {
        reply if reply.is_err() => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(early.cmd(&["GET", "k"]).str(), "v");
    let mut late = proxy.wire();
    assert_eq!(late.cmd(&["GET", "k"]).err(), "NOAUTH Authentication required.");
    let users = client_list::list(&mut early);
    assert!(users.len() >= 2 && users.iter().all(|line| line.get("user") == "default"));
    late.cmd(&["AUTH", "x"]).ok();
    assert_eq!(early.cmd(&["RESET"]).str(), "RESET");
    assert!(early.cmd(&["GET", "k"]).is_err());
    early.cmd(&["AUTH", "default", "x"]).ok();

    proxy.reload(&with("y").toml());
    eventually(PATIENCE, || match proxy.wire().cmd(&["AUTH", "y"]) {
        reply if !reply.is_err() => Ok(()),
        other => Err(format!("{other:?}")),
    });
    for wire in [&mut early, &mut late] {
        assert!(wire.cmd(&["AUTH", "x"]).err().starts_with("WRONGPASS "));
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
    }
}
