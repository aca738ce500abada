//! Commands about functions and scripts, one after the other: the replies are those of a real
//! server. Each block of `corpus/functions.txt` is a command; what follows its first line is its
//! last word.

use tidegate_test_support::Flavor;
use tidegate_wire::resp::RespVersion;

use crate::twin::Twin;

#[test]
fn commands_have_the_replies_of_a_server() {
    for version in [RespVersion::V2, RespVersion::V3] {
        let mut twin = Twin::spawn(Flavor::Redis70);
        let mut differences = Vec::new();
        for block in include_str!("corpus/functions.txt").split("\n---\n") {
            let (head, source) = match block.split_once('\n') {
                Some((head, source)) => (head, Some(source)),
                None => (block, None),
            };
            let source = source.filter(|it| !it.is_empty());
            let words: Vec<&str> = head.split_whitespace().chain(source).collect();
            let (expected, found) = twin.command(&words, version);
            if expected != found {
                let (expected, found) = (expected.escape_ascii(), found.escape_ascii());
                differences.push(format!("{block}\n  server: {expected}\n   crate: {found}\n"));
            }
        }
        let count = differences.len();
        assert!(count == 0, "{version:?}: {count} replies differ:\n{}", differences.join("\n"));
    }
}
