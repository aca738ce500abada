//! The replica's state machines against real masters of every version: what they send is
//! understood, what they are told is what they show.

mod replica;

use std::collections::BTreeMap;
use std::time::Duration;

use tidegate_rdb::{ChecksumState, Item, Limits, Reader};
use tidegate_replication::{Form, HandshakeError, LinkState, Outcome, Retry, Step};
use tidegate_wire::units::{ReplId, Secret};

use self::replica::{PORT, Replica};
use crate::support::server::{Info, ServerBuilder};
use crate::support::*;

/// Keys of a few types, in two databases.
fn fill(server: &RedisServer) {
    let mut wire = server.wire();
    for db in ["0", "3"] {
        wire.cmd(&["SELECT", db]).ok();
        for n in 0..200 {
            wire.cmd(&["SET", &format!("key:{n}"), &"v".repeat(n * 7)]).ok();
        }
        wire.cmd(&["RPUSH", "list", "a", "b"]);
        wire.cmd(&["HSET", "hash", "f", "1"]);
    }
}

/// Asserts that the payload is whole, and of `server`'s keys.
fn assert_whole(payload: &[u8], server: &RedisServer) {
    let mut reader = Reader::new(payload, Limits::default());
    let (mut db, mut keys) = (0, BTreeMap::<u64, i64>::new());
    let mut end = None;
    while let Some(item) = reader.next_item().unwrap() {
        match item {
            Item::SelectDb(next) => db = next,
            Item::Key(_) => *keys.entry(db).or_default() += 1,
            Item::End(state) => end = Some(state),
            _ => {}
        }
    }
    assert_eq!(end, Some(ChecksumState::Verified), "{:?}", server.flavor());
    let mut wire = server.wire();
    for (db, keys) in keys {
        wire.cmd(&["SELECT", &db.to_string()]).ok();
        assert_eq!(wire.cmd(&["DBSIZE"]).int(), keys, "{:?} db {db}", server.flavor());
    }
}

/// Follows until everything that `master` has sent was applied, and it shows the ack.
#[track_caller]
fn follow(replica: &mut Replica, master: &RedisServer) {
    let wire = &mut master.wire();
    // The offset goes on by itself: PING, GETACK.
    replica.follow("the master's offset and ack", |replica| {
        let info = Info(wire.cmd(&["INFO", "replication"]).str().to_owned());
        let applied = replica.offsets.applied().to_string();
        let shown = format!("port={PORT},state=online,offset={applied},");
        let line = info.0.lines().any(|line| line.starts_with("slave") && line.contains(&shown));
        line && info.get("master_repl_offset") == Some(&applied)
    });
    let info = master.info("replication");
    assert_eq!(info.get("master_replid"), Some(replica.identity.replid().as_str()));
    let histlen = info.get("repl_backlog_histlen").unwrap().parse::<usize>().unwrap();
    assert!(replica.backlog.len() <= histlen || histlen >= 1 << 20);
    assert_eq!(replica.backlog.last(), replica.offsets.applied());
}

/// Every kind of traffic, and the same offset on both sides at every pause.
fn traffic(replica: &mut Replica, master: &RedisServer) {
    let flavor = master.flavor();
    let mut wire = master.wire();
    replica.take_words();
    wire.cmd(&["SET", "a", "1"]).ok();
    follow(replica, master);
    wire.pipeline(&[&["SELECT", "5"], &["MULTI"], &["SET", "b", "2"], &["INCR", "b"], &["EXEC"]]);
    wire.pipeline(&[&["SET", "c", ""], &["SELECT", "0"], &["multi"], &["PING"], &["exec"]]);
    wire.cmd(&["EVAL", "redis.call('set','d',1) return redis.call('incr','d')", "0"]);
    follow(replica, master);
    let words = replica.take_words();
    // Older servers put SELECT before the transaction, newer ones into it.
    let wanted: &[&str] = match flavor {
        Flavor::Redis62 | Flavor::Redis70 => &[
            "SELECT 0",
            "SET a 1",
            "SELECT 5",
            "[SET b 2, INCR b]",
            "SET c ",
            "SELECT 0",
            "[set d 1, incr d]",
        ],
        _ => &[
            "SELECT 0",
            "SET a 1",
            "[SELECT 5, SET b 2, INCR b]",
            "SET c ",
            "[SELECT 0, set d 1, incr d]",
        ],
    };
    assert_eq!(words, wanted, "{flavor:?}");
    assert!(replica.applied.is_empty());

    // A WAIT of a client: the master asks with GETACK, and is answered at once.
    wire.cmd(&["SET", "a", "2"]).ok();
    wire.send(&["WAIT", "1", "5000"]);
    replica.follow("GETACK", |replica| {
        replica.applied.iter().any(|unit| unit.commands == [["REPLCONF", "GETACK", "*"]])
    });
    assert_eq!(wire.read_reply().int(), 1, "{flavor:?}");
    follow(replica, master);

    // A PING of the master.
    replica.take_words();
    replica.follow("PING", |replica| {
        replica.applied.iter().any(|unit| unit.commands[0][0].eq_ignore_ascii_case("ping"))
    });
    follow(replica, master);
    // A command that needs many reads.
    wire.cmd(&["SET", "large", &"x".repeat(2_000_000)]).ok();
    follow(replica, master);
}

fn master(flavor: Flavor) -> ServerBuilder {
    RedisServer::builder(flavor).arg("--repl-ping-replica-period", "1")
}

fn full_resync(flavor: Flavor, diskless: &str) {
    let master = master(flavor).arg("--repl-diskless-sync", diskless).start();
    fill(&master);
    let mut replica = Replica::default();
    let outcome = replica.connect(master.addr()).unwrap();
    assert!(matches!(outcome, Outcome::Full(Some(_))), "{flavor:?} {outcome:?}");
    match (diskless, replica.form) {
        ("yes", Some(Form::Marked)) | ("no", Some(Form::Length(_))) => {}
        (_, form) => panic!("{flavor:?} {diskless} {form:?}"),
    }
    assert_whole(&replica.payload, &master);
    traffic(&mut replica, &master);
}

#[test]
fn a_full_resync_between_marks() {
    for flavor in Flavor::ALL {
        full_resync(flavor, "yes");
    }
}

#[test]
fn a_full_resync_of_a_known_length() {
    for flavor in Flavor::ALL {
        full_resync(flavor, "no");
    }
}

#[test]
fn the_stream_waits_for_the_first_ack() {
    for flavor in Flavor::ALL {
        let master = master(flavor).start();
        let mut replica = Replica::default();
        replica.early_ack = false;
        replica.connect(master.addr()).unwrap();
        let mut wire = master.wire();
        wire.cmd(&["SET", "k", "v"]).ok();
        let begun = std::time::Instant::now();
        replica.follow("nothing", |_| begun.elapsed() > Duration::from_millis(1500));
        assert_eq!(replica.applied, [], "{flavor:?}");
        // The beat of a stream is an ack too.
        replica.load(Duration::ZERO);
        follow(&mut replica, &master);
        assert_eq!(replica.take_words(), ["SELECT 0", "SET k v"], "{flavor:?}");
    }
}

#[test]
fn empty_lines_keep_the_link_while_loading() {
    for flavor in Flavor::ALL {
        let master = RedisServer::builder(flavor).arg("--repl-timeout", "2").start();
        let mut replica = Replica::default();
        replica.connect(master.addr()).unwrap();
        replica.load(Duration::from_secs(5));
        follow(&mut replica, &master);
        let log = master.log();
        assert!(!log.contains("Disconnecting timedout"), "{flavor:?}\n{log}");
    }
}

#[test]
fn a_cut_link_goes_on_where_it_was() {
    for flavor in Flavor::ALL {
        let master = master(flavor).start();
        let mut wire = master.wire();
        let mut replica = Replica::default();
        replica.connect(master.addr()).unwrap();
        wire.cmd(&["SELECT", "7"]).ok();
        wire.cmd(&["SET", "before", "1"]).ok();
        follow(&mut replica, &master);
        let payload = replica.payload.clone();
        for round in 0..3 {
            replica.take_words();
            replica.cut();
            assert_eq!(replica.status.state(), LinkState::Connect);
            wire.pipeline(&[&["MULTI"], &["SET", "x", "1"], &["SET", "y", "2"], &["EXEC"]]);
            let outcome = replica.connect(master.addr()).unwrap();
            let id = replica.identity.replid();
            assert_eq!(outcome, Outcome::Continue(Some(id)), "{flavor:?}");
            follow(&mut replica, &master);
            // No SELECT: the stream is still in database 7.
            assert_eq!(replica.take_words(), ["[SET x 1, SET y 2]"], "{flavor:?} {round}");
        }
        assert_eq!((replica.payload, replica.identity.second_offset()), (payload, None));
        let stats = master.info("stats");
        let count = |name: &str| stats.get(name).unwrap().to_owned();
        assert_eq!([count("sync_full"), count("sync_partial_ok")], ["1", "3"], "{flavor:?}");
    }
}

/// A replica of the master is promoted and continues under another replid. Then the old master
/// becomes its replica, and the link continues there.
#[test]
fn a_promoted_master_goes_on_under_another_name() {
    for flavor in Flavor::ALL {
        let old = master(flavor).start();
        let new = master(flavor).replica_of(old.addr()).start();
        old.wait_attached(&new);
        let mut replica = Replica::default();
        replica.connect(old.addr()).unwrap();
        old.cmd(&["SET", "k", "1"]).ok();
        follow(&mut replica, &old);
        old.wait_synced(&new);
        let first = replica.identity.replid();

        replica.cut();
        new.promote();
        let outcome = replica.connect(new.addr()).unwrap();
        let Outcome::Continue(Some(second)) = outcome else { panic!("{flavor:?} {outcome:?}") };
        assert_ne!(first, second);
        assert_eq!((replica.identity.replid(), replica.identity.replid2()), (second, first));
        new.cmd(&["SET", "k", "2"]).ok();
        follow(&mut replica, &new);
        // What a server in our place shows of itself is the same.
        let info = new.info("replication");
        assert_eq!(info.get("master_replid2"), Some(first.as_str()), "{flavor:?}");

        old.replicate_from(new.addr());
        new.wait_attached(&old);
        replica.cut();
        new.wait_synced(&old);
        let outcome = replica.connect(old.addr()).unwrap();
        assert_eq!(outcome, Outcome::Continue(Some(second)), "{flavor:?}");
        new.cmd(&["SET", "k", "3"]).ok();
        new.wait_synced(&old);
        replica.take_words();
        replica.follow("what a replica passes on", |replica| {
            replica.applied.iter().any(|unit| unit.commands == [["SET", "k", "3"]])
        });
        assert_eq!(replica.identity.replid2(), first, "the same name changes nothing");
    }
}

#[test]
fn the_servers_second_history_is_ours() {
    for flavor in Flavor::ALL {
        let top = master(flavor).start();
        let server = master(flavor).replica_of(top.addr()).start();
        top.wait_attached(&server);
        top.cmd(&["SET", "k", "1"]).ok();
        let mut replica = Replica::default();
        replica.connect(top.addr()).unwrap();
        follow(&mut replica, &top);
        top.wait_synced(&server);
        // No PING may come between.
        let at = replica.offsets.applied();
        server.promote();
        let info = server.info("replication");
        let second = info.get("second_repl_offset").unwrap().parse::<u64>().unwrap();
        let skew = second - 1 - at.get();
        assert!(skew < 100, "{flavor:?}: at most a few PINGs");
        let mut ours = replica.identity;
        ours.promote(ReplId::from_random([9; 20]), at.plus(skew));
        assert_eq!(ours.second_offset().map(|offset| offset.get()), Some(second), "{flavor:?}");
        assert_eq!(Some(ours.replid2().as_str()), info.get("master_replid2"), "{flavor:?}");
    }
}

#[test]
fn a_replica_without_its_master_refuses_for_a_while() {
    for flavor in Flavor::ALL {
        let mut top = master(flavor).start();
        let server = master(flavor).replica_of(top.addr()).start();
        top.wait_attached(&server);
        top.kill();
        let error = eventually(PATIENCE, || match Replica::default().connect(server.addr()) {
            Err(error) => Ok(error),
            Ok(outcome) => Err(format!("{flavor:?} {outcome:?}")),
        });
        let HandshakeError::Refused { step: Step::Psync, said } = &error else { panic!("{error}") };
        assert!(said.starts_with("NOMASTERLINK"), "{flavor:?} {said}");
        assert_eq!(error.retry(), Retry::Soon);
    }
}

#[test]
fn passwords_and_users() {
    for flavor in Flavor::ALL {
        let master = master(flavor).requirepass("secret").start();
        let mut wire = master.wire();
        wire.cmd(&["ACL", "SETUSER", "link", "on", ">pass", "+psync", "+replconf", "+ping"]).ok();
        wire.cmd(&["ACL", "SETUSER", "weak", "on", ">pass", "+replconf"]).ok();
        for (user, password, wanted) in [
            ("", "secret", None),
            ("link", "pass", None),
            ("", "wrong", Some(Step::Auth)),
            ("nobody", "pass", Some(Step::Auth)),
            ("weak", "pass", Some(Step::Psync)),
            ("", "", Some(Step::Psync)),
        ] {
            let mut replica = Replica::default();
            replica.introduction.user = user.to_owned();
            replica.introduction.password = Secret::new(password);
            let outcome = replica.connect(master.addr());
            match (outcome, wanted) {
                (Ok(Outcome::Full(Some(_))), None) => {}
                (Err(error @ HandshakeError::Refused { step, .. }), Some(wanted)) => {
                    assert_eq!((step, error.retry()), (wanted, Retry::TellOperator), "{error}");
                }
                other => panic!("{flavor:?} {user} {password}: {other:?}"),
            }
        }
    }
}

#[test]
fn what_is_announced_is_shown() {
    for flavor in Flavor::ALL {
        let master = master(flavor).start();
        let mut replica = Replica::default();
        replica.introduction.ip = Some("10.1.2.3".to_owned());
        replica.connect(master.addr()).unwrap();
        follow(&mut replica, &master);
        let shown = master.info("replication");
        let line = shown.get("slave0").unwrap();
        assert!(line.starts_with(&format!("ip=10.1.2.3,port={PORT},state=online,")), "{line}");
    }
}

/// A master that is older than PSYNC.
#[test]
fn a_master_without_psync_is_asked_with_sync() {
    for flavor in Flavor::ALL {
        for diskless in ["yes", "no"] {
            let master = master(flavor)
                .args(&["--rename-command", "PSYNC", ""])
                .arg("--repl-diskless-sync", diskless)
                .start();
            fill(&master);
            let mut replica = Replica::default();
            let outcome = replica.connect(master.addr()).unwrap();
            assert_eq!(outcome, Outcome::Full(None), "{flavor:?}");
            assert_whole(&replica.payload, &master);
            master.cmd(&["SET", "k", "v"]).ok();
            replica.follow(&format!("{flavor:?} {diskless}"), |replica| {
                replica.applied.iter().any(|unit| unit.commands == [["SET", "k", "v"]])
            });
        }
    }
}
