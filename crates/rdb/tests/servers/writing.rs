//! Files that real servers saved, written again in the form of each server version: real servers
//! load the file and RESTORE each value, and their digests are the same.

use std::collections::BTreeMap;
use std::fs;

use tidegate_rdb::{Entry, Form, Hash, Item, Limits, Value, WriteError, Writer, dump};

use crate::contents::{asked, read};
use crate::files::{compare, keys, saved};
use tidegate_test_support::fill::fill;
use tidegate_test_support::*;

type Keys = BTreeMap<(u64, Vec<u8>), Entry>;

fn form(flavor: Flavor) -> Form {
    match flavor {
        Flavor::Redis62 => Form::REDIS_62,
        Flavor::Redis70 => Form::REDIS_70,
        Flavor::Redis82 => Form::REDIS_74,
        Flavor::Valkey91 => Form::VALKEY_90,
    }
}

fn has_ttls(value: &Value) -> bool {
    matches!(value, Value::Hash(Hash::PairsTtl { .. } | Hash::PackedTtl(_)))
}

/// Returns the items that a server of `flavor` can have, in its order.
fn wanted(items: Vec<Item>, flavor: Flavor) -> Vec<Item> {
    let fits = |item: &Item| match item {
        Item::Key(entry) => form(flavor).has_field_expiry() || !has_ttls(&entry.value),
        // The numbers of keys are not right any more, and need not be.
        Item::ResizeDb { .. } => form(flavor).has_field_expiry(),
        _ => true,
    };
    items.into_iter().filter(fits).collect()
}

/// Starts a server of `flavor` with a file of `items`.
fn loaded(items: &[Item], flavor: Flavor, compression: bool) -> RedisServer {
    let mut server = RedisServer::spawn(flavor);
    server.kill();
    let file = fs::File::create(server.dir().join("dump.rdb")).unwrap();
    let mut writer = Writer::new(file, form(flavor)).unwrap();
    writer.set_compression(compression);
    items.iter().for_each(|item| writer.item(item).unwrap());
    writer.finish().unwrap();
    server.restart();
    server
}

/// Starts a server of `flavor` that checks payloads closely, and gives it all keys by RESTORE.
fn restored(keys: &Keys, flavor: Flavor) -> RedisServer {
    let options = ["--sanitize-dump-payload", "yes"];
    let server = RedisServer::builder(flavor).args(&options).start();
    let mut wire = server.wire();
    for ((db, name), entry) in keys {
        wire.cmd(&["SELECT", &db.to_string()]).ok();
        let payload = dump::encode(form(flavor), true, |to| to.value(&entry.value)).unwrap();
        let ttl = entry.expires_ms.unwrap_or(0).to_string();
        let reply = wire.cmd(&[b"RESTORE", &name[..], ttl.as_bytes(), &payload, b"ABSTTL"]);
        assert_eq!(reply, Reply::Simple("OK".into()), "{flavor:?} {}", name.escape_ascii());
    }
    server
}

/// Compares the values of `here` and `from`, key by key.
fn compare_values(here: &RedisServer, from: &RedisServer, keys: &Keys, label: &str) {
    let (mut ours, mut theirs) = (here.wire(), from.wire());
    for ((db, name), entry) in keys {
        let label = format!("{label}: {}", name.escape_ascii());
        let digest = |wire: &mut Wire| {
            wire.cmd(&["SELECT", &db.to_string()]).ok();
            wire.cmd(&[&b"DEBUG"[..], b"DIGEST-VALUE", name]).array()[0].str().to_owned()
        };
        let (digest, expected) = (digest(&mut ours), digest(&mut theirs));
        match entry.value {
            // Versions print scores for the digest in different ways.
            Value::SortedSet(_) => {
                let read = read(&entry.value, from.flavor());
                assert_eq!(asked(&mut ours, here.flavor(), name), read, "{label}");
            }
            // Vendors take expiries into the digest in different ways, or not at all.
            _ if has_ttls(&entry.value) => {
                let read = read(&entry.value, from.flavor());
                assert_eq!(asked(&mut ours, here.flavor(), name), read, "{label}");
            }
            _ => assert_eq!(digest, expected, "{label}"),
        }
    }
}

fn is_written_for_every_flavor(source: Flavor) {
    let from = RedisServer::spawn(source);
    fill(&from);
    let all = saved(&from);
    for flavor in Flavor::ALL {
        let items = wanted(all.clone(), flavor);
        let keys = keys(items.clone());
        let mut servers = vec![loaded(&items, flavor, true), restored(&keys, flavor)];
        let function = |item: &Item| matches!(item, Item::Function(_));
        let expected = source != Flavor::Redis62 && flavor != Flavor::Redis62;
        assert_eq!(saved(&servers[0]).iter().any(function), expected);
        if flavor == source {
            servers.push(loaded(&items, flavor, false));
        }
        for (n, server) in servers.iter().enumerate() {
            let label = format!("{source:?} to {flavor:?}, {n}");
            compare_values(server, &from, &keys, &label);
            if flavor == source {
                // Everything, expiries and what digests leave out included.
                assert_eq!(server.digest(), from.digest(), "{label}");
                compare(server, &keys);
            }
        }
    }
}

#[test]
fn files_of_redis_62_are_written_for_every_server() {
    is_written_for_every_flavor(Flavor::Redis62);
}

#[test]
fn files_of_redis_70_are_written_for_every_server() {
    is_written_for_every_flavor(Flavor::Redis70);
}

#[test]
fn files_of_redis_82_are_written_for_every_server() {
    is_written_for_every_flavor(Flavor::Redis82);
}

#[test]
fn files_of_valkey_91_are_written_for_every_server() {
    is_written_for_every_flavor(Flavor::Valkey91);
}

/// The same bytes as the server's own, compression included.
#[test]
fn a_dump_is_the_servers_own_byte_for_byte() {
    for flavor in [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        let server = RedisServer::spawn(flavor);
        fill(&server);
        let mut wire = server.wire();
        for n in 0..300 {
            let letters = fastrand::u8(1..30);
            let len = fastrand::usize(..1 << fastrand::u32(4..15));
            let mut text: Vec<u8> = (0..len).map(|_| b'a' + fastrand::u8(..letters)).collect();
            if n % 3 == 0 {
                text = text[..len.min(300)].repeat(fastrand::usize(1..40));
            }
            wire.cmd(&[b"SET", format!("lzf:{n}").as_bytes(), &text]).ok();
        }
        for name in wire.cmd(&["KEYS", "*"]).array() {
            // The server still has the expiry of a field that no longer expires.
            if name.bytes() == b"fields:persistent" && flavor == Flavor::Redis82 {
                continue;
            }
            let theirs = wire.cmd(&[b"DUMP", name.bytes()]).bytes().to_vec();
            let value = dump::decode(&theirs, Limits::default()).unwrap().value;
            let ours = dump::encode(form(flavor), true, |to| to.value(&value)).unwrap();
            let label = format!("{flavor:?} {}", name.bytes().escape_ascii());
            assert!(
                ours == theirs,
                "{label}:\n{}\n{}",
                ours[..ours.len().min(300)].escape_ascii(),
                theirs[..theirs.len().min(300)].escape_ascii()
            );
        }
    }
}

#[test]
fn fields_that_expire_have_no_place_in_older_forms() {
    let server = RedisServer::spawn(Flavor::Redis82);
    fill(&server);
    let mut refused = 0;
    for entry in keys(saved(&server)).into_values() {
        for form in [Form::REDIS_62, Form::REDIS_70, Form::REDIS_72] {
            match dump::encode(form, true, |to| to.value(&entry.value)) {
                Err(WriteError::NotInForm { version, .. }) => {
                    assert_eq!(version, form.version());
                    assert!(has_ttls(&entry.value));
                    refused += 1;
                }
                other => drop(other.unwrap()),
            }
        }
    }
    // Two hashes; the expiries of the third one were removed.
    assert_eq!(refused, 6);
}
