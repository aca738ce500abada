//! `[[rule]]`: which server answers a read that has a level of its own.

use super::{masters_of, text_of};
use crate::support::*;

/// A proxy whose `[reads]` is as `reads`, with these rules.
fn start(trio: &Trio, level: &str, rules: &str) -> Tidegate {
    let config = Tidegate::for_trio(trio).set("reads", "max-lag", "\"60s\"");
    let config = config.set("topology", "probe-timeout", "\"60s\"");
    let config = config.set("reads", "consistency", &format!("\"{level}\""));
    let proxy = Tidegate::spawn(&config.extra(rules).toml());
    wait_serving(&proxy, 2);
    proxy
}

fn rule(what: &str, level: &str) -> String {
    format!("[[rule]]\nmatch = {{ {what} }}\nreads = \"{level}\"\n")
}

fn decided_by(wire: &mut Wire, request: &str) -> [String; 2] {
    let words: Vec<&str> = ["PROXY", "EXPLAIN"].into_iter().chain(request.split(' ')).collect();
    let told = wire.cmd(&words);
    [text_of(&told, "decided_by"), text_of(&told, "consistency")]
}

#[test]
fn a_rule_makes_reads_strong_by_command_key_and_database() {
    let trio = Trio::spawn(Flavor::Redis70);
    let rules = [
        rule("command = \"HGETALL\"", "strong"),
        rule("key = \"cache:*\"", "bounded"),
        rule("key = \"session:*\", command = [\"STRLEN\", \"mget\", \"hscan\"]", "strong"),
        rule("db = 3", "strong"),
    ];
    let proxy = start(&trio, "bounded", &rules.concat());
    let mut wire = proxy.wire();
    for (line, is_masters) in [
        ("HGETALL h", true),
        ("STRLEN session:1", true),
        ("strlen SESSION:1", false),
        ("MGET a session:1 b", true),
        ("MGET a b", false),
        ("HSCAN session:1 0", true),
        ("HSCAN h 0", false),
        ("GET session:1", false),
    ] {
        let expected = if is_masters { 7 } else { 0 };
        assert_eq!(masters_of(&trio, &mut wire, line, 7), expected, "{line}");
        assert_eq!(masters_of(&trio, &mut wire, line, 1), u64::from(is_masters), "{line} alone");
    }
    // In one pipeline, each has its own level, and the replies come in order.
    trio.master.cmd(&["SET", "session:1", "one"]).ok();
    trio.master.cmd(&["SET", "plain", "three"]).ok();
    trio.wait_synced();
    let asked: Vec<&[&str]> = vec![&["STRLEN", "session:1"], &["STRLEN", "plain"]];
    let before = trio.master.calls("strlen");
    let replies = wire.pipeline(&asked.repeat(50));
    let lengths: Vec<i64> = replies.iter().map(Reply::int).collect();
    assert_eq!(lengths, [3, 5].repeat(50));
    assert_eq!(trio.master.calls("strlen") - before, 50);
    assert_eq!(decided_by(&mut wire, "STRLEN session:1"), ["rule[2]", "strong"]);
    assert_eq!(decided_by(&mut wire, "GET cache:1"), ["rule[1]", "bounded"]);
    assert_eq!(decided_by(&mut wire, "GET k"), ["reads.consistency", "bounded"]);
    wire.cmd(&["SELECT", "3"]).ok();
    assert_eq!(masters_of(&trio, &mut wire, "STRLEN any", 7), 7);
    assert_eq!(masters_of(&trio, &mut wire, "STRLEN cache:1", 7), 0, "an earlier rule");
}

#[test]
fn a_rule_weakens_strong_reads_unless_the_session_asked_for_them() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = start(&trio, "strong", &rule("key = \"cache:*\"", "bounded"));
    let mut wire = proxy.wire();
    assert_eq!(masters_of(&trio, &mut wire, "STRLEN k", 9), 9);
    assert_eq!(masters_of(&trio, &mut wire, "STRLEN cache:1", 9), 0);
    let before = trio.master.calls("strlen");
    wire.pipeline(&[&["STRLEN", "k"], &["STRLEN", "cache:1"], &["STRLEN", "k"]]);
    assert_eq!(trio.master.calls("strlen") - before, 2);
    for words in [&["READWRITE"][..], &["PROXY", "CONSISTENCY", "strong"]] {
        wire.cmd(words).ok();
        assert_eq!(masters_of(&trio, &mut wire, "STRLEN cache:1", 9), 9, "{words:?}");
        assert_eq!(wire.cmd(&["RESET"]).str(), "RESET");
    }
    wire.cmd(&["PROXY", "NEXT", "strong"]).ok();
    assert_eq!(masters_of(&trio, &mut wire, "STRLEN cache:1", 1), 1);
    assert_eq!(masters_of(&trio, &mut wire, "STRLEN cache:1", 9), 0);
}

#[test]
fn a_reload_changes_the_rules() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio).set("reads", "max-lag", "\"60s\"");
    let config = config.set("topology", "probe-timeout", "\"60s\"");
    let config = config.set("reads", "consistency", "\"bounded\"");
    let mut proxy = config.start();
    wait_serving(&proxy, 2);
    let mut wire = proxy.wire();
    assert_eq!(masters_of(&trio, &mut wire, "STRLEN k", 5), 0);
    proxy.reload(&config.clone().extra(&rule("command = \"strlen\"", "strong")).toml());
    eventually(PATIENCE, || match masters_of(&trio, &mut wire, "STRLEN k", 5) {
        5 => Ok(()),
        count => Err(format!("the master answered {count} reads")),
    });
    // A file without its last rule may have been cut off.
    proxy.reload(&config.toml());
    eventually(PATIENCE, || {
        let log = proxy.log();
        if log.contains("without its end") { Ok(()) } else { Err(log) }
    });
    assert_eq!(masters_of(&trio, &mut wire, "STRLEN k", 5), 5);
    proxy.reload(&format!("rule = []\n{}", config.toml()));
    eventually(PATIENCE, || match masters_of(&trio, &mut wire, "STRLEN k", 5) {
        0 => Ok(()),
        count => Err(format!("the master answered {count} reads")),
    });
}
