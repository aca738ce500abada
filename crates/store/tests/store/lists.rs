//! Lists.

use super::*;
use tidegate_wire::resp::RespVersion;

/// Runs lines of words and compares the key after each.
fn compare_lines(twin: &mut Twin, lines: &[&str]) {
    for line in lines {
        twin.line(line);
        twin.line("LRANGE l 0 -1");
    }
}

#[test]
fn ends() {
    Twin::each(|mut twin| {
        compare_lines(
            &mut twin,
            &[
                "LPUSHX l a",
                "RPUSHX l a",
                "RPUSH l a b c",
                "LPUSH l 1 2 3",
                "LPUSHX l x",
                "RPUSHX l y 7 -5",
                "LLEN l",
                "LPOP l",
                "RPOP l",
                "LPOP l 2",
                "RPOP l 2",
                "LPOP l 0",
                "LPOP l -1",
                "LPOP l x",
                "LPOP l 1 2",
                "RPOP l 1 2",
                "RPOP l 100",
                "LPOP l",
                "RPOP l 1",
                "LPOP l 0",
                "LLEN l",
                "SADD s a",
                "LPUSH s a",
                "LPUSHX s a",
                "LPOP s",
                "LPOP s 0",
                "LPOP s 1",
                "LLEN s",
                "LRANGE s 0 1",
                "LINDEX s x",
            ],
        );
    });
}

#[test]
fn reading() {
    Twin::each(|mut twin| {
        twin.line("RPUSH l a b c 1 2 3 a b c a");
        for start in ["-100", "-10", "-3", "0", "2", "9", "10", "x", "9223372036854775807"] {
            twin.line(&format!("LINDEX l {start}"));
            twin.line(&format!("LINDEX none {start}"));
            for stop in ["-100", "-9223372036854775808", "-2", "-1", "0", "5", "10", "y"] {
                twin.line(&format!("LRANGE l {start} {stop}"));
            }
        }
        twin.lines(&[
            "LRANGE none 0 -1",
            "LRANGE none a b",
            "LPOS l a",
            "LPOS l zz",
            "LPOS none a",
        ]);
        for rank in ["1", "2", "-1", "-2", "4", "-9", "0", "x", "-9223372036854775807"] {
            twin.line(&format!("LPOS l a RANK {rank}"));
            for count in ["0", "1", "2", "-1", "x"] {
                twin.line(&format!("LPOS l a RANK {rank} COUNT {count}"));
                twin.line(&format!("LPOS none a RANK {rank} COUNT {count}"));
                for len in ["0", "1", "3", "-1", "y"] {
                    twin.line(&format!("LPOS l a MAXLEN {len} RANK {rank} COUNT {count}"));
                    twin.line(&format!("LPOS l 2 COUNT {count} MAXLEN {len} RANK {rank}"));
                }
            }
        }
        twin.lines(&["LPOS l a RANK", "LPOS l a NONE 1", "LPOS l a COUNT 1 COUNT 2"]);
        twin.lines(&["SET t x", "LPOS t a", "LPOS t a RANK 0"]);
        twin.set_protocol(RespVersion::V3);
        twin.lines(&[
            "LINDEX none 0",
            "LRANGE none 0 1",
            "LPOS l zz",
            "LPOP none",
            "LPOP none 1",
            "LPOP none",
        ]);
    });
    // 6.2 and 7.0 take this number as it is.
    Twin::each(|mut twin| {
        twin.line("RPUSH l a b c a");
        twin.line("LREM l -9223372036854775808 b");
        twin.line("LPOS l a RANK -9223372036854775808");
    });
}

#[test]
fn changing() {
    Twin::each(|mut twin| {
        compare_lines(
            &mut twin,
            &[
                "RPUSH l a b c 1 2 3 a b c a",
                "LSET l 0 x",
                "LSET l -1 y",
                "LSET l 10 y",
                "LSET l -11 y",
                "LSET l z y",
                "LSET none 0 y",
                "LSET none z y",
                "LINSERT l BEFORE x 0",
                "LINSERT l after y 9",
                "LINSERT l after 2 2",
                "LINSERT l before nothing 2",
                "LINSERT l middle x 2",
                "LINSERT none before x 2",
                "LREM l 1 a",
                "LREM l -1 b",
                "LREM l 0 c",
                "LREM l 5 nothing",
                "LREM l x nothing",
                "LREM none 0 nothing",
                "LREM none x nothing",
                "LTRIM l 1 -2",
                "LTRIM l 1 x",
                "LTRIM none 0 -1",
                "LTRIM l -100 2",
                "LTRIM l 5 2",
                "RPUSH l a a a",
                "LREM l 0 a",
                "RPUSH l a",
                "LTRIM l 0 0",
                "LREM l -2 a",
                "SET t x",
                "LSET t 0 y",
                "LSET t z y",
                "LINSERT t before a b",
                "LINSERT t a a b",
                "LREM t 0 b",
                "LTRIM t 0 1",
            ],
        );
    });
}

#[test]
fn moving() {
    Twin::each(|mut twin| {
        compare_lines(
            &mut twin,
            &[
                "RPUSH l a b c 1 2 3",
                "LMOVE l m LEFT LEFT",
                "LMOVE l m RIGHT LEFT",
                "LMOVE l m left right",
                "LMOVE l l left right",
                "LMOVE l l right left",
                "LMOVE l l right right",
                "LMOVE l l right up",
                "LMOVE l l up right",
                "RPOPLPUSH l m",
                "RPOPLPUSH m m",
                "RPOPLPUSH l l",
                "LRANGE m 0 -1",
                "RPOPLPUSH none m",
                "RPOPLPUSH none none",
                "SET t x",
                "RPOPLPUSH t m",
                "RPOPLPUSH l t",
                "RPOPLPUSH none t",
                "BLMOVE l m LEFT RIGHT 0",
                "BLMOVE l m LEFT RIGHT x",
                "BLMOVE l m LEFT RIGHT -1",
                "BLMOVE l m LEFT LAST -1",
                "BRPOPLPUSH l m 0.5",
                "BLPOP none l 1",
                "BRPOP none m 1",
                "BRPOP none none 0.01",
                "BLPOP t m 0",
                "BLPOP m t 0",
                "BLPOP m x",
                "BLPOP m -0.1",
                "BLPOP m 1e30",
                "BLPOP m nan",
                "BLPOP m inf",
            ],
        );
        twin.set_protocol(RespVersion::V3);
        twin.lines(&["BLPOP none 0.01", "BLMOVE none none LEFT LEFT 0.01"]);
    });
}

#[test]
fn popping_many() {
    use crate::support::Flavor::{Redis70, Redis82, Valkey91};
    Twin::each_of(&[Redis70, Redis82, Valkey91], |mut twin| {
        compare_lines(
            &mut twin,
            &[
                "RPUSH l a b c d e f g h i j k",
                "LMPOP 1 l LEFT",
                "LMPOP 2 none l RIGHT COUNT 3",
                "LMPOP 2 none l RIGHT COUNT 0",
                "LMPOP 2 none l RIGHT COUNT x",
                "LMPOP 2 none l RIGHT COUNT",
                "LMPOP 2 none l RIGHT COUNT 1 COUNT 1",
                "LMPOP 2 none l RIGHT COUNT 1 x",
                "LMPOP 2 none l UP",
                "LMPOP 3 none l RIGHT",
                "LMPOP 0 none l RIGHT",
                "LMPOP x none l RIGHT",
                "LMPOP -1 none l RIGHT",
                "LMPOP 1 none RIGHT",
                "BLMPOP 0 1 l RIGHT COUNT 2",
                "BLMPOP x 1 l RIGHT COUNT 2",
                "BLMPOP 0.01 1 none RIGHT COUNT 2",
                "LMPOP 1 l LEFT COUNT 100",
                "SET t x",
                "LMPOP 1 t LEFT",
            ],
        );
    });
}

/// Returns a value around the lengths that decide where it goes.
fn value(random: &mut fastrand::Rng) -> Vec<u8> {
    let len = match random.u8(..40) {
        0 => random.usize(8100..8300),
        1 => random.usize(4000..4200),
        2 => random.usize(9000..20_000),
        3..10 => random.usize(100..1500),
        10..20 => return random.i64(..).to_string().into_bytes(),
        20..30 => return random.u8(..9).to_string().into_bytes(),
        _ => random.usize(..5),
    };
    vec![random.choice(*b"abc").unwrap(); len]
}

fn step(twin: &mut Twin, random: &mut fastrand::Rng) {
    let key = random.choice(["k1", "k2", "k3"]).unwrap();
    let other = random.choice(["k1", "k2", "k3"]).unwrap();
    let at = random.i32(-30..30).to_string();
    let to = random.i32(-30..30).to_string();
    let side = |random: &mut fastrand::Rng| random.choice(["LEFT", "RIGHT"]).unwrap();
    let mut words: Vec<Vec<u8>> = match random.u8(..40) {
        0..12 => vec![random.choice(["LPUSH", "RPUSH"]).unwrap().into(), key.into()],
        12..15 => vec![random.choice(["LPOP", "RPOP"]).unwrap().into(), key.into()],
        15..17 => vec![
            random.choice(["LPOP", "RPOP"]).unwrap().into(),
            key.into(),
            random.u8(1..30).to_string().into(),
        ],
        17..24 => {
            let place = random.choice(["BEFORE", "AFTER"]).unwrap();
            vec!["LINSERT".into(), key.into(), place.into(), value(random), value(random)]
        }
        24..31 => vec!["LSET".into(), key.into(), at.into(), value(random)],
        31..34 => vec!["LREM".into(), key.into(), to.into(), value(random)],
        34 => vec!["LTRIM".into(), key.into(), at.into(), to.into()],
        35..39 => {
            let (from, to) = (side(random), side(random));
            vec!["LMOVE".into(), key.into(), other.into(), from.into(), to.into()]
        }
        _ => vec!["LPOS".into(), key.into(), value(random), "COUNT".into(), "0".into()],
    };
    if words[0].ends_with(b"PUSH") {
        words.extend((0..random.usize(1..6)).map(|_| value(random)));
    }
    // Half of the time, the element that is looked for exists.
    if words[0] == b"LINSERT" && random.bool() {
        let found = twin.ours(&[b"LINDEX".to_vec(), key.into(), at_of(random)]);
        if let Some(body) = found.strip_prefix(b"$").and_then(bulk) {
            words[3] = body;
        }
    }
    twin.same(&words);
}

fn at_of(random: &mut fastrand::Rng) -> Vec<u8> {
    random.i32(-40..40).to_string().into()
}

/// Returns the bytes of a bulk string behind its `$`.
fn bulk(reply: &[u8]) -> Option<Vec<u8>> {
    let line = reply.iter().position(|&byte| byte == b'\n')? + 1;
    Some(reply.get(line..reply.len() - 2)?.to_vec())
}

fn random_edits(mut twin: Twin) {
    let seed = seed();
    eprintln!("{:?} seed {seed}", twin.flavor());
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..4000 {
        step(&mut twin, &mut random);
        if round % 10 == 0 {
            for key in ["k1", "k2", "k3"] {
                twin.same_inside(key);
            }
        }
        if round % 100 == 0 {
            twin.same_when_loaded("k1");
            twin.lines(&["LRANGE k1 0 -1", "LRANGE k2 0 -1", "LRANGE k3 -30 -5", "LLEN k1"]);
        }
        if round % 400 == 399 {
            twin.line("LTRIM k1 0 3");
        }
    }
}

#[test]
fn any_edits_leave_the_same_nodes() {
    Twin::each(random_edits);
}

/// Limits nodes to this many elements, or bytes if negative, from now on.
fn set_list_size(twin: &mut Twin, size: i32) {
    use tidegate_store::Packing;
    let name = match twin.flavor() {
        Flavor::Redis62 => "list-max-ziplist-size",
        _ => "list-max-listpack-size",
    };
    twin.theirs(&["CONFIG", "SET", name, &size.to_string()]);
    let packing = *twin.store.packing();
    twin.store.set_packing(Packing { list_size: size, ..packing });
}

#[test]
fn any_edits_leave_the_same_nodes_where_elements_are_counted() {
    for size in [1, 5, 100] {
        Twin::each(|mut twin| {
            set_list_size(&mut twin, size);
            random_edits(twin);
        });
    }
}

/// Redis 7.0 joins nodes that are up to 4 bytes larger than later versions allow. A number that is
/// moved out of a quicklist counts as no bytes when a server checks whether the destination's
/// listpack becomes too large.
#[test]
fn moved_numbers_weigh_nothing() {
    Twin::each(|mut twin| {
        let large = "a".repeat(9000);
        for len in 8150..8195 {
            for first in ["a", &large] {
                for element in ["-8486989099945580370", "12", "-8486989099945580370x"] {
                    twin.same(&["DEL", "to", "from"]);
                    twin.same(&["RPUSH", "to", &"x".repeat(len)]);
                    twin.same(&["RPUSH", "from", first, element]);
                    twin.line("LMOVE from to RIGHT LEFT");
                    twin.same_inside("to");
                }
            }
        }
    });
}

#[test]
fn nodes_are_joined_up_to_the_same_size() {
    Twin::each(|mut twin| {
        set_list_size(&mut twin, 5);
        for len in 8160..8185 {
            twin.same(&["DEL", "l"]);
            twin.same(&["RPUSH", "l", &"x".repeat(len)]);
            // A second node of three elements, of which two stay, and a full one, which is split.
            twin.line(&format!("RPUSH l a b {}", "y".repeat(100)));
            twin.line("RPUSH l q r c d e f g");
            twin.line(&format!("LREM l 1 {}", "y".repeat(100)));
            twin.lines(&["LREM l 1 q", "LREM l 1 r"]);
            twin.same_inside("l");
            twin.line("LINSERT l AFTER d z");
            twin.same_inside("l");
        }
        set_list_size(&mut twin, -2);
        for len in 4090..4120 {
            let (first, pivot) = ("x".repeat(len), "y".repeat(4070));
            twin.same(&["DEL", "l"]);
            twin.same(&["RPUSH", "l", &first, &pivot, &"z".repeat(4070)]);
            twin.same_inside("l");
            twin.same(&["LINSERT", "l", "AFTER", &pivot, &"w".repeat(100)]);
            twin.same_inside("l");
        }
    });
}
