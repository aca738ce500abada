//! Random commands over few keys, around the limit at which sorted sets are unpacked.

use crate::twin::seed;
use fastrand::Rng;
use tidegate_wire::resp::RespVersion;

use super::is_70;
use crate::support::Flavor;
use crate::twin::{Order, Twin};

const KEYS: [&str; 4] = ["a", "b", "c", "d"];

fn score(random: &mut Rng) -> String {
    match random.u8(..12) {
        0 => "inf".to_owned(),
        1 => "-inf".to_owned(),
        2 => "-0".to_owned(),
        3 => format!("{:e}", f64::from_bits(random.u64(..0x7fe << 52))),
        4 => format!("{}", random.f64() * 10.0),
        5 => format!("{}", i64::from(random.i32(..)) << random.u8(..31)),
        _ => random.i8(-3..6).to_string(),
    }
}

fn member(random: &mut Rng) -> String {
    match random.u8(..40) {
        0 => "x".repeat(random.usize(8..13)),
        1..12 => random.i16(-40..40).to_string(),
        _ => format!("m{}", random.u8(..40)),
    }
}

fn bound(random: &mut Rng) -> String {
    format!("{}{}", if random.bool() { "(" } else { "" }, score(random))
}

/// Returns an end of a range of members, which makes sense only if all scores are the same.
fn lex(random: &mut Rng) -> String {
    match random.u8(..6) {
        0 => "-".to_owned(),
        1 => "+".to_owned(),
        2 => format!("({}", member(random)),
        _ => format!("[{}", member(random)),
    }
}

fn key(random: &mut Rng) -> String {
    KEYS[random.usize(..KEYS.len())].to_owned()
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn add(random: &mut Rng) -> Vec<String> {
    let flags = ["", "", "", " NX", " XX", " GT", " LT CH", " XX GT CH", " CH"];
    let mut words = words(&format!("ZADD {}{}", key(random), flags[random.usize(..flags.len())]));
    for _ in 0..random.u8(1..4) {
        words.extend([score(random), member(random)]);
    }
    words
}

fn combination(random: &mut Rng, op: &str, stored: bool) -> String {
    let count = random.usize(1..4);
    let keys = (0..count).map(|_| format!(" {}", key(random))).collect::<String>();
    let mut text = format!("{count}{keys}");
    if op != "ZDIFF" && random.bool() {
        text.push_str(" WEIGHTS");
        (0..count).for_each(|_| text.push_str(&format!(" {}", score(random))));
    }
    if op != "ZDIFF" && random.bool() {
        text.push_str([" AGGREGATE SUM", " AGGREGATE MIN", " AGGREGATE MAX"][random.usize(..3)]);
    }
    if stored {
        format!("{op}STORE {} {text}", key(random))
    } else {
        format!("{op} {text} WITHSCORES")
    }
}

fn write(random: &mut Rng, is_70: bool) -> Vec<String> {
    let (key, other) = (key(random), key(random));
    let (start, stop) = (random.i8(-20..20), random.i8(-20..20));
    let (min, max) = (bound(random), bound(random));
    let line = match random.u8(..40) {
        0..16 => return add(random),
        16..19 => format!("ZINCRBY {key} {} {}", score(random), member(random)),
        19 => format!("ZADD {key} INCR {} {}", score(random), member(random)),
        20..25 => format!("ZREM {key} {} {} {}", member(random), member(random), member(random)),
        25 => format!("ZREMRANGEBYRANK {key} {start} {stop}"),
        26 => format!("ZREMRANGEBYSCORE {key} {min} {max}"),
        27 => format!("ZPOPMIN {key}"),
        28 => format!("ZPOPMAX {key} {}", random.u8(..5)),
        29 => format!("ZRANGESTORE {key} {other} {start} {stop}"),
        30 => format!("ZRANGESTORE {key} {other} {min} {max} BYSCORE LIMIT 1 9"),
        31 => format!("ZRANGESTORE {key} {other} {start} {stop} REV"),
        32 if is_70 => format!("ZMPOP 2 {key} {other} MAX COUNT 2"),
        33 => combination(random, "ZUNION", true),
        34 => combination(random, "ZINTER", true),
        35 => combination(random, "ZDIFF", true),
        _ => return add(random),
    };
    words(&line)
}

fn read_all(twin: &mut Twin, random: &mut Rng, key: &str) {
    let (start, stop) = (random.i8(-20..20), random.i8(-20..20));
    let (min, max, member) = (bound(random), bound(random), member(random));
    for line in [
        format!("ZCARD {key}"),
        format!("ZSCORE {key} {member}"),
        format!("ZRANK {key} {member}"),
        format!("ZREVRANK {key} {member}"),
        format!("ZMSCORE {key} {member} m1 m2"),
        format!("ZRANGE {key} 0 -1 WITHSCORES"),
        format!("ZREVRANGE {key} {start} {stop} WITHSCORES"),
        format!("ZRANGE {key} {start} {stop}"),
        format!("ZCOUNT {key} {min} {max}"),
        format!("ZRANGEBYSCORE {key} {min} {max} WITHSCORES"),
        format!("ZREVRANGEBYSCORE {key} {min} {max} LIMIT {} {}", random.u8(..4), random.i8(-1..9)),
        format!("ZRANDMEMBER {key} 1000 WITHSCORES"),
        combination(random, "ZUNION", false),
        combination(random, "ZINTER", false),
        combination(random, "ZDIFF", false),
    ] {
        twin.same(&words(&line));
    }
    if twin.flavor() != Flavor::Redis62 {
        twin.line(&format!("ZINTERCARD 2 {key} a LIMIT {}", random.u8(..5)));
    }
    twin.same_inside(key);
    twin.same_when_loaded(key);
}

fn small_limits(flavor: Flavor) -> Twin {
    let form = if flavor == Flavor::Redis62 { "ziplist" } else { "listpack" };
    let entries = format!("--zset-max-{form}-entries");
    let value = format!("--zset-max-{form}-value");
    let mut twin = Twin::with(flavor, &[&entries, "12", &value, "10"]);
    let mut packing = *twin.store.packing();
    (packing.zset_entries, packing.zset_value) = (12, 10);
    twin.store.set_packing(packing);
    twin
}

#[test]
fn commands_around_the_limits() {
    Twin::each(|twin| {
        let flavor = twin.flavor();
        drop(twin);
        let mut twin = small_limits(flavor);
        let seed = seed();
        eprintln!("{flavor:?}: seed {seed}");
        let mut random = Rng::with_seed(seed);
        for round in 0..250 {
            twin.set_protocol(if round % 2 == 0 { RespVersion::V2 } else { RespVersion::V3 });
            for _ in 0..random.u8(1..30) {
                let words = write(&mut random, is_70(&twin));
                twin.same(&words);
            }
            for key in KEYS {
                read_all(&mut twin, &mut random, key);
            }
        }
    });
}

#[test]
fn members_of_one_score() {
    Twin::each(|twin| {
        let flavor = twin.flavor();
        drop(twin);
        let mut twin = small_limits(flavor);
        let seed = seed();
        eprintln!("{flavor:?}: seed {seed}");
        let mut random = Rng::with_seed(seed);
        for _ in 0..1500 {
            let key = key(&mut random);
            let (min, max) = (lex(&mut random), lex(&mut random));
            let line = match random.u8(..12) {
                0..5 => format!("ZADD {key} 0 {} 0 {}", member(&mut random), member(&mut random)),
                5 => format!("ZREM {key} {}", member(&mut random)),
                6 => format!("ZREMRANGEBYLEX {key} {min} {max}"),
                7 => format!("ZRANGEBYLEX {key} {min} {max} LIMIT {} 5", random.u8(..4)),
                8 => format!("ZREVRANGEBYLEX {key} {min} {max}"),
                9 => format!("ZLEXCOUNT {key} {min} {max}"),
                10 => format!("ZRANGE {key} {min} {max} BYLEX REV LIMIT 1 -1"),
                _ => format!("ZRANGESTORE {key} a {min} {max} BYLEX"),
            };
            twin.same(&words(&line));
            twin.same_inside(&key);
        }
    });
}

#[test]
fn many_members() {
    Twin::each(|mut twin| {
        let seed = seed();
        eprintln!("{:?}: seed {seed}", twin.flavor());
        let mut random = Rng::with_seed(seed);
        for round in 0..30 {
            let mut words = vec!["ZADD".to_owned(), "z".to_owned()];
            for _ in 0..1000 {
                words.push(random.i32(-3000..3000).to_string());
                words.push(format!("member:{}", random.u32(..20_000)));
            }
            twin.same(&words);
            let (start, stop) = (random.i16(-30_000..30_000), random.i16(-3000..3000));
            twin.line(&format!("ZRANGE z {start} {stop} WITHSCORES"));
            twin.line(&format!(
                "ZRANGEBYSCORE z {stop} {} LIMIT {} 100",
                stop + 500,
                random.u8(..)
            ));
            twin.line(&format!("ZREVRANGEBYSCORE z {} ({stop} WITHSCORES", stop + 500));
            twin.line(&format!("ZREVRANK z member:{}", random.u32(..20_000)));
            twin.line(&format!("ZREMRANGEBYSCORE z {stop} ({}", stop + 100));
            if round % 10 == 9 {
                twin.line("ZREMRANGEBYRANK z 100 -100");
            }
            let mut digests = twin.theirs(&["DEBUG", "DIGEST-VALUE", "z"]);
            digests.retain(u8::is_ascii_hexdigit);
            let context = twin.context();
            let ours = twin.store.peek(0, b"z", 9, context.now_ms).unwrap();
            assert!(String::from_utf8(digests).unwrap().ends_with(&ours.digest));
        }
        twin.compare(&["ZUNION", "2", "z", "z", "WITHSCORES"], Order::Exact);
    });
}
