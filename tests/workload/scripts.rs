//! Scripts and functions that change several keys.

use super::draw::Draw;
use super::keys::Kind;

/// Effects of several commands, some of them of none or of one.
const SCRIPTS: [&str; 7] = [
    "redis.call('SET',KEYS[1],ARGV[1]) redis.call('INCR',KEYS[2]) \
     redis.call('RPUSH',KEYS[3],ARGV[1],ARGV[2]) return 1",
    "for i=1,tonumber(ARGV[3]) do redis.call('HSET',KEYS[4],'m'..i,ARGV[1]) end \
     redis.call('ZADD',KEYS[5],ARGV[3],ARGV[2]) return redis.call('HLEN',KEYS[4])",
    "return redis.pcall('SADD',KEYS[6],ARGV[2])",
    "return redis.call('GET',KEYS[1])",
    "redis.call('SET',KEYS[1],ARGV[1],'PX',ARGV[4]) redis.call('SPOP',KEYS[6]) \
     return redis.call('INCRBYFLOAT',KEYS[2],'0.5')",
    "redis.call('LPUSH',KEYS[3],ARGV[2]) return redis.call('LPOP',KEYS[1])",
    "redis.call('DEL',KEYS[3]) for i=1,200 do redis.call('RPUSH',KEYS[3],i..ARGV[2]) end",
];

/// Payloads of DUMP, put back under another name.
const RESTORE: &str = "local d=redis.call('DUMP',KEYS[1]) if not d then return 0 end \
     return redis.call(ARGV[1],KEYS[2],ARGV[2],d,'REPLACE')";
const RESTORE_AT: &str = "local d=redis.call('DUMP',KEYS[1]) if not d then return 0 end \
     return redis.call('RESTORE',KEYS[2],ARGV[2],d,'REPLACE','ABSTTL','IDLETIME','5')";

/// Kinds of the keys of [`SCRIPTS`].
const KEYS: [Kind; 6] =
    [Kind::Text, Kind::Counter, Kind::List, Kind::Hash, Kind::Sorted, Kind::Set];

fn word(text: impl ToString) -> Vec<u8> {
    text.to_string().into_bytes()
}

/// Appends what follows EVAL.
pub fn script(draw: &mut Draw, out: &mut Vec<Vec<u8>>) {
    if draw.one_in(3) {
        return restore(draw, out);
    }
    let mut script = draw.pick(&SCRIPTS);
    while draw.is_steady && script.contains("SPOP") {
        script = draw.pick(&SCRIPTS);
    }
    out.extend([word(script), word(KEYS.len())]);
    out.extend(KEYS.map(|kind| draw.key(kind)));
    let (value, member) = (draw.value(), draw.member());
    out.extend([value, member, word(draw.below(30)), word(1 + draw.below(40))]);
}

fn restore(draw: &mut Draw, out: &mut Vec<Vec<u8>>) {
    let kind = draw.pick(&Kind::ALL);
    let (from, to) = (draw.key(kind), draw.key(kind));
    let absolute = draw.one_in(4);
    out.extend([word(if absolute { RESTORE_AT } else { RESTORE }), word(2), from, to]);
    let asking = draw.one_in(4);
    out.push(word(if asking { "RESTORE-ASKING" } else { "RESTORE" }));
    let ttl = match draw.below(4) {
        _ if absolute => 4_102_444_800_000,
        0 if !draw.is_steady => 1 + i64::from(draw.below(40)),
        1 => 10_000_000,
        _ => 0,
    };
    out.push(word(ttl));
}

/// The text of a library of functions, in one of its versions.
pub fn library(number: u32, version: u32) -> Vec<u8> {
    word(format!(
        "#!lua name=library{number}\n\
         redis.register_function('write{number}', function(keys, args) \
         redis.call('SET', keys[1], args[1]) return redis.call('RPUSH', keys[2], '{version}') end)\n\
         redis.register_function('version{number}', function() return {version} end)"
    ))
}
