//! Commands that set and get strings, whole or in part.

use super::*;
use tidegate_rdb as rdb;
use tidegate_wire::resp::RespVersion;

const WHOLE: &[&str] = &[
    "SET a b",
    "GET a",
    "GET b",
    "SET a b EX 0",
    "SET a b EX -1",
    "SET a b EX x",
    "SET a b EX 99999999999999999",
    "SET a b PX 9223372036854775807",
    "SET a b EX 9223372036854775807",
    "SET a b EXAT 0",
    "SET a b PXAT -5",
    "SET a b NX XX",
    "SET a b NX GET",
    "SET a c GET KEEPTTL",
    "SET a b EX 10 KEEPTTL",
    "SET a b KEEPTTL PX 10",
    "SET a b EX",
    "SET a b EX 10 PX 10",
    "SET a b EX 10 EX 20",
    "SET a b FOO",
    "SET a b GET GET",
    "SET a b NX NX",
    "SET a b XX GET NX",
    "SET a d xx",
    "SET n d xx",
    "SET n d nx",
    "GET n",
    "SET n d XX GET",
    "SET m d XX GET",
    "SET m d GET",
    "SET n x PERSIST",
    "SETNX a 1",
    "SETNX o 1",
    "SETEX a x 1",
    "SETEX a 0 1",
    "PSETEX a -1 1",
    "PSETEX a 9223372036854775807 1",
    "SETEX a 9223372036854775 1",
    "SETEX a 100 1",
    "PSETEX a 100000 1",
    "GETSET a 2",
    "GETSET new 1",
    "GET new",
    "GETDEL new",
    "GETDEL new",
    "GET new",
    "GETEX a",
    "GETEX a EX 10",
    "GETEX a PERSIST",
    "GETEX a PERSIST PERSIST",
    "GETEX a PERSIST EX 1",
    "GETEX a EX 1 PERSIST",
    "GETEX a KEEPTTL",
    "GETEX a EX 0",
    "GETEX a EX x",
    "GETEX a NX",
    "GETEX none EX 0",
    "GETEX none EX x",
    "GETEX none EX 10",
    "GETEX a EX 10 EX 20",
    "GETEX a PXAT 1",
    "GET a",
    "SET a b PXAT 1",
    "GET a",
    "SET a 1",
    "MSET a 1 b 2",
    "MSET a 1 b",
    "MSETNX a 1 z 3",
    "MSETNX y 1 z",
    "MSETNX y 1 y 2",
    "GET y",
    "MGET a none y z",
    "MGET a",
];

const PARTS: &[&str] = &[
    "SET s foobar",
    "STRLEN s",
    "STRLEN none",
    "SETRANGE s -1 x",
    "SETRANGE s x x",
    "SETRANGE s 2 XX",
    "GET s",
    "SETRANGE s 6 yyy",
    "GET s",
    "SETRANGE s 12 z",
    "GET s",
    "SETRANGE none 3 x",
    "GET none",
    "SETRANGE s 536870912 x",
    "SETRANGE s 536870911 xx",
    "APPEND s -end",
    "GET s",
    "APPEND new 12",
    "GET new",
    "APPEND new 3",
    "INCR new",
    "GETRANGE s x 1",
    "GETRANGE s 1 x",
    "GETRANGE none 0 -1",
    "SUBSTR s 1 2",
];

#[test]
fn whole_strings() {
    Twin::each(|mut twin| {
        twin.lines(WHOLE);
        twin.set_protocol(RespVersion::V3);
        twin.lines(WHOLE);
    });
}

#[test]
fn parts_of_strings() {
    Twin::each(|mut twin| {
        twin.lines(PARTS);
        twin.same(&["SETRANGE", "s", "3", ""]);
        twin.same(&["SETRANGE", "s", "536870912", ""]);
        twin.same(&["SETRANGE", "missing", "0", ""]);
        twin.same(&["GET", "missing"]);
        twin.same(&["APPEND", "s", ""]);
        twin.same(&["SET", "s", "foobar"]);
        for start in -9..9 {
            for end in -9..9 {
                twin.line(&format!("GETRANGE s {start} {end}"));
            }
        }
        for ends in ["-9223372036854775808 9223372036854775807", "9223372036854775807 -9"] {
            twin.line(&format!("GETRANGE s {ends}"));
        }
    });
}

#[test]
fn conditions_and_many_with_times() {
    Twin::each_of(&[Flavor::Valkey91], |mut twin| {
        twin.lines(&[
            "SET a b",
            "SET a c IFEQ b",
            "SET a d IFEQ b",
            "SET a d IFEQ c GET",
            "SET a e IFEQ c GET",
            "SET none b IFEQ b",
            "SET none b IFEQ b GET",
            "SET a b IFEQ",
            "SET a b IFEQ b NX",
            "SET a b NX IFEQ b",
            "SET a b XX IFEQ b",
            "SET a f IFEQ d PX 10000",
            "DELIFEQ a x",
            "DELIFEQ a f",
            "DELIFEQ a f",
            "MSETEX 1 a b",
            "MSETEX 0 a b",
            "MSETEX -1 a b",
            "MSETEX x a b",
            "MSETEX 2 a b",
            "MSETEX 2 a b c d EX 10",
            "GET c",
            "MSETEX 1 a b NX",
            "MSETEX 1 a b XX EX 0",
            "MSETEX 1 a b XX KEEPTTL",
            "MSETEX 1 a b XX FOO",
            "MSETEX 1 a b NX XX",
            "MSETEX 1 a b c",
            "MSETEX 1 none b XX",
            "MSETEX 2147483648 a b",
            "MSETEX 2147483647 a b",
            "MSETEX 1 n b NX PX 10000",
            "MSETEX 1 n b GET",
            "MSETEX 1 n b EX 10 PX 10",
            "MSETEX 1 n b KEEPTTL EX 10",
        ]);
        wrong_type(&mut twin, &["SET l b IFEQ b", "DELIFEQ l b", "MSETEX 1 l b NX"]);
    });
    Twin::each_of(&[Flavor::Redis82], |mut twin| {
        twin.lines(&["SET a b", "SET a c IFEQ b"]);
    });
}

#[test]
fn other_types_are_refused() {
    Twin::each(|mut twin| {
        wrong_type(
            &mut twin,
            &[
                "GET l",
                "SET l b GET",
                "SET l b NX GET",
                "SET l b XX GET",
                "SET l b NX",
                "SETNX l 1",
                "GETSET l 1",
                "GETDEL l",
                "GETEX l",
                "GETEX l EX 0",
                "GETEX l EX 10",
                "APPEND l x",
                "STRLEN l",
                "GETRANGE l 0 1",
                "GETRANGE l x 1",
                "SETRANGE l 0 1",
                "SETRANGE l -1 x",
                "MGET l",
                "MSETNX l 1",
                "INCR l",
                "INCRBY l x",
                "INCRBYFLOAT l x",
                "INCRBYFLOAT l 1",
                "SETBIT l 1 1",
                "GETBIT l 1",
                "GETBIT l -1",
                "BITCOUNT l",
                "BITCOUNT l x y",
                "BITCOUNT l 0",
                "BITCOUNT l 0 1 FOO",
                "BITPOS l 0",
                "BITPOS l 2",
                "BITPOS l 0 x",
                "BITPOS l 0 0 1 FOO",
                "BITFIELD l GET u8 0",
                "BITFIELD l SET u8 0 1",
                "BITFIELD l foo",
                "BITFIELD_RO l GET u8 0",
                "BITOP AND d a l",
                "BITOP NOT d l",
                "PFADD l a",
                "PFCOUNT l",
                "PFCOUNT a l",
                "PFMERGE d l",
                "PFMERGE l",
                "PFDEBUG ENCODING l",
            ],
        );
        twin.same(&["SETRANGE", "l", "0", ""]);
        twin.lines(&["GET d", "SET l 1", "GET l"]);
    });
}

/// Runs lines while `l` is no string: a list at the server, and in the store too.
#[track_caller]
fn wrong_type(twin: &mut Twin, lines: &[&str]) {
    twin.theirs(&["DEL", "l"]);
    twin.theirs(&["RPUSH", "l", "x"]);
    let value = rdb::Value::Module(rdb::Module { id: 0, body: Vec::new() });
    let key = b"l".to_vec();
    let entry = rdb::Entry { key, expires_ms: None, idle: None, freq: None, meta: None, value };
    twin.store.insert(0, entry).unwrap();
    twin.lines(lines);
}
