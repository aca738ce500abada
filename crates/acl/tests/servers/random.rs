//! Random rules and requests.

use fastrand::Rng;
use tidegate_acl::{Catalog, Category};

const KEYWORDS: [&str; 14] = [
    "on",
    "off",
    "nopass",
    "resetpass",
    "allkeys",
    "resetkeys",
    "allchannels",
    "resetchannels",
    "allcommands",
    "nocommands",
    "reset",
    "clearselectors",
    "sanitize-payload",
    "skip-sanitize-payload",
];

const PATTERNS: [&str; 22] = [
    "*", "a*", "b*", "ab", "key:*", "r*", "w?", "[ab]*", "[^a]*", "a\\*", "", "**", "a*b*", "x[",
    "[a-c]1", "\\", "?", "ch*", "news:*", "*1", "a b", "%R~x",
];

const WORDS: [&str; 26] = [
    "a", "b", "ab", "abc", "a1", "key:1", "r1", "w1", "x", "ch1", "news:1", "a*", "0", "1", "2",
    "3", "GET", "STORE", "STREAMS", "KEYS", "BY", "LIMIT", "u8", "SET", "", "OVERFLOW",
];

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(..from.len())]
}

/// A command's name, or something like it.
fn name(rng: &mut Rng, catalog: &Catalog) -> String {
    let all: Vec<_> = catalog.commands().collect();
    let name = all[rng.usize(..all.len())].name.to_string();
    match rng.u8(..20) {
        0 => name.to_uppercase(),
        1 => format!("{name}|{}", pick(rng, &WORDS)),
        2 => format!("{name}x"),
        3 => pick(rng, &["", "|", "select|0", "select|1", "config", "get|", "config|get|x"]).into(),
        _ => name,
    }
}

fn selector_rule(rng: &mut Rng, catalog: &Catalog) -> String {
    let sign = if rng.u8(..3) == 0 { '-' } else { '+' };
    match rng.u8(..24) {
        0..4 => format!("~{}", pick(rng, &PATTERNS)),
        4..8 => {
            let access =
                pick(rng, &["%R~", "%W~", "%RW~", "%rw~", "%WR~", "%", "%~", "%RR~", "%R"]);
            format!("{access}{}", pick(rng, &PATTERNS))
        }
        8..11 => format!("&{}", pick(rng, &PATTERNS)),
        11..15 => format!("{sign}{}", name(rng, catalog)),
        15..20 => format!("{sign}@{}", pick(rng, &Category::NAMES)),
        20 => format!("{sign}@all"),
        21 => pick(rng, &["allkeys", "allchannels", "resetkeys", "nocommands"]).to_owned(),
        22 => format!("{sign}@{}", pick(rng, &["", "READ", "nope", "All"])),
        _ => pick(rng, &WORDS).to_owned(),
    }
}

fn password(rng: &mut Rng) -> String {
    let hex = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    let sign = pick(rng, &[">", "<", "#", "!"]);
    format!("{sign}{}", pick(rng, &["x", "y", "", hex, &hex.to_uppercase(), "p(q)"]))
}

/// A word of `ACL SETUSER`; a selector may be several.
fn rule(rng: &mut Rng, catalog: &Catalog, words: &mut Vec<String>) {
    match rng.u8(..20) {
        0..3 => words.push(pick(rng, &KEYWORDS).to_owned()),
        3 => words.push(pick(rng, &KEYWORDS).to_uppercase()),
        4 => words.push(password(rng)),
        5..7 => {
            let inside: Vec<_> = (0..rng.usize(..5)).map(|_| selector_rule(rng, catalog)).collect();
            let text = format!("({})", inside.join(" "));
            if rng.bool() {
                words.push(text);
            } else {
                words.extend(text.split(' ').map(str::to_owned));
            }
        }
        7 if rng.u8(..4) == 0 => words.push(pick(rng, &["(", ")", "(\"", "((", "()", ""]).into()),
        _ => words.push(selector_rule(rng, catalog)),
    }
}

/// A list of rules. Most are valid.
pub(crate) fn rules(rng: &mut Rng, catalog: &Catalog) -> Vec<String> {
    let mut words = Vec::new();
    for _ in 0..rng.usize(1..8) {
        rule(rng, catalog, &mut words);
    }
    words
}

/// Requests of commands whose keys are not at fixed places. Each `k` becomes a random word.
const MOVABLE: [&str; 24] = [
    "BLMPOP 0 2 k k LEFT COUNT 3",
    "BZMPOP 0 2 k k MIN",
    "EVAL script 2 k k k",
    "EVAL_RO script 1 k k",
    "EVALSHA sha 0 k",
    "FCALL f 1 k k",
    "FCALL_RO f 2 k k k",
    "GEORADIUS k 1 2 3 km COUNT 1 STORE k",
    "GEORADIUSBYMEMBER k member 3 km STOREDIST k",
    "LMPOP 1 k RIGHT",
    "MIGRATE host 1 k 0 10 COPY",
    "SINTERCARD 2 k k LIMIT 1",
    "SORT k BY nosort GET store LIMIT 0 1",
    "SORT k BY store GET store LIMIT 0 1 STORE k",
    "SORT_RO k BY nosort DESC",
    "XREAD COUNT 1 BLOCK 0 STREAMS k k 0 0",
    "XREADGROUP GROUP g streams COUNT 1 STREAMS k k > >",
    "ZDIFF 2 k k WITHSCORES",
    "ZDIFFSTORE k 2 k k",
    "ZINTERCARD 2 k k LIMIT 1",
    "ZINTERSTORE k 1 k WEIGHTS 2",
    "ZMPOP 1 k MAX",
    "ZUNION 2 k k AGGREGATE MAX",
    "ZUNIONSTORE k 2 k k WEIGHTS 1 2",
];

/// A request of a random command.
pub(crate) fn request(rng: &mut Rng, catalog: &Catalog) -> Vec<String> {
    if rng.u8(..8) == 0 {
        let words = pick(rng, &MOVABLE).split(' ').map(str::to_owned).collect::<Vec<_>>();
        let word = |word: String| if word == "k" { pick(rng, &WORDS).to_owned() } else { word };
        return words.into_iter().map(word).collect();
    }
    let all: Vec<_> = catalog.commands().collect();
    let command = all[rng.usize(..all.len())];
    let mut words: Vec<_> = command.name.split('|').map(str::to_owned).collect();
    let least = usize::from(command.arity.unsigned_abs());
    let more = if command.arity < 0 { rng.usize(..5) } else { 0 };
    while words.len() < least + more {
        words.push(pick(rng, &WORDS).to_owned());
    }
    if rng.u8(..30) == 0 {
        words.pop();
    }
    words
}
