//! `XREAD ... BLOCK` at the engine's own port, beside a real replica of the same master.

use std::time::{Duration, Instant};

use crate::support::local::each_flavor;
use crate::support::*;

fn blocked(port: &ReplicaPort) -> usize {
    port.info("clients").get("blocked_clients").unwrap().parse().unwrap()
}

#[track_caller]
fn wait_blocked(port: &ReplicaPort, count: usize) {
    eventually(PATIENCE, || match blocked(port) {
        now if now == count => Ok(()),
        now => Err(format!("{now} are blocked")),
    });
}

#[test]
fn blocked_readers_get_new_entries() {
    each_flavor(|flavor| {
        let master = RedisServer::spawn(flavor);
        master.cmd(&["XADD", "s", "1-1", "f", "old"]);
        let port = ReplicaPort::synced(&ReplicaPort::of(&master), &master);
        let real = RedisServer::builder(flavor).replica_of(master.addr()).start();
        master.wait_synced(&real);
        let mut resp3 = port.wire();
        resp3.hello3();
        let mut wires = [Wire::connect(real.addr()), port.wire(), resp3];
        for (id, request) in [
            ("2-1", &["XREAD", "BLOCK", "0", "STREAMS", "s", "$"][..]),
            ("3-1", &["XREAD", "BLOCK", "10000", "COUNT", "1", "STREAMS", "s", "2-1"]),
            ("4-1", &["XREAD", "BLOCK", "0", "STREAMS", "none", "s", "0", "3-1"]),
        ] {
            wires.iter_mut().for_each(|wire| {
                wire.send(request);
                // Behind it, and answered behind it.
                wire.send(&["PING"]);
            });
            wait_blocked(&port, 2);
            // Writes to other keys wake no blocked client.
            master.cmd(&["SET", "other", "1"]).ok();
            master.cmd(&["XADD", "t", id, "f", "v"]);
            std::thread::sleep(Duration::from_millis(30));
            assert_eq!(blocked(&port), 2, "{flavor:?} {request:?}");
            master.cmd(&["XADD", "s", id, "f", "v"]);
            let [real, ours, resp3] = wires.each_mut().map(Wire::read_reply);
            assert_eq!(ours, real, "{flavor:?} {request:?}");
            assert_eq!(resp3.pairs()[0].1.array()[0].array()[0].str(), id);
            wires.iter_mut().for_each(|wire| assert_eq!(wire.read_reply().str(), "PONG"));
            wait_blocked(&port, 0);
        }
    });
}

/// A client that has just received its reply is not idle, however long it waited for it.
#[test]
fn a_client_that_has_waited_is_not_idle() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let config = ReplicaPort::of(&master).set("proxy", "timeout", "\"3s\"");
    let port = ReplicaPort::synced(&config, &master);
    let (mut wire, mut monitor) = (port.wire(), port.wire());
    monitor.cmd(&["MONITOR"]).ok();
    wire.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    let shown = monitor.read_reply();
    assert!(shown.str().ends_with(r#""XREAD" "BLOCK" "0" "STREAMS" "s" "$""#), "{shown:?}");
    std::thread::sleep(Duration::from_millis(3500));
    master.cmd(&["XADD", "s", "1-1", "f", "v"]);
    assert!(!wire.read_reply().is_null());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(wire.cmd(&["PING"]).str(), "PONG");
    wire.expect_closed();
}

/// How long `XREAD BLOCK 150` takes. CLIENT UNBLOCK and other causes end a wait, too.
pub fn waits_end() -> Duration {
    let master = RedisServer::spawn(Flavor::Redis70);
    let port = ReplicaPort::synced(&ReplicaPort::of(&master), &master);
    let mut wire = port.wire();
    let id = wire.cmd(&["CLIENT", "ID"]).int().to_string();
    let began = Instant::now();
    assert!(wire.cmd(&["XREAD", "BLOCK", "150", "STREAMS", "s", "$"]).is_null());
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(150), "{took:?}");
    // By others, in Redis's words.
    let mut other = port.wire();
    assert_eq!(other.cmd(&["CLIENT", "UNBLOCK", &id]).int(), 0, "it is not blocked");
    for (how, reply) in [("TIMEOUT", None), ("ERROR", Some("UNBLOCKED client unblocked via"))] {
        wire.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
        wait_blocked(&port, 1);
        let line = other.cmd(&["CLIENT", "LIST", "ID", &id]).str().to_owned();
        assert!(line.contains("flags=b ") && line.contains("cmd=xread "), "{line}");
        assert_eq!(other.cmd(&["CLIENT", "UNBLOCK", &id, how]).int(), 1);
        let said = wire.read_reply();
        match reply {
            None => assert!(said.is_null()),
            Some(reply) => assert!(said.err().starts_with(reply), "{said:?}"),
        }
        wait_blocked(&port, 0);
    }
    // Freed once, and not twice.
    wire.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    wait_blocked(&port, 1);
    let twice = other.pipeline(&[&["CLIENT", "UNBLOCK", &id], &["CLIENT", "UNBLOCK", &id]]);
    assert_eq!([twice[0].int(), twice[1].int()], [1, 0]);
    assert!(wire.read_reply().is_null());
    // A key that became something else is none, when the time is up.
    wire.send(&["XREAD", "BLOCK", "300", "STREAMS", "s", "$"]);
    wait_blocked(&port, 1);
    master.cmd(&["SET", "s", "x"]).ok();
    assert!(wire.read_reply().is_null());
    master.cmd(&["DEL", "s"]);
    port.wait_for(&master);
    // Commands do not block in a transaction.
    wire.cmd(&["MULTI"]).ok();
    wire.cmd(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    assert!(wire.cmd(&["EXEC"]).array()[0].is_null());
    // What cannot be waited for is said at once.
    let error = wire.cmd(&["XREAD", "BLOCK", "-1", "STREAMS", "s", "$"]);
    assert_eq!(error.err(), "ERR timeout is negative");
    // A client that disconnected is no longer blocked.
    wire.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    wait_blocked(&port, 1);
    drop(wire);
    wait_blocked(&port, 0);
    // A client that was killed is not, either.
    let mut wire = port.wire();
    let id = wire.cmd(&["CLIENT", "ID"]).int().to_string();
    wire.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    wait_blocked(&port, 1);
    assert_eq!(other.cmd(&["CLIENT", "KILL", "ID", &id]).int(), 1);
    wire.expect_closed();
    wait_blocked(&port, 0);
    took
}

/// `latency` judges how soon.
#[test]
fn waiting_ends() {
    waits_end();
}

/// All are woken by the same entry, a few at a time; those that wait for another stream wait on.
#[test]
fn hundreds_of_waiting_clients_get_the_entry() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let port = ReplicaPort::synced(&ReplicaPort::of(&master), &master);
    let mut wires: Vec<Wire> = (0..300).map(|_| port.wire()).collect();
    let mut other = port.wire();
    other.send(&["XREAD", "BLOCK", "0", "STREAMS", "other", "$"]);
    for round in ["1-1", "2-1"] {
        for wire in &mut wires {
            wire.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
        }
        wait_blocked(&port, 301);
        master.cmd(&["XADD", "s", round, "f", "v"]);
        for wire in &mut wires {
            let reply = wire.read_reply();
            assert_eq!(reply.array()[0].array()[1].array()[0].array()[0].str(), round);
        }
        wait_blocked(&port, 1);
    }
    master.cmd(&["XADD", "other", "1-1", "f", "v"]);
    assert!(!other.read_reply().is_null());
}

/// Clients of a port that may write wake each other.
#[test]
fn a_write_at_the_port_ends_a_wait() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let config = ReplicaPort::of(&master).set("replica", "replica-read-only", "false");
    let port = ReplicaPort::synced(&config, &master);
    let (mut reader, mut writer) = (port.wire(), port.wire());
    reader.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    wait_blocked(&port, 1);
    assert_eq!(writer.cmd(&["XADD", "s", "5-1", "f", "v"]).str(), "5-1");
    assert!(!reader.read_reply().is_null());
}
