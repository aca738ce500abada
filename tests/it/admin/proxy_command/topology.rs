//! PROXY TOPOLOGY: a table for people, and its JSON form.

use super::{LINES, open};
use crate::support::*;

#[test]
fn topology_is_a_table_for_people() {
    let (mut trio, proxy) = open();
    let mut wire = proxy.wire();
    wait_read_fresh(&mut wire, "k");
    let lines = eventually(PATIENCE, || {
        let lines = wire.cmd(&["PROXY", "TOPOLOGY"]);
        // Simple strings: redis-cli shows them as they are.
        assert!(lines.array().iter().all(|line| matches!(line, Reply::Simple(_))), "{lines:?}");
        let lines = lines.strings();
        match lines.iter().filter(|line| line.contains("  fresh  ")).count() {
            2 => Ok(lines),
            _ => Err(lines.join("\n")),
        }
    });
    let [head, master, first, second, gate] = &lines[..] else { panic!("{lines:?}") };
    let at = |name: &str| head.find(name).unwrap_or_else(|| panic!("no {name} in {head}"));
    // Columns that begin where their names do.
    for (line, addr, role) in [
        (master, trio.master.addr(), "master"),
        (first, trio.replica_addrs()[0], "replica"),
        (second, trio.replica_addrs()[1], "replica"),
    ] {
        assert!(line[at("ADDRESS")..].starts_with(&format!("{addr} ")), "{lines:#?}");
        assert!(line[at("ROLE")..].starts_with(role), "{lines:#?}");
        assert!(line[at("READS")..].starts_with("yes"), "{lines:#?}");
        assert!(line.len() <= at("WHY-NO-READS"), "{lines:#?}");
    }
    assert!(master[at("STATE")..].starts_with("- "), "{lines:#?}");
    assert!(gate.starts_with("write gate: open; 2 replicas in sync"), "{lines:#?}");
    // The same to RESP3.
    assert_eq!(Wire::connect3(proxy.addr()).cmd(&["PROXY", "TOPOLOGY"]).strings()[0], *head);
    trio.replicas[0].kill();
    eventually(PATIENCE, || {
        let lines = wire.cmd(&["PROXY", "TOPOLOGY"]).strings();
        let dead = lines.iter().find(|it| it.contains(&trio.replica_addrs()[0].to_string()));
        match dead {
            Some(line) if line.contains("cannot be reached: Connection refused") => Ok(()),
            _ => Err(lines.join("\n")),
        }
    });
}

/// What `redis-cli` shows, as people call it and as a program reads it.
#[test]
fn redis_cli_shows_the_table_as_it_is() {
    let (_trio, proxy) = open();
    for (protocol, format) in [("-2", "--no-raw"), ("-3", "--no-raw"), ("-2", "--raw")] {
        let mut command = std::process::Command::new("redis-cli");
        command.args(["-p", &proxy.addr().port().to_string(), protocol, format]);
        let output = command.args(["PROXY", "TOPOLOGY"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), LINES, "{text}");
        // With --no-raw, as at a terminal, in front of each line is its number.
        let head = if format == "--raw" { "ID  ADDRESS" } else { "1) ID  ADDRESS" };
        assert!(lines[0].starts_with(head) && !text.contains(['"', '\\']), "{text}");
    }
}

#[test]
fn topology_has_a_json_form() {
    let (mut trio, proxy) = open();
    for version in [2, 3] {
        let mut wire = proxy.wire();
        if version == 3 {
            wire.hello3();
        }
        let reply = wire.cmd(&["proxy", "topology", "json"]);
        assert_eq!(matches!(reply, Reply::Verbatim(..)), version == 3, "{reply:?}");
        let all = topology(&mut wire);
        assert_eq!(all["master"], trio.master.addr().to_string());
        assert_eq!(all["config"]["generation"], 1);
        assert_eq!(all["config"]["last_reload_successful"], true);
        assert!(all["topology_generation"].as_u64().unwrap() > 0);
        let master = server(&mut wire, trio.master.addr());
        assert_eq!((&master["role"], &master["reads"]), (&"master".into(), &true.into()));
        assert!(master["state"].is_null() && master["lag_ms"].is_null(), "{master}");
        for addr in trio.replica_addrs() {
            assert_eq!(server(&mut wire, addr)["role"], "replica");
        }
    }
    trio.replicas[0].kill();
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let dead = server(&mut wire, trio.replica_addrs()[0]);
        let told = dead["reads"] == false && dead["excluded"].is_string();
        if told { Ok(()) } else { Err(dead.to_string()) }
    });
}
