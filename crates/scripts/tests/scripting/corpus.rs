//! Scripts whose replies are those of a real server. Each file of `corpus/` has many, with a line
//! `---` between two. A first line `? key key | argument argument` gives keys and arguments; `?ro`
//! begins that of a script that may not write.

use tidegate_test_support::Flavor;
use tidegate_wire::resp::RespVersion;

use crate::twin::{Case, Twin};

fn cases(text: &str) -> Vec<Case> {
    text.split("\n---\n").map(case).collect()
}

fn case(block: &str) -> Case {
    let Some((head, source)) = block.strip_prefix('?').and_then(|it| it.split_once('\n')) else {
        return Case { source: block.trim_end_matches('\n').to_owned(), ..Case::default() };
    };
    let (keys, args) = head.split_once('|').unwrap_or((head, ""));
    let is_read_only = keys.starts_with("ro");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    Case {
        source: source.trim_end_matches('\n').to_owned(),
        keys: words(keys.strip_prefix("ro").unwrap_or(keys)),
        args: words(args),
        is_read_only,
    }
}

/// Runs all scripts of a file in both protocols, and shows every difference.
#[track_caller]
fn check(text: &str) {
    let mut twin = Twin::spawn(Flavor::Redis70);
    let mut differences = Vec::new();
    let cases = cases(text);
    for case in &cases {
        for version in [RespVersion::V2, RespVersion::V3] {
            let (expected, found) = twin.run(case, version);
            if expected != found {
                differences.push(format!(
                    "{}\n  {version:?} server: {}\n     crate: {}\n",
                    case.source,
                    shown(&expected),
                    shown(&found)
                ));
            }
        }
    }
    let count = differences.len();
    assert!(
        count == 0,
        "{count} of {} replies differ:\n{}",
        cases.len() * 2,
        differences.join("\n")
    );
}

fn shown(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    if text.len() < 600 { text } else { format!("{}... ({} bytes)", &text[..600], bytes.len()) }
}

#[test]
fn replies_and_errors() {
    check(include_str!("corpus/replies.txt"));
}

#[test]
fn the_table_redis() {
    check(include_str!("corpus/redis.txt"));
}

#[test]
fn the_sandbox() {
    check(include_str!("corpus/sandbox.txt"));
}

#[test]
fn commands() {
    check(include_str!("corpus/commands.txt"));
}

#[test]
fn bits() {
    check(include_str!("corpus/bit.txt"));
}

#[test]
fn json() {
    check(include_str!("corpus/cjson.txt"));
}

#[test]
fn message_pack() {
    check(include_str!("corpus/cmsgpack.txt"));
}

#[test]
fn structs() {
    check(include_str!("corpus/struct.txt"));
}
