//! Blocking commands that arrive while requests wait for the master.

use std::time::Duration;

use crate::support::*;

/// The time of a command goes on while it is held, whatever it waits for.
#[test]
fn a_command_whose_time_is_over_in_a_hold_gets_its_reply() {
    let trio = Trio::spawn(Flavor::Redis82);
    let admin = |config: ConfigBuilder| config.set("admin", "commands", "\"master\"");
    let proxy = Tidegate::for_trio(&trio).reads_from("master").with(admin).start();
    trio.master.cmd(&["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]).ok();
    let mut operator = proxy.wire();
    operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "600000"]).ok();
    let waited = [
        ("BLPOP l 0.3", &b"*-1\r\n"[..]),
        ("BLMOVE l m LEFT RIGHT 0.3", b"*-1\r\n"),
        ("BLMPOP 0.3 1 l LEFT", b"*-1\r\n"),
        ("BZPOPMIN z 0.3", b"*-1\r\n"),
        ("XREADGROUP GROUP g c BLOCK 300 STREAMS s >", b"*-1\r\n"),
        ("XREAD COUNT 1 BLOCK 300 STREAMS s $", b"*-1\r\n"),
        ("WAIT 1 300", b":0\r\n"),
        ("WAITAOF 0 1 300", b"*2\r\n:0\r\n:0\r\n"),
    ];
    let mut wires: Vec<Wire> = waited.iter().map(|_| proxy.wire()).collect();
    for (wire, (line, _)) in wires.iter_mut().zip(waited) {
        wire.send(&words(line));
    }
    for (wire, (line, reply)) in wires.iter_mut().zip(waited) {
        assert_eq!(wire.read_raw_reply(), reply, "{line}");
        assert_eq!(wire.cmd(&["PING"]), Reply::Simple("PONG".to_owned()), "{line}");
    }
    for name in ["blpop", "blmove", "blmpop", "bzpopmin", "xreadgroup", "waitaof"] {
        assert_eq!(trio.master.calls(name), 0, "{name} was sent");
    }
    operator.cmd(&["PROXY", "RELEASE"]).ok();
}

/// What is left of it when the hold ends is all that the server is asked to wait.
#[test]
fn a_held_command_waits_at_the_server_for_what_is_left() {
    let trio = Trio::spawn(Flavor::Redis82);
    let admin = |config: ConfigBuilder| config.set("admin", "commands", "\"master\"");
    let proxy = Tidegate::for_trio(&trio).with(admin).start();
    trio.master.cmd(&["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]).ok();
    let (mut operator, mut monitor) = (proxy.wire(), trio.master.wire());
    operator.cmd(&["PROXY", "HOLD", "TIMEOUT", "600000"]).ok();
    monitor.cmd(&["MONITOR"]).ok();
    let lines = [
        "SET k v",
        "BLPOP l 500",
        "BLPOP forever 0",
        "BLMPOP 500 1 l LEFT",
        "XREADGROUP GROUP g c BLOCK 500000 STREAMS s >",
        "WAIT 9 500000",
    ];
    let mut wires: Vec<Wire> = lines.iter().map(|_| proxy.wire()).collect();
    for (wire, line) in wires.iter_mut().zip(lines) {
        wire.send(&words(line));
    }
    // What its client sent behind a held request begins when that is answered.
    wires[0].send(&words("BRPOP l 600"));
    wires[0].expect_silence(Duration::from_millis(100));
    operator.cmd(&["PROXY", "RELEASE"]).ok();
    let mut seen = Vec::new();
    while seen.len() < lines.len() {
        let Reply::Simple(line) = monitor.read_reply() else { panic!("no line of MONITOR") };
        let words: Vec<String> = line.split('"').skip(1).step_by(2).map(str::to_owned).collect();
        match words[0].as_str() {
            "BLPOP" | "BRPOP" | "BLMPOP" | "XREADGROUP" | "WAIT" => seen.push(words),
            _ => {}
        }
    }
    let wait = |name: &str, key: &str, at: usize| -> f64 {
        let is = |it: &&Vec<String>| it[0] == name && it.iter().any(|word| word == key);
        seen.iter().find(is).unwrap_or_else(|| panic!("no {name}: {seen:?}"))[at].parse().unwrap()
    };
    assert_eq!(wait("BLPOP", "forever", 2), 0.0);
    assert_eq!(wait("BRPOP", "l", 2), 600.0);
    for (left, given) in [
        (wait("BLPOP", "l", 2), 500.0),
        (wait("BLMPOP", "l", 1), 500.0),
        (wait("XREADGROUP", "g", 5), 500_000.0),
        (wait("WAIT", "9", 2), 500_000.0),
    ] {
        assert!(left > 0.0 && left < given, "{left} of {given}: {seen:?}");
    }
}
