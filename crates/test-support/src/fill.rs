//! Fills a server with every type in every form.

use crate::flavor::Flavor;
use crate::server::RedisServer;
use crate::wire::Wire;

/// When the keys whose names start with `expires` do: far away, and no round number.
pub const EXPIRES_MS: i64 = 4_102_444_801_234;

pub const FUNCTION: &str =
    "#!lua name=rdbtest\nredis.register_function('rdbtest', function() return 1 end)";

struct Filler {
    wire: Wire,
}

impl Filler {
    #[track_caller]
    fn run<A: AsRef<[u8]>>(&mut self, args: &[A]) {
        let reply = self.wire.cmd(args);
        assert!(!reply.is_err(), "{:?}: {reply:?}", String::from_utf8_lossy(args[0].as_ref()));
    }

    /// A command in words.
    #[track_caller]
    fn say(&mut self, line: &str) {
        self.run(&line.split(' ').collect::<Vec<_>>());
    }

    /// `command key` with many arguments.
    #[track_caller]
    fn many<A: AsRef<[u8]>>(&mut self, command: &str, key: &str, args: impl Iterator<Item = A>) {
        let mut words = vec![command.as_bytes().to_vec(), key.as_bytes().to_vec()];
        words.extend(args.map(|arg| arg.as_ref().to_vec()));
        self.run(&words);
    }
}

/// Strings of every length and form that packed collections tell apart.
fn elements() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for number in [
        "0",
        "12",
        "13",
        "127",
        "128",
        "-1",
        "4095",
        "4096",
        "-4096",
        "-4097",
        "32767",
        "32768",
        "-32769",
        "8388607",
        "8388608",
        "-8388609",
        "2147483647",
        "2147483648",
        "-2147483649",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "-0",
        "007",
        "1.5",
    ] {
        all.push(number.into());
    }
    for len in [0, 1, 63, 64, 253, 254, 255, 4095, 4096] {
        all.push((0..len).map(|at| b'a' + (at % 26) as u8).collect());
    }
    all.push(b"\xff\0\r\n\xc3".to_vec());
    all
}

pub fn fill(server: &RedisServer) {
    let mut to = Filler { wire: server.wire() };
    strings(&mut to);
    lists(&mut to);
    sets_and_hashes(&mut to);
    sorted_sets(&mut to);
    streams(&mut to, server.flavor());
    if matches!(server.flavor(), Flavor::Redis82 | Flavor::Valkey91) {
        field_expiries(&mut to);
    }
    if server.flavor() != Flavor::Redis62 {
        to.run(&["FUNCTION", "LOAD", FUNCTION]);
    }
    for key in ["expires", "expires:list", "expires:hash"] {
        to.run(&["PEXPIREAT", key, &EXPIRES_MS.to_string()]);
    }
    for db in ["3", "15"] {
        to.run(&["SELECT", db]);
        to.run(&["SET", "in a database", db]);
        to.run(&["SET", "expires there", db]);
        to.run(&["PEXPIREAT", "expires there", &EXPIRES_MS.to_string()]);
    }
}

fn strings(to: &mut Filler) {
    for (n, element) in elements().iter().enumerate() {
        to.run(&[b"SET", format!("string:{n}").as_bytes(), element]);
    }
    to.run(&["SET", "expires", "1"]);
    to.run(&["SET", "compressible", &"tide".repeat(5000)]);
    to.run(&["SET", "long", &"0123456789".repeat(100_000)]);
    let random: Vec<u8> = (0..70_000).map(|_| fastrand::u8(..)).collect();
    to.run(&[&b"SET"[..], b"random", &random[..]]);
    to.run(&[&b"SET"[..], b"\xff\xfe key", b"binary"]);
    to.run(&["SET", "", "the empty key"]);
    to.run(&["SET", "12345", "a number's key"]);
    to.say("SETBIT bits 100000 1");
    to.many("PFADD", "hll:sparse", (0..50).map(|n| n.to_string()));
    to.many("PFADD", "hll:dense", (0..5000).map(|n| n.to_string()));
}

fn lists(to: &mut Filler) {
    let all = elements();
    to.many("RPUSH", "list:elements", all.iter());
    to.many("RPUSH", "list:long", (0..5000).map(|n| format!("element {n}")));
    to.many("RPUSH", "list:numbers", (-3000..3000).map(|n: i64| (n * n * n).to_string()));
    to.run(&["RPUSH", "list:large", &"x".repeat(9000), "small", &"y".repeat(70_000), "z"]);
    to.say("RPUSH expires:list a b c");
    // Around where the length behind an element takes a byte more, in one listpack.
    to.say("CONFIG SET list-max-ziplist-size -5");
    for len in [122, 123, 16_376, 16_377, 16_378, 16_379] {
        to.run(&["RPUSH", &format!("list:{len}"), "before", &"b".repeat(len), "behind"]);
    }
    to.say("CONFIG SET list-max-ziplist-size -2");
}

fn sets_and_hashes(to: &mut Filler) {
    let all = elements();
    to.many("SADD", "set:elements", all.iter());
    to.many("SADD", "set:long", (0..3000).map(|n| format!("member {n}")));
    to.say("SADD set:small a b 3 -70000 99999999999");
    to.say("SADD set:int16 1 -2 30000");
    to.say("SADD set:int32 1 -2 70000");
    to.say("SADD set:int64 1 -2 9223372036854775807 -9223372036854775808");
    to.many("SADD", "set:numbers", (0..2000).map(|n| (n * 7919).to_string()));
    to.say("HSET hash:small f v 1 2 -3 4.5 g 007");
    to.many("HSET", "hash:long", (0..4000).map(|n| format!("field or value {n}")));
    let pairs = all.iter().flat_map(|element| [element, element]);
    to.many("HSET", "hash:elements", pairs);
    to.say("HSET expires:hash f v");
}

fn sorted_sets(to: &mut Filler) {
    to.say("ZADD zset:small 1 a 1.5 b -inf c inf d 0.1 e -0 f 1e300 g 3e-5 h 12345678901234567 i");
    to.say("GEOADD zset:geo 13.361389 38.115556 Palermo 15.087269 37.502669 Catania");
    let many = (0..2000).flat_map(|n| [(f64::from(n) / 7.0).to_string(), format!("member {n}")]);
    to.many("ZADD", "zset:long", many);
    to.run(&["ZADD", "zset:wide", "inf", &"m".repeat(100), "-inf", "n", "0.1", "7"]);
}

fn streams(to: &mut Filler, flavor: Flavor) {
    for n in 1..=300 {
        let (id, value) = (format!("{}-{}", 1000 + n / 3, n), n.to_string());
        match n % 5 {
            0 => to.run(&["XADD", "stream", &id, "other", &value, "second", "x"]),
            _ => to.run(&["XADD", "stream", &id, "field", &value]),
        }
    }
    to.say("XDEL stream 1000-1 1003-10 1100-300 1050-150");
    to.say("XGROUP CREATE stream none $");
    to.say("XGROUP CREATE stream group 0");
    to.say("XREADGROUP GROUP group one COUNT 70 STREAMS stream >");
    to.say("XREADGROUP GROUP group two COUNT 30 STREAMS stream >");
    to.say("XACK stream group 1000-2 1001-3");
    to.say("XCLAIM stream group two 0 1005-15 RETRYCOUNT 7");
    // What is pending and gone.
    to.say("XDEL stream 1006-18");
    to.say("XGROUP CREATECONSUMER stream group idle");
    to.say("XADD stream:trimmed 5-0 a b");
    to.say("XADD stream:trimmed MAXLEN 1 6-0 a b");
    to.say("XADD stream:empty 7-3 a b");
    to.say("XDEL stream:empty 7-3");
    if flavor != Flavor::Redis62 {
        to.say("XGROUP CREATE stream:empty read 7-3 ENTRIESREAD 1");
        to.say("XSETID stream:trimmed 9-9 ENTRIESADDED 50 MAXDELETEDID 8-8");
    }
    // The ids of one node may lie before the first one's in their second half.
    to.say("XADD stream:back 1-500 a b");
    to.say("XADD stream:back 2-1 a b");
    to.run(&["XADD", "stream:wide", "1-1", "f", &"w".repeat(16_378), "g", ""]);
}

fn field_expiries(to: &mut Filler) {
    let soon = (EXPIRES_MS + 1).to_string();
    let late = (EXPIRES_MS + 100_000).to_string();
    to.say("HSET fields:small f 1 g two h three");
    to.run(&["HPEXPIREAT", "fields:small", &late, "FIELDS", "1", "g"]);
    to.run(&["HPEXPIREAT", "fields:small", &soon, "FIELDS", "1", "h"]);
    to.many("HSET", "fields:long", (0..1200).map(|n| format!("f{n}")));
    to.run(&["HPEXPIREAT", "fields:long", &late, "FIELDS", "2", "f0", "f700"]);
    to.run(&["HPEXPIREAT", "fields:long", &soon, "FIELDS", "1", "f2"]);
    to.say("HSET fields:persistent f 1 g two");
    to.run(&["HPEXPIREAT", "fields:persistent", &late, "FIELDS", "1", "g"]);
    to.say("HPERSIST fields:persistent FIELDS 1 g");
}
