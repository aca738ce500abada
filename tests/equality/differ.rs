//! Which keys differ, when the digests do: database by database, key by key.

use std::fmt::Write as _;

use crate::support::{Reply, Wire};

/// How many keys are told.
const MOST: usize = 12;

fn keys(wire: &mut Wire) -> Vec<Vec<u8>> {
    let reply = wire.cmd(&["KEYS", "*"]);
    let mut keys: Vec<_> = reply.array().iter().map(|key| key.bytes().to_vec()).collect();
    keys.sort();
    keys
}

fn ask(wire: &mut Wire, words: &[&str], key: &[u8]) -> String {
    let mut request: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    request.push(key);
    match wire.cmd(&request) {
        Reply::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        reply => text(&reply),
    }
}

fn text(reply: &Reply) -> String {
    match reply {
        Reply::Simple(text) => text.clone(),
        Reply::Bulk(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => format!("{other:?}"),
    }
}

/// A text for people: the first keys that differ, with what both sides say of each.
pub fn report(
    master: &mut Wire,
    replica: &mut Wire,
    databases: &[u32],
    history: impl Fn(&[u8]) -> String,
) -> String {
    let (mut out, mut told) = (String::new(), 0);
    for database in databases {
        let number = database.to_string();
        for wire in [&mut *master, &mut *replica] {
            wire.cmd(&["SELECT", &number]).ok();
        }
        let mut all = [keys(master), keys(replica)].concat();
        all.sort();
        all.dedup();
        for key in all {
            let digest = ["DEBUG", "DIGEST-VALUE"];
            let digests = [&mut *master, &mut *replica].map(|wire| ask(wire, &digest, &key));
            if digests[0] == digests[1] {
                continue;
            }
            told += 1;
            if told <= MOST {
                let _ = writeln!(out, "db {database} key \"{}\":", key.escape_ascii());
                for (who, wire) in [("master", &mut *master), ("replica", &mut *replica)] {
                    let (kind, form) =
                        (ask(wire, &["TYPE"], &key), ask(wire, &["OBJECT", "ENCODING"], &key));
                    let ttl = ask(wire, &["PTTL"], &key);
                    let value = ask(wire, &["DUMP"], &key);
                    let _ = writeln!(
                        out,
                        "  {who}: {kind}, {form}, ttl {ttl}, dump of {} bytes",
                        value.len()
                    );
                }
                let _ = write!(out, "  after\n{}", history(&key));
            }
        }
    }
    format!("{told} keys differ\n{out}")
}
