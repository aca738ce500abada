//! Sets.

#[path = "sets/random.rs"]
mod random;

use super::*;
use crate::support::Flavor::{Redis62, Redis70, Redis82, Valkey91};
use tidegate_wire::resp::RespVersion;

/// Whether the order of a set's members at the server has a meaning.
fn order(twin: &mut Twin, key: &str) -> Order {
    let encoding = twin.theirs(&["OBJECT", "ENCODING", key]);
    let is_table = encoding.windows(9).any(|window| window == b"hashtable");
    if is_table { Order::Any } else { Order::Exact }
}

fn members(twin: &mut Twin, key: &str) {
    let order = order(twin, key);
    twin.compare(&["SMEMBERS", key], order);
}

#[test]
fn members_come_and_go() {
    Twin::each(|mut twin| {
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.set_protocol(version);
            for line in [
                "SADD s 3 1 2 1",
                "SADD s 70000 -5",
                "SREM s 70000 9 x",
                "SISMEMBER s 1",
                "SISMEMBER s 01",
                "SISMEMBER s x",
                "SMISMEMBER s 1 x -5 70000",
                "SMISMEMBER none 1 x",
                "SISMEMBER none 1",
                "SCARD s",
                "SCARD none",
                "SADD s x 5 y -0 007",
                "SREM s 3 y",
                "SISMEMBER s 5",
                "SMOVE s t 5",
                "SMOVE s t 5",
                "SMOVE s t x",
                "SMOVE s s 1",
                "SMOVE s s 111",
                "SMOVE none s 1",
                "SREM none 1",
                "SADD t 5 5",
                "SET str x",
                "SADD str x",
                "SREM str x",
                "SISMEMBER str x",
                "SMISMEMBER str x",
                "SCARD str",
                "SMEMBERS str",
                "SMOVE str s x",
                "SMOVE s str x",
                "SMOVE none str x",
                "SREM s 1 2 -5 -0 007",
                "SMEMBERS none",
            ] {
                twin.line(line);
                members(&mut twin, "s");
                members(&mut twin, "t");
                twin.same_inside("s");
                twin.same_inside("t");
            }
            twin.line("SREM t 5 x");
        }
    });
}

#[test]
fn forms_change_where_the_servers_do() {
    Twin::each(|mut twin| {
        let numbers = |range: std::ops::Range<i32>| range.map(|n| n.to_string());
        let add = |twin: &mut Twin, key: &str, members: Vec<String>| {
            let words = [vec!["SADD".to_owned(), key.to_owned()], members].concat();
            twin.same(&words);
            twin.same_inside(key);
        };
        // One by one, and all at once: the number of words counts.
        for (key, at_once) in [("a", 1), ("b", 127), ("c", 128), ("d", 129), ("e", 511)] {
            add(&mut twin, key, numbers(0..at_once).collect());
            for extra in [512, 513, 514, 515] {
                add(&mut twin, key, vec![extra.to_string()]);
            }
            add(&mut twin, &format!("{key}s"), numbers(0..at_once).collect());
            add(&mut twin, &format!("{key}s"), vec!["x".into()]);
            add(
                &mut twin,
                &format!("{key}t"),
                numbers(0..at_once).map(|n| format!("m{n}")).collect(),
            );
            for extra in ["x", "y", "1", "2"] {
                add(&mut twin, &format!("{key}t"), vec![extra.into()]);
            }
        }
        for len in [512, 513] {
            add(&mut twin, &format!("i{len}"), numbers(0..len).collect());
            add(&mut twin, "grown", numbers(0..len).collect());
        }
        for len in [64, 65] {
            add(&mut twin, &format!("new{len}"), vec!["x".repeat(len)]);
            add(&mut twin, &format!("ints{len}"), vec!["1".into()]);
            add(&mut twin, &format!("ints{len}"), vec!["x".repeat(len)]);
            add(&mut twin, &format!("pack{len}"), vec!["x".into(), "y".into()]);
            add(&mut twin, &format!("pack{len}"), vec!["x".repeat(len)]);
        }
        // Adding a member that exists may convert the set too.
        add(&mut twin, "again", vec!["1".into()]);
        add(&mut twin, "again", vec!["1".into(); 513]);
        add(&mut twin, "again2", vec!["x".into()]);
        add(&mut twin, "again2", vec!["x".into(); 129]);
    });
}

fn combine(twin: &mut Twin, command: &str, keys: &[&str]) {
    let mut all_packed = true;
    let mut all_ints = true;
    let words = [&[command], keys].concat();
    for key in keys {
        let encoding = twin.theirs(&["OBJECT", "ENCODING", key]);
        let is = |what: &[u8]| encoding.windows(what.len()).any(|window| window == what);
        all_packed &= !is(b"hashtable");
        all_ints &= is(b"intset") || encoding.starts_with(b"$-1");
    }
    let exact = match command {
        "SINTER" => all_packed,
        // More of them than an intset may have.
        _ => all_ints && !(keys.contains(&"i3") && keys.contains(&"i4")),
    };
    twin.compare(&words, if exact { Order::Exact } else { Order::Any });
    let stored = format!("{command}STORE");
    let words = [&[stored.as_str(), "dst"], keys].concat();
    twin.same(&words);
    // Members from a table are in no order, and stay so in a listpack.
    let order = if all_packed { Order::Exact } else { Order::Any };
    twin.compare_inside("dst", order);
    if order == Order::Exact {
        members(twin, "dst");
    } else {
        twin.compare(&["SMEMBERS", "dst"], order);
    }
    if command == "SINTER" && twin.flavor() != Redis62 {
        let count = keys.len().to_string();
        twin.same(&[&["SINTERCARD", &count], keys].concat());
        twin.same(&[&["SINTERCARD", &count], keys, &["LIMIT", "2"]].concat());
    }
}

#[test]
fn sets_are_combined() {
    Twin::each(|mut twin| {
        let many = |from: i32, to: i32, prefix: &str| {
            (from..to).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>()
        };
        let sets = [
            ("i1", many(0, 20, "")),
            ("i2", many(10, 40, "")),
            ("i3", many(0, 512, "")),
            ("i4", many(500, 600, "")),
            ("p1", many(0, 20, "m")),
            ("p2", [many(5, 30, "m"), many(0, 15, "")].concat()),
            ("p3", [vec!["x".into()], many(0, 100, "")].concat()),
            ("h1", [many(0, 150, "m"), many(0, 50, "")].concat()),
            ("h2", [many(0, 130, "m"), many(15, 120, "")].concat()),
            ("h3", [vec!["x".into()], many(0, 600, "")].concat()),
        ];
        for (key, members) in &sets {
            twin.same(&[vec!["SADD".to_owned(), (*key).to_owned()], members.clone()].concat());
        }
        twin.same(&["SREM", "h3", "x"]);
        let keys: Vec<&str> = sets.iter().map(|(key, _)| *key).chain(["none"]).collect();
        for command in ["SINTER", "SUNION", "SDIFF"] {
            for one in &keys {
                combine(&mut twin, command, &[one]);
                for two in &keys {
                    combine(&mut twin, command, &[one, two]);
                }
            }
            combine(&mut twin, command, &["i1", "p2", "h1"]);
            combine(&mut twin, command, &["p2", "i1", "none", "i2"]);
            combine(&mut twin, command, &["p3", "i1", "i2", "i3", "p2", "h1"]);
            combine(&mut twin, command, &["i1", "i2", "i4"]);
        }
        twin.set_protocol(RespVersion::V3);
        for command in ["SINTER", "SUNION", "SDIFF"] {
            combine(&mut twin, command, &["i1", "i2"]);
            combine(&mut twin, command, &["i1", "none"]);
            combine(&mut twin, command, &["none"]);
        }
        twin.line("SET str x");
        for line in [
            "SINTER str",
            "SINTER none str",
            "SINTER i1 str",
            "SUNION none str",
            "SDIFF none str",
            "SDIFF i1 none str",
            "SINTERSTORE dst none str",
            "SUNIONSTORE str i1 i2",
            "SINTERSTORE str none i2",
            "SUNIONSTORE i1 i1 i2",
            "SDIFFSTORE i1 i2 i1",
        ] {
            twin.line(line);
            twin.line("SCARD dst");
            twin.line("SCARD i1");
        }
    });
}

#[test]
fn sintercard_s_words() {
    Twin::each_of(&[Redis70, Redis82, Valkey91], |mut twin| {
        twin.lines(&[
            "SADD a 1 2 3",
            "SINTERCARD 1 a",
            "SINTERCARD 0 a",
            "SINTERCARD x a",
            "SINTERCARD -1 a",
            "SINTERCARD 2 a",
            "SINTERCARD 1 a b",
            "SINTERCARD 1 a LIMIT",
            "SINTERCARD 1 a LIMIT -1",
            "SINTERCARD 1 a LIMIT x",
            "SINTERCARD 1 a LIMIT 0",
            "SINTERCARD 1 a LIMIT 2",
            "SINTERCARD 1 a LIMIT 2 limit 1",
            "SINTERCARD 1 a LIMIT 2 x",
        ]);
    });
}

#[test]
fn random_members() {
    Twin::each(|mut twin| {
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.set_protocol(version);
            twin.lines(&[
                "SADD i 1 2 3",
                "SADD p a b c 1",
                "SADD one x",
                "SRANDMEMBER none",
                "SRANDMEMBER none 1",
                "SRANDMEMBER none -1",
                "SRANDMEMBER i 0",
                "SRANDMEMBER i x",
                "SRANDMEMBER i 1 1",
                "SRANDMEMBER one",
                "SRANDMEMBER one 1",
                "SRANDMEMBER one -3",
                "SRANDMEMBER i 3",
                "SRANDMEMBER i 9223372036854775807",
                "SPOP none",
                "SPOP none 1",
                "SPOP none 0",
                "SPOP i 0",
                "SPOP i -1",
                "SPOP i x",
                "SPOP i 1 1",
                "SET str x",
                "SRANDMEMBER str",
                "SRANDMEMBER str 1",
                "SPOP str",
                "SPOP str 1",
                "SPOP one",
                "SCARD one",
            ]);
            if twin.flavor() != Redis62 {
                twin.line("SRANDMEMBER i -9223372036854775808");
            }
            let order = order(&mut twin, "p");
            twin.compare(&["SRANDMEMBER", "p", "10"], order);
            twin.line("SPOP i 3");
            twin.compare(&["SPOP", "p", "10"], Order::Any);
            twin.lines(&["SCARD i", "SCARD p"]);
        }
    });
}

/// Random members belong to the set, and are as many as were asked for.
#[test]
fn random_members_belong_to_the_set() {
    Twin::each(|mut twin| {
        let sizes = [3, 100, 1000];
        for (size, prefix) in sizes.into_iter().flat_map(|size| [(size, ""), (size, "m")]) {
            let all: Vec<_> = (0..size).map(|n| format!("{prefix}{n}")).collect();
            let add = [vec!["SADD".to_owned(), "s".to_owned()], all].concat();
            twin.same(&add);
            for count in [1, 2, size / 4, size - 1] {
                let (theirs, ours) = twin.both(&["SRANDMEMBER", "s", &count.to_string()]);
                assert_eq!(distinct(&theirs), distinct(&ours));
                assert_eq!(distinct(&ours), usize::try_from(count).unwrap());
            }
            let ours = twin.ours(&["SRANDMEMBER", "s", "-2000"]);
            assert!(ours.starts_with(b"*2000\r\n"));
            assert!(distinct(&ours) > usize::try_from(size).unwrap() / 2);
            for count in [1, size - 2] {
                let popped = twin.ours(&["SPOP", "s", &count.to_string()]);
                assert_eq!(distinct(&popped), usize::try_from(count).unwrap());
                let left = twin.ours(&["SMEMBERS", "s"]);
                assert!(words(&popped).iter().all(|word| !words(&left).contains(word)));
                twin.ours(&add);
            }
            let before = twin.ours(&["SCARD", "s"]);
            assert!(twin.ours(&["SPOP", "s"]).starts_with(b"$"));
            assert_ne!(twin.ours(&["SCARD", "s"]), before);
            twin.theirs(&["DEL", "s"]);
            twin.ours(&["SPOP", "s", "2000"]);
        }
    });
}

fn words(reply: &[u8]) -> Vec<&[u8]> {
    reply.split(|&byte| byte == b'\n').skip(2).step_by(2).collect()
}

fn distinct(reply: &[u8]) -> usize {
    words(reply)
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<std::collections::HashSet<_>>()
        .len()
}

#[test]
fn scans() {
    Twin::each(|mut twin| {
        twin.lines(&["SADD i 1 2 3 11", "SET str x"]);
        for cursor in ["0", "5", "-1", "+1", "x", "01", "-0", "99999999999999999999", "1 ", ""] {
            twin.same(&["SSCAN", "none", cursor]);
            twin.same(&["SSCAN", "i", cursor]);
        }
        twin.same(&["SSCAN", "i", " 1"]);
        for line in [
            "SSCAN i 0 MATCH 1*",
            "SSCAN i 0 MATCH *",
            "SSCAN i 0 MATCH x",
            "SSCAN i 0 COUNT 1",
            "SSCAN i 0 COUNT 0",
            "SSCAN i 0 COUNT -1",
            "SSCAN i 0 COUNT x",
            "SSCAN i 0 COUNT",
            "SSCAN i 0 MATCH",
            "SSCAN i 0 NOVALUES",
            "SSCAN i 0 TYPE set",
            "SSCAN i 0 count 10 match 2 COUNT 5",
            "SSCAN none 0 COUNT x",
            "SSCAN str 0",
            "SSCAN str 0 COUNT x",
            "SSCAN str x",
        ] {
            twin.line(line);
        }
        if !matches!(twin.flavor(), Redis62 | Redis70) {
            twin.line("SADD p a b 1 c");
            twin.line("SSCAN p 0 COUNT 1");
            twin.line("SSCAN p 7 MATCH [ab]");
        }
        // A table is scanned whole, in steps of any size.
        let all: Vec<_> = (0..1000).map(|n| format!("m{n}")).collect();
        twin.same(&[vec!["SADD".to_owned(), "t".to_owned()], all.clone()].concat());
        let (mut met, mut cursor) = (Vec::new(), "0".to_owned());
        loop {
            let reply = twin.ours(&["SSCAN", "t", &cursor, "COUNT", "7"]);
            let text = String::from_utf8(reply).unwrap();
            let mut lines = text.split("\r\n").skip(2);
            cursor = lines.next().unwrap().to_owned();
            met.extend(lines.skip(2).step_by(2).filter(|line| !line.is_empty()).map(str::to_owned));
            if cursor == "0" {
                break;
            }
        }
        met.sort_unstable();
        let mut all = all;
        all.sort_unstable();
        assert_eq!(met, all);
    });
}
