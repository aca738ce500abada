//! Commands about keys of any type.

mod expiry;
mod function;
mod payload;
mod snapshot;

use std::collections::BTreeSet;

use tidegate_wire::resp::RespVersion;

use super::*;

/// Sets one key of each type, and of each form that a type has.
fn one_of_each(twin: &mut Twin) {
    let long = "x".repeat(2000);
    twin.lines(&[
        "SET int 12345",
        "SET small 7",
        "SET embedded abc",
        "RPUSH list a b c",
        "SADD ints 1 2 3",
        "SADD set x",
        "HSET hash f v",
        "ZADD zset 1 a 2 b",
        "XADD stream 1-1 f v",
        "APPEND raw abc",
        "PFADD hll a b c",
    ]);
    for command in ["RPUSH long:list", "SADD long:set", "HSET long:hash f", "ZADD long:zset 1"] {
        let mut words: Vec<_> = command.split(' ').collect();
        words.push(&long);
        twin.same(&words);
    }
    twin.same(&["SET", "long", &long]);
}

const ALL: &[&str] = &[
    "int",
    "small",
    "embedded",
    "list",
    "ints",
    "set",
    "hash",
    "zset",
    "stream",
    "raw",
    "hll",
    "long",
    "long:list",
    "long:set",
    "long:hash",
    "long:zset",
];

#[test]
fn there_or_not() {
    Twin::each(|mut twin| {
        one_of_each(&mut twin);
        for key in ALL {
            twin.lines(&[&format!("TYPE {key}"), &format!("EXISTS {key} no {key}")]);
        }
        twin.lines(&["TYPE no", "TOUCH int no list", "DBSIZE", "DEL no", "DEL int int no raw"]);
        twin.lines(&["UNLINK list set no", "EXISTS int raw list set", "DBSIZE", "DEL", "EXISTS"]);
        twin.lines(&["TYPE a b", "DBSIZE x"]);
        twin.line("FLUSHALL");
        twin.lines(&["RANDOMKEY", "SET only 1", "RANDOMKEY", "RANDOMKEY x"]);
        twin.set_protocol(RespVersion::V3);
        twin.lines(&["DEL only", "RANDOMKEY"]);
    });
}

#[test]
fn keys_and_scans() {
    Twin::each(|mut twin| {
        one_of_each(&mut twin);
        for pattern in ["*", "l*", "[hi]*", "*:set", "int", "no", "", "?et", "\\*"] {
            twin.compare(&["KEYS", pattern], Order::Any);
            let all = |count: &str, kind: &[&str], twin: &mut Twin| {
                let tail = [&["MATCH", pattern, "COUNT", count], kind].concat();
                let theirs = names(|cursor| twin.theirs(&[&["SCAN", cursor], &tail[..]].concat()));
                let ours = names(|cursor| twin.ours(&[&["SCAN", cursor], &tail[..]].concat()));
                assert_eq!(theirs, ours, "{pattern} {tail:?}");
            };
            for count in ["1", "3", "1000"] {
                all(count, &[], &mut twin);
                for kind in ["string", "LIST", "set", "zset", "hash", "stream"] {
                    all(count, &["TYPE", kind], &mut twin);
                }
            }
        }
        twin.line("FLUSHALL");
        twin.lines(&[
            "SCAN 0",
            "SCAN 0 MATCH",
            "SCAN 0 COUNT",
            "SCAN 0 COUNT 0",
            "SCAN 0 COUNT -1",
            "SCAN 0 COUNT x",
            "SCAN 0 COUNT 99999999999999999999",
            "SCAN 0 FOO 1",
            "SCAN x",
            "SCAN -1",
            "SCAN 18446744073709551615",
            "SCAN 18446744073709551616",
            "SCAN 1x",
            "SCAN 0 TYPE foo",
            "SCAN 0 TYPE",
            "SCAN 0 COUNT 5 MATCH a TYPE string",
            "SCAN",
            "SCAN 0 COUNT 5 5",
            "KEYS",
            "KEYS a b",
        ]);
        for cursor in ["", " 1", "\t1", "\n1", "\x0b1", "\x0c1", "\r1", "+1", "--1", "0x1"] {
            twin.same(&["SCAN", cursor]);
        }
    });
}

#[test]
fn long_words_in_errors() {
    Twin::each(|mut twin| {
        let long = "x".repeat(300);
        twin.lines(&["SET str x", "XADD x 1-1 a 1"]);
        for line in ["OBJECT LONG", "OBJECT LONG str", "XGROUP LONG", "XINFO LONG x", "DEBUG LONG"]
        {
            twin.line(&line.replace("LONG", &long));
        }
        twin.line(&format!("EXPIRE str 10 {long}"));
        if twin.flavor() == Flavor::Valkey91 {
            twin.line(&format!("SCAN 0 TYPE {long}"));
        }
    });
}

#[test]
fn options_of_other_scans() {
    Twin::each(|mut twin| {
        twin.lines(&["HSET h a 1", "SADD s m", "ZADD z 1 a"]);
        for scan in ["SCAN 0", "HSCAN h 0", "SSCAN s 0", "ZSCAN z 0"] {
            for option in ["TYPE", "TYPE hash", "NOVALUES", "NOSCORES", "COUNT 0", "MATCH"] {
                if scan == "SCAN 0" && option == "TYPE hash" {
                    continue; // The cursor that comes back may be any.
                }
                twin.line(&format!("{scan} {option}"));
                twin.line(&format!("{scan} match no {option}"));
                twin.line(&format!("{scan} {option} FOO"));
                twin.line(&format!("{scan} {option} COUNT"));
            }
        }
    });
}

/// Returns all names of a scan, of which none may come twice while nothing changes.
fn names(mut scan: impl FnMut(&str) -> Vec<u8>) -> BTreeSet<String> {
    let (mut cursor, mut all) = ("0".to_owned(), BTreeSet::new());
    loop {
        let reply = scan(&cursor);
        let text = String::from_utf8_lossy(&reply).into_owned();
        let mut lines = text.split("\r\n").filter(|line| !line.starts_with(['$', '*']));
        cursor = lines.next().unwrap().to_owned();
        for name in lines.filter(|line| !line.is_empty()) {
            assert!(all.insert(name.to_owned()), "{name} twice");
        }
        if cursor == "0" {
            return all;
        }
    }
}

#[test]
fn other_names_and_databases() {
    Twin::each(|mut twin| {
        for round in 0..2 {
            one_of_each(&mut twin);
            for key in ALL {
                let other = format!("{key}:other");
                if round == 1 {
                    twin.same(&["PEXPIREAT", key, "4000000000000"]);
                }
                twin.same(&["COPY", key, &other]);
                twin.same(&["COPY", key, &other]);
                twin.same(&["COPY", key, &other, "REPLACE"]);
                twin.same(&["COPY", key, key, "DB", "3", "REPLACE"]);
                twin.same(&["RENAMENX", &other, key]);
                twin.same(&["RENAMENX", &other, "renamed"]);
                twin.same(&["RENAME", "renamed", &other]);
                twin.same(&["MOVE", &other, "5"]);
                twin.same(&["MOVE", &other, "5"]);
                twin.same(&["DEBUG", "DIGEST"]);
            }
            for db in [3, 5, 0] {
                twin.select(db);
                twin.same(&["DBSIZE"]);
                twin.compare(&["KEYS", "*"], Order::Any);
                for key in ALL {
                    for key in [key, &*format!("{key}:other")] {
                        twin.same(&["TYPE", key]);
                        twin.same(&["OBJECT", "ENCODING", key]);
                        twin.same(&["DEBUG", "DIGEST-VALUE", key]);
                        twin.same(&["TTL", key]);
                    }
                }
            }
            twin.lines(&[
                "SWAPDB 0 3",
                "DBSIZE",
                "DEBUG DIGEST",
                "SWAPDB 3 3",
                "FLUSHDB",
                "DBSIZE",
            ]);
            twin.lines(&["DEBUG DIGEST", "FLUSHALL ASYNC", "DEBUG DIGEST"]);
        }
        twin.lines(&["SET a 1", "SET b 2", "RPUSH l 1"]);
        twin.lines(&[
            "RENAME a a",
            "RENAME no no",
            "RENAME no a",
            "RENAMENX a a",
            "RENAMENX a b",
            "RENAMENX no a",
            "RENAME a",
            "COPY a a",
            "COPY a b DB",
            "COPY a b DB x",
            "COPY a b DB 99",
            "COPY a b DB -1",
            "COPY a b DB 4294967296",
            "COPY a b FOO",
            "COPY a a DB 0",
            "COPY a a DB 1",
            "COPY no a",
            "COPY no no",
            "COPY a b DB 1 REPLACE",
            "COPY a",
            "MOVE a 0",
            "MOVE a x",
            "MOVE a 99",
            "MOVE a -1",
            "MOVE no 2",
            "MOVE a",
            "SWAPDB 0 x",
            "SWAPDB x 0",
            "SWAPDB 0 99",
            "SWAPDB -1 0",
            "SWAPDB 0 0",
            "SWAPDB 0",
            "SWAPDB 0 99999999999",
            "RENAME a l",
            "TYPE l",
            "FLUSHDB FOO",
            "FLUSHALL ASYNC SYNC",
            "FLUSHDB SYNC",
            "FLUSHALL SYNC",
            "DBSIZE",
        ]);
    });
}

#[test]
fn how_values_are_kept() {
    Twin::each(|mut twin| {
        one_of_each(&mut twin);
        twin.lines(&["SET nine 9999", "SET ten 10000", "SET minus -1", "SET big 1234567890123"]);
        for key in [ALL, &["nine", "ten", "minus", "big", "no"]].concat() {
            twin.same(&["OBJECT", "ENCODING", key]);
            twin.same(&["OBJECT", "REFCOUNT", key]);
            twin.same(&["OBJECT", "FREQ", key]);
            twin.same_before_long(&["OBJECT", "IDLETIME", key]);
            twin.same(&["DEBUG", "DIGEST-VALUE", key]);
        }
        twin.lines(&["DEBUG DIGEST-VALUE int no list", "DEBUG DIGEST-VALUE", "DEBUG DIGEST"]);
        twin.lines(&[
            "OBJECT HELP",
            "OBJECT help x",
            "OBJECT",
            "OBJECT ENCODING",
            "OBJECT foo",
            "OBJECT foo a",
            "OBJECT ENCODING a b",
            "OBJECT refcount",
            "DEBUG digest x",
            "DEBUG foo",
            "DEBUG OBJECT no",
            "DEBUG",
            "MEMORY USAGE",
            "MEMORY USAGE no",
            "MEMORY USAGE int SAMPLES",
            "MEMORY USAGE int SAMPLES x",
            "MEMORY USAGE int FOO 5",
            "MEMORY USAGE int SAMPLES -1",
            "MEMORY foo",
            "MEMORY",
        ]);
        twin.set_protocol(RespVersion::V3);
        twin.lines(&["OBJECT ENCODING no", "OBJECT HELP", "MEMORY USAGE no", "OBJECT FREQ no"]);
        let used = String::from_utf8(twin.ours(&["MEMORY", "USAGE", "long"])).unwrap();
        let used: usize = used.trim_matches([':', '\r', '\n']).parse().unwrap();
        assert!((2000..2200).contains(&used), "{used}");
        if twin.flavor() == Flavor::Redis62 {
            // The packed forms of this server have other lengths.
            return;
        }
        let object = |reply: Vec<u8>| {
            let text = String::from_utf8(reply).unwrap();
            let known =
                text.split(' ').filter(|word| !word.contains("at:") && !word.contains("lru"));
            known.map(str::to_owned).collect::<Vec<_>>()
        };
        for key in ["int", "embedded", "ints", "zset", "hash", "long"] {
            let (theirs, ours) = twin.both(&["DEBUG", "OBJECT", key]);
            assert_eq!(object(theirs), object(ours), "{key}");
        }
    });
}
