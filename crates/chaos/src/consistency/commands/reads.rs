//! Requests that read a register.

use fastrand::Rng;
use tidegate_test_support::wire::append;

use super::form::Form;
use crate::consistency::keys::{Key, Kind};

/// Adds one of the commands that read a register of this kind; EVAL, which may write, only if
/// `scripts`.
pub fn read(out: &mut Vec<u8>, random: &mut Rng, key: Key, scripts: bool) -> Form {
    let script = |out: &mut Vec<u8>, random: &mut Rng, body: &str, name: &str| {
        let command = if scripts && random.bool() { "EVAL" } else { "EVAL_RO" };
        append(out, &[command, body, "1", name]);
    };
    let name = &*key.name();
    match (key.kind(), random.u32(0..16)) {
        (Kind::Text | Kind::Swept, 0) => {
            append(out, &["GETRANGE", name, "0", "-1"]);
            Form::Range
        }
        (Kind::Text | Kind::Swept, 1) => {
            script(out, random, "return redis.call('GET', KEYS[1])", name);
            Form::Value
        }
        (Kind::Text | Kind::Swept, 2) => {
            append(out, &["MGET", name]);
            Form::First
        }
        (Kind::Text | Kind::Swept, _) => {
            append(out, &["GET", name]);
            Form::Value
        }
        (Kind::Hash, 0..3) => {
            append(out, &["HGETALL", name]);
            Form::Fields
        }
        (Kind::Hash, 3..5) => {
            append(out, &["HMGET", name, "v"]);
            Form::First
        }
        (Kind::Hash, 5) => {
            script(out, random, "return redis.call('HGET', KEYS[1], 'v')", name);
            Form::Value
        }
        (Kind::Hash, _) => {
            append(out, &["HGET", name, "v"]);
            Form::Value
        }
        (Kind::List, 0..6) => {
            append(out, &["LINDEX", name, "0"]);
            Form::Value
        }
        (Kind::List, 6..8) => {
            append(out, &["LRANGE", name, "0", "-1"]);
            Form::First
        }
        (Kind::List, _) => {
            append(out, &["LRANGE", name, "0", "0"]);
            Form::First
        }
        (Kind::Stream, _) => {
            append(out, &["XREVRANGE", name, "+", "-", "COUNT", "1"]);
            Form::Entries
        }
        (Kind::Score, _) => {
            append(out, &["ZSCORE", name, "m"]);
            Form::Number
        }
        (Kind::HashCounter, _) => {
            append(out, &["HGET", name, "n"]);
            Form::Number
        }
        (Kind::Counter | Kind::Swapped | Kind::Event, _) => {
            append(out, &["GET", name]);
            Form::Number
        }
    }
}

/// Adds one request that reads several strings.
pub fn read_all(out: &mut Vec<u8>, keys: &[Key]) -> Form {
    let mut words = vec!["MGET".to_owned()];
    words.extend(keys.iter().map(|key| key.name()));
    append(out, &words);
    Form::Each
}
