//! The servers' own FAILOVER: writes wait for its outcome and get no error.

pub mod there_and_back;

use std::thread;
use std::time::Duration;

use self::there_and_back::Couple;
use super::deposed_master::load::Load;
use crate::support::*;

/// A master hands over to its only replica and back, several times.
#[test]
fn writers_do_not_notice_the_command_failover() {
    for flavor in [Flavor::Redis70, Flavor::Valkey91] {
        let couple = Couple::spawn(flavor);
        let load = Load::start(couple.proxy.addr(), Duration::from_millis(1));
        couple.hand_over_and_back();
        let account = load.finish(&couple.a);
        assert!(account.errors.is_empty(), "{flavor:?}: {account:?}\n{}", couple.proxy.log());
        assert_eq!((account.lost, account.in_doubt), (0, 0), "{flavor:?}: {account:?}");
    }
}

/// The master begins to follow its target, which is stopped and cannot take over.
#[track_caller]
fn follow_a_silent_target(trio: &mut Trio) {
    let target = trio.replicas[0].port().to_string();
    trio.replicas[0].pause();
    let words = ["FAILOVER", "TO", "127.0.0.1", &target, "FORCE", "TIMEOUT", "1"];
    trio.master.cmd(&words).ok();
    eventually(PATIENCE, || match trio.master.info("replication") {
        info if info.get("role") == Some("slave") => Ok(()),
        info => Err(info.0),
    });
}

/// The master follows its target, which cannot take over, and is master again.
#[test]
fn a_write_waits_for_a_failover_that_is_aborted() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "1"]).ok();
    trio.wait_synced();
    follow_a_silent_target(&mut trio);
    wire.send(&["SET", "k", "2"]);
    thread::sleep(Duration::from_millis(500));
    trio.master.cmd(&["FAILOVER", "ABORT"]).ok();
    let reply = wire.read_reply();
    assert_eq!(reply, Reply::Simple("OK".to_owned()), "{}", proxy.log());
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "2");
}

/// While the master follows its target, requests that need a dedicated connection wait, too.
#[test]
fn sessions_with_a_connection_of_their_own_wait_for_a_failover() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let lines: [&[&str]; 7] = [
        &["MULTI", "SET multi 1", "EXEC"],
        &["WATCH k", "GET k", "UNWATCH"],
        &["CLIENT TRACKING ON", "GET k"],
        &["SUBSCRIBE channel"],
        &["SELECT 9", "SET k 9"],
        &["BLPOP list 1"],
        &["MONITOR"],
    ];
    let mut wires: Vec<Wire> = lines.iter().map(|_| proxy.wire()).collect();
    for wire in &mut wires {
        wire.cmd(&["RPUSH", "list", "x"]).int();
    }
    trio.wait_synced();
    follow_a_silent_target(&mut trio);
    eventually(PATIENCE, || match proxy.log() {
        log if log.contains("master lost") => Ok(()),
        log => Err(log),
    });
    // Every worker has seen it since.
    settle(&proxy);
    for (wire, lines) in wires.iter_mut().zip(lines) {
        for line in lines {
            wire.send(&line.split(' ').collect::<Vec<_>>());
        }
    }
    // Without a master the proxy may answer SELECT itself; the write behind it waits.
    for (wire, _) in wires.iter_mut().zip(lines).filter(|(_, lines)| lines[0] != "SELECT 9") {
        wire.expect_silence(Duration::from_millis(30));
    }
    let mut direct = trio.master.wire();
    direct.cmd(&["SELECT", "9"]).ok();
    assert_eq!(direct.cmd(&["EXISTS", "k"]).int(), 0);
    trio.master.cmd(&["FAILOVER", "ABORT"]).ok();
    for (wire, lines) in wires.iter_mut().zip(lines) {
        for line in lines {
            let reply = wire.read_reply();
            assert!(!reply.is_err(), "{line}: {reply:?}\n{}", proxy.log());
        }
    }
    assert_eq!(trio.master.cmd(&["GET", "multi"]).str(), "1");
    assert_eq!(direct.cmd(&["GET", "k"]).str(), "9");
}

/// A session that tracks or monitors at a demoted master is closed and connects again: its reads
/// would have no limit of age. So is a subscriber, where `on-gap` says so.
#[test]
fn streaming_sessions_leave_a_demoted_master() {
    for flavor in [Flavor::Redis70, Flavor::Valkey91] {
        let trio = Trio::spawn(flavor);
        let config = Tidegate::for_trio(&trio).set("pubsub", "on-gap", "\"close\"");
        let proxy = config.start();
        let mut wires: Vec<Wire> = (0..4).map(|_| proxy.wire()).collect();
        wires[0].cmd(&["SUBSCRIBE", "c"]);
        wires[1].hello3();
        wires[1].cmd(&["CLIENT", "TRACKING", "ON"]).ok();
        wires[2].cmd(&["MONITOR"]).ok();
        let mut other = proxy.wire();
        other.cmd(&["SET", "k", "1"]).ok();
        wires[3].cmd(&["WATCH", "k"]).ok();
        let target = trio.replicas[0].addr();
        let (host, port) = (target.ip().to_string(), target.port().to_string());
        trio.wait_synced();
        trio.master.cmd(&["FAILOVER", "TO", &host, &port]).ok();
        for wire in &mut wires[..3] {
            wire.expect_closed();
        }
        eventually(PATIENCE, || match other.cmd(&["SET", "k", "2"]) {
            reply if reply.is_err() => Err(format!("{reply:?}")),
            _ => Ok(()),
        });
        // A session that nothing comes to unasked goes on.
        assert_eq!(wires[3].cmd(&["PING"]).str(), "PONG");
    }
}
