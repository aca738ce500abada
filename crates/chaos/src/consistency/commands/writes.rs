//! Requests that write a register.

use fastrand::Rng;
use tidegate_test_support::wire::append;

use crate::consistency::keys::{Key, Kind};

/// Choices from 0 on; those below this one are scripts.
const PLAIN: u32 = 2;

/// Adds one of the commands that write this version, a script only if `scripts`. Of a string, even
/// versions delete it.
pub fn write(out: &mut Vec<u8>, random: &mut Rng, key: Key, version: u32, scripts: bool) {
    let (name, value) = (&*key.name(), &*key.value(version));
    let choice = random.u32(if scripts { 0 } else { PLAIN }..16);
    match key.kind() {
        Kind::Text | Kind::Swept if version.is_multiple_of(2) => match choice {
            0..4 => append(out, &["UNLINK", name]),
            4..6 => append(out, &["GETDEL", name]),
            6..8 => append(out, &["PEXPIRE", name, "0"]),
            _ => append(out, &["DEL", name]),
        },
        Kind::Text | Kind::Swept => match choice {
            0 => append(
                out,
                &["EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", "1", name, value],
            ),
            // The proxy cannot know the key.
            1 => append(
                out,
                &["EVAL", "return redis.call('SET', ARGV[1], ARGV[2])", "0", name, value],
            ),
            2 => append(out, &["MSET", name, value, "beside", value]),
            3 => append(out, &["SETEX", name, "3600", value]),
            4 => append(out, &["SET", name, value, "GET"]),
            5 => append(out, &["GETSET", name, value]),
            _ => append(out, &["SET", name, value]),
        },
        Kind::Hash => match choice {
            0 => {
                let body = "return redis.call('HSET', KEYS[1], 'v', ARGV[1])";
                append(out, &["EVAL", body, "1", name, value]);
            }
            1..4 => append(out, &["HMSET", name, "v", value, "f", "x"]),
            _ => append(out, &["HSET", name, "v", value]),
        },
        Kind::List => append(out, &["LPUSH", name, value]),
        Kind::Stream => {
            let id = format!("{version}-0");
            append(out, &["XADD", name, "MAXLEN", "4", &id, "v", value]);
        }
        Kind::Score => append(out, &["ZADD", name, &version.to_string(), "m"]),
        Kind::Swapped => append(out, &["SET", name, &version.to_string()]),
        Kind::Counter | Kind::HashCounter | Kind::Event => increment(out, random, key, scripts),
    }
}

/// Adds one of the commands that add one to a register; their reply is its version.
pub fn increment(out: &mut Vec<u8>, random: &mut Rng, key: Key, scripts: bool) {
    let name = &*key.name();
    match (key.kind(), random.u32(if scripts { 0 } else { PLAIN }..16)) {
        (Kind::HashCounter, 0) => {
            let body = "return redis.call('HINCRBY', KEYS[1], 'n', 1)";
            append(out, &["EVAL", body, "1", name]);
        }
        (Kind::HashCounter, _) => append(out, &["HINCRBY", name, "n", "1"]),
        (_, 0) => append(out, &["EVAL", "return redis.call('INCR', KEYS[1])", "1", name]),
        (_, 1) => append(out, &["EVAL", "return redis.call('INCR', ARGV[1])", "0", name]),
        (_, 2) => append(out, &["INCRBY", name, "1"]),
        _ => append(out, &["INCR", name]),
    }
}
