//! Fields that expire: every option, every error, and how a replica shows expired ones.

use crate::twin::seed;
use std::thread;
use std::time::Duration;

use tidegate_store::Outcome;

use super::hashes::{EXPIRING, narrow, same_inside};
use super::{Order, Twin};
use crate::support::{Flavor, RedisServer};

/// A time far away, in milliseconds.
const FAR: &str = "9999999999999";

/// The words of wrong requests.
const WORDS: [&str; 26] = [
    "NX",
    "XX",
    "GT",
    "LT",
    "EX",
    "PX",
    "EXAT",
    "PXAT",
    "KEEPTTL",
    "PERSIST",
    "FNX",
    "FXX",
    "FIELDS",
    "fields",
    "0",
    "1",
    "2",
    "3",
    "-1",
    "x",
    "a",
    "b",
    "foo",
    FAR,
    "9223372036854775807",
    "70368744177664",
];

/// The right requests.
const RIGHT: [&str; 18] = [
    "HEXPIRE h 100 FIELDS 1 a",
    "HPEXPIRE h 0 FIELDS 2 a b",
    "HEXPIREAT h 9999999999 NX FIELDS 2 b c",
    "HPEXPIREAT h 9999999999999 GT FIELDS 3 a b c",
    "HPEXPIREAT h 8999999999999 LT FIELDS 3 a b none",
    "HPEXPIREAT h 1 XX FIELDS 2 a b",
    "HTTL none FIELDS 1 a",
    "HPEXPIRETIME h FIELDS 2 a b",
    "HEXPIRETIME h FIELDS 3 a b none",
    "HPERSIST h FIELDS 2 a b",
    "HGETEX h FIELDS 2 a b",
    "HGETEX h PXAT 9999999999999 FIELDS 1 b",
    "HGETEX h PERSIST FIELDS 2 a none",
    "HGETDEL h FIELDS 2 a none",
    "HSETEX h PXAT 9999999999999 FIELDS 1 a 1",
    "HSETEX h FNX KEEPTTL FIELDS 2 n 1 m 2",
    "HSETEX h FXX EX 0 FIELDS 1 a 1",
    "HSETEX none FIELDS 1 a 1",
];

#[test]
fn times_of_fields() {
    Twin::each_of(&EXPIRING, |mut twin| {
        twin.line("HSET h a 1 b 2 c 3 17 4 e 5");
        for words in [
            "HPEXPIREAT h 9999999999999 FIELDS 3 a 17 none",
            "HEXPIREAT h 9999999998 FIELDS 1 e",
            "HPEXPIRETIME h FIELDS 4 a b 17 none",
            "HEXPIRETIME h FIELDS 4 a b e none",
            "HPEXPIREAT h 9999999998499 FIELDS 1 c",
            "HEXPIRETIME h FIELDS 1 c",
            "HPEXPIREAT h 9999999998500 FIELDS 1 c",
            "HEXPIRETIME h FIELDS 1 c",
            "HPEXPIRETIME none FIELDS 2 a b",
            "HTTL h FIELDS 2 b none",
            "HPTTL none FIELDS 1 b",
            "HSET h a 2",
            "HINCRBY h e 1",
            "HINCRBYFLOAT h 17 1.5",
            "HPEXPIRETIME h FIELDS 5 a b c 17 e",
            "HPERSIST h FIELDS 3 e b none",
            "HPERSIST none FIELDS 1 e",
            "HEXPIRE h 0 FIELDS 2 b none",
            "HEXPIREAT h 1 FIELDS 2 17 17",
            "HGETEX h PXAT 9999999999999 FIELDS 2 a none",
            "HGETEX h EXAT 1 FIELDS 1 a",
            "HGETDEL h FIELDS 2 c c",
            "HEXPIREAT h 1 FIELDS 1 e",
            "HLEN h",
        ] {
            twin.line(words);
            same_inside(&mut twin, "h");
        }
    });
}

#[test]
fn times_from_now_on() {
    Twin::each_of(&EXPIRING, |mut twin| {
        twin.line("HSET h a 1 b 2 c 3");
        twin.lines(&["HEXPIRE h 1000 FIELDS 1 a", "HPEXPIRE h 2000000 FIELDS 1 b"]);
        twin.lines(&["HGETEX h PX 500000 FIELDS 1 c", "HSETEX h EX 700 FIELDS 1 d 1"]);
        for (words, nearly) in
            [("HTTL", 1), ("HPTTL", 900), ("HEXPIRETIME", 1), ("HPEXPIRETIME", 900)]
        {
            let (theirs, ours) = twin.both(&[words, "h", "FIELDS", "4", "a", "b", "c", "d"]);
            let numbers = |reply: &[u8]| -> Vec<i64> {
                let text = String::from_utf8(reply.to_vec()).unwrap();
                text.split("\r\n:").skip(1).map(|it| it.trim().parse().unwrap()).collect()
            };
            let (theirs, ours) = (numbers(&theirs), numbers(&ours));
            assert_eq!(theirs.len(), 4);
            for (theirs, ours) in theirs.iter().zip(&ours) {
                assert!(theirs.abs_diff(*ours) <= nearly, "{words} {theirs} {ours}");
            }
        }
    });
}

#[test]
fn where_fields_that_expire_are_packed() {
    for flavor in EXPIRING {
        let mut twin = narrow(flavor);
        for (key, words) in [
            ("a", "HSET a 1 1 2 2"),
            ("a", "HEXPIREAT a 9999999999 FIELDS 1 none"),
            ("b", "HSET b 1 1 2 2"),
            ("b", "HEXPIREAT b 9999999999 XX FIELDS 1 1"),
            ("c", "HSET c 1 1 2 2"),
            ("c", "HPERSIST c FIELDS 1 1"),
            ("c", "HGETEX c PERSIST FIELDS 1 1"),
            ("c", "HGETEX c FIELDS 1 1"),
            ("c", "HSETEX c KEEPTTL FIELDS 1 1 2"),
            ("c", "HSETEX c FIELDS 1 1 2"),
            ("c", "HSETEX c PXAT 9999999999999 FXX FIELDS 1 none 2"),
            ("c", "HGETEX c PXAT 9999999999999 FIELDS 1 none"),
            ("d", "HSET d 1 1 2 2"),
            ("d", "HPEXPIREAT d 1 FIELDS 1 1"),
            ("e", "HSET e 1 1 2 2"),
            ("e", "HSETEX e PXAT 1 FIELDS 1 1 xxxxxxxxxxxxxxxxx"),
            ("f", "HSETEX f PXAT 1 FIELDS 1 1 1"),
            ("g", "HSETEX g FIELDS 9 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
            ("i", "HSETEX i PXAT 9999999999999 FIELDS 9 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
            ("j", "HSETEX j PXAT 9999999999999 FIELDS 2 1 1 xxxxxxxxxxxxxxxxx 1"),
            ("k", "HSETEX k PXAT 9999999999999 FIELDS 8 1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8"),
            ("k", "HSETEX k PXAT 9999999999998 FIELDS 1 9 9"),
            ("k", "HDEL k 1 2 3 4 5 6 7"),
            ("l", "HSET l 1 1 2 2 3 3 4 4"),
            ("l", "HPEXPIREAT l 9999999999999 FIELDS 4 4 3 2 1"),
            ("l", "HPEXPIREAT l 9999999999999 FIELDS 1 3"),
            ("l", "HPEXPIREAT l 9999999999998 FIELDS 2 1 2"),
            ("l", "HSET l 3 x 5 5"),
            ("l", "HINCRBY l xxxxxxxxxxxxxxxxxxxxxx 1"),
            ("m", "HSETEX m PXAT 9999999999999 FIELDS 1 1 1"),
            ("m", "HPERSIST m FIELDS 1 1"),
            ("m", "HDEL m 1"),
        ] {
            twin.line(words);
            same_inside(&mut twin, key);
        }
    }
}

#[test]
fn words_in_any_disorder() {
    let seed = seed();
    eprintln!("seed {seed}");
    Twin::each_of(&EXPIRING, |mut twin| {
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..8000 {
            twin.theirs(&["DEL", "h", "none"]);
            twin.store = fresh(&twin);
            twin.lines(&["SET s x", "HSET h a 1 b 2 c 3"]);
            twin.same(&["HPEXPIREAT", "h", "9000000000000", "FIELDS", "1", "a"]);
            let right = RIGHT[random.usize(..RIGHT.len())];
            let mut words: Vec<_> = right.split(' ').collect();
            for _ in 0..random.usize(..4) {
                let at = random.usize(2..=words.len());
                match random.u8(..4) {
                    0 if at < words.len() => drop(words.remove(at)),
                    1 if at < words.len() => words[at] = WORDS[random.usize(..WORDS.len())],
                    2 if at < words.len() => {
                        let last = words.len() - 1;
                        words.swap(at, last);
                    }
                    _ => words.insert(at, WORDS[random.usize(..WORDS.len())]),
                }
            }
            if words.len() < least(words[0]) {
                continue;
            }
            words[1] = ["h", "h", "h", "none", "s"][random.usize(..5)];
            twin.same(&words);
        }
    });
}

fn fresh(twin: &Twin) -> tidegate_store::Store {
    let dialect = twin.dialect();
    tidegate_store::Store::new(16, dialect, 7)
}

/// The least number of words of a command, which the store does not check.
fn least(command: &str) -> usize {
    match command {
        "HEXPIRE" | "HPEXPIRE" | "HEXPIREAT" | "HPEXPIREAT" | "HSETEX" => 6,
        _ => 5,
    }
}

/// No command shows an expired field except `HLEN`, and in Redis `HRANDFIELD`, until the master
/// deletes it.
#[test]
fn expired_fields_on_a_replica() {
    for flavor in EXPIRING {
        let mut twin = narrow(flavor);
        let replica = RedisServer::builder(flavor)
            .args(&["--hash-max-ziplist-entries", "8", "--hash-max-ziplist-value", "16"])
            .replica_of(twin.server.addr())
            .start();
        twin.server.wait_attached(&replica);
        for server in [&twin.server, &replica] {
            server.cmd(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]).ok();
        }
        // The time comes only after all of this has reached the servers, on a loaded machine too.
        let soon_ms = twin.context().now_ms + 2000;
        let soon = soon_ms.to_string();
        for words in [
            "HSET some a 1 b 2 c 3",
            "HPEXPIREAT some SOON FIELDS 1 a",
            "HSET all a 1 b 2",
            "HPEXPIREAT all SOON FIELDS 2 a b",
            "HSET large a 1 b 2 c xxxxxxxxxxxxxxxxxxxxxxxx",
            "HPEXPIREAT large SOON FIELDS 2 a c",
            "HSET gone a 1 b 2 c xxxxxxxxxxxxxxxxxxxxxxxx",
            "HPEXPIREAT gone SOON FIELDS 3 a b c",
        ] {
            let words = words.replace("SOON", &soon);
            let words: Vec<_> = words.split(' ').collect();
            let bytes: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
            assert!(!twin.server.cmd(&words).is_err());
            let (context, mut out) = (twin.context(), Vec::new());
            assert_eq!(twin.store.apply(context, &bytes, &mut out), Outcome::Replied);
        }
        twin.server.wait_synced(&replica);
        twin.use_server(&replica);
        while twin.context().now_ms <= soon_ms {
            thread::sleep(Duration::from_millis(10));
        }
        for key in ["some", "all", "large", "gone"] {
            for (words, order) in [
                ("HGETALL", Order::AnyPairs),
                ("HKEYS", Order::Any),
                ("HVALS", Order::Any),
                ("HLEN", Order::Exact),
                ("HGET KEY a", Order::Exact),
                ("HGET KEY b", Order::Exact),
                ("HMGET KEY a b c", Order::Exact),
                ("HEXISTS KEY a", Order::Exact),
                ("HSTRLEN KEY a", Order::Exact),
                ("HTTL KEY FIELDS 3 a b c", Order::Exact),
                ("HPTTL KEY FIELDS 3 a b c", Order::Exact),
                ("HEXPIRETIME KEY FIELDS 3 a b c", Order::Exact),
                ("HPEXPIRETIME KEY FIELDS 3 a b c", Order::Exact),
                ("HRANDFIELD KEY 9", Order::Any),
                ("HRANDFIELD KEY 9 WITHVALUES", Order::AnyPairs),
            ] {
                let words = if words.contains(' ') {
                    words.replace("KEY", key)
                } else {
                    format!("{words} {key}")
                };
                twin.compare(&words.split(' ').collect::<Vec<_>>(), order);
            }
            same_inside(&mut twin, key);
        }
        twin.lines(&["HSCAN all 0", "HSCAN all 0 NOVALUES"]);
        let shown = twin.ours(&["HRANDFIELD", "all"]);
        assert_eq!(shown.starts_with(b"$-1"), flavor == Flavor::Valkey91);
    }
}

/// What a client of a master finds of expired fields that still exist: Redis sets, deletes and
/// revives them, for Valkey they are gone.
#[test]
fn expired_fields_on_a_master() {
    for flavor in EXPIRING {
        let mut twin = narrow(flavor);
        twin.theirs(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
        for (number, words) in [
            "HSET KEY a 9",
            "HMSET KEY a 9 d 9",
            "HSETNX KEY a 9",
            "HINCRBY KEY a 9",
            "HINCRBYFLOAT KEY a 9",
            "HDEL KEY a",
            "HDEL KEY a b c",
            "HSETEX KEY FNX FIELDS 1 a 9",
            "HSETEX KEY FXX FIELDS 1 a 9",
            "HSETEX KEY FXX FIELDS 2 b 9 a 9",
            "HSETEX KEY KEEPTTL FIELDS 1 a 9",
            "HSETEX KEY FIELDS 1 a 9",
            "HSETEX KEY PXAT 1 FIELDS 1 a 9",
            "HPERSIST KEY FIELDS 2 a b",
            "HPEXPIREAT KEY 9999999999999 FIELDS 2 a b",
            "HPEXPIREAT KEY 9999999999999 NX FIELDS 1 a",
            "HPEXPIREAT KEY 9999999999999 GT FIELDS 1 a",
            "HPEXPIREAT KEY 1 FIELDS 1 a",
            "HGETDEL KEY FIELDS 2 a b",
            "HGETEX KEY PERSIST FIELDS 1 a",
            "HGETEX KEY FIELDS 1 a",
            "HGETEX KEY PXAT 9999999999999 FIELDS 2 a b",
        ]
        .iter()
        .enumerate()
        {
            for (kind, fields) in
                ["a 1", "a 1 b 2", "a 1 b 2 c xxxxxxxxxxxxxxxxxxxxx"].iter().enumerate()
            {
                let key = format!("{number}-{kind}");
                twin.line(&format!("HSET {key} {fields}"));
                // Neither may be late, on a loaded machine too.
                let soon = twin.context().now_ms + 200;
                twin.line(&format!("HPEXPIREAT {key} {soon} FIELDS 1 a"));
                while twin.context().now_ms <= soon {
                    thread::sleep(Duration::from_millis(1));
                }
                twin.line(&words.replace("KEY", &key));
                same_inside(&mut twin, &key);
            }
        }
    }
}

/// A field that the master deletes late exists for the master's own commands.
#[test]
fn the_master_decides() {
    for flavor in EXPIRING {
        let mut twin = narrow(flavor);
        let mut apply = |words: &str| {
            let context = twin.context();
            let words: Vec<_> = words.split(' ').map(str::as_bytes).collect();
            let mut out = Vec::new();
            twin.store.apply(context, &words, &mut out);
            String::from_utf8(out).unwrap()
        };
        apply("HSET h a 1 b 2 c 3");
        assert_eq!(apply("HPEXPIREAT h 1000 FIELDS 2 a b"), "*2\r\n:1\r\n:1\r\n");
        assert_eq!(apply("HSETNX h a 9"), ":0\r\n");
        assert_eq!(apply("HINCRBY h a 4"), ":5\r\n");
        assert_eq!(apply("HSETEX h FNX FIELDS 1 a 9"), ":0\r\n");
        assert_eq!(apply("HPEXPIREAT h 9999999999999 NX FIELDS 1 a"), "*1\r\n:0\r\n");
        assert_eq!(apply("HPERSIST h FIELDS 1 b"), "*1\r\n:1\r\n");
        assert_eq!(apply("HSETEX h KEEPTTL FIELDS 1 a 6"), ":1\r\n");
        assert_eq!(apply("HSETEX h PXAT 1 FIELDS 1 d 6"), ":1\r\n");
        assert_eq!(apply("HLEN h"), ":4\r\n");
        assert_eq!(apply("HGET h a"), "$-1\r\n");
        assert_eq!(apply("HGET h b"), "$1\r\n2\r\n");
        assert_eq!(apply("HPEXPIREAT h 9999999999999 GT FIELDS 1 a"), "*1\r\n:1\r\n");
        assert_eq!(apply("HGET h a"), "$1\r\n6\r\n");
        assert_eq!(apply("HDEL h a b c d"), ":4\r\n");
        assert_eq!(apply("HLEN h"), ":0\r\n");
    }
}
