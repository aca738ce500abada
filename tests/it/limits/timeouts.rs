//! `request-timeout`: servers that do not answer in time.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

fn quick(trio: &Trio) -> ConfigBuilder {
    Tidegate::for_trio(trio).set("topology", "request-timeout", "\"400ms\"").reads_from("master")
}

/// Stops the master under the requests of four clients: how long until all of them get an error.
pub fn late_replies() -> Duration {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = quick(&trio).set("proxy", "workers", "1").start();
    let mut wires: Vec<Wire> = (0..4).map(|_| proxy.wire()).collect();
    for (n, wire) in wires.iter_mut().enumerate() {
        wire.cmd(&["SET", &format!("k{n}"), &format!("v{n}")]).ok();
    }
    trio.master.pause();
    let asked = Instant::now();
    for (n, wire) in wires.iter_mut().enumerate() {
        // A read, a write, and a read again: mixed-up replies would differ.
        let (key, late) = (format!("k{n}"), format!("late{n}"));
        wire.send_raw(&encode(&["GET", &key]));
        wire.send_raw(&encode(&["SET", &key, &late]));
    }
    for wire in &mut wires {
        let (read, write) = (wire.read_reply(), wire.read_reply());
        assert!(read.err().contains("request-timeout"), "{read:?}");
        assert!(write.err().starts_with("INDOUBT "), "{write:?}");
    }
    let took = asked.elapsed();
    assert!(took >= Duration::from_millis(390), "{took:?}");
    // Others come in between; then the master answers all that is long given up.
    trio.master.resume();
    for _ in 0..200 {
        for (n, wire) in wires.iter_mut().enumerate() {
            match wire.cmd(&["ECHO", &n.to_string()]) {
                Reply::Bulk(text) => assert_eq!(text, n.to_string().into_bytes()),
                other => panic!("{other:?}"),
            }
            match wire.cmd(&["GET", &format!("k{n}")]) {
                Reply::Bulk(text) => assert_eq!(text, format!("late{n}").into_bytes()),
                other => assert!(other.is_err(), "{other:?}"),
            }
        }
    }
    for (n, wire) in wires.iter_mut().enumerate() {
        let key = format!("k{n}");
        eventually(PATIENCE, || match wire.cmd(&["GET", &key]) {
            Reply::Bulk(_) => Ok(()),
            other => Err(format!("{other:?}")),
        });
    }
    took
}

/// `latency` judges how soon.
#[test]
fn a_late_reply_is_dropped() {
    late_replies();
}

/// Stops the master for two seconds: the longest time that a write waited for its error.
pub fn long_stop() -> Duration {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = quick(&trio).start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    trio.master.pause();
    let until = Instant::now() + Duration::from_secs(2);
    let mut longest = Duration::ZERO;
    while Instant::now() < until {
        let asked = Instant::now();
        let reply = wire.cmd(&["SET", "k", "w"]);
        assert!(reply.is_err(), "{reply:?}");
        longest = longest.max(asked.elapsed());
        thread::sleep(Duration::from_millis(20));
    }
    trio.master.resume();
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "x"]) {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "x");
    longest
}

/// `latency` judges how soon.
#[test]
fn a_long_stop_ends_the_connection_and_it_recovers() {
    long_stop();
}

#[test]
fn blocking_commands_have_their_own_timeouts() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = quick(&trio).start();
    let mut wire = proxy.wire();
    wire.send(&["BLPOP", "list", "0"]);
    wire.expect_silence(Duration::from_millis(1500));
    proxy.wire().cmd(&["RPUSH", "list", "a"]);
    assert_eq!(wire.read_reply().strings(), ["list", "a"]);
}

#[test]
fn a_transaction_that_times_out_leaves_no_reply_behind() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = quick(&trio).start();
    let mut wire = proxy.wire();
    wire.cmd(&["MULTI"]).ok();
    assert_eq!(wire.cmd(&["INCR", "n"]).str(), "QUEUED");
    trio.master.pause();
    let reply = wire.cmd(&["EXEC"]);
    assert!(reply.err().starts_with("INDOUBT "), "{reply:?}");
    trio.master.resume();
    eventually(PATIENCE, || match wire.cmd(&["ECHO", "mine"]) {
        Reply::Bulk(text) if text == b"mine" => Ok(()),
        Reply::Error(text) => Err(text),
        other => panic!("{other:?}"),
    });
    eventually(PATIENCE, || match wire.cmd(&["GET", "n"]) {
        Reply::Bulk(text) if text == b"1" => Ok(()),
        Reply::Error(text) => Err(text),
        other => panic!("{other:?}"),
    });
}
