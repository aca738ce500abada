//! No input makes the crate panic, and what it prints makes the same users.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_acl::{Acl, AclCommand, AclLog, Asking, Catalog, Frame, answer};
use tidegate_wire::resp::RespVersion;

/// A word of a rule, in whole or in part, or any bytes.
fn word() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "on",
        "off",
        "nopass",
        "reset",
        "resetpass",
        "resetkeys",
        "allkeys",
        "~*",
        "~a",
        "%R~a*",
        "%W~",
        "%",
        "%RW",
        "&*",
        "&a",
        "resetchannels",
        "+@all",
        "-@all",
        "+@read",
        "-@write",
        "+get",
        "-get",
        "+config|get",
        "-config",
        "+select|0",
        "+select|a|b",
        "+|",
        "-",
        "+@",
        "(",
        ")",
        "()",
        "(+get",
        "~b)",
        "(\"",
        "clearselectors",
        ">x",
        "<x",
        "#",
        "!",
        "",
    ]);
    prop_oneof![
        8 => known.prop_map(|word| word.as_bytes().to_vec()),
        1 => "[+\\-~&%#!<>(@][a-z|@*~ ]{0,6}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..6),
    ]
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() }
}

thread_local! {
    static CATALOG: Arc<Catalog> = Arc::new(Catalog::new());
}

fn acl() -> Acl {
    CATALOG.with(|catalog| Acl::new(Arc::clone(catalog)))
}

#[test]
fn rules_and_requests_of_any_bytes() {
    proptest!(config(), |(words in vec(word(), 0..12), request in vec(word(), 1..6))| {
        let mut acl = acl();
        let before = acl.to_file();
        if acl.set_user(b"u", &words).is_err() {
            prop_assert_eq!(acl.to_file(), before);
        }
        let user = acl.user(b"u").or_else(|| acl.user(b"default")).cloned();
        if let Some(user) = user {
            let _ = user.check(acl.catalog(), &&request[..]);
        }
    });
}

/// The text of a file is in normal form, so the second time it stays as it is.
#[test]
fn users_survive_a_file() {
    proptest!(config(), |(words in vec(word(), 0..12))| {
        let mut acl = acl();
        // Word by word, so that one which is refused does not take the others with it.
        for word in words {
            // First arguments of any bytes are no text.
            if std::str::from_utf8(&word).is_ok_and(|word| !word.contains(['\n', '\r', '\t'])) {
                let _ = acl.set_user(b"u", &[word]);
            }
        }
        let text = acl.to_file();
        let catalog = Arc::clone(acl.catalog());
        let again = Acl::from_file(catalog, "/f", &text);
        let again = again.map(|acl| acl.to_file());
        let shown = String::from_utf8_lossy(&text).into_owned();
        prop_assert_eq!(again, Ok(text), "{}", shown);
    });
}

#[test]
fn files_frames_and_requests_of_any_bytes() {
    proptest!(config(), |(words in vec(word(), 0..20), bytes in vec(any::<u8>(), 0..60))| {
        let mut acl = acl();
        let catalog = Arc::clone(acl.catalog());
        let lines = words.chunks(4).map(|line| [b"user ", &line.join(&b' ')[..]].concat());
        let _ = Acl::from_file(Arc::clone(&catalog), "/f", &lines.collect::<Vec<_>>().join(&b'\n'));
        let _ = Acl::from_file(catalog, "/f", &bytes);
        if let Some(user) = acl.user(b"default") {
            let _ = user.check(acl.catalog(), &Frame::new(&bytes));
        }
        let subcommands = ["cat", "deluser", "dryrun", "genpass", "getuser", "log", "setuser"];
        for subcommand in subcommands {
            let mut args: Vec<&[u8]> = vec![b"ACL", subcommand.as_bytes(), b"u"];
            args.extend(words.iter().map(Vec::as_slice));
            if let Ok(command) = AclCommand::parse(&args) {
                let asking =
                    Asking { version: RespVersion::V3, username: b"", now_ms: 0, random: &bytes };
                let mut out = Vec::new();
                answer(&command, &mut acl, &mut AclLog::default(), &asking, &mut out);
                prop_assert!(out.ends_with(b"\r\n"));
            }
        }
    });
}
