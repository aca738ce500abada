//! Sorted sets.

mod random;

use tidegate::resp::RespVersion;

use crate::support::Flavor;
use crate::twin::Twin;

/// Some commands in both protocols.
fn both_protocols(lines: &[&str]) {
    Twin::each(|mut twin| {
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.speak(version);
            twin.lines(lines);
        }
    });
}

/// Whether the server knows what Redis 7.0 added.
fn is_70(twin: &Twin) -> bool {
    twin.flavor() != Flavor::Redis62
}

#[test]
fn scores_are_read_and_written_as_servers_do() {
    Twin::each(|mut twin| {
        let seed = fastrand::u64(..);
        eprintln!("{:?}: seed {seed}", twin.flavor());
        let mut random = fastrand::Rng::with_seed(seed);
        for n in 0..4000 {
            if n % 500 == 0 {
                twin.speak(if n % 1000 == 0 { RespVersion::V2 } else { RespVersion::V3 });
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
        let odd = [
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
        for text in odd {
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
fn ranges() {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(["ZADD z 1 a 2 b 3 c 3 d 4 e 5 f 1e20 g".to_owned(), "SET s 1".to_owned()]);
    lines.push("ZADD l 0 a 0 b 0 bb 0 c 0 d 0 1 0 22".to_owned());
    for (min, max) in
        [("0", "-1"), ("1", "3"), ("-3", "-2"), ("5", "1"), ("-100", "100"), ("9", "10")]
    {
        for tail in ["", " WITHSCORES", " REV", " REV WITHSCORES", " BYSCORE", " BYSCORE REV"] {
            lines.push(format!("ZRANGE z {min} {max}{tail}"));
            lines.push(format!("ZRANGESTORE d z {min} {max}{}", tail.replace(" WITHSCORES", "")));
            lines.push("ZRANGE d 0 -1 WITHSCORES".to_owned());
        }
        lines.push(format!("ZREVRANGE z {min} {max} WITHSCORES"));
    }
    for (min, max) in
        [("1", "3"), ("(1", "(4"), ("-inf", "+inf"), ("4", "2"), ("(3", "3"), ("x", "1")]
    {
        for tail in [
            "",
            " WITHSCORES",
            " LIMIT 1 2",
            " LIMIT 0 0",
            " LIMIT 1 -1 WITHSCORES",
            " LIMIT -1 2",
            " LIMIT 9 9",
            " LIMIT 1",
            " LIMIT a 1",
            " LIMIT 1 -5",
            " LIMIT 0 1 LIMIT 1 1",
        ] {
            lines.push(format!("ZRANGEBYSCORE z {min} {max}{tail}"));
            lines.push(format!("ZREVRANGEBYSCORE z {max} {min}{tail}"));
            lines.push(format!("ZRANGE z {min} {max} BYSCORE{tail}"));
            lines.push(format!("ZRANGE z {max} {min} REV BYSCORE{tail}"));
            lines.push(format!("ZRANGESTORE d z {max} {min} REV BYSCORE{tail}"));
            lines.push(format!("ZRANGE z {min} {max}{tail}"));
        }
    }
    for (min, max) in [
        ("-", "+"),
        ("[b", "[c"),
        ("(b", "(c"),
        ("[b", "(b"),
        ("+", "-"),
        ("b", "+"),
        ("[", "[z"),
        ("(", "+"),
        ("-", "-"),
        ("+", "+"),
        ("[22", "[c"),
        ("", "+"),
    ] {
        for tail in ["", " LIMIT 1 2", " WITHSCORES", " LIMIT 2 -1"] {
            lines.push(format!("ZRANGEBYLEX l {min} {max}{tail}"));
            lines.push(format!("ZREVRANGEBYLEX l {max} {min}{tail}"));
            lines.push(format!("ZRANGE l {min} {max} BYLEX{tail}"));
            lines.push(format!("ZRANGE l {max} {min} BYLEX REV{tail}"));
            lines.push(format!("ZRANGEBYLEX z {min} {max}{tail}"));
            lines.push(format!("ZREVRANGEBYLEX z {max} {min}{tail}"));
            lines.push(format!("ZRANGESTORE d l {min} {max} BYLEX{tail}"));
        }
        lines.push(format!("ZLEXCOUNT l {min} {max}"));
    }
    let odd = [
        "ZRANGE z a 1",
        "ZRANGE z 1 a",
        "ZRANGE z 0 1 REV REV",
        "ZRANGE z 0 1 BYLEX BYSCORE",
        "ZRANGE z 0 1 LIMIT 0 1",
        "ZRANGE z 0 1 LIMIT 0 -1",
        "ZRANGE z 0 1 FOO",
        "ZRANGE none 0 1",
        "ZRANGE none a 1",
        "ZRANGE s 0 1",
        "ZRANGE s a 1",
        "ZREVRANGE z 0 1 REV",
        "ZREVRANGE z 0 1 BYSCORE",
        "ZRANGEBYSCORE z 0 1 REV",
        "ZRANGEBYSCORE none 0 1",
        "ZRANGEBYSCORE s 0 1",
        "ZRANGEBYLEX s - +",
        "ZRANGEBYLEX s - x",
        "ZRANGEBYLEX none - +",
        "ZRANGESTORE d none 0 -1",
        "ZRANGE d 0 -1",
        "ZRANGESTORE d s 0 -1",
        "ZRANGESTORE d z 0 -1 WITHSCORES",
        "ZRANGESTORE d z a -1",
        "ZRANGESTORE s z 0 1",
        "ZRANGE s 0 -1",
        "ZRANGESTORE z z 1 2",
        "ZRANGE z 0 -1 WITHSCORES",
    ];
    lines.extend(odd.map(str::to_owned));
    both_protocols(&lines.iter().map(String::as_str).collect::<Vec<_>>());
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
    Twin::each(|mut twin| {
        if !is_70(&twin) {
            return;
        }
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.speak(version);
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
                "ZMPOP 1 z",
            ] {
                if line != "ZMPOP 1 z" {
                    twin.lines(&["ZADD z 1 a 2 b 3 c", line, "ZRANGE z 0 -1 WITHSCORES"]);
                }
            }
        }
    });
}

#[test]
fn combinations() {
    let mut lines: Vec<String> = [
        "SET s 1",
        "SADD p x y nope 12",
        "SADD i 1 2 3",
        "ZADD n 5 1 6 2 7 x",
        "ZADD a 1 x 2 y 3 z 0.1 w",
        "ZADD b 10 x 20 y 30 q",
        "ZADD c 0.2 x inf y -inf z 7 r 8 t",
        "ZADD e -inf y 5 x",
    ]
    .map(str::to_owned)
    .to_vec();
    for keys in [
        "1 a",
        "2 a b",
        "3 a b c",
        "2 c e",
        "3 e c a",
        "2 a none",
        "2 none a",
        "2 a a",
        "4 c e b a",
        "1 p",
        "2 p a",
        "2 a p",
        "3 n i p",
        "2 i n",
    ] {
        let weights = " 2".repeat(keys[..1].parse().unwrap());
        let zeros = " 0".repeat(keys[..1].parse().unwrap());
        let halves = " -0.3".repeat(keys[..1].parse().unwrap());
        for tail in [
            String::new(),
            " AGGREGATE MIN".to_owned(),
            " aggregate max".to_owned(),
            " AGGREGATE SUM".to_owned(),
            format!(" WEIGHTS{weights}"),
            format!(" WEIGHTS{zeros} AGGREGATE MAX"),
            format!(" WEIGHTS{zeros} AGGREGATE MIN"),
            format!(" weights{halves}"),
        ] {
            for op in ["UNION", "INTER"] {
                lines.push(format!("Z{op} {keys}{tail} WITHSCORES"));
                lines.push(format!("Z{op} {keys}{tail}"));
                lines.push(format!("Z{op}STORE d {keys}{tail}"));
                lines.push("ZRANGE d 0 -1 WITHSCORES".to_owned());
            }
        }
        lines.push(format!("ZDIFF {keys}"));
        lines.push(format!("ZDIFF {keys} WITHSCORES"));
        lines.push(format!("ZDIFFSTORE d {keys}"));
        lines.push("ZRANGE d 0 -1 WITHSCORES".to_owned());
    }
    let odd = [
        "ZUNION 2 a s WEIGHTS a b",
        "ZUNION 1 a WEIGHTS a",
        "ZUNION 1 a WEIGHTS 1 2",
        "ZUNION 1 a WEIGHTS",
        "ZUNION 1 a AGGREGATE",
        "ZUNION 1 a AGGREGATE foo",
        "ZUNION x a",
        "ZUNION 3 a",
        "ZUNION -1 a",
        "ZUNION 0 a",
        "ZINTER 0 a",
        "ZDIFF 0 a",
        "ZDIFFSTORE d 0 a",
        "ZINTERSTORE d 0 a",
        "ZUNIONSTORE d 0 a",
        "ZDIFF 1 a WEIGHTS 1",
        "ZDIFF 1 a AGGREGATE SUM",
        "ZUNIONSTORE d 1 a WITHSCORES",
        "ZDIFF 1 a LIMIT 1",
        "ZINTER 9223372036854775807 a",
        "ZUNION 1 a WEIGHTS nan",
        "ZUNION 1 a WITHSCORES WITHSCORES",
        "ZUNION 2 a s",
        "ZUNIONSTORE s 1 a",
        "ZRANGE s 0 -1",
        "ZUNIONSTORE d 1 none",
        "ZRANGE d 0 -1",
        "ZUNIONSTORE a 2 a b",
        "ZRANGE a 0 -1 WITHSCORES",
    ];
    lines.extend(odd.map(str::to_owned));
    both_protocols(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    Twin::each(|mut twin| {
        if is_70(&twin) {
            twin.lines(&["SET s 1", "ZADD a 1 x 2 y 3 z 0.1 w", "ZADD b 10 x 20 y 30 q"]);
            twin.lines(&[
                "ZINTERCARD 2 a b",
                "ZINTERCARD 2 a b LIMIT 1",
                "ZINTERCARD 2 a b LIMIT 0",
            ]);
            twin.lines(&[
                "ZINTERCARD 2 a none",
                "ZINTERCARD 1 a LIMIT 3",
                "ZINTERCARD 1 a LIMIT -1",
            ]);
            twin.lines(&[
                "ZINTERCARD 1 a LIMIT x",
                "ZINTERCARD 1 a LIMIT",
                "ZINTERCARD 1 s LIMIT x",
            ]);
            twin.lines(&["ZINTERCARD 1 a WITHSCORES", "ZINTERCARD 0 a", "ZINTERCARD 2 a"]);
            twin.line("ZINTERCARD 1 a LIMIT 1 LIMIT 2");
        }
    });
}

#[test]
fn random_members_and_scans() {
    Twin::each(|mut twin| {
        twin.line("SET s 1");
        let refused = [
            "ZRANDMEMBER z a",
            "ZRANDMEMBER z 99999999999999999999",
            "ZRANDMEMBER z 1 x",
            "ZRANDMEMBER z 1 WITHSCORES x",
            "ZRANDMEMBER s",
            "ZRANDMEMBER s 1",
            "ZRANDMEMBER s a",
            "ZRANDMEMBER none",
            "ZRANDMEMBER none 1",
            "ZRANDMEMBER none 1 WITHSCORES",
            "ZRANDMEMBER z 0",
            "ZRANDMEMBER z 0 WITHSCORES",
            "ZRANDMEMBER z 1000",
            "ZRANDMEMBER z 1000 WITHSCORES",
            "ZSCAN z a",
            "ZSCAN z -1x",
            "ZSCAN z 1x",
            "ZSCAN z 0 COUNT",
            "ZSCAN z 0 COUNT 0",
            "ZSCAN z 0 COUNT a",
            "ZSCAN z 0 MATCH",
            "ZSCAN z 0 FOO x",
            "ZSCAN z 0 NOVALUES",
            "ZSCAN z 0 TYPE zset",
            "ZSCAN none 0 COUNT a",
            "ZSCAN none a",
            "ZSCAN s 0",
            "ZSCAN s 0 COUNT a",
            "ZSCAN s a",
            "ZSCAN z  ",
        ];
        for size in [3, 200] {
            for n in 0..size {
                let score = f64::from(n) * 1.1e-5;
                twin.same(&["ZADD", "z", &score.to_string(), &format!("m{n}")]);
            }
            twin.same(&["ZADD", "z", "1e18", "12"]);
            for version in [RespVersion::V2, RespVersion::V3] {
                twin.speak(version);
                twin.lines(&refused);
                for count in ["1", "2", "100", "-2", "-300"] {
                    for options in [
                        &["ZRANDMEMBER", "z", count][..],
                        &["ZRANDMEMBER", "z", count, "WITHSCORES"],
                    ] {
                        let (theirs, ours) = twin.both(options);
                        let shape = |reply: &[u8]| {
                            let head = reply.split(|&byte| byte == b'\n').next().unwrap().to_vec();
                            let count = |kind| reply.iter().filter(|&&b| b == kind).count();
                            (head, count(b'*'), count(b'$'), count(b','))
                        };
                        assert_eq!(shape(&theirs), shape(&ours), "{}", ours.escape_ascii());
                    }
                }
                let (_, ours) = twin.both(&["ZRANDMEMBER", "z"]);
                assert!(ours.starts_with(b"$") && ours.len() < 14);
                // In one go, and piece by piece.
                for tail in [&["COUNT", "10000"][..], &["MATCH", "*1*", "COUNT", "10000"]] {
                    let words = [&["ZSCAN", "z", "0"][..], tail].concat();
                    let (theirs, ours) = twin.both(&words);
                    assert_eq!(scanned(&theirs), scanned(&ours));
                }
                let (mut cursor, mut all) = ("0".to_owned(), Vec::new());
                loop {
                    let (next, mut some) = scanned(&twin.ours(&["ZSCAN", "z", &cursor]));
                    all.append(&mut some);
                    cursor = next;
                    if cursor == "0" {
                        break;
                    }
                }
                all.sort();
                let mut expected = scanned(&twin.theirs(&["ZSCAN", "z", "0", "COUNT", "10000"])).1;
                expected.sort();
                assert_eq!(all, expected);
            }
        }
        if twin.flavor() == Flavor::Valkey91 {
            let (theirs, ours) = twin.both(&["ZSCAN", "z", "0", "NOSCORES", "COUNT", "10000"]);
            let sorted = |reply: &[u8]| {
                let mut lines: Vec<_> = reply.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
                lines.sort();
                lines
            };
            assert_eq!(sorted(&theirs), sorted(&ours));
        } else {
            twin.line("ZSCAN z 0 NOSCORES");
        }
    });
}

/// The cursor and the pairs of a reply to ZSCAN.
fn scanned(reply: &[u8]) -> (String, Vec<(String, String)>) {
    let text = String::from_utf8(reply.to_vec()).unwrap();
    let words: Vec<&str> = text.lines().filter(|line| !line.starts_with(['$', '*'])).collect();
    let (cursor, rest) = words.split_first().unwrap();
    let mut pairs: Vec<_> =
        rest.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect();
    pairs.sort();
    ((*cursor).to_owned(), pairs)
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
