//! RDB files and DUMP payloads of real servers: every element is as the server itself shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};

use tidegate_rdb::{ChecksumState, Entry, Item, Limits, Reader, Vendor, dump};

use crate::contents::{Contents, asked, read};
use tidegate_test_support::fill::{EXPIRES_MS, FUNCTION, fill};
use tidegate_test_support::*;

/// Returns all items of the file that `server` saves now.
pub(crate) fn saved(server: &RedisServer) -> Vec<Item> {
    server.cmd(&["SAVE"]).ok();
    let file = File::open(server.dir().join("dump.rdb")).unwrap();
    let mut reader = Reader::new(file, Limits::default());
    let mut items = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        items.push(item);
    }
    items
}

/// Returns the keys of a file by database and name.
pub(crate) fn keys(items: Vec<Item>) -> BTreeMap<(u64, Vec<u8>), Entry> {
    let (mut db, mut keys) = (0, BTreeMap::new());
    for item in items {
        match item {
            Item::SelectDb(next) => db = next,
            Item::Key(entry) => {
                assert!(keys.insert((db, entry.key.clone()), entry).is_none());
            }
            _ => {}
        }
    }
    keys
}

/// Compares every key of `entries` with the server's, and with its DUMP.
pub(crate) fn compare(server: &RedisServer, entries: &BTreeMap<(u64, Vec<u8>), Entry>) {
    let mut wire = server.wire();
    let mut names = BTreeSet::new();
    for db in 0..16 {
        wire.cmd(&["SELECT", &db.to_string()]).ok();
        for name in wire.cmd(&["KEYS", "*"]).array() {
            names.insert((db, name.bytes().to_vec()));
        }
    }
    assert!(names.iter().eq(entries.keys()), "{:?}: other keys", server.flavor());
    for ((db, name), entry) in entries {
        let label = format!("{:?} {db} {}", server.flavor(), name.escape_ascii());
        wire.cmd(&["SELECT", &db.to_string()]).ok();
        let said = asked(&mut wire, server.flavor(), name);
        let shown = read(&entry.value, server.flavor());
        assert!(said == shown, "{label}: the server has\n{said:?}\nthe file\n{shown:?}");
        let payload = wire.cmd(&[b"DUMP", &name[..]]).bytes().to_vec();
        let dumped = dump::decode(&payload, Limits::default());
        let dumped = dumped.unwrap_or_else(|error| panic!("{label}: {error}"));
        assert!(
            read(&dumped.value, server.flavor()) == shown,
            "{label}: DUMP has\n{:?}",
            dumped.value
        );
        let expires = name.starts_with(b"expires").then_some(EXPIRES_MS);
        assert_eq!(entry.expires_ms, expires, "{label}");
    }
}

fn every_form_is_read(flavor: Flavor) {
    for (compression, checksum) in [("yes", "yes"), ("no", "no")] {
        let options = ["--rdbcompression", compression, "--rdbchecksum", checksum];
        let server = RedisServer::builder(flavor).args(&options).start();
        fill(&server);
        let items = saved(&server);
        let Item::Header(header) = items[0] else { panic!("{:?}", items[0]) };
        let version = match flavor {
            Flavor::Redis62 => (Vendor::Redis, 9),
            Flavor::Redis70 => (Vendor::Redis, 10),
            Flavor::Redis82 => (Vendor::Redis, 12),
            Flavor::Valkey91 => (Vendor::Valkey, 80),
        };
        assert_eq!((header.vendor, header.version), version);
        assert!(header.is_known());
        let state = match checksum {
            "yes" => ChecksumState::Verified,
            _ => ChecksumState::Absent,
        };
        assert_eq!(items.last(), Some(&Item::End(state)));
        let key = if flavor == Flavor::Valkey91 { "valkey-ver" } else { "redis-ver" };
        let aux =
            items.iter().any(|it| matches!(it, Item::Aux { key: k, .. } if k == key.as_bytes()));
        assert!(aux, "{items:?}");
        let functions = items.iter().filter_map(|item| match item {
            Item::Function(source) => Some(&source[..]),
            _ => None,
        });
        let expected = (flavor != Flavor::Redis62).then_some(FUNCTION.as_bytes());
        assert!(functions.eq(expected));
        let keys = keys(items);
        assert_forms(flavor, &keys);
        compare(&server, &keys);
    }
}

/// Checks that the file had every form that this server can write, so that a comparison is
/// meaningful.
fn assert_forms(flavor: Flavor, keys: &BTreeMap<(u64, Vec<u8>), Entry>) {
    let forms: BTreeSet<_> =
        keys.values().map(|entry| (entry.value.kind(), entry.value.encoding())).collect();
    let mut expected = BTreeSet::from([
        ("string", "raw"),
        ("string", "int"),
        ("list", "quicklist"),
        ("set", "hashtable"),
        ("set", "intset"),
        ("hash", "hashtable"),
        ("hash", "listpack"),
        ("zset", "listpack"),
        ("zset", "skiplist"),
        ("stream", "stream"),
    ]);
    if matches!(flavor, Flavor::Redis82 | Flavor::Valkey91) {
        expected.extend([("set", "listpack"), ("hash", "hashtable with expiries")]);
    }
    if flavor == Flavor::Redis82 {
        expected.insert(("hash", "listpack with expiries"));
    }
    assert_eq!(forms, expected, "{flavor:?}");
}

#[test]
fn every_form_of_redis_62_is_read() {
    every_form_is_read(Flavor::Redis62);
}

#[test]
fn every_form_of_redis_70_is_read() {
    every_form_is_read(Flavor::Redis70);
}

#[test]
fn every_form_of_redis_82_is_read() {
    every_form_is_read(Flavor::Redis82);
}

#[test]
fn every_form_of_valkey_91_is_read() {
    every_form_is_read(Flavor::Valkey91);
}

/// Cut off anywhere it is an error; with a byte changed too, whatever the checksum is.
#[test]
fn a_real_file_that_is_cut_off_or_changed_is_an_error() {
    for flavor in [Flavor::Redis62, Flavor::Redis82] {
        let server = RedisServer::spawn(flavor);
        fill(&server);
        saved(&server);
        let whole = fs::read(server.dir().join("dump.rdb")).unwrap();
        let outcome = |bytes: &[u8]| {
            let mut reader = Reader::new(bytes, Limits::default());
            loop {
                match reader.next_item() {
                    Ok(Some(Item::End(state))) => return Some(state),
                    Ok(Some(_)) => {}
                    Ok(None) | Err(_) => return None,
                }
            }
        };
        assert_eq!(outcome(&whole), Some(ChecksumState::Verified));
        // A file is some 100 KiB: a sample of its places, another one in each run.
        for _ in 0..40 {
            let at = fastrand::usize(..whole.len());
            assert_eq!(outcome(&whole[..at]), None, "cut at {at}");
            let mut changed = whole.clone();
            changed[at] ^= 1 << fastrand::u32(..8);
            let state = outcome(&changed);
            assert_ne!(state, Some(ChecksumState::Verified), "changed at {at}");
            let end = changed.len() - 8;
            changed[end..].fill(0);
            outcome(&changed);
        }
    }
}

/// An idle time and a frequency are written only under some policies.
#[test]
fn idle_times_and_frequencies_are_read() {
    for (policy, wanted) in [("allkeys-lru", (true, false)), ("allkeys-lfu", (false, true))] {
        let server =
            RedisServer::builder(Flavor::Redis70).args(&["--maxmemory-policy", policy]).start();
        server.cmd(&["SET", "k", "v"]).ok();
        let entry = keys(saved(&server)).into_values().next().unwrap();
        assert_eq!((entry.idle.is_some(), entry.freq.is_some()), wanted, "{policy}");
        assert_eq!(read(&entry.value, Flavor::Redis70), Contents::String(b"v".to_vec()));
    }
}
