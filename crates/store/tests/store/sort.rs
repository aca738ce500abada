//! `SORT`.

use super::*;
use crate::support::Flavor::{Redis70, Redis82, Valkey91};
use tidegate_wire::resp::RespVersion;

fn fill(twin: &mut Twin) {
    twin.lines(&[
        "RPUSH l 3 1 2 10 -5 1.5 1e2",
        "RPUSH w b a c aa B 10 9",
        "SADD i 5 3 9 -1 12",
        "SADD words y x z 1",
        "SET w_1 30",
        "SET w_2 20",
        "SET w_3 10",
        "SET w_10 x",
        "SET w_b 5",
        "SET w_a 5",
        "SET w_c 1",
        "SET text 1",
        "ZADD z 3 10 1 9 2 8 -1 7 5 1 5 2",
        "ZADD names 1 b 1 a 2 c 0 d",
        "HSET h_1 f 9 n x",
        "HSET h_2 f 8 n y",
        "HSET h_3 f 10",
        "HSET h_b f 2",
        "HSET h_a f 3",
    ]);
}

/// The options behind the key.
const OPTIONS: &[&str] = &[
    "",
    " ASC",
    " DESC",
    " ALPHA",
    " ALPHA DESC",
    " desc asc alpha",
    " LIMIT 1 2",
    " LIMIT 1 2 DESC ALPHA",
    " LIMIT 0 0",
    " LIMIT -1 2",
    " LIMIT 2 -1",
    " LIMIT 100 2",
    " LIMIT 1 100",
    " LIMIT 9223372036854775807 1",
    " LIMIT x 1",
    " LIMIT 1 x",
    " LIMIT 1",
    " BY w_* ALPHA GET # GET w_*",
    " BY w_* ALPHA DESC GET # GET w_*",
    " BY none_* GET #",
    " BY none_* LIMIT 1 2",
    " GET # GET x GET w_* GET none_* ALPHA",
    " BY nosort BY w_* GET #",
    " BY h_*->f GET # GET h_*->f GET h_*->n GET h_*->none",
    " BY h_*->f DESC LIMIT 1 3",
    " BY h_*->n ALPHA GET h_*",
    " BY h_*-> GET h_*->",
    " BY w_*->f GET w_*->f",
    " BY *->f GET h->*",
    " ALPHA STORE to",
    " ALPHA LIMIT 1 2 STORE to",
    " BY w_* ALPHA GET # GET w_* STORE to",
    " BY nosort STORE to",
    " BY nosort DESC LIMIT 1 2 STORE to",
    " STORE",
    " BY",
    " GET",
    " none",
];

#[test]
fn lists_and_sets() {
    Twin::each(|mut twin| {
        fill(&mut twin);
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.set_protocol(version);
            for key in ["l", "w", "i", "words", "z", "names", "none"] {
                for options in OPTIONS {
                    // Equal elements of a table are in the order of the table.
                    let is_table = ["words", "z", "names"].contains(&key);
                    let unsorted = key == "words" && options.contains("nosort BY");
                    if unsorted || is_table && options.contains(" ALPHA") && options.contains("BY ")
                    {
                        continue;
                    }
                    twin.line(&format!("SORT {key}{options}"));
                    twin.line("LRANGE to 0 -1");
                    twin.same_inside("to");
                    twin.line(&format!("OBJECT ENCODING {key}"));
                }
                let order = if key == "words" || key == "none" { Order::Any } else { Order::Exact };
                for options in ["BY nosort", "BY nosort DESC", "BY nosort GET #"] {
                    let words = format!("SORT {key} {options}");
                    twin.compare(&words.split(' ').collect::<Vec<_>>(), order);
                }
                for options in ["", " DESC LIMIT 1 2", " LIMIT 3 1", " LIMIT -4 1"] {
                    if ["l", "w", "z", "names"].contains(&key) {
                        twin.line(&format!("SORT {key} BY nosort{options}"));
                    }
                }
            }
            twin.lines(&[
                "SORT text",
                "SORT text none",
                "SORT text STORE to",
                "SORT none STORE to",
            ]);
        }
    });
    Twin::each_of(&[Redis70, Redis82, Valkey91], |mut twin| {
        fill(&mut twin);
        twin.lines(&["SORT_RO l DESC", "SORT_RO w", "SORT_RO l STORE to", "SORT_RO none"]);
        twin.lines(&["SORT_RO w BY w_* ALPHA GET w_* LIMIT 0 3", "SORT_RO text"]);
    });
}

#[test]
fn what_is_a_number() {
    Twin::each(|mut twin| {
        let values: &[&[u8]] = &[
            b" 1",
            b"1 ",
            b"0x10",
            b"",
            b"inf",
            b"-inf",
            b"nan",
            b"infinity",
            b"1.5abc",
            b"+3",
            b".",
            b".5",
            b"5.",
            b"1e",
            b"0x",
            b"  ",
            b"1e5",
            b"-0",
            b"1\x002",
            b"\x00",
            b"2\x00",
            b"infx",
            b"1e5x",
            b"--1",
            b"1_0",
            // The last ones, because some servers never forget that a number was out of range
            // (errno).
            b"1e400",
            b"-1e400",
            b"1e-400",
            b"4e-320",
        ];
        for value in values {
            twin.same(&[&b"LPUSH"[..], b"l", value, b"2", b"-3"]);
            twin.line("SORT l");
            twin.line("SORT l ALPHA");
            twin.line("LTRIM l 1 0");
            twin.same(&[&b"SET"[..], b"w_1", value]);
            twin.line("LPUSH l 1 2 3");
            twin.line("SORT l BY w_*");
            twin.line("LTRIM l 1 0");
        }
        // Strings that are compared as text end at a zero byte.
        for order in ["ASC", "DESC"] {
            twin.same(&[&b"RPUSH"[..], b"z", b"a\0z", b"a", b"a\0b", b"b", b"a\0c"]);
            twin.line(&format!("SORT z ALPHA {order}"));
            twin.line(&format!("SORT z ALPHA {order} STORE to"));
            twin.line("LRANGE to 0 -1");
        }
        for pattern in [&b"w_\0*"[..], b"\0*", b"w_*\0", b"#", b"#\0", b"w_**", b"*"] {
            twin.same(&[&b"SORT"[..], b"z", b"ALPHA", b"BY", pattern, b"GET", pattern]);
        }
    });
}

/// Many equal elements, whose order is that of the server's own sorting.
#[test]
fn equal_ones_come_in_the_same_order() {
    Twin::each(|mut twin| {
        let seed = seed();
        eprintln!("{:?} seed {seed}", twin.flavor());
        let mut random = fastrand::Rng::with_seed(seed);
        for n in 0..40 {
            let weight = random.u8(..6).to_string();
            if random.u8(..8) > 0 {
                twin.same(&["SET", &format!("w_{n}"), &weight]);
            }
        }
        for _ in 0..300 {
            twin.line("LTRIM l 1 0");
            let len = random.choice([3, 6, 7, 8, 20, 39, 40, 41, 42, 200]).unwrap();
            let mut words = vec!["RPUSH".to_owned(), "l".to_owned()];
            words.extend((0..len).map(|_| random.u8(..50).to_string()));
            twin.same(&words);
            let (start, count) = (random.usize(..len).to_string(), random.usize(..len).to_string());
            let order = random.choice(["ASC", "DESC"]).unwrap();
            twin.line(&format!("SORT l BY w_* ALPHA {order} GET # GET w_*"));
            twin.line(&format!("SORT l BY w_* ALPHA {order} LIMIT {start} {count}"));
            twin.line(&format!("SORT l BY w_* {order} LIMIT {start} {count}"));
            twin.line(&format!("SORT l BY w_* ALPHA {order} LIMIT {start} {count} STORE to"));
            twin.same_inside("to");
        }
    });
}

#[test]
fn what_is_stored_is_packed_as_there() {
    Twin::each(|mut twin| {
        for len in [10, 100, 1000, 1500, 2000, 3000] {
            let all = (0..len).map(|n| (n * 7919 % len).to_string());
            let words: Vec<_> =
                ["SADD".to_owned(), "s".to_owned()].into_iter().chain(all).collect();
            twin.same(&words);
            twin.line("SORT s STORE to");
            twin.same_inside("to");
            twin.line("SORT s BY nosort LIMIT 3 100 STORE to");
            twin.same_inside("to");
        }
        twin.same(&["RPUSH".to_owned(), "l".to_owned(), "x".repeat(9000), "y".to_owned()]);
        twin.line("SORT l ALPHA STORE to");
        twin.same_inside("to");
    });
}
