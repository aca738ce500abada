//! Commands that a server takes while a script runs reach it, whatever the session's database.

use crate::support::*;

const LIBRARY: &str =
    "#!lua name=endless\nredis.register_function('endless', function() while true do end end)";

fn start(flavor: Flavor) -> (RedisServer, Tidegate) {
    let server = RedisServer::builder(flavor).arg("--lua-time-limit", "10").start();
    let proxy = ConfigBuilder::new(server.addr(), &[])
        .set("proxy", "workers", "1")
        .set("admin", "commands", "\"master\"")
        .reads_from("any")
        .start();
    (server, proxy)
}

/// A client in database `db` that runs what never ends, and another one in that database.
fn busy(proxy: &Tidegate, server: &RedisServer, db: &str, endless: &[&str]) -> [Wire; 2] {
    let [mut one, mut other] = [proxy.wire(), proxy.wire()];
    for wire in [&mut one, &mut other] {
        wire.cmd(&["SELECT", db]).ok();
        wire.cmd(&["SET", "k", "v"]).ok();
    }
    one.send(endless);
    eventually(PATIENCE, || match server.cmd(&["ROLE"]) {
        reply if reply.is_err() && reply.err().starts_with("BUSY") => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
    [one, other]
}

#[test]
fn a_script_is_killed_from_any_database() {
    for flavor in Flavor::ALL {
        let (server, proxy) = start(flavor);
        for db in ["0", "3"] {
            let script = ["EVAL", "while true do end", "0"];
            let [mut one, mut other] = busy(&proxy, &server, db, &script);
            assert_eq!(other.cmd(&["SCRIPT", "KILL"]).str(), "OK", "{flavor:?} {db}");
            assert!(one.read_reply().is_err());
            let reply = other.cmd(&["SCRIPT", "KILL"]);
            assert!(reply.err().starts_with("NOTBUSY"), "{reply:?}");
            // The session is where it was.
            assert_eq!(other.cmd(&["GET", "k"]).str(), "v");
            assert!(other.cmd(&["BLPOP", "none", "0.01"]).is_null());
        }
    }
}

#[test]
fn a_function_is_killed_from_any_database_in_either_protocol() {
    for flavor in [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        let (server, proxy) = start(flavor);
        assert_eq!(server.cmd(&["FUNCTION", "LOAD", LIBRARY]).str(), "endless");
        let [mut one, mut other] = busy(&proxy, &server, "5", &["FCALL", "endless", "0"]);
        let stats = other.cmd(&["FUNCTION", "STATS"]);
        assert_eq!(stats.array()[0].str(), "running_script");
        assert!(matches!(stats.array()[1], Reply::Array(_)), "{stats:?}");
        other.hello3();
        let stats = other.cmd(&["FUNCTION", "STATS"]);
        assert!(matches!(stats, Reply::Map(_)), "{stats:?}");
        assert_eq!(other.cmd(&["FUNCTION", "KILL"]).str(), "OK", "{flavor:?}");
        assert!(one.read_reply().is_err());
    }
}

#[test]
fn shutdown_does_not_queue_behind_a_script() {
    for flavor in Flavor::ALL {
        let (server, proxy) = start(flavor);
        for db in ["0", "3"] {
            let script = ["EVAL", "while true do end", "0"];
            let [mut one, mut other] = busy(&proxy, &server, db, &script);
            let reply = other.cmd(&["SHUTDOWN", "SAVE"]);
            assert!(reply.err().starts_with("BUSY"), "{flavor:?}: {reply:?}");
            assert_eq!(other.cmd(&["SCRIPT", "KILL"]).str(), "OK");
            assert!(one.read_reply().is_err());
        }
        let script = ["EVAL", "while true do redis.call('INCR', 'n') end", "0"];
        let [_one, mut other] = busy(&proxy, &server, "3", &script);
        assert!(other.cmd(&["SCRIPT", "KILL"]).err().starts_with("UNKILLABLE"));
        other.send(&["SHUTDOWN", "NOSAVE"]);
        eventually(PATIENCE, || {
            match Wire::try_connect(server.addr()).and_then(|mut w| w.try_cmd(&["PING"])) {
                Ok(reply) => Err(format!("{flavor:?} still says {reply:?}")),
                Err(_) => Ok(()),
            }
        });
    }
}

/// SHUTDOWN does not overtake earlier requests of the same client.
#[test]
fn shutdown_comes_after_the_clients_own_writes() {
    let (server, proxy) = start(Flavor::Redis70);
    let mut wire = proxy.wire();
    let mut bytes: Vec<u8> = (0..500).flat_map(|_| encode(&["INCR", "n"])).collect();
    bytes.extend(encode(&["SHUTDOWN", "NOSAVE"]));
    wire.send_raw(&bytes);
    for n in 1..=500 {
        assert_eq!(wire.read_reply().int(), n);
    }
    eventually(PATIENCE, || match Wire::try_connect(server.addr()) {
        Ok(_) => Err("the server still listens".to_owned()),
        Err(_) => Ok(()),
    });
}
