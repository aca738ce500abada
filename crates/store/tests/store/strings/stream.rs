//! Commands that are allowed only to the master, and their cost.

use tidegate_store::{CallContext, Dialect, Outcome, Store, Vendor};
use tidegate_wire::resp::RespVersion;

const CONTEXT: CallContext = CallContext { db: 0, now_ms: 1_000_000, version: RespVersion::V2 };

fn store() -> Store {
    Store::new(1, Dialect::new(Vendor::Redis, "7.0.15"), 1)
}

/// Runs a command of the master, and returns the reply.
fn apply(store: &mut Store, line: &str) -> String {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let mut out = Vec::new();
    assert_ne!(store.apply(CONTEXT, &words, &mut out), Outcome::Unknown, "{line}");
    String::from_utf8(out).unwrap()
}

fn read(store: &Store, line: &str) -> String {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let mut out = Vec::new();
    assert_ne!(store.read(CONTEXT, &words, &mut out), Outcome::Unknown, "{line}");
    String::from_utf8(out).unwrap()
}

#[test]
fn the_master_finds_expired_keys() {
    let mut store = store();
    apply(&mut store, "SET k 41 PXAT 1");
    assert_eq!(read(&store, "GET k"), "$-1\r\n");
    assert_eq!(apply(&mut store, "INCR k"), ":42\r\n");
    assert_eq!(apply(&mut store, "APPEND k x"), ":3\r\n");
    assert_eq!(apply(&mut store, "SETBIT k 7 1"), ":0\r\n");
    assert_eq!(apply(&mut store, "SETRANGE k 3 y"), ":4\r\n");
    assert_eq!(apply(&mut store, "SET k z NX"), "$-1\r\n");
    assert_eq!(apply(&mut store, "SET k 7 XX KEEPTTL"), "+OK\r\n");
    assert_eq!(read(&store, "GET k"), "$-1\r\n");
    assert_eq!(apply(&mut store, "GETSET k 8"), "$1\r\n7\r\n");
    assert_eq!(read(&store, "GET k"), "$1\r\n8\r\n");
}

#[test]
fn a_client_does_not_find_expired_keys() {
    let mut store = store();
    apply(&mut store, "SET k 41 PXAT 1");
    let mut out = Vec::new();
    store.write(CONTEXT, &[b"INCR", b"k"], &mut out);
    apply(&mut store, "SET l 41 PXAT 1");
    store.write(CONTEXT, &[b"APPEND", b"l", b"x"], &mut out);
    apply(&mut store, "SET m 41 PXAT 1");
    store.write(CONTEXT, &[b"SETBIT", b"m", b"1", b"1"], &mut out);
    assert_eq!(out, b":1\r\n:1\r\n:0\r\n");
    assert_eq!(read(&store, "MGET k l m"), "*3\r\n$1\r\n1\r\n$1\r\nx\r\n$1\r\n@\r\n");
}

#[test]
fn the_masters_strings_may_be_longer_than_a_clients() {
    let mut store = store();
    let mut out = Vec::new();
    store.write(CONTEXT, &[b"SETRANGE", b"k", b"536870912", b"x"], &mut out);
    assert!(out.starts_with(b"-ERR string exceeds maximum"), "{}", out.escape_ascii());
    assert_eq!(apply(&mut store, "SETBIT k 4294967296 1"), ":0\r\n");
    assert_eq!(read(&store, "STRLEN k"), ":536870913\r\n");
    // There is a limit all the same.
    for line in ["SETRANGE k 9223372036854775807 x", "SETBIT k 9223372036854775807 1"] {
        assert!(apply(&mut store, line).starts_with("-ERR"), "{line}");
    }
}

#[test]
fn the_short_way_allocates_nothing_but_slots() {
    let mut store = store();
    let mut out = Vec::with_capacity(1024);
    for words in [
        &[&b"SET"[..], b"key", b"value-1"][..],
        &[b"SET", b"n", b"10"],
        &[b"SET", b"bits", b"xxxxxxxxxxxxxxxx"],
    ] {
        store.apply(CONTEXT, words, &mut out);
    }
    let mut count = |words: &[&[u8]]| {
        out.clear();
        allocation_counter::measure(|| {
            store.apply(CONTEXT, words, &mut out);
        })
        .count_total
    };
    assert_eq!(count(&[b"SET", b"key", b"value-2"]), 0);
    assert_eq!(count(&[b"INCR", b"n"]), 0);
    assert_eq!(count(&[b"SETBIT", b"bits", b"77", b"1"]), 0);
    assert_eq!(count(&[b"SETRANGE", b"bits", b"3", b"abc"]), 0);
    assert_eq!(count(&[b"BITFIELD", b"bits", b"SET", b"u8", b"3", b"7"]), 1);
    assert_eq!(count(&[b"SET", b"key", b"longer value"]), 1);
    assert_eq!(count(&[b"APPEND", b"key", b"more"]), 1);
    assert_eq!(count(&[b"SET", b"another", b"value"]), 1);
}
