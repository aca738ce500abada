//! Thousands of random commands over few keys.

use super::*;
use fastrand::Rng;
use tidegate::rdb::{Entry, Limits, dump};

#[test]
fn random_commands() {
    let seed = std::env::var("TIDEGATE_SEED")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    eprintln!("seed {seed}");
    Twin::each(|mut twin| {
        let mut rng = Rng::with_seed(seed);
        for round in 0..6 {
            twin.clear();
            if round % 2 == 1 {
                twin.speak(RespVersion::V3);
            }
            for _ in 0..400 {
                let command = command(&mut rng, twin.flavor());
                twin.timed(&command);
                let key = &command[if command[0] == "XGROUP" { 2 } else { 1 }];
                if ["s", "t"].contains(&key.as_str()) && rng.u8(..4) == 0 {
                    look(&mut twin, key);
                }
            }
            for key in ["s", "t"] {
                look(&mut twin, key);
                if let Some(copy) = copy(&mut twin, key) {
                    look(&mut twin, &copy);
                }
            }
        }
    });
}

/// What the server writes of a key is loaded by the store and by the server itself.
fn copy(twin: &mut Twin, key: &str) -> Option<String> {
    let reply = twin.theirs(&["DUMP", key]);
    let head = reply.iter().position(|&byte| byte == b'\n').unwrap_or(0) + 1;
    let payload = reply.get(head..reply.len() - 2).filter(|it| !it.is_empty())?;
    let copy = format!("{key}-copy");
    let restored = twin.theirs(&[&b"RESTORE"[..], copy.as_bytes(), b"0", payload]);
    assert_eq!(restored, b"+OK\r\n");
    let value = dump::decode(payload, Limits::default()).unwrap().value;
    let key = copy.clone().into_bytes();
    let entry = Entry { key, expires_ms: None, idle: None, freq: None, meta: None, value };
    twin.store.insert(0, entry).unwrap();
    Some(copy)
}

/// Every command that reads.
#[track_caller]
fn look(twin: &mut Twin, key: &str) {
    for line in ["XINFO STREAM ?", "XINFO STREAM ? FULL", "XINFO STREAM ? FULL COUNT 0"] {
        twin.timed_line(&line.replace('?', key));
    }
    for line in ["XINFO GROUPS ?", "XRANGE ? - +", "XREVRANGE ? + -", "XLEN ?", "XREAD STREAMS ? 0"]
    {
        twin.timed_line(&line.replace('?', key));
    }
    for group in ["g", "h"] {
        twin.timed_line(&format!("XPENDING {key} {group}"));
        twin.timed_line(&format!("XPENDING {key} {group} - + 100"));
        twin.timed_line(&format!("XPENDING {key} {group} - + 100 c1"));
        twin.timed_line(&format!("XINFO CONSUMERS {key} {group}"));
    }
}

fn command(rng: &mut Rng, flavor: Flavor) -> Vec<String> {
    let pick = |rng: &mut Rng, from: &[&str]| from[rng.usize(..from.len())].to_owned();
    let key = pick(rng, &["s", "s", "s", "t"]);
    let group = pick(rng, &["g", "g", "h"]);
    let consumer = format!("c{}", rng.u8(..3));
    let id = |rng: &mut Rng| format!("{}-{}", rng.u16(..60), rng.u8(..4));
    let references = |rng: &mut Rng| match flavor {
        Flavor::Redis82 => pick(rng, &["", "KEEPREF", "DELREF", "ACKED"]),
        _ => String::new(),
    };
    let trim = |rng: &mut Rng| match rng.u8(..4) {
        0 => format!("MAXLEN {}", rng.u8(..20)),
        1 => format!("MAXLEN ~ {}", rng.u8(..20)),
        2 => format!("MINID {}", id(rng)),
        _ => format!("MINID ~ {}", id(rng)),
    };
    let ids = |rng: &mut Rng| (0..rng.usize(1..4)).map(|_| id(rng)).collect::<Vec<_>>();
    let line = match rng.u8(..34) {
        0..=7 => {
            let trim =
                if rng.u8(..6) == 0 { trim(rng) + " " + &references(rng) } else { String::new() };
            let fields = pick(rng, &["a b", "a b", "a b c d", "c d a b", "a 17", "17 a", "a"]);
            let fields =
                if fields == "a" { format!("a {}", "y".repeat(rng.usize(..900))) } else { fields };
            format!("XADD {key} {trim} {} {fields}", id(rng))
        }
        8 => {
            // A whole node at once.
            format!("XADD {key} {}-{} f {}", 60 + rng.u16(..9), rng.u8(..9), "z".repeat(3000))
        }
        9 => format!("XTRIM {key} {} {}", trim(rng), references(rng)),
        10 | 11 => format!("XDEL {key} {}", ids(rng).join(" ")),
        12 => match rng.u8(..6) {
            0 => format!("XSETID {key} {}", id(rng)),
            1 if flavor != Flavor::Redis62 => format!(
                "XSETID {key} {} ENTRIESADDED {} MAXDELETEDID {}",
                id(rng),
                rng.u8(..60),
                id(rng)
            ),
            _ => format!("XTRIM {key} MAXLEN 0"),
        },
        13 | 14 => {
            format!("XGROUP CREATE {key} {group} {} MKSTREAM", pick(rng, &["0", "$", "20", "3-1"]))
        }
        15 => {
            format!("XGROUP SETID {key} {group} {}", pick(rng, &["0", "$", "20", "3-1", "-", "+"]))
        }
        16 if flavor != Flavor::Redis62 => {
            format!("XGROUP SETID {key} {group} {} ENTRIESREAD {}", id(rng), rng.i8(-1..30))
        }
        16 | 17 => format!("XGROUP DELCONSUMER {key} {group} {consumer}"),
        18 if rng.bool() => format!("XGROUP DESTROY {key} {group}"),
        18 | 19 => format!("XGROUP CREATECONSUMER {key} {group} {consumer}"),
        20..=24 => {
            let count = pick(rng, &["", "COUNT 1", "COUNT 3", "NOACK", "COUNT 2 NOACK"]);
            let from = pick(rng, &[">", ">", ">", "0", "20"]);
            format!("XREADGROUP GROUP {group} {consumer} {count} STREAMS {key} {from}")
        }
        25 | 26 => format!("XACK {key} {group} {}", ids(rng).join(" ")),
        27 | 28 => {
            let options = pick(
                rng,
                &["", "FORCE", "JUSTID", "FORCE JUSTID LASTID 20-1", "RETRYCOUNT 9", "IDLE 70000"],
            );
            let idle = pick(rng, &["0", "60000"]);
            format!("XCLAIM {key} {group} {consumer} {idle} {} {options}", ids(rng).join(" "))
        }
        29 | 30 => {
            let options = pick(rng, &["", "JUSTID", "COUNT 1", "COUNT 2 JUSTID"]);
            let idle = pick(rng, &["0", "60000"]);
            format!("XAUTOCLAIM {key} {group} {consumer} {idle} {} {options}", id(rng))
        }
        31 if flavor == Flavor::Redis82 => {
            let ids = ids(rng);
            format!("XDELEX {key} {} IDS {} {}", references(rng), ids.len(), ids.join(" "))
        }
        32 if flavor == Flavor::Redis82 => {
            let ids = ids(rng);
            format!("XACKDEL {key} {group} {} IDS {} {}", references(rng), ids.len(), ids.join(" "))
        }
        _ => format!("XRANGE {key} {} {} COUNT {}", id(rng), id(rng), rng.u8(..4)),
    };
    line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
