//! What other clients are told while a script runs, and which commands a script may not call: as a
//! real server says.

use std::thread;
use std::time::Duration;

use tidegate_scripts::{Meanwhile, Running, is_denied};
use tidegate_test_support::{Flavor, PATIENCE, RedisServer, Reply, Wire, eventually};
use tidegate_wire::resp::RespVersion;

const LIBRARY: &str = "#!lua name=l\n\
    redis.register_function('f', function() while true do end end)\n\
    redis.register_function('w', function() redis.call('set', 'a', 'b') while true do end end)";

/// Compares the answers while the server runs this command.
fn compare(server: &mut RedisServer, command: &[&str], has_written: bool) {
    let mut runner = server.wire();
    runner.send(command);
    let running = Running {
        command: command.iter().map(|it| it.as_bytes().to_vec()).collect(),
        started_ms: 0,
        counts: (1, 2),
    };
    let mut wire = server.wire();
    eventually(PATIENCE, || match wire.cmd(&["GET", "x"]) {
        Reply::Error(error) if error.starts_with("BUSY") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let is_function = command[0] == "FCALL";
    let other = if is_function { "SCRIPT" } else { "FUNCTION" };
    let own = if is_function { "FUNCTION" } else { "SCRIPT" };
    let lines: [&[&str]; 6] = [
        &["GET", "x"],
        &["PING"],
        &[other, "KILL"],
        &["FUNCTION", "LIST"],
        &["FUNCTION", "STATS"],
        &[own, "KILL"],
    ];
    for line in lines {
        let (expected, mut found) = (raw(&mut wire, line), Vec::new());
        let words: Vec<&[u8]> = line.iter().map(|it| it.as_bytes()).collect();
        // The duration is the server's.
        let text = String::from_utf8_lossy(&expected).into_owned();
        let duration = text.split("duration_ms\r\n:").nth(1).and_then(|it| it.split_once('\r'));
        let now_ms = duration.map_or(0, |it| it.0.parse().unwrap());
        let clock = (now_ms, RespVersion::V2);
        let outcome = running.answer(&words, has_written, clock, &mut found);
        assert_eq!(text, String::from_utf8_lossy(&found), "{command:?}: {line:?}");
        let kills = expected == b"+OK\r\n";
        assert_eq!(outcome == Meanwhile::Kill, kills, "{line:?}");
    }
    if has_written {
        server.kill();
    } else {
        assert!(runner.read_reply().is_err());
    }
}

fn raw(wire: &mut Wire, line: &[&str]) -> Vec<u8> {
    wire.send(line);
    wire.read_raw_reply()
}

#[test]
fn others_are_told_that_the_server_is_busy() {
    let start = || {
        let server = RedisServer::builder(Flavor::Redis70).arg("--busy-reply-threshold", "50");
        let server = server.start();
        server.cmd(&["FUNCTION", "LOAD", LIBRARY]).str();
        thread::sleep(Duration::from_millis(10));
        server
    };
    let mut server = start();
    compare(&mut server, &["EVAL", "while true do end", "0"], false);
    compare(&mut server, &["FCALL", "f", "0"], false);
    compare(&mut server, &["EVAL", "redis.call('set', 'a', 'b') while true do end", "0"], true);
    compare(&mut start(), &["FCALL", "w", "0"], true);
}

#[test]
fn scripts_may_not_call_what_a_server_denies_them() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let mut seen = 0;
    for row in server.cmd(&["COMMAND"]).array() {
        let row = row.array();
        let subcommands = row[9].array().iter().map(Reply::array);
        for row in std::iter::once(row).chain(subcommands) {
            let name = row[0].str().to_owned();
            let words: Vec<&[u8]> = name.split('|').map(str::as_bytes).collect();
            let is_container = row[9].array().len() > 1;
            let flags = row[2].array().iter().any(|it| it.str() == "noscript");
            if !is_container {
                assert_eq!(is_denied(&words), flags, "{name}");
                seen += u32::from(flags);
            }
        }
    }
    assert!(seen > 90, "{seen}");
}
