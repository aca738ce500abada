//! Servers that answer a handshake question with an error: the client gets the server's words, and
//! no connection is used whose server has not told its identity.

use std::collections::BTreeSet;

use crate::support::*;

const KEYS: usize = 1_000;
/// Servers call it `lua-time-limit` or `busy-reply-threshold`; all of them know the first name.
const BUSY_AFTER: &str = "10";

fn seed(server: &RedisServer, keys: usize) {
    let mut wire = server.wire();
    let sets: Vec<u8> =
        (0..keys).flat_map(|n| encode(&["SET", &format!("key:{n}"), "v"])).collect();
    wire.send_raw(&sets);
    (0..keys).for_each(|_| wire.read_reply().ok());
}

fn impatient(flavor: Flavor) -> RedisServer {
    RedisServer::builder(flavor).arg("--lua-time-limit", BUSY_AFTER).start()
}

/// The proxy in front of one master, with one worker: all clients share one connection.
fn before(server: &RedisServer) -> ConfigBuilder {
    ConfigBuilder::new(server.addr(), &[])
        .set("proxy", "workers", "1")
        .set("admin", "commands", "\"master\"")
        .reads_from("any")
}

/// Waits until the proxy knows its master, without a connection of a client to it.
#[track_caller]
fn wait_master(wire: &mut Wire) {
    eventually(PATIENCE, || {
        let way = wire.cmd(&["PROXY", "EXPLAIN", "SET", "k", "v"]).pairs();
        let route = way.iter().find(|(name, _)| name.str() == "route").unwrap().1.clone();
        if route.str().starts_with('-') || route.str() == "held" {
            Err(route.str().to_owned())
        } else {
            Ok(())
        }
    });
}

/// A script that never ends; it ends when this is dropped.
struct Script<'s> {
    server: &'s RedisServer,
    wire: Wire,
}

impl<'s> Script<'s> {
    #[track_caller]
    fn start(server: &'s RedisServer) -> Self {
        let mut wire = server.wire();
        wire.send(&["EVAL", "while true do end", "0"]);
        wait_busy(server);
        Self { server, wire }
    }

    #[track_caller]
    fn kill(mut self) {
        self.server.cmd(&["SCRIPT", "KILL"]).ok();
        assert!(self.wire.read_reply().is_err());
    }
}

#[track_caller]
fn wait_busy(server: &RedisServer) {
    eventually(PATIENCE, || match server.cmd(&["ROLE"]) {
        reply if reply.is_err() && reply.err().starts_with("BUSY") => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
}

#[track_caller]
fn assert_busy(reply: &Reply) {
    assert!(reply.is_err() && reply.err().starts_with("BUSY "), "{reply:?}");
}

/// All keys that an iteration finds; it must end.
#[track_caller]
fn scanned(wire: &mut Wire) -> BTreeSet<String> {
    let (mut cursor, mut keys) = ("0".to_owned(), BTreeSet::new());
    for _ in 0..2 * KEYS {
        let reply = wire.cmd(&["SCAN", &cursor, "COUNT", "50"]);
        keys.extend(reply.array()[1].strings());
        reply.array()[0].str().clone_into(&mut cursor);
        if cursor == "0" {
            return keys;
        }
    }
    panic!("SCAN has no end; {} keys", keys.len());
}

#[test]
fn a_busy_server_does_not_spoil_scan() {
    for flavor in Flavor::ALL {
        let server = impatient(flavor);
        seed(&server, KEYS);
        let proxy = before(&server).start();
        let mut wire = proxy.wire();
        wait_master(&mut wire);
        let script = Script::start(&server);
        assert_busy(&wire.cmd(&["GET", "key:1"]));
        assert_busy(&wire.cmd(&["SCAN", "0"]));
        script.kill();
        assert_eq!(scanned(&mut wire).len(), KEYS, "{flavor:?}");
    }
}

#[test]
fn a_busy_server_does_not_spoil_acknowledged_writes() {
    let options = |builder: server::ServerBuilder| builder.arg("--lua-time-limit", BUSY_AFTER);
    let trio = Trio::spawn_with(Flavor::Redis70, options);
    let proxy = Tidegate::for_trio(&trio)
        .set("proxy", "workers", "1")
        .set("admin", "commands", "\"master\"")
        .set("writes", "wait-replicas", "1")
        .set("writes", "wait-timeout", "\"10s\"")
        .start();
    let mut wire = proxy.wire();
    wait_master(&mut wire);
    let script = Script::start(&trio.master);
    assert_busy(&wire.cmd(&["SET", "k", "v"]));
    script.kill();
    for _ in 0..3 {
        assert_eq!(wire.cmd(&["SET", "k", "v"]).str(), "OK");
    }
}

/// Each of these needs a new connection, to another database than 0.
#[test]
fn a_session_outlives_what_a_busy_server_refused() {
    for flavor in [Flavor::Redis62, Flavor::Redis70, Flavor::Valkey91] {
        let server = impatient(flavor);
        let proxy = before(&server).start();
        let mut wire = proxy.wire();
        let requests: [(&str, &[&str]); 7] = [
            ("1", &["BLPOP", "none", "1"]),
            ("2", &["SUBSCRIBE", "a", "b"]),
            ("3", &["MULTI"]),
            ("4", &["WATCH", "k"]),
            ("5", &["CLIENT", "TRACKING", "ON"]),
            ("6", &["WAIT", "0", "10"]),
            ("7", &["SELECT", "8"]),
        ];
        for (db, request) in requests {
            wire.cmd(&["SELECT", db]).ok();
            let script = Script::start(&server);
            assert_busy(&wire.cmd(request));
            script.kill();
            assert_eq!(wire.cmd(&["SET", "k", "v"]).str(), "OK", "{flavor:?} after {request:?}");
            wire.cmd(&["MULTI"]).ok();
            assert_eq!(wire.cmd(&["GET", "k"]).str(), "QUEUED", "{flavor:?} after {request:?}");
            assert_eq!(wire.cmd(&["EXEC"]).array()[0].str(), "v");
        }
        // What was queued behind a refused MULTI is not run without it.
        wire.cmd(&["SELECT", "9"]).ok();
        let script = Script::start(&server);
        let replies = wire.pipeline(&[&["MULTI"], &["SET", "k", "w"], &["EXEC"]]);
        assert_busy(&replies[0]);
        assert!(replies[1..].iter().all(Reply::is_err), "{replies:?}");
        let mut monitor = proxy.wire();
        monitor.send(&["MONITOR"]);
        assert_busy(&monitor.read_reply());
        script.kill();
        assert!(wire.cmd(&["GET", "k"]).is_null(), "SET was run without its MULTI");
        assert_eq!(monitor.cmd(&["GET", "k"]), Reply::Null, "it is no monitor");
    }
}

#[test]
fn a_busy_server_does_not_lose_no_touch() {
    for flavor in [Flavor::Redis82, Flavor::Valkey91] {
        let server = impatient(flavor);
        seed(&server, 1);
        // The last command on the connection is the client's own at this level.
        let proxy = before(&server).set("reads", "consistency", "\"bounded\"").start();
        let mut wire = proxy.wire();
        wait_master(&mut wire);
        wire.cmd(&["CLIENT", "NO-TOUCH", "ON"]).ok();
        let script = Script::start(&server);
        assert_busy(&wire.cmd(&["GET", "key:0"]));
        script.kill();
        let keep = ["CLIENT", "LIST", "TYPE", "normal"];
        assert_eq!(wire.cmd(&["GET", "key:0"]).str(), "v");
        let list = server.cmd(&keep).str().to_owned();
        let own = list.lines().filter(|line| line.contains("cmd=get")).collect::<Vec<_>>();
        assert!(
            matches!(*own, [line] if flags(line).contains('T')),
            "{flavor:?}: GET came over a connection that touches: {list}"
        );
    }
}

fn flags(line: &str) -> &str {
    line.split(' ').find_map(|word| word.strip_prefix("flags=")).unwrap()
}

/// A login without the rights that a connection's set-up needs.
#[test]
fn a_login_without_rights_is_refused_in_the_servers_words() {
    for flavor in [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        let server = RedisServer::spawn(flavor);
        seed(&server, KEYS);
        server.cmd(&["ACL", "SETUSER", "proxy", "on", ">secret", "~*", "&*", "+@all"]).ok();
        let proxy = before(&server)
            .set("topology", "masteruser", "\"proxy\"")
            .set("topology", "masterauth", "\"secret\"")
            .start();
        let mut wire = proxy.wire();
        wait_master(&mut wire);
        let rights = |rule: &str| server.cmd(&["ACL", "SETUSER", "proxy", "+@all", rule]).ok();
        let close = || server.cmd(&["CLIENT", "KILL", "USER", "proxy"]).int();

        rights("-select");
        let reply = wire.cmd(&["SELECT", "2"]);
        assert!(reply.err().starts_with("NOPERM"), "{reply:?}");
        rights("+@all");
        wire.cmd(&["SELECT", "2"]).ok();
        wire.cmd(&["SELECT", "0"]).ok();
        rights("-select");
        // The monitor learns nothing from it; a new connection does.
        close();
        wire.cmd(&["SELECT", "2"]).ok();
        eventually(PATIENCE, || match wire.cmd(&["GET", "k"]) {
            reply if reply.is_err() && reply.err().starts_with("NOPERM") => Ok(()),
            reply => Err(format!("{reply:?}")),
        });
        wire.cmd(&["SELECT", "0"]).ok();

        if flavor != Flavor::Redis70 {
            rights("-client|no-touch");
            wire.cmd(&["CLIENT", "NO-TOUCH", "ON"]).ok();
            let reply = wire.cmd(&["GET", "key:0"]);
            assert!(reply.err().starts_with("NOPERM"), "{reply:?}");
            wire.cmd(&["CLIENT", "NO-TOUCH", "OFF"]).ok();
            assert_eq!(wire.cmd(&["GET", "key:0"]).str(), "v");
        }

        rights("-info");
        close();
        eventually(PATIENCE, || match wire.cmd(&["SCAN", "0"]) {
            reply if reply.is_err() && reply.err().contains("NOPERM") => Ok(()),
            // Once the monitor has seen it, too.
            reply if reply.is_err() && reply.err().starts_with("MASTERDOWN") => Ok(()),
            reply => Err(format!("{reply:?}")),
        });
        rights("+@all");
        eventually(PATIENCE, || match wire.cmd(&["GET", "key:0"]) {
            reply if reply.is_err() => Err(format!("{reply:?}")),
            _ => Ok(()),
        });
        assert_eq!(scanned(&mut wire).len(), KEYS, "{flavor:?}");
    }
}

/// The password changes while the proxy is connected: open connections stay, and new ones fail.
#[test]
fn a_login_that_ended_is_an_error_and_not_a_loop() {
    let server = RedisServer::spawn(Flavor::Redis70);
    seed(&server, KEYS);
    let proxy = before(&server).start();
    let mut wire = proxy.wire();
    wait_master(&mut wire);
    server.cmd(&["CONFIG", "SET", "requirepass", "new"]).ok();
    let reply = wire.cmd(&["SCAN", "0"]);
    assert!(reply.err().contains("NOAUTH"), "{reply:?}");
    let mut own = server.wire();
    own.cmd(&["AUTH", "new"]).ok();
    own.cmd(&["CONFIG", "SET", "requirepass", ""]).ok();
    eventually(PATIENCE, || match wire.cmd(&["GET", "key:0"]) {
        reply if reply.is_err() => Err(format!("{reply:?}")),
        _ => Ok(()),
    });
    assert_eq!(scanned(&mut wire).len(), KEYS);
}
