//! Members in no order: `ZRANDMEMBER` and `ZSCAN`.

use tidegate_wire::resp::RespVersion;

use crate::support::Flavor;
use crate::twin::Twin;

/// Commands whose replies do not depend on chance.
const SAME_IN_ANY_ORDER: [&str; 30] = [
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

#[test]
fn random_members_and_scans() {
    Twin::each(|mut twin| {
        twin.line("SET s 1");
        for size in [3, 200] {
            for n in 0..size {
                let score = f64::from(n) * 1.1e-5;
                twin.same(&["ZADD", "z", &score.to_string(), &format!("m{n}")]);
            }
            twin.same(&["ZADD", "z", "1e18", "12"]);
            for version in [RespVersion::V2, RespVersion::V3] {
                twin.set_protocol(version);
                twin.lines(&SAME_IN_ANY_ORDER);
                if twin.flavor() != Flavor::Redis62 {
                    // These would crash 6.2.
                    twin.lines(&["ZRANDMEMBER z -9223372036854775808"]);
                    twin.lines(&["ZRANDMEMBER z -5223372036854775807 WITHSCORES"]);
                    twin.lines(&["ZRANDMEMBER z 5223372036854775807 WITHSCORES"]);
                }
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
                // In one go, and in pieces.
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

/// Returns the cursor and the pairs of a reply to ZSCAN.
fn scanned(reply: &[u8]) -> (String, Vec<(String, String)>) {
    let text = String::from_utf8(reply.to_vec()).unwrap();
    let words: Vec<&str> = text.lines().filter(|line| !line.starts_with(['$', '*'])).collect();
    let (cursor, rest) = words.split_first().unwrap();
    let mut pairs: Vec<_> =
        rest.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect();
    pairs.sort();
    ((*cursor).to_owned(), pairs)
}
