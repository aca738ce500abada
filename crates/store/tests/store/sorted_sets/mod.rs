//! Sorted sets.

mod chance;
mod combinations;
mod random;
mod ranges;

use crate::twin::seed;
use tidegate_wire::resp::RespVersion;

use crate::support::Flavor;
use crate::twin::Twin;

/// Runs some commands in both protocols.
fn both_protocols(lines: &[&str]) {
    Twin::each(|mut twin| {
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.set_protocol(version);
            twin.lines(lines);
        }
    });
}

/// Whether the server has what Redis 7.0 added.
fn is_70(twin: &Twin) -> bool {
    twin.flavor() != Flavor::Redis62
}

/// Words that may be a score, and words that may not.
const ODD_SCORES: [&str; 34] = [
    "inf",
    "+INF",
    "-inf",
    "Infinity",
    "nan",
    "-nan",
    "nan(1)",
    "0x10",
    "0x1p3",
    "0x",
    "0x.8",
    "0x1.8p-1075",
    "0X1P-2",
    " 1",
    "1 ",
    "",
    "+",
    "-",
    ".",
    "5.",
    ".5",
    "1e",
    "e1",
    "1e400",
    "-1e400",
    "1e-400",
    "0e-999",
    "-0",
    "0",
    "1_0",
    "1d",
    "+-1",
    "infi",
    "1\x000",
];

#[test]
fn scores_are_read_and_written_as_servers_do() {
    Twin::each(|mut twin| {
        let seed = seed();
        eprintln!("{:?}: seed {seed}", twin.flavor());
        let mut random = fastrand::Rng::with_seed(seed);
        for n in 0..4000 {
            if n % 500 == 0 {
                twin.set_protocol(if n % 1000 == 0 { RespVersion::V2 } else { RespVersion::V3 });
            }
            let score = match random.u8(..6) {
                0 => f64::from_bits(random.u64(..)),
                1 => random.f64() * 1e6 - 5e5,
                2 => f64::from(random.i32(..)) / 10_f64.powi(random.i32(0..14)),
                3 => f64::from(random.i32(..1_000_000)) * 10_f64.powi(random.i32(-30..40)),
                4 => {
                    let near = 2_f64.powi(random.i32(40..70));
                    near + f64::from(random.i32(-3..4))
                }
                _ => f64::from_bits(random.u64(..1 << 54)),
            };
            let text = match random.u8(..4) {
                0 => format!("{score:e}"),
                1 => format!("{score}"),
                2 => format!("{score:.17e}"),
                _ => format!("{score:.3}"),
            };
            twin.same(&["ZADD", "z", &text, "m"]);
            twin.same(&["ZSCORE", "z", "m"]);
            if random.u8(..10) == 0 {
                twin.same(&["ZINCRBY", "z", &text, "m"]);
                twin.same(&["ZSCAN", "z", "0"]);
                twin.same_inside("z");
            }
        }
        for text in ODD_SCORES {
            twin.line("ZREM z m");
            twin.same(&["ZADD", "z", text, "m"]);
            twin.same(&["ZSCORE", "z", "m"]);
            twin.same(&["ZCOUNT", "z", text, "+inf"]);
            twin.same(&["ZCOUNT", "z", "-inf", &format!("({text}")]);
            twin.same(&["ZCOUNT", "z", &format!("( {text}"), "1"]);
            twin.same(&["ZUNION", "1", "z", "WEIGHTS", text, "WITHSCORES"]);
            twin.same_inside("z");
        }
    });
}

#[test]
fn zadd_and_its_options() {
    both_protocols(&[
        "ZADD z 1 a 2 b 3 c",
        "ZADD z 1 a 3 b 4 d",
        "ZADD z CH 1 a 5 b 4 e",
        "ZADD z NX 9 a 9 f",
        "ZADD z XX 8 a 9 g",
        "ZADD z XX CH 7 a",
        "ZADD z GT 6 a 1 h",
        "ZADD z GT CH 9 a",
        "ZADD z LT CH 2 a 10 b",
        "ZADD z INCR 2.5 a",
        "ZADD z NX INCR 2.5 a",
        "ZADD z XX INCR 2.5 zz",
        "ZADD z GT INCR -1 a",
        "ZADD z LT INCR -1 a",
        "ZADD z INCR 1 a 2 b",
        "ZADD z NX XX 1 a",
        "ZADD z NX GT 1 a",
        "ZADD z GT LT 1 a",
        "ZADD z LT NX INCR 1 a 2 b",
        "ZADD z 1",
        "ZADD z 1 a 2",
        "ZADD z NX CH INCR",
        "ZADD z x a",
        "ZADD z 1 a x b",
        "ZADD z inf i",
        "ZINCRBY z -inf i",
        "ZINCRBY z 1.1 a",
        "ZINCRBY z nan a",
        "ZINCRBY z 1",
        "ZINCRBY new 1 a",
        "ZADD new XX 1 b",
        "ZADD none XX 1 b",
        "ZADD none XX INCR 1 b",
        "ZADD none XX x b",
        "SET s 1",
        "ZADD s 1 a",
        "ZADD s XX 1 a",
        "ZADD s x a",
        "ZINCRBY s 1 a",
        "ZREM s a",
        "ZREM none a",
        "ZREM z a a nope b",
        "ZREM z c d e f g h i",
        "ZRANGE z 0 -1 WITHSCORES",
        "ZREM new a",
        "ZCARD z",
        "ZCARD new",
        "ZCARD s",
        "ZREM z zz",
    ]);
}

#[test]
fn single_members_and_counts() {
    both_protocols(&[
        "ZADD z 1 a 2 b 3 c 3 d -inf e inf f 0.1 g",
        "SET s 1",
        "ZSCORE z a",
        "ZSCORE z e",
        "ZSCORE z g",
        "ZSCORE z none",
        "ZSCORE none a",
        "ZSCORE s a",
        "ZMSCORE z a none f",
        "ZMSCORE none a b",
        "ZMSCORE s a",
        "ZRANK z a",
        "ZRANK z none",
        "ZRANK none a",
        "ZRANK s a",
        "ZREVRANK z c",
        "ZREVRANK z none",
        "ZRANK z d WITHSCORE",
        "ZREVRANK z d withscore",
        "ZRANK z none WITHSCORE",
        "ZRANK none none WITHSCORE",
        "ZRANK z a WITHSCORES",
        "ZRANK z a WITHSCORE x",
        "ZREVRANK z a x y z",
        "ZCOUNT z 1 3",
        "ZCOUNT z (1 3",
        "ZCOUNT z (1 (3",
        "ZCOUNT z 3 1",
        "ZCOUNT z -inf +inf",
        "ZCOUNT z (-inf (inf",
        "ZCOUNT none 1 2",
        "ZCOUNT none a 2",
        "ZCOUNT s a 2",
        "ZCOUNT s 1 2",
        "ZLEXCOUNT z - +",
        "ZLEXCOUNT z [a [c",
        "ZLEXCOUNT z + -",
        "ZLEXCOUNT z a +",
        "ZLEXCOUNT z ++ -",
        "ZLEXCOUNT none - +",
        "ZLEXCOUNT s - x",
        "ZLEXCOUNT s - +",
    ]);
}

#[test]
fn removals() {
    let mut lines = vec!["SET s 1"];
    for line in [
        "ZREMRANGEBYRANK z 0 1",
        "ZREMRANGEBYRANK z -2 -1",
        "ZREMRANGEBYRANK z 5 1",
        "ZREMRANGEBYRANK z 0 -1",
        "ZREMRANGEBYRANK z a 1",
        "ZREMRANGEBYRANK s a 1",
        "ZREMRANGEBYRANK s 0 1",
        "ZREMRANGEBYRANK none 0 1",
        "ZREMRANGEBYSCORE z 2 3",
        "ZREMRANGEBYSCORE z (1 (3",
        "ZREMRANGEBYSCORE z -inf inf",
        "ZREMRANGEBYSCORE z a 1",
        "ZREMRANGEBYSCORE s 1 1",
        "ZREMRANGEBYSCORE none 1 1",
        "ZREMRANGEBYLEX z [b [c",
        "ZREMRANGEBYLEX z - +",
        "ZREMRANGEBYLEX z a +",
        "ZREMRANGEBYLEX s - +",
        "ZREMRANGEBYLEX none - +",
        "ZPOPMIN z",
        "ZPOPMAX z",
        "ZPOPMIN z 2",
        "ZPOPMAX z 3",
        "ZPOPMIN z 0",
        "ZPOPMAX z 100",
        "ZPOPMIN z -1",
        "ZPOPMIN z a",
        "ZPOPMIN z 1 2",
        "ZPOPMIN none",
        "ZPOPMIN none 1",
        "ZPOPMAX none 0",
        "ZPOPMIN s",
        "ZPOPMIN s 0",
        "ZPOPMAX s 1",
        "ZPOPMAX s a",
    ] {
        lines.extend(["ZADD z 1 a 2 b 3 c 3 d 4.5 e", line, "ZRANGE z 0 -1 WITHSCORES"]);
    }
    both_protocols(&lines);
}

#[test]
fn pops_of_several_keys() {
    Twin::each(|mut twin| {
        if !is_70(&twin) {
            return;
        }
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.set_protocol(version);
            twin.line("SET s 1");
            for line in [
                "ZMPOP 1 z MIN",
                "ZMPOP 1 z MAX COUNT 2",
                "ZMPOP 2 none z MIN COUNT 10",
                "ZMPOP 1 none MIN",
                "ZMPOP 1 s MIN",
                "ZMPOP 2 z s MIN",
                "ZMPOP 0 z MIN",
                "ZMPOP a z MIN",
                "ZMPOP 2 z MIN",
                "ZMPOP 1 z MID",
                "ZMPOP 1 z MIN COUNT",
                "ZMPOP 1 z MIN COUNT 0",
                "ZMPOP 1 z MIN COUNT 1 COUNT 2",
                "ZMPOP 1 z MIN x",
                "ZMPOP 9223372036854775807 z MIN",
                "ZMPOP 1 z MIN COUNT a",
            ] {
                twin.lines(&["ZADD z 1 a 2 b 3 c", line, "ZRANGE z 0 -1 WITHSCORES"]);
            }
        }
    });
}

#[test]
fn packed_until_too_large() {
    Twin::each(|mut twin| {
        let long = "x".repeat(65);
        let fits = "x".repeat(64);
        let same_again: Vec<String> =
            (0..129).flat_map(|n| [n.to_string(), format!("m{}", n % 64)]).collect();
        let of = |head: &[&str], tail: &[String]| {
            head.iter().map(|&word| word.to_owned()).chain(tail.iter().cloned()).collect::<Vec<_>>()
        };
        twin.same(&["ZADD", "a", "1", &fits]);
        twin.same_inside("a");
        twin.same(&["ZADD", "a", "XX", "1", &long]);
        twin.same_inside("a");
        twin.same(&["ZADD", "a2", "1", "m"]);
        twin.same(&["ZADD", "a2", "NX", "1", "m", "1", &long]);
        twin.same_inside("a2");
        twin.same(&["ZADD", "b", "1", &long]);
        twin.same_inside("b");
        twin.same(&of(&["ZADD", "c"], &same_again));
        twin.same_inside("c");
        twin.same(&["ZADD", "d", "1", "m"]);
        twin.same(&of(&["ZADD", "d"], &same_again));
        twin.same_inside("d");
        for n in 0..129 {
            twin.same(&["ZADD", "e", &(n * 7919 % 131).to_string(), &format!("m{n}")]);
            twin.same_inside("e");
        }
        twin.line("ZREM e m1 m2 m3");
        twin.same_inside("e");
        for store in [
            "ZRANGESTORE f e 0 -1",
            "ZRANGESTORE f e 0 100",
            "ZUNIONSTORE f 1 e",
            "ZUNIONSTORE f 2 e c",
            "ZINTERSTORE f 2 e c",
            "ZDIFFSTORE f 2 e c",
            "ZUNIONSTORE f 2 a b",
            "ZDIFFSTORE f 1 a",
            "ZRANGESTORE f b 0 -1",
            "ZRANGESTORE f e 0 90 BYSCORE",
        ] {
            twin.line(store);
            twin.same_inside("f");
        }
    });
}

#[test]
fn the_sign_of_zero_is_lost_where_it_is_packed() {
    Twin::each(|mut twin| {
        let long = "x".repeat(65);
        twin.same(&["ZADD", "z", "-0", &long, "-0", "a", "0", "b", "-0", "yy"]);
        for line in [
            "ZRANGESTORE d z 0 -1",
            "ZRANGESTORE d z 0 -1 REV",
            "ZRANGESTORE d z 0 1",
            "ZRANGESTORE d z -inf inf BYSCORE",
            "ZRANGESTORE d z + - BYLEX REV",
            "ZUNIONSTORE d 1 z",
            "ZINTERSTORE d 2 z z",
            "ZDIFFSTORE d 2 z none",
        ] {
            twin.line(line);
            twin.same_inside("d");
            twin.line("ZRANGE d 0 -1 WITHSCORES");
        }
        twin.same(&["ZREM", "z", &long]);
        twin.same_inside("z");
        for n in 0..140 {
            twin.same(&["ZADD", "z", "-0", &format!("m{n}")]);
        }
        for line in ["ZRANGESTORE d z 0 -1 REV", "ZRANGESTORE d z 0 inf BYSCORE"] {
            twin.line(line);
            twin.same_inside("d");
        }
    });
}
