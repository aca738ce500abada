//! `int`, `embstr` and `raw`.

use super::*;

/// The ways to make a string of some length.
const WAYS: &[&[&str]] = &[
    &["SET $k $v"],
    &["SETEX $k 1000 $v"],
    &["SET $k x EX 1000", "SET $k $v"],
    &["SET $k x EX 1000", "SET $k $v KEEPTTL"],
    &["SET $k x EX 1000", "SET $k $v EX 2000"],
    &["SET $k $v", "GETEX $k EX 1000"],
    &["SET $k 1", "GETSET $k $v"],
    &["APPEND $k $v"],
    &["SET $k $v", "APPEND $k x"],
    &["SET $k $v", "SETBIT $k 0 0"],
    &["MSET $k $v"],
    &["SETNX $k $v"],
    &["SETRANGE $k 0 $v"],
    &["SET $k $v", "BITOP NOT $k $k"],
];

#[test]
fn of_every_length() {
    Twin::each(|mut twin| {
        let last = if twin.flavor() == Flavor::Valkey91 { 120 } else { 50 };
        for key_len in [1, 9, 31, 32, 33, 36, 40, 41, 42, 60] {
            let key = "k".repeat(key_len);
            for len in 1..last {
                let way = WAYS[(key_len + len) % WAYS.len()];
                for way in [way, WAYS[len % 6]] {
                    for line in way {
                        let line = line.replace("$k", &key).replace("$v", &"v".repeat(len));
                        twin.line(&line);
                    }
                    same_inside(&mut twin, key.as_bytes());
                    twin.line(&format!("GETDEL {key}"));
                }
            }
        }
    });
}

#[test]
fn of_numbers() {
    Twin::each(|mut twin| {
        for number in [
            "0",
            "-0",
            "1",
            "-1",
            "9999",
            "10000",
            "00",
            "+1",
            " 1",
            "127",
            "128",
            "-129",
            "32767",
            "32768",
            "2147483647",
            "2147483648",
            "-2147483649",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "1e3",
            "1.0",
            "12345678901234567890",
            "012345678901234567890",
            "",
        ] {
            twin.same(&["SET", "n", number]);
            same_inside(&mut twin, b"n");
            twin.same(&["APPEND", "new", number]);
            same_inside(&mut twin, b"new");
            twin.line("APPEND new x");
            same_inside(&mut twin, b"new");
            twin.line("GETDEL new");
            twin.line("INCRBYFLOAT n 1");
            same_inside(&mut twin, b"n");
            twin.line("INCR n");
            same_inside(&mut twin, b"n");
            twin.line("SETRANGE n 0 7");
            same_inside(&mut twin, b"n");
            twin.line("INCR n");
            same_inside(&mut twin, b"n");
            twin.line("GETRANGE n 0 2");
            same_inside(&mut twin, b"n");
        }
    });
}

#[test]
fn of_what_a_snapshot_brings() {
    Twin::each(|mut twin| {
        for text in ["", "12", "-7", "99999999999", "text", "123456789012345678901", "rrrrr"] {
            // The string is raw at the master, but not at a replica that loads it.
            twin.theirs(&["DEL", "s", "t"]);
            twin.theirs(&["SET", "s", "x"]);
            twin.theirs(&["APPEND", "s", text]);
            twin.theirs(&["SETRANGE", "s", "0", text]);
            twin.theirs(&["SET", "s", text]);
            let dump = twin.theirs(&["DUMP", "s"]);
            let head = dump.iter().position(|&byte| byte == b'\n').unwrap() + 1;
            let payload = &dump[head..dump.len() - 2];
            twin.theirs(&[&b"RESTORE"[..], b"t", b"0", payload]);
            let limits = tidegate_rdb::Limits::default();
            let value = tidegate_rdb::dump::decode(payload, limits).unwrap().value;
            let key = b"t".to_vec();
            let entry = tidegate_rdb::Entry {
                key,
                expires_ms: None,
                idle: None,
                freq: None,
                meta: None,
                value,
            };
            twin.ours(&["GETDEL", "t"]);
            twin.store.insert(0, entry).unwrap();
            same_inside(&mut twin, b"t");
        }
    });
}
