//! The keys that the clients use, and what they hold in the end.

use std::io;

use tidegate_test_support::{Reply, Wire};

use crate::history::Finals;

/// How many keys with versions each client has.
pub(super) const KEYS: u64 = 4;

pub(super) fn log(client: usize) -> String {
    format!("log:{client}")
}

/// The two lists of a transaction or a script.
pub(super) fn pair(client: usize) -> Vec<String> {
    vec![format!("left:{client}"), format!("right:{client}")]
}

pub(super) fn counter(client: usize) -> String {
    format!("counter:{client}")
}

pub(super) fn value(client: usize, n: u64) -> String {
    format!("value:{client}:{n}")
}

/// The number that clients replace under WATCH.
pub(super) const SWAPPED: &str = "swapped";
pub(super) const QUEUE: &str = "queue";

pub(super) fn channel(client: usize) -> String {
    format!("channel:{client}")
}

/// A tag as an argument.
pub(super) fn tagged(tag: u64) -> String {
    format!("t{tag}")
}

/// The number in a tag.
pub(super) fn tag_of(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.strip_prefix('t')?.parse().ok()
}

/// A value that names its version and its key, at both ends.
pub(super) fn value_text(key: &str, version: u64, size: usize) -> String {
    let padding = "x".repeat(size);
    format!("t{version} {key} {padding} t{version}")
}

/// The version of a value of `key`; `None` if it is not a whole value of this key.
pub(super) fn version_of(text: &[u8], key: &str) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split(' ');
    let version = words.next()?;
    let is_whole = words.next() == Some(key) && words.next_back() == Some(version);
    if is_whole { tag_of(version.as_bytes()) } else { None }
}

/// Reads what a server holds. An error is one of the connection.
pub fn finals(wire: &mut Wire) -> io::Result<Finals> {
    let mut finals = Finals::default();
    let Reply::Array(keys) = wire.try_cmd(&["KEYS", "*"])? else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    for key in keys {
        let Reply::Bulk(key) = key else { continue };
        let key = String::from_utf8_lossy(&key).into_owned();
        match key.split(':').next().unwrap_or_default() {
            "log" | "left" | "right" | QUEUE => {
                let Reply::Array(items) = wire.try_cmd(&["LRANGE", &key, "0", "-1"])? else {
                    return Err(io::ErrorKind::InvalidData.into());
                };
                let tag = |it: &Reply| match it {
                    Reply::Bulk(text) => tag_of(text),
                    _ => None,
                };
                finals.lists.insert(key, items.iter().filter_map(tag).collect());
            }
            "counter" | SWAPPED => {
                if let Reply::Bulk(text) = wire.try_cmd(&["GET", &key])? {
                    let number = String::from_utf8_lossy(&text).parse().unwrap_or(i64::MIN);
                    finals.numbers.insert(key, number);
                }
            }
            "value" => {
                if let Reply::Bulk(text) = wire.try_cmd(&["GET", &key])? {
                    // A value that is none of ours is version 0, which no client sent.
                    let version = version_of(&text, &key).unwrap_or(0);
                    finals.versions.insert(key, version);
                }
            }
            _ => {}
        }
    }
    Ok(finals)
}
