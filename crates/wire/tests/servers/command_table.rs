//! The command table compared with what real servers report.

use std::collections::{BTreeSet, HashSet};

use redis_protocol::resp2::types::BytesFrame;
use tidegate_wire::command::{Access, Command, Effect, Keys, Learned, all, lookup, resolve};

use crate::reports::{REPLIES, REPORTED, Reported, ask, command_reply, items, text};
use tidegate_test_support::{Flavor, RedisServer};

/// Arities of other versions, where versions differ. The table has that of the newest.
const OTHER_ARITIES: &[(&str, i64)] = &[
    // Redis 7.0 gave these an option that 6.2 lacks.
    ("expire", 3),
    ("expireat", 3),
    ("pexpire", 3),
    ("pexpireat", 3),
    ("xsetid", 3),
    // Redis 7.2: WITHSCORE.
    ("zrank", 3),
    ("zrevrank", 3),
    // 6.2 took more arguments than it used.
    ("pfdebug", -3),
    // 7.0 wanted an argument for the command that it names.
    ("command|getkeys", -4),
    ("command|getkeysandflags", -4),
    // Valkey 9 takes NO ONE.
    ("cluster|replicate", 3),
    // Valkey 9 takes an engine's name.
    ("script|debug", 3),
];

/// Commands that servers flag as admin although they only look; clients do use them.
const HARMLESS: &[&str] = &["acl|dryrun", "cluster|replicas", "cluster|slaves", "monitor"];

/// Redis 6.2 has no subcommands in `COMMAND`; containers have the flags and keys of their
/// subcommands.
const CONTAINERS_OF_62: &[&str] =
    &["acl", "client", "cluster", "config", "latency", "memory", "module", "object", "slowlog"];

/// Commands that servers flag as reads but the table does not: they concern the master's LRU data
/// and caches, or are containers of Redis 6.2 with subcommands of all kinds.
const FLAGGED_READ: &[&str] = &[
    "host:",
    "memory",
    "object",
    "object|freq",
    "object|idletime",
    "pfcount",
    "post",
    "touch",
    "xinfo",
];

/// One request for each command whose keys are not at fixed places, and the keys in it.
const SAMPLES: &[(&str, &[&str])] = &[
    ("BLMPOP 0 2 a b LEFT COUNT 3", &["a", "b"]),
    ("BZMPOP 0 2 a b MIN", &["a", "b"]),
    ("EVAL script 2 a b c", &["a", "b"]),
    ("EVAL_RO script 1 a b c", &["a"]),
    ("EVALSHA sha 2 a b c", &["a", "b"]),
    ("EVALSHA_RO sha 2 a b", &["a", "b"]),
    ("FCALL f 1 a b", &["a"]),
    ("FCALL_RO f 2 a b c", &["a", "b"]),
    ("GEORADIUS a 1 2 3 km", &["a"]),
    ("GEORADIUS a 1 2 3 km COUNT 1 STORE b", &["a", "b"]),
    ("GEORADIUSBYMEMBER a member 3 km STOREDIST b", &["a", "b"]),
    ("GEORADIUSBYMEMBER a STORE 3 km", &["a"]),
    ("LMPOP 2 a b RIGHT", &["a", "b"]),
    ("MIGRATE host 1 a 0 10 COPY", &["a"]),
    ("MIGRATE host 1  0 10 REPLACE KEYS a b", &["a", "b"]),
    ("MSETEX 2 a 1 b 2 EX 10", &["a", "b"]),
    ("SINTERCARD 2 a b LIMIT 1", &["a", "b"]),
    ("SORT a BY nosort GET store LIMIT 0 1", &["a"]),
    ("SORT a BY store GET store LIMIT 0 1 STORE b", &["a", "b"]),
    ("SORT a BY store DESC", &["a"]),
    ("STRALGO LCS KEYS a b LEN", &["a", "b"]),
    ("XREAD COUNT 1 BLOCK 0 STREAMS a b 0 0", &["a", "b"]),
    ("XREADGROUP GROUP g streams COUNT 1 STREAMS a b > >", &["a", "b"]),
    ("ZDIFF 2 a b WITHSCORES", &["a", "b"]),
    ("ZDIFFSTORE d 2 a b", &["d", "a", "b"]),
    ("ZINTER 2 a b", &["a", "b"]),
    ("ZINTERCARD 2 a b LIMIT 1", &["a", "b"]),
    ("ZINTERSTORE d 1 a WEIGHTS 2", &["d", "a"]),
    ("ZMPOP 1 a MAX", &["a"]),
    ("ZUNION 2 a b AGGREGATE MAX", &["a", "b"]),
    ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", &["d", "a", "b"]),
    // Fixed places, to check that the test itself agrees with the servers.
    ("BITOP AND d a b", &["d", "a", "b"]),
    ("BLPOP a b 0", &["a", "b"]),
    ("MSET a 1 b 2", &["a", "b"]),
    ("OBJECT ENCODING a", &["a"]),
    ("MEMORY USAGE a SAMPLES 1", &["a"]),
    ("XGROUP CREATE a g $", &["a"]),
    ("COPY a b DB 1", &["a", "b"]),
];

/// Fails with all reported commands for which `rule` does not hold.
fn expect_all(rule: impl Fn(&Reported, &Command) -> bool) {
    let known = REPORTED.iter().filter_map(|reported| Some((reported, reported.row()?)));
    let broken: BTreeSet<String> = known
        .filter(|(reported, row)| !rule(reported, row))
        .map(|(reported, row)| {
            let Reported { server, name, arity, flags, range } = reported;
            format!("{server}: {name} {arity} {range:?} {flags:?}\n    ours: {row:?}")
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_command_of_every_server_has_a_row() {
    let missing: BTreeSet<_> =
        REPORTED.iter().filter(|reported| reported.row().is_none()).map(|r| &r.name).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Only Redis Enterprise has CLIENT MAINT_NOTIFICATIONS.
#[test]
fn every_row_is_a_command_of_some_server() {
    let reported: HashSet<_> = REPORTED.iter().map(|reported| reported.name.as_str()).collect();
    let invented: Vec<_> = all()
        .map(|row| row.name)
        .filter(|name| !name.contains('.') && !reported.contains(name))
        .filter(|name| *name != "client|maint_notifications")
        .collect();
    assert!(invented.is_empty(), "{invented:?}");
}

#[test]
fn what_servers_call_a_write_is_neither_a_read_nor_answered_here() {
    expect_all(|reported, row| {
        let write = reported.is("write") || reported.is("may_replicate");
        !write || !matches!(row.access, Access::Read | Access::Local | Access::Master)
    });
}

#[test]
fn what_is_a_read_here_is_one_for_servers() {
    expect_all(|reported, row| {
        row.access != Access::Read || reported.is("readonly") || row.keys == Keys::None
    });
}

#[test]
fn what_servers_call_a_read_is_one_here_unless_there_is_a_reason() {
    expect_all(|reported, row| {
        !reported.is("readonly") || row.access == Access::Read || FLAGGED_READ.contains(&row.name)
    });
}

#[test]
fn what_servers_call_admin_is_no_ordinary_command() {
    expect_all(|reported, row| {
        !reported.is("admin")
            || matches!(row.access, Access::Admin | Access::Refused | Access::Local)
            || HARMLESS.contains(&row.name)
            || CONTAINERS_OF_62.contains(&row.name)
    });
}

#[test]
fn what_blocks_at_a_server_is_known_to_block() {
    expect_all(|reported, row| {
        !reported.is("blocking") || matches!(row.effect, Effect::Blocking(_) | Effect::Wait)
    });
}

#[test]
fn arities_are_the_newest_servers() {
    expect_all(|reported, row| {
        i64::from(row.arity) == reported.arity
            || OTHER_ARITIES.contains(&(row.name, reported.arity))
    });
    for (name, other) in OTHER_ARITIES {
        let needed = REPORTED.iter().any(|r| r.name == *name && r.arity == *other);
        assert!(needed, "no server says {other} of {name}");
    }
}

#[test]
fn fixed_key_places_are_the_servers() {
    expect_all(|reported, row| match row.keys {
        Keys::None => {
            reported.range == [0; 3] || (!row.subcommands.is_empty() && reported.range == [2, 2, 1])
        }
        Keys::Range { first, last, step } => {
            reported.range == [i64::from(first), i64::from(last), i64::from(step)]
        }
        _ => reported.is("movablekeys"),
    });
}

#[test]
fn key_places_agree_with_command_getkeys() {
    let servers: Vec<_> = Flavor::ALL.into_iter().map(RedisServer::spawn).collect();
    for (sample, keys) in SAMPLES {
        let args: Vec<&str> = sample.split(' ').collect();
        let row = invoked(&args);
        let ours = row.keys.positions(args.len(), |at| args[at].as_bytes());
        let ours: BTreeSet<&str> = ours.map(|at| args[at]).collect();
        assert_eq!(ours, keys.iter().copied().collect(), "{sample}");

        let mut agreed = 0;
        for server in &servers {
            match ask(server.addr(), &[&["COMMAND", "GETKEYS"], &args[..]].concat()) {
                BytesFrame::Array(theirs) => {
                    let theirs: Vec<String> = theirs.iter().map(text).collect();
                    let theirs: BTreeSet<&str> = theirs.iter().map(String::as_str).collect();
                    assert_eq!(ours, theirs, "{sample}");
                    agreed += 1;
                }
                BytesFrame::Error(error) if error.starts_with("ERR Invalid command") => {}
                other => panic!("{sample}: {other:?}"),
            }
        }
        assert!(agreed > 0, "no server knows {sample}");
    }
}

#[test]
fn every_movable_key_has_a_sample() {
    let sampled: HashSet<&str> = SAMPLES
        .iter()
        .map(|(sample, _)| invoked(&sample.split(' ').collect::<Vec<_>>()).name)
        .collect();
    let unsampled: Vec<_> = all()
        .filter(|row| !matches!(row.keys, Keys::None | Keys::Range { .. }))
        .filter(|row| !sampled.contains(row.name))
        .map(|row| row.name)
        .collect();
    assert!(unsampled.is_empty(), "{unsampled:?}");
}

#[test]
fn only_modules_commands_are_learnt() {
    for (server, reply) in REPLIES.iter() {
        let learned = Learned::from_command_reply(reply);
        let native: Vec<_> = learned.iter().filter(|row| !row.name.contains('.')).collect();
        assert!(native.is_empty(), "{server}: {native:?}");
    }
}

/// Commands of servers under other names, which the table lacks, take the place of a module's. What
/// is learnt of them must not allow more than the table does.
#[test]
fn what_is_learnt_is_what_the_table_would_say() {
    for (server, reply) in REPLIES.iter() {
        let renamed = items(reply).iter().map(rename).collect();
        let learned = Learned::from_command_reply(&BytesFrame::Array(renamed));
        let reported = REPORTED.iter().filter(|reported| reported.server == *server);
        for (reported, row) in reported.filter_map(|reported| Some((reported, reported.row()?))) {
            let (name, sub) = reported.name.split_once('|').unwrap_or((&reported.name, ""));
            let sub = (!sub.is_empty()).then_some(sub.as_bytes());
            let found = resolve(&learned, format!("X.{name}").as_bytes(), sub).unwrap();
            assert_eq!(found.name, format!("x.{}", reported.name));
            assert_eq!(i64::from(found.arity), reported.arity);
            let read = found.access == Access::Read;
            let bold = read && row.access != Access::Read && !FLAGGED_READ.contains(&row.name);
            assert!(!bold, "{server}: {found:?} learnt, {row:?} known");
            if let Keys::Range { .. } = row.keys {
                assert_eq!(found.keys, row.keys, "{server}: {}", row.name);
            }
        }
    }
}

#[test]
fn a_real_modules_commands_are_learnt() {
    let module = Flavor::Redis82.binary().with_file_name("falkordb.so");
    let server =
        RedisServer::builder(Flavor::Redis82).arg("--loadmodule", module.to_str().unwrap()).start();
    let learned = Learned::from_command_reply(&command_reply(server.addr()));
    let access = |name: &str| resolve(&learned, name.as_bytes(), None).unwrap().access;
    assert_eq!(access("GRAPH.QUERY"), Access::Write);
    assert_eq!(access("graph.RO_query"), Access::Read);
    assert_eq!(access("graph.config"), Access::Master);
    assert_eq!(access("graph.slowlog"), Access::Master);
    let query = resolve(&learned, b"graph.ro_query", None).unwrap();
    assert_eq!(query.keys, Keys::Range { first: 1, last: 1, step: 1 });
}

/// Renames an entry as if a module had it.
fn rename(entry: &BytesFrame) -> BytesFrame {
    let mut entry = items(entry).to_vec();
    entry[0] = BytesFrame::BulkString(format!("x.{}", text(&entry[0])).into());
    if let Some(BytesFrame::Array(subcommands)) = entry.get_mut(9) {
        subcommands.iter_mut().for_each(|subcommand| *subcommand = rename(subcommand));
    }
    BytesFrame::Array(entry)
}

/// Returns the row that a request calls.
fn invoked(args: &[&str]) -> &'static Command {
    let row = lookup(args[0].as_bytes()).unwrap();
    row.subcommand(args[1].as_bytes()).unwrap_or(row)
}
