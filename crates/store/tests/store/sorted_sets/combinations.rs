//! `ZUNION`, `ZINTER`, `ZDIFF` and the commands that store their results.

use super::{both_protocols, is_70};
use crate::twin::Twin;

/// Combinations with a catch.
const ODD_COMBINATIONS: [&str; 29] = [
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
    lines.extend(ODD_COMBINATIONS.map(str::to_owned));
    both_protocols(&lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn sizes_of_intersections() {
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
