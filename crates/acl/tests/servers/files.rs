//! Random aclfiles, loaded by a real Redis 7.0 and by the crate.

use std::fs;
use std::sync::Arc;

use fastrand::Rng;
use tidegate_acl::Acl;
use tidegate_test_support::{Flavor, RedisServer, Reply};
use tidegate_wire::resp::RespVersion;

use crate::pair::Pair;
use crate::random;

/// How many files are loaded.
const FILES: usize = 500;

/// The user of this test. A server closes the connections of all others when it loads a file.
const ADMIN: &str = "user default on nopass ~* &* +@all\n";

fn file(rng: &mut Rng, pair: &Pair) -> String {
    let mut text = String::new();
    for _ in 0..rng.usize(..4) {
        let name = ["a", "b", "c", "a\tb", ""][rng.usize(..5)];
        let mut words = random::rules(rng, pair.acl.catalog());
        // A file of refused lines only compares little.
        words.truncate(rng.usize(..5));
        let start = ["user ", "user ", "user ", "user ", " user ", "# "][rng.usize(..6)];
        let end = ["\n", "\r\n", " \n", "\n\n"][rng.usize(..4)];
        text += &format!("{start}{name} {}{end}", words.join(" "));
    }
    text + ADMIN
}

#[test]
fn files_are_loaded_alike() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("users.acl");
    fs::write(&path, ADMIN).unwrap();
    let name = path.to_str().unwrap();
    let server = RedisServer::builder(Flavor::Redis70).arg("--aclfile", name).start();
    let (mut pair, mut rng) = (Pair::with(RespVersion::V2, server), Rng::with_seed(7));
    let mut loaded = 0;
    for _ in 0..FILES {
        let text = file(&mut rng, &pair);
        let ours = Acl::from_file(Arc::clone(pair.acl.catalog()), name, text.as_bytes());
        // Redis 7.0 crashes when a selector of several words has no end.
        if ours.as_ref().is_err_and(|error| error.to_string().contains("Unmatched")) {
            continue;
        }
        fs::write(&path, &text).unwrap();
        let theirs = pair.theirs(&["ACL", "LOAD"]);
        match ours {
            Ok(acl) => {
                assert_eq!(theirs, Reply::Simple("OK".to_owned()), "{text}");
                pair.acl = acl;
                loaded += 1;
                pair.same(&["ACL", "LIST"]);
            }
            Err(error) => assert_eq!(Reply::Error(format!("ERR {error}")), theirs, "{text}"),
        }
    }
    assert!(loaded > FILES / 20 && loaded < FILES, "{loaded}");
}
