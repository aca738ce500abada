//! The expiry of keys, and what clients see of expired ones.

use tidegate_store::{CallContext, Dialect, Outcome, Store};
use tidegate_wire::resp::RespVersion;

use crate::{Flavor, Twin};

#[test]
fn conditions() {
    Twin::each(|mut twin| {
        let sets = ["PERSIST k", "PEXPIREAT k 4000000000000"];
        let times = ["3999999999999", "4000000000000", "4000000000001", "1", "-5", "0"];
        let options = ["", " NX", " XX", " GT", " LT", " XX GT", " XX LT", " NX XX", " GT LT"];
        for set in sets {
            for time in times {
                for option in options {
                    twin.lines(&["SET k v", set, &format!("PEXPIREAT k {time}{option}")]);
                    twin.lines(&["EXISTS k", "TTL k", "DEBUG DIGEST"]);
                    if twin.flavor() != Flavor::Redis62 {
                        twin.lines(&["PEXPIRETIME k", "EXPIRETIME k"]);
                    }
                }
            }
        }
        for command in ["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"] {
            for time in [
                "x",
                "",
                "1.5",
                "9223372036854775807",
                "9223372036854775806",
                "9223372036854775",
                "9223372036854776",
                "-9223372036854775808",
                "-9223372036854775",
                "-1",
                "0",
                "9223370000000000000",
                "9223370000000000",
            ] {
                twin.lines(&["SET k v"]);
                twin.same(&[command, "no", time]);
                twin.same(&[command, "k", time]);
                twin.same(&["EXISTS", "k"]);
                if command.ends_with("AT") && twin.flavor() != Flavor::Redis62 {
                    twin.lines(&["PEXPIRETIME k", "EXPIRETIME k"]);
                }
            }
            for options in ["FOO", "NX NX", "NX GT", "NX LT", "XX GT LT", "nx", "gt lt nx"] {
                twin.line(&format!("{command} k 100000 {options}"));
                twin.line(&format!("{command} no 100000 {options}"));
            }
            twin.lines(&[command, &format!("{command} k")]);
        }
        twin.lines(&["SET k v", "EXPIRE k 100", "TTL k", "PERSIST k", "PERSIST k", "TTL k"]);
        twin.lines(&["PERSIST no", "TTL no", "PTTL no", "PTTL k", "PEXPIRE k 100000", "TTL k"]);
        twin.lines(&[
            "SET k w",
            "TTL k",
            "EXPIRE k 50",
            "APPEND k x",
            "TTL k",
            "RENAME k l",
            "TTL l",
        ]);
    });
}

struct Alone {
    store: Store,
    now: i64,
}

impl Alone {
    fn say(&self, line: &str) -> String {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mut out = Vec::new();
        let context = CallContext { db: 0, now_ms: self.now, version: RespVersion::V2 };
        assert_ne!(self.store.read(context, &words, &mut out), Outcome::Unknown, "{line}");
        String::from_utf8(out).unwrap().replace("\r\n", " ")
    }

    fn apply(&mut self, line: &str) -> String {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mut out = Vec::new();
        let context = CallContext { db: 0, now_ms: self.now, version: RespVersion::V2 };
        assert_ne!(self.store.apply(context, &words, &mut out), Outcome::Unknown, "{line}");
        String::from_utf8(out).unwrap().replace("\r\n", " ")
    }
}

#[test]
fn expired_keys_are_missing_for_readers_and_exist_for_the_master() {
    let mut alone = Alone { store: Store::new(2, Dialect::default(), 1), now: 1000 };
    alone.apply("SET gone 1");
    alone.apply("SET stays 1");
    alone.apply("PEXPIREAT gone 1500");
    assert_eq!(alone.say("EXISTS gone"), ":1 ");
    alone.now = 1500;
    assert_eq!(alone.say("PTTL gone"), ":0 ");
    alone.now = 1501;
    assert_eq!(alone.say("EXISTS gone"), ":0 ");
    assert_eq!(alone.say("TYPE gone"), "+none ");
    assert_eq!(alone.say("TTL gone"), ":-2 ");
    assert_eq!(alone.say("KEYS *"), "*1 $5 stays ");
    assert_eq!(alone.say("SCAN 0"), "*2 $1 0 *1 $5 stays ");
    assert_eq!(alone.say("OBJECT ENCODING gone"), "$-1 ");
    assert_eq!(alone.say("DUMP gone"), "$-1 ");
    assert_eq!(alone.say("DBSIZE"), ":2 ");
    for _ in 0..50 {
        assert_eq!(alone.say("RANDOMKEY"), "$5 stays ");
    }
    assert_eq!(alone.apply("RENAME gone there"), "+OK ");
    assert_eq!(alone.apply("COPY there copy"), ":1 ");
    assert_eq!(alone.say("EXISTS there copy"), ":0 ");
    assert_eq!(alone.apply("PERSIST there"), ":1 ");
    assert_eq!(alone.say("EXISTS there copy"), ":1 ");
    // A past time is taken as it is: the master deletes the key itself.
    assert_eq!(alone.apply("PEXPIREAT stays 10"), ":1 ");
    assert_eq!(alone.say("DBSIZE"), ":3 ");
    assert_eq!(alone.say("EXISTS stays"), ":0 ");
    assert_eq!(alone.apply("DEL stays"), ":1 ");
    // Relative times count from when they come.
    assert_eq!(alone.apply("EXPIRE there 10"), ":1 ");
    assert_eq!(alone.say("PEXPIRETIME there"), ":11501 ");
}
