//! Ranges.

use super::both_protocols;

/// Ranges with a catch.
const ODD_RANGES: [&str; 28] = [
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

/// The words that may follow a range.
const LIMITS: [&str; 11] = [
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
];

/// Ends of ranges of members.
const LEX_ENDS: [(&str, &str); 12] = [
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
];

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
        for tail in LIMITS {
            lines.push(format!("ZRANGEBYSCORE z {min} {max}{tail}"));
            lines.push(format!("ZREVRANGEBYSCORE z {max} {min}{tail}"));
            lines.push(format!("ZRANGE z {min} {max} BYSCORE{tail}"));
            lines.push(format!("ZRANGE z {max} {min} REV BYSCORE{tail}"));
            lines.push(format!("ZRANGESTORE d z {max} {min} REV BYSCORE{tail}"));
            lines.push(format!("ZRANGE z {min} {max}{tail}"));
        }
    }
    for (min, max) in LEX_ENDS {
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
    lines.extend(ODD_RANGES.map(str::to_owned));
    both_protocols(&lines.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Valkey counts a negative offset from the end, but only if the set is not packed; ZRANGESTORE
/// stores the same.
#[test]
fn offsets_below_zero() {
    let long = "x".repeat(100);
    let mut lines = vec!["ZADD packed 1 a 2 b 3 c 3 d 4 e".to_owned()];
    lines.push(format!("ZADD z 1 a 2 b 3 c 3 d 4 e 5 {long}"));
    lines.push(format!("ZADD l 0 a 0 b 0 c 0 d 0 {long}"));
    for key in ["packed", "z"] {
        for offset in ["-1", "-2", "-3", "-4", "-9", "-9223372036854775808"] {
            for count in ["-1", "0", "1", "7"] {
                let limit = format!("LIMIT {offset} {count}");
                for (min, max) in [("2", "3"), ("-inf", "+inf"), ("(4", "4")] {
                    lines.push(format!("ZRANGEBYSCORE {key} {min} {max} {limit}"));
                    lines.push(format!("ZREVRANGEBYSCORE {key} {max} {min} {limit}"));
                    lines.push(format!("ZRANGESTORE d {key} {min} {max} BYSCORE {limit}"));
                    lines.push("ZRANGE d 0 -1 WITHSCORES".to_owned());
                }
                lines.push(format!("ZRANGE l [b + BYLEX {limit}"));
                lines.push(format!("ZRANGE l [d (a BYLEX REV {limit}"));
                lines.push(format!("ZREVRANGEBYLEX packed + - {limit}"));
            }
        }
    }
    both_protocols(&lines.iter().map(String::as_str).collect::<Vec<_>>());
}
