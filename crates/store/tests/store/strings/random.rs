//! Thousands of random commands over few keys.

use super::*;

#[test]
fn commands() {
    Twin::each(|mut twin| {
        let mut choose = Chooser::new("strings");
        for step in 0..5000 {
            let line = command(&mut choose, twin.flavor());
            twin.same(&line);
            if step % 25 == 0 {
                let key = choose.key();
                same_inside(&mut twin, key.as_bytes());
                for read in ["GET", "STRLEN", "BITCOUNT"] {
                    twin.same(&[read, &key]);
                }
            }
        }
    });
}

/// Returns a random command that a server of this version has.
fn command(choose: &mut Chooser, flavor: Flavor) -> Vec<String> {
    let (a, b, c) = (choose.key(), choose.key(), choose.key());
    let (v, w) = (value(choose), value(choose));
    let n = choose.0.i64(-70..70).to_string();
    let m = choose.0.i64(-70..300).to_string();
    let positive = choose.0.u64(0..300).to_string();
    let bit = choose.of(&["0", "1"]).to_owned();
    let unit = choose.of(if flavor == Flavor::Redis62 { &[""] } else { &["", "BIT", "BYTE"] });
    let words: Vec<&str> = match choose.0.usize(0..40) {
        0..4 => vec!["SET", &a, &v],
        4 => vec!["SET", &a, &v, "EX", "1000"],
        5 => vec!["SET", &a, &v, "KEEPTTL"],
        6 => vec!["SET", &a, &v, choose.of(&["NX", "XX"])],
        7 => vec!["SET", &a, &v, "GET"],
        8 => vec!["SETNX", &a, &v],
        9 => vec!["SETEX", &a, "1000", &v],
        10 => vec!["MSET", &a, &v, &b, &w],
        11 => vec!["MSETNX", &a, &v, &b, &w],
        12 => vec!["GETSET", &a, &v],
        13 => vec!["GETDEL", &a],
        14 => vec!["GETEX", &a, "EX", "1000"],
        15..18 => vec!["APPEND", &a, &v],
        18 => vec!["SETRANGE", &a, &positive, &v],
        19 => vec!["INCR", &a],
        20 => vec!["DECRBY", &a, &n],
        21 => vec!["INCRBYFLOAT", &a, choose.of(&["0.1", "1", "-2.5", "1e3", "x"])],
        22 => vec!["SETBIT", &a, &positive, &bit],
        23 => vec!["GETBIT", &a, &positive],
        24 => vec!["GETRANGE", &a, &n, &m],
        25 | 26 => vec!["BITCOUNT", &a, &n, &m, unit],
        27 | 28 => vec!["BITPOS", &a, &bit, &n, &m, unit],
        29 => vec!["BITPOS", &a, &bit, &n],
        30 => vec!["BITOP", choose.of(&["AND", "OR", "XOR"]), &a, &b, &c],
        31 => vec!["BITOP", "NOT", &a, &b],
        32 if flavor == Flavor::Redis82 => {
            vec!["BITOP", choose.of(&["DIFF", "DIFF1", "ANDOR", "ONE"]), &a, &b, &c]
        }
        33 => vec!["BITFIELD", &a, "INCRBY", "i7", &positive, &n, "GET", "u12", "#3"],
        34 => vec!["BITFIELD_RO", &a, "GET", "i17", &positive],
        35 => vec!["MGET", &a, &b, &c],
        36 if flavor != Flavor::Redis62 => vec!["LCS", &a, &b, "IDX"],
        37 => vec!["PFADD", &a, &v],
        38 => vec!["PFCOUNT", &a],
        39 if flavor == Flavor::Valkey91 => vec!["DELIFEQ", &a, &v],
        _ => vec!["GET", &a],
    };
    words.into_iter().filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Returns a string around the lengths at which its form changes.
fn value(choose: &mut Chooser) -> String {
    match choose.0.usize(0..8) {
        0 => choose.0.i64(-1000..1000).to_string(),
        1 => (choose.0.i64(..) >> choose.0.u32(0..64)).to_string(),
        2 => "v".repeat(choose.0.usize(1..130)),
        3 => "w".repeat(choose.0.usize(38..46)),
        4 => "x".repeat(choose.0.usize(400..1200)),
        _ => choose.of(&["a", "foobar", "12x", "0", "-1", "\u{fffd}"]).to_owned(),
    }
}
