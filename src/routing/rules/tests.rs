//! Which rule matches which request.

use super::*;
use tidegate_wire::resp::encode::request_of;

fn what(command: &str, key: &str) -> Match {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let commands = some(command).map(|names| names.split(' ').map(str::to_owned).collect());
    Match { commands, key: some(key), ..Match::default() }
}

/// The rule that decides a request of user `default` in database 0.
fn judge(rules: &Rules, line: &str) -> Option<usize> {
    judge_as(rules, line, "default", 0)
}

fn judge_as(rules: &Rules, line: &str, user: &str, db: u32) -> Option<usize> {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let frame = request_of(&words);
    let row = lookup(words[0]);
    let row = row.map(|row| words.get(1).and_then(|word| row.subcommand(word)).unwrap_or(row));
    let own = line.split(' ').next().unwrap().to_lowercase();
    let (name, keys) = row.map_or((own.as_str(), Keys::None), |row| (row.name, row.keys));
    let keys = KeysOf::new(keys, &frame, words.len());
    rules.judge(&Asked { name, keys, user, db }).map(|(at, level)| {
        assert_eq!(level, rules.rules[at].1);
        at
    })
}

fn rules(all: impl IntoIterator<Item = Match>) -> Rules {
    Rules::new(all.into_iter().zip(Level::ALL.into_iter().cycle()).collect())
}

#[test]
fn without_rules_nothing_matches() {
    let none = Rules::default();
    assert!(none.is_empty() && judge(&none, "get k").is_none() && judge(&none, "x.y k").is_none());
}

#[test]
fn a_rule_matches_by_command() {
    let rules =
        rules([what("hgetall object", ""), what("object|encoding json.get", ""), what("mget", "")]);
    for (line, rule) in [
        ("hgetall k", Some(0)),
        ("HGETALL k", Some(0)),
        ("object freq k", Some(0)),
        ("object encoding k", Some(0)),
        ("mget a", Some(2)),
        ("json.get k", Some(1)),
        ("get k", None),
        ("nosuch.get k", None),
    ] {
        assert_eq!(judge(&rules, line), rule, "{line}");
    }
}

#[test]
fn a_rule_matches_if_one_key_does() {
    let rules = rules([what("", "session:*")]);
    for line in [
        "get session:1",
        "mget a b session:1",
        "object encoding session:1",
        "eval_ro x 2 a session:1",
        "xread count 2 streams a session:1 0 0",
        "zunion 2 a session:1",
        "sort_ro session:1",
    ] {
        assert_eq!(judge(&rules, line), Some(0), "{line}");
    }
    for line in ["get a", "mget a b", "eval_ro session:1 1 a session:1", "dbsize", "keys session:*"]
    {
        assert_eq!(judge(&rules, line), None, "{line}");
    }
    let many = format!("zunion 100 {}session:1", "a ".repeat(99));
    assert_eq!(judge(&rules, &many), Some(0), "many words");
}

#[test]
fn the_first_rule_that_matches_counts_and_all_its_parts_must() {
    let db = Match { db: Some(3), ..what("get", "") };
    let user = Match { user: Some("reports".to_owned()), ..what("", "a*") };
    let rules = rules([db, user, what("get", "a*"), what("", "")]);
    assert_eq!(judge_as(&rules, "get b", "default", 3), Some(0));
    assert_eq!(judge_as(&rules, "get a", "reports", 0), Some(1));
    assert_eq!(judge(&rules, "get a"), Some(2));
    assert_eq!(judge(&rules, "strlen a"), Some(3));
    assert_eq!(judge(&rules, "get b"), Some(3));
    assert_eq!(judge_as(&rules, "unknown", "x", 9), Some(3));
}

#[test]
fn a_rule_that_covers_another_is_told() {
    assert!(what("", "").covers(&what("get", "a")));
    assert!(what("get", "").covers(&what("get", "a")));
    assert!(what("object", "").covers(&what("object|freq", "")));
    assert!(what("", "*").covers(&what("get", "a")));
    assert!(!what("", "*").covers(&what("get", "")), "a read without keys");
    assert!(!what("get", "").covers(&what("get mget", "")));
    assert!(!what("get", "").covers(&what("", "")));
    assert!(!what("", "a*").covers(&what("", "b*")));
    assert!(!Match { db: Some(1), ..what("", "") }.covers(&what("", "")));
}

#[test]
fn what_a_command_is() {
    assert_eq!(named("hgetall"), Named::Read { keys: true });
    assert_eq!(named("object"), Named::Read { keys: true });
    assert_eq!(named("keys"), Named::Read { keys: false });
    assert_eq!(named("eval_ro"), Named::Read { keys: true });
    for name in ["set", "config", "config|get", "multi", "blpop"] {
        assert_eq!(named(name), Named::NoRead, "{name}");
    }
    for name in ["nosuch", "object|nosuch"] {
        assert_eq!(named(name), Named::Unknown, "{name}");
    }
}
