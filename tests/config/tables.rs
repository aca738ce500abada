//! `[[listener]]` and `[[rule]]`: sections of which a file may have several.

use std::time::Duration;

use tidegate::config::{Level, OnStale, ReadFrom};
use tidegate::consistency::LagLimit;

use crate::{EVERYTHING, address, parse};

#[test]
fn every_value_of_listeners_and_rules_arrives_where_it_belongs() {
    let config = parse(EVERYTHING).unwrap();
    let [one, two] = config.listeners.as_slice() else { panic!("{:?}", config.listeners) };
    assert_eq!(one.listen, [address("0.0.0.0:6410"), address("[::1]:6410")]);
    assert_eq!((one.from, one.consistency), (Some(ReadFrom::Master), Some(Level::Global)));
    assert_eq!(one.max_lag, Some(Some(Duration::from_secs(5))));
    assert_eq!((one.on_stale, one.serve_stale), (Some(OnStale::Error), Some(true)));
    assert_eq!((two.max_lag, two.from, two.consistency), (Some(None), None, None));
    let [one, two] = config.rules.as_slice() else { panic!("{:?}", config.rules) };
    let names = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    assert_eq!((one.commands.clone(), one.db), (names(&["hgetall"]), Some(3)));
    assert_eq!((one.key.as_deref(), one.user.as_deref()), (Some("session:*"), Some("default")));
    assert_eq!(two.commands, names(&["object|encoding", "mget"]));
    assert_eq!((one.level, two.level), (Some(Level::Strong), Some(Level::Bounded)));
}

/// The clients of a `[[listener]]` read by its keys, and by those of `[reads]` that it leaves out.
#[test]
fn a_listener_overlays_the_section_reads() {
    let text = r#"
        reads = { consistency = "session", on-stale = "error" }
        [[listener]]
        listen = ["10.0.0.1:1"]
        reads.max-lag = "5s"
        reads.on-stale = "wait"
        [[listener]]
        listen = ["10.0.0.1:2"]
        reads = { max-lag = "1s", consistency = "strong" }
    "#;
    let config = parse(text).unwrap();
    let own = config.read_policy(None);
    assert_eq!((own.level, own.on_stale), (Level::Session, OnStale::Error));
    assert_eq!(config.read_policy(Some(&address("10.0.0.1:9"))), own, "of no listener");
    let one = config.read_policy(Some(&address("10.0.0.1:1")));
    assert_eq!((one.level, one.on_stale), (Level::Session, OnStale::Wait));
    assert_eq!(one.max_lag, LagLimit::Within(5000));
    let two = config.read_policy(Some(&address("10.0.0.1:2")));
    assert_eq!((two.level, two.servers()), (Level::Strong, ReadFrom::Master));
    assert_eq!(two.max_lag, LagLimit::Published, "the same limit");
}

#[test]
fn rules_that_match_nothing_are_warned_of() {
    let warnings = |rules: &str| -> Vec<String> {
        parse(rules).unwrap().warnings().iter().map(ToString::to_string).collect()
    };
    let rule = |what: &str| format!("[[rule]]\nmatch = {{ {what} }}\nreads = \"strong\"\n");
    assert_eq!(warnings(&rule("command = \"hgetall\", key = \"a*\"")), [""; 0]);
    for (rules, beginning) in [
        (rule("command = \"nosuch\""), "rule[0].match.command = \"nosuch\": no such command"),
        (rule("command = [\"KEYS\", \"DBSIZE\"], key = \"a\""), "rule[0].match.key = \"a\": the "),
        (rule("user = \"reports\""), "rule[0].match.user = \"reports\": clients cannot log in"),
        (
            rule("command = \"get\"") + &rule("command = \"GET\", db = 1"),
            "rule[1].reads = \"strong\": rule[0] matches all",
        ),
    ] {
        let warnings = warnings(&rules);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with(beginning), "{warnings:?}");
    }
}
