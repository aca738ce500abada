//! Reads of a key of any type, and of a database.

use super::Compare::{Encoding, Exact, Form, Restored, Scan, Unordered, UnorderedAll, Within};
use super::{Compare, ReadTemplate, compared, exact, since70};

const KEYS: Compare = Scan { cursor: 1, pairs: false };

pub const OF_A_KEY: &[ReadTemplate] = &[
    exact("TYPE {key}"),
    exact("EXISTS {key} {any} {key}"),
    // Redis 6.2 replicates times to live, which a replica counts by its own clock.
    compared(Within(30), "TTL {key}"),
    compared(Within(30_000), "PTTL {key}"),
    since70(Exact, "EXPIRETIME {key}"),
    since70(Exact, "PEXPIRETIME {key}"),
    compared(Restored, "DUMP {key}"),
    compared(Encoding, "OBJECT ENCODING {key}"),
    compared(Form, "OBJECT REFCOUNT {key}"),
    compared(Form, "MEMORY USAGE {key}"),
    compared(Form, "MEMORY USAGE {key} SAMPLES 0"),
    exact("MEMORY USAGE {key} SAMPLES x"),
    exact("OBJECT NONSENSE {key}"),
];

pub const OF_A_DATABASE: &[ReadTemplate] = &[
    exact("DBSIZE"),
    compared(Unordered, "KEYS *"),
    compared(Unordered, "KEYS *[1-3]"),
    compared(Form, "RANDOMKEY"),
    compared(KEYS, "SCAN 0 COUNT 30"),
    compared(KEYS, "SCAN 0 MATCH *t:*"),
    compared(KEYS, "SCAN 0 TYPE zset COUNT 100"),
    exact("SCAN x"),
    compared(Form, "OBJECT HELP"),
    exact("TYPE nothing"),
    exact("DUMP nothing"),
    exact("TTL nothing"),
    exact("OBJECT ENCODING nothing"),
    since70(UnorderedAll, "FUNCTION LIST WITHCODE"),
];
