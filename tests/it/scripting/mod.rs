//! Scripts that call commands of the store have the replies of a real server.

mod store_host;

use std::time::{SystemTime, UNIX_EPOCH};

use tidegate_scripts::{Limits, Scripting, Version};
use tidegate_wire::resp::RespVersion;

use crate::support::*;
use store_host::StoreHost;

/// Runs the scripts of a corpus at a server and here, in both protocols. Left out are scripts with
/// keys, and those that call commands which are not the store's.
#[track_caller]
fn check(corpus: &str, least: usize) {
    let server = RedisServer::spawn(Flavor::Redis70);
    let mut scripting = Scripting::new(&Limits::default(), &Version::default()).unwrap();
    let (mut compared, mut differences) = (0, Vec::new());
    for script in corpus.split("\n---\n").filter(|it| !it.starts_with('?')) {
        let script = script.trim_end_matches('\n');
        for version in [RespVersion::V2, RespVersion::V3] {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let mut host = StoreHost::new(i64::try_from(now.as_millis()).unwrap());
            let mut found = Vec::new();
            let words: [&[u8]; 3] = [b"EVAL", script.as_bytes(), b"0"];
            assert!(scripting.execute(&words, version, &mut host, &mut found));
            if host.is_at_its_end {
                continue;
            }
            let mut wire = server.wire();
            wire.cmd(&["FLUSHALL"]).ok();
            if version == RespVersion::V3 {
                wire.hello3();
            }
            wire.send(&["EVAL", script, "0"]);
            let expected = wire.read_raw_reply();
            compared += 1;
            if expected != found {
                let (expected, found) = (expected.escape_ascii(), found.escape_ascii());
                differences.push(format!("{script}\n  server: {expected}\n    here: {found}\n"));
            }
        }
    }
    let count = differences.len();
    assert!(count == 0, "{count} of {compared} replies differ:\n{}", differences.join("\n"));
    assert!(compared >= least, "{compared}");
}

#[test]
fn commands_of_the_store() {
    check(include_str!("../../../crates/scripts/tests/scripting/corpus/commands.txt"), 50);
}

#[test]
fn the_table_redis() {
    check(include_str!("../../../crates/scripts/tests/scripting/corpus/redis.txt"), 150);
}
