//! HyperLogLog: every bit.

use super::*;

use tidegate_store::{CallContext, Dialect, Outcome, Store, Vendor};
use tidegate_wire::resp::RespVersion;

#[test]
fn errors_and_small_ones() {
    Twin::each(|mut twin| {
        twin.lines(&[
            "SET s foobar",
            "PFADD s a",
            "PFCOUNT s",
            "PFCOUNT none",
            "PFCOUNT none none2",
            "PFCOUNT none s",
            "PFMERGE d s",
            "PFMERGE s",
            "PFMERGE new",
            "PFMERGE new none",
            "PFADD h",
            "PFADD h",
            "PFCOUNT h",
            "PFADD h a b c",
            "PFADD h a",
            "PFCOUNT h",
            "PFADD h2 1 2 3",
            "PFCOUNT h h2",
            "PFCOUNT h h2 none",
            "PFMERGE m h h2 none",
            "PFCOUNT m",
            "PFADD m x",
            "PFDEBUG FOO h",
            "PFDEBUG GETREG none",
            "PFDEBUG FOO none",
            "PFDEBUG GETREG s",
            "PFDEBUG ENCODING h",
            "PFDEBUG decode h",
            "PFDEBUG todense h",
            "PFDEBUG TODENSE h",
            "PFDEBUG DECODE h",
            "PFDEBUG ENCODING h",
            "PFDEBUG GETREG h2",
            "PFADD e x",
            "SET expiring x EX 100",
        ]);
        for key in ["new", "h", "h2", "m", "e"] {
            same_inside(&mut twin, key.as_bytes());
        }
    });
}

#[test]
fn corrupt_ones() {
    Twin::each(|mut twin| {
        let head = |form: u8| [&b"HYLL"[..], &[form], &[0; 10], &[0x80]].concat();
        let dense = [head(0), vec![0xff; 12288]].concat();
        for (name, value) in [
            ("short", b"HYLL".to_vec()),
            ("form", [head(2), vec![0x7f, 0xff]].concat()),
            ("dense", [head(0), vec![0; 100]].concat()),
            ("few", [head(1), vec![0x00]].concat()),
            ("many", [head(1), vec![0x7f, 0xff, 0x80]].concat()),
            ("more", [head(1), vec![0x7f, 0xff, 0x80, 0x7f, 0xff, 0x80, 0x01, 0x7f]].concat()),
            ("across", [head(1), vec![0x7f, 0xfd, 0x87]].concat()),
            ("zeros", [head(1), vec![0x7f, 0xff, 0x01]].concat()),
            ("cut", [head(1), vec![0x80, 0x7f]].concat()),
            ("none", head(1)),
            ("full", dense),
        ] {
            twin.same(&[b"SET", name.as_bytes(), &value]);
            twin.line(&format!("PFCOUNT {name}"));
            twin.line(&format!("PFCOUNT {name} other"));
            twin.line(&format!("PFMERGE d {name}"));
            for name in ["more", "zeros"].into_iter().filter(|it| *it == name) {
                twin.line("PFADD one x");
                twin.line(&format!("PFMERGE {name} one"));
                twin.line(&format!("PFDEBUG TODENSE {name}"));
                same_inside(&mut twin, name.as_bytes());
            }
            if name == "full" {
                twin.line(&format!("PFADD {name} a b c"));
                same_inside(&mut twin, name.as_bytes());
            }
        }
        // The stored number of elements is used, whatever the registers are.
        let counted = [&b"HYLL\x01\0\0\0"[..], &[9, 0, 0, 0, 0, 0, 0, 0], &[0x7f, 0xff]].concat();
        twin.same(&[&b"SET"[..], b"counted", &counted]);
        twin.line("PFCOUNT counted");
    });
}

#[test]
fn growing_ones() {
    Twin::each(|mut twin| {
        let mut choose = Chooser::new("hyperloglog");
        let mut element = 0;
        for step in 0..1500 {
            let key = choose.of(&["a", "b", "c"]);
            let few = choose.0.usize(1..6);
            let mut words = vec!["PFADD".to_owned(), key.to_owned()];
            for _ in 0..few {
                element += 1;
                words.push(format!("element:{}", element / choose.0.usize(1..3)));
            }
            twin.same(&words);
            match choose.0.usize(0..40) {
                0 => {
                    twin.line("PFMERGE a b");
                }
                1 => {
                    twin.line("PFMERGE m b c");
                    same_inside(&mut twin, b"m");
                }
                2..6 => {
                    twin.line(&format!("PFCOUNT {key}"));
                }
                6 => {
                    twin.line("PFCOUNT a b c m");
                }
                7 => {
                    twin.line("PFMERGE c");
                }
                8 if step < 700 => {
                    twin.line("GETDEL b");
                }
                _ => {}
            }
            if step % 10 == 0 {
                same_inside(&mut twin, key.as_bytes());
            }
        }
        // Thousands of elements at once: all values become dense, with large registers.
        for round in 0..40 {
            let mut words = vec!["PFADD".to_owned(), choose.of(&["a", "b"]).to_owned()];
            words.extend((0..2000).map(|at| format!("{round}:{at}")));
            twin.same(&words);
            twin.lines(&["PFCOUNT a", "PFCOUNT a b", "PFCOUNT b"]);
        }
        twin.line("PFMERGE m a b c");
        twin.line("PFCOUNT m");
        for key in ["a", "b", "c", "m"] {
            same_inside(&mut twin, key.as_bytes());
        }
    });
}

#[test]
fn a_replica_counts_without_keeping() {
    let mut twin = Twin::new(Flavor::Redis70);
    twin.line("PFADD h a b c");
    let before = twin.store.peek(0, b"h", 10, 0);
    let mut out = Vec::new();
    twin.store.read(twin.context(), &[b"PFCOUNT", b"h"], &mut out);
    assert_eq!(out, b":3\r\n");
    assert_eq!(twin.store.peek(0, b"h", 10, 0), before);
    // The result of the master is kept.
    let context = twin.context();
    twin.store.apply(context, &[b"PFCOUNT", b"h"], &mut out);
    twin.theirs(&["PFCOUNT", "h"]);
    same_inside(&mut twin, b"h");
    assert_ne!(twin.store.peek(0, b"h", 10, 0), before);
}

#[test]
fn crafted_ones() {
    Twin::each(|mut twin| {
        let mut choose = Chooser::new("crafted");
        for round in 0..30 {
            // Dense, with registers as great as they can be.
            let great = if round < 5 { 51 } else { choose.0.u8(1..52) };
            let small = great.saturating_sub(choose.0.u8(0..8));
            let mut registers = Vec::new();
            for _ in 0..4096 {
                let [a, b, c, d] = [(); 4].map(|()| u32::from(choose.0.u8(small..=great)));
                registers.extend_from_slice(&(a | b << 6 | c << 12 | d << 18).to_le_bytes()[..3]);
            }
            let head = [&b"HYLL"[..], &[0; 11], &[0x80]].concat();
            twin.same(&[&b"SET"[..], b"dense", &[head, registers].concat()]);
            twin.lines(&["PFCOUNT dense", "PFCOUNT dense none", "PFADD dense a b c d e f"]);
            same_inside(&mut twin, b"dense");

            // Sparse, with many values side by side.
            twin.same(&[&b"SET"[..], b"sparse", &sparse(&mut choose)]);
            for step in 0..30 {
                let mut words = vec!["PFADD".to_owned(), "sparse".to_owned()];
                words.extend((0..10).map(|at| format!("{round}:{step}:{at}")));
                twin.same(&words);
                same_inside(&mut twin, b"sparse");
            }
            twin.lines(&["PFCOUNT sparse", "PFCOUNT sparse none", "PFMERGE merged sparse"]);
            same_inside(&mut twin, b"merged");
            twin.line("GETDEL merged");
        }
    });
}

/// Returns runs of a few values over all registers, with a few zeros between, then only zeros.
fn sparse(choose: &mut Chooser) -> Vec<u8> {
    let mut bytes = [&b"HYLL\x01"[..], &[0; 10], &[0x80]].concat();
    let (mut rest, values) = (16384_u16, choose.0.u16(1000..5000));
    while rest > 16384 - values {
        let len = choose.0.u16(1..=4);
        rest -= len;
        let [low, _] = (len - 1).to_le_bytes();
        if choose.chance(6) {
            bytes.push(low);
        } else {
            bytes.push(0x80 | choose.0.u8(0..4) << 2 | low);
        }
    }
    let [low, high] = (rest - 1).to_le_bytes();
    bytes.extend_from_slice(&[0x40 | high, low]);
    bytes
}

/// Whether a server is as strict depends on its patches, so a merge of the master is always
/// applied.
#[test]
fn what_a_master_merged_is_merged() {
    let mut store = Store::new(1, Dialect::new(Vendor::Redis, "7.0.15"), 1);
    let context = CallContext { db: 0, now_ms: 0, version: RespVersion::V2 };
    let head = [&b"HYLL\x01"[..], &[0; 10], &[0x80]].concat();
    let more = [&head[..], &[0x7f, 0xff, 0x80]].concat();
    let set: [&[u8]; 3] = [b"SET", b"more", &more];
    assert_eq!(store.apply(context, &set, &mut Vec::new()), Outcome::Replied);
    let merge: [&[u8]; 3] = [b"PFMERGE", b"d", b"more"];
    assert_eq!(store.write(context, &merge, &mut Vec::new()), Outcome::Refused);
    assert_eq!(store.apply(context, &merge, &mut Vec::new()), Outcome::Replied);
}
