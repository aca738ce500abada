//! The longest common subsequence.

use super::*;
use tidegate_wire::resp::RespVersion;

const OPTIONS: &[&str] = &[
    "",
    " LEN",
    " IDX",
    " IDX WITHMATCHLEN",
    " IDX MINMATCHLEN 2",
    " IDX MINMATCHLEN 4 WITHMATCHLEN",
    " MINMATCHLEN -1 IDX",
    " IDX LEN",
    " FOO",
    " MINMATCHLEN",
    " MINMATCHLEN x",
    " WITHMATCHLEN",
    " idx minmatchlen 99",
];

#[test]
fn of_keys() {
    Twin::each_of(&[Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91], |mut twin| {
        twin.set_protocol(RespVersion::V3);
        random_pairs(&mut twin, "LCS");
        twin.set_protocol(RespVersion::V2);
        random_pairs(&mut twin, "LCS");
        twin.lines(&["SETRANGE a 15000 x", "LCS a a", "LCS a a LEN", "LCS a none IDX"]);
    });
}

#[test]
fn by_its_old_name() {
    Twin::each_of(&[Flavor::Redis62], |mut twin| {
        random_pairs(&mut twin, "STRALGO LCS KEYS");
        twin.set_protocol(RespVersion::V3);
        random_pairs(&mut twin, "STRALGO LCS KEYS");
        twin.lines(&[
            "STRALGO LCS STRINGS ohmytext mynewtext",
            "STRALGO LCS STRINGS a b",
            "STRALGO LCS LEN",
            "STRALGO LCS IDX STRINGS ohmytext mynewtext",
            "STRALGO LCS KEYS a",
            "STRALGO LCS STRINGS a b STRINGS c d",
            "STRALGO LCS STRINGS a b KEYS c d",
            "STRALGO FOO STRINGS a b",
            "STRALGO LCS",
        ]);
    });
}

fn random_pairs(twin: &mut Twin, command: &str) {
    let mut choose = Chooser::new("lcs");
    for round in 0..60 {
        for key in ["a", "b"] {
            let len = choose.0.usize(0..40);
            let text: String = (0..len).map(|_| choose.of(&["a", "b", "c"])).collect();
            twin.same(&["SET", key, &text]);
        }
        let pair = choose.of(&["a b", "b a", "a a", "a none", "none none"]);
        twin.line(&format!("{command} {pair}{}", OPTIONS[round % OPTIONS.len()]));
    }
}
