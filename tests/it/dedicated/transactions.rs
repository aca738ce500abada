//! MULTI, EXEC, DISCARD, WATCH and UNWATCH: the servers' own replies, nothing left behind.

use std::thread;
use std::time::Duration;

use crate::support::client_list::{self, ClientLine};
use crate::support::{
    ConfigBuilder, Direction, FaultProxy, Flavor, PATIENCE, Pair, RedisServer, Reply, Tidegate,
    Wire, eventually, settle,
};

const ABORTED: &str = "EXECABORT Transaction discarded because of previous errors.";

/// What every version answers in the same words as its own kind.
const SCRIPT: &str = "EXEC; DISCARD; UNWATCH; WATCH; EXEC x; DISCARD x; MULTI x;
    MULTI; SET a 1; INCR a; GET a; EXEC;
    MULTI; EXEC; MULTI; DISCARD; GET a;
    MULTI; MULTI; WATCH a; GET a; EXEC;
    MULTI; NOSUCH x; GET a; EXEC; MULTI; GET; EXEC; MULTI; FT.SEARCH idx q; EXEC; EXEC;
    MULTI; LPUSH a 1; GET a; EXEC; MULTI; EXEC x; EXEC; MULTI; DISCARD x; DISCARD;
    WATCH a b; MULTI; UNWATCH; GET a; EXEC; WATCH a; UNWATCH; WATCH a; DISCARD;
    WATCH a; SET a 5; MULTI; GET a; EXEC; WATCH a; GET a; EXISTS a nosuch; MULTI; DISCARD;
    MULTI; PING; PING hi; PING a b; EXEC; MULTI; ECHO x; ECHO; EXEC;
    MULTI; PING hi; ECHO x; CLIENT GETNAME; CLIENT SETNAME me; CLIENT GETNAME; EXEC;
    CLIENT GETNAME; MULTI; SELECT 3; SET only-in-3 x; EXEC; GET only-in-3; SELECT 0; GET only-in-3;
    MULTI; SELECT 99; SELECT abc; GET a; EXEC; GET a; MULTI; SELECT; EXEC;
    MULTI; SELECT 4; DISCARD; GET a; MULTI; SCAN 0; SCAN 0 MATCH a*; EXEC;
    MULTI; BLPOP none 0; WAIT 0 0; EXEC; MULTI; XREAD BLOCK 0 STREAMS none $; EXEC;
    MULTI; SPOP none; EVAL return{1,2} 0; TYPE a; OBJECT ENCODING a; EXEC; GET a";

/// What Redis 7 and later word as Redis 7.0 does.
const SCRIPT7: &str =
    "MULTI; CLIENT NOSUCH; EXEC; MULTI; CLIENT SETNAME; EXEC; MULTI; CLIENT; EXEC;
    MULTI; CLIENT TRACKINGINFO; EXEC; MULTI; CLIENT HELP; EXEC; MULTI; CONFIG NOSUCH; DISCARD";

#[test]
fn replies_are_the_servers_own() {
    thread::scope(|scope| {
        for flavor in Flavor::ALL {
            scope.spawn(move || {
                let pair = Pair::spawn_with(flavor, |c| c.set("admin", "commands", "\"master\""));
                for mut both in [pair.both(), pair.both3()] {
                    both.same("FLUSHALL");
                    both.same_all(SCRIPT);
                    if flavor != Flavor::Redis62 {
                        both.same_all(SCRIPT7);
                    }
                }
            });
        }
    });
}

#[test]
fn a_conflict_makes_exec_null() {
    let pair = Pair::spawn(Flavor::Redis70);
    for three in [false, true] {
        let mut both = if three { pair.both3() } else { pair.both() };
        let mut other = pair.both();
        both.same_all("SET k 1; WATCH k");
        other.same("SET k 2");
        both.same_all("MULTI; SET k 3; EXEC; GET k; WATCH k; MULTI; SET k 4");
        other.same("DEL k");
        both.same_all("EXEC; MULTI; SET k 5; EXEC; WATCH k");
        other.same("SET k 6");
        both.same_all("UNWATCH; MULTI; SET k 7; EXEC; WATCH k; MULTI; SET k 8; DISCARD");
        other.same("SET k 9");
        both.same_all("MULTI; SET k 10; EXEC");
        assert_eq!(both.same("GET k").str(), "10");
    }
}

#[test]
fn exec_answers_with_the_proxys_own_facts() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut wire = pair.proxy.wire();
    let id = wire.cmd(&["CLIENT", "ID"]).int();
    let requests: [&[&str]; 8] = [
        &["MULTI"],
        &["CLIENT", "ID"],
        &["SET", "k", "v"],
        &["CLIENT", "SETNAME", "me"],
        &["CLIENT", "GETNAME"],
        &["CLIENT", "INFO"],
        &["GET", "k"],
        &["EXEC"],
    ];
    let replies = wire.pipeline(&requests);
    let exec = replies[7].array();
    assert_eq!(exec[0].int(), id);
    assert_eq!(exec[3].str(), "me");
    let info = client_list::parse(exec[4].str()).remove(0);
    assert_eq!((info.id(), info.get("name")), (id, "me"));
    assert_eq!(exec[5].str(), "v");
    assert_eq!(wire.cmd(&["CLIENT", "GETNAME"]).str(), "me");
    let mut other = pair.proxy.wire();
    assert!(other.cmd(&["CLIENT", "GETNAME"]).is_null());
}

#[test]
fn what_the_proxy_refuses_aborts_as_what_the_server_refuses() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut wire = pair.proxy.wire();
    for refused in [&["CONFIG", "GET", "port"][..], &["SHUTDOWN"], &["PSYNC", "?", "-1"], &["SYNC"]]
    {
        wire.cmd(&["MULTI"]).ok();
        assert_eq!(wire.cmd(&["SET", "k", "never"]).str(), "QUEUED");
        assert!(wire.cmd(refused).is_err());
        assert_eq!(wire.cmd(&["EXEC"]).err(), ABORTED);
    }
    assert!(wire.cmd(&["GET", "k"]).is_null());
    wire.cmd(&["MULTI"]).ok();
    assert_eq!(wire.cmd(&["EXEC"]), Reply::Array(vec![]));
}

#[test]
fn many_transactions_in_one_pipeline() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut wire = pair.proxy.wire();
    let one: [&[&str]; 5] = [&["MULTI"], &["INCR", "n"], &["GET", "n"], &["EXEC"], &["GET", "n"]];
    let requests: Vec<&[&str]> = one.iter().copied().cycle().take(one.len() * 300).collect();
    let replies = wire.pipeline(&requests);
    for (at, replies) in (1..).zip(replies.chunks(one.len())) {
        replies[0].ok();
        assert_eq!(replies[3].array()[0].int(), at);
        assert_eq!(replies[3].array()[1].str(), at.to_string());
        assert_eq!(replies[4].str(), at.to_string());
    }
}

fn connections_received(server: &RedisServer) -> i64 {
    server.info("stats").get("total_connections_received").unwrap().parse().unwrap()
}

fn is_dirty(line: &ClientLine) -> bool {
    let flags = ['x', 'd', 'P', 'O', 'b', 't'];
    line.get("multi") != "-1" || flags.iter().any(|flag| line.has_flag(*flag))
}

/// No connection of the server has anything left of a session on it.
#[track_caller]
fn wait_clean(server: &RedisServer) -> usize {
    eventually(PATIENCE, || {
        let lines = client_list::of_server(server);
        match lines.iter().find(|line| is_dirty(line) || !line.get("name").is_empty()) {
            Some(dirty) => Err(format!("left over: {dirty:?}")),
            None => Ok(lines.len()),
        }
    })
}

#[test]
fn two_hundred_clients_share_a_bounded_pool() {
    let pair = Pair::spawn(Flavor::Redis70);
    thread::scope(|scope| {
        for client in 0..200 {
            let mut wire = pair.proxy.wire();
            scope.spawn(move || {
                wire.cmd(&["CLIENT", "SETNAME", &format!("c{client}")]).ok();
                wire.cmd(&["SELECT", &(client % 2).to_string()]).ok();
                for _ in 0..5 {
                    wire.cmd(&["WATCH", &format!("mine{client}")]).ok();
                    wire.cmd(&["MULTI"]).ok();
                    wire.cmd(&["INCR", "all"]);
                    wire.cmd(&["INCR", &format!("mine{client}")]);
                    assert_eq!(wire.cmd(&["EXEC"]).array().len(), 2);
                }
                let mine = wire.cmd(&["GET", &format!("mine{client}")]);
                assert_eq!(mine.str(), "5");
            });
        }
    });
    let mut wire = pair.behind.wire();
    assert_eq!(wire.cmd(&["GET", "all"]).str(), "500");
    let left = wait_clean(&pair.behind);
    assert!(left <= 2 * (64 + 2) + 8, "{left} connections left");

    // One after the other, they use what is there.
    let before = connections_received(&pair.behind);
    for _ in 0..50 {
        let mut wire = pair.proxy.wire();
        let replies = wire.pipeline(&[&["MULTI"], &["INCR", "all"], &["EXEC"]]);
        assert_eq!(replies[2].array().len(), 1);
    }
    let opened = connections_received(&pair.behind) - before;
    assert!(opened <= 6, "{opened} new connections for 50 transactions in a row");
}

#[test]
fn clients_that_die_leave_nothing_behind() {
    let pair = Pair::spawn(Flavor::Redis70);
    let endings: [&[&[&str]]; 4] = [
        &[&["MULTI"], &["SET", "k", "never"]],
        &[&["WATCH", "k"]],
        &[&["WATCH", "k"], &["MULTI"], &["SELECT", "3"]],
        &[&["MULTI"], &["SET", "k", "never"], &["QUIT"]],
    ];
    for ending in endings {
        drop(wire_after(&pair.proxy, ending));
        wait_clean(&pair.behind);
        for _ in 0..4 {
            let mut wire = pair.proxy.wire();
            // Would be queued in, or aborted by, what a dead client left on the connection.
            wire.cmd(&["MULTI"]).ok();
            pair.behind.cmd(&["SET", "k", "other"]).ok();
            wire.cmd(&["GET", "k"]);
            let exec = wire.cmd(&["EXEC"]);
            assert_eq!(exec.array(), [Reply::Bulk(b"other".to_vec())], "after {ending:?}");
        }
        pair.behind.cmd(&["DEL", "k"]);
    }
}

#[track_caller]
fn wire_after(proxy: &Tidegate, requests: &[&[&str]]) -> Wire {
    let mut wire = proxy.wire();
    for reply in wire.pipeline(requests) {
        assert!(!reply.is_err(), "{reply:?}");
    }
    wire
}

/// Ends the proxy's only connection to `server` that is in a transaction or watches.
#[track_caller]
fn kill_transaction(proxy: &Tidegate, server: &RedisServer, is: impl Fn(&ClientLine) -> bool) {
    let id = client_list::only(server, is).unwrap();
    assert_eq!(server.cmd(&["CLIENT", "KILL", "ID", &id.to_string()]).int(), 1);
    let gone = || match client_list::only(server, |line| line.id() == id) {
        Ok(id) => Err(format!("{id} is still there")),
        Err(_) => Ok(()),
    };
    eventually(PATIENCE, gone);
    // The worker has looked at its sockets since.
    settle(proxy);
    thread::sleep(Duration::from_millis(50));
}

#[test]
fn a_connection_lost_between_multi_and_exec_is_not_noticed() {
    let pair = Pair::spawn(Flavor::Redis70);
    for nested in [&["SET", "k", "x"][..], &["PING"], &["UNWATCH"]] {
        let mut wire = wire_after(&pair.proxy, &[&["MULTI"], &["APPEND", "k", "1"]]);
        kill_transaction(&pair.proxy, &pair.behind, |line| line.has_flag('x'));
        assert_eq!(wire.cmd(nested).str(), "QUEUED");
        let reply = wire.cmd(&["EXEC"]);
        assert_eq!(reply.array()[0].int(), 1, "once: {reply:?}");
        assert_eq!(reply.array().len(), 2);
        let replies = wire.pipeline(&[&["DEL", "k"], &["MULTI"], &["PING"], &["EXEC"], &["EXEC"]]);
        assert_eq!((replies[0].int(), replies[3].array().len()), (1, 1));
        assert_eq!(replies[4].err(), "ERR EXEC without MULTI");
        wait_clean(&pair.behind);
    }
    // What a server refuses in a transaction, the next one refuses, too.
    for nested in [&["MULTI"][..], &["WATCH", "k"]] {
        let mut wire = wire_after(&pair.proxy, &[&["MULTI"], &["SET", "k", "never"]]);
        kill_transaction(&pair.proxy, &pair.behind, |line| line.has_flag('x'));
        assert!(wire.cmd(nested).is_err(), "{nested:?} in a transaction");
        wire.cmd(&["DISCARD"]).ok();
        assert!(wire.cmd(&["GET", "k"]).is_null());
        wait_clean(&pair.behind);
    }
}

/// What is too large to be kept is not begun anew.
#[test]
fn a_large_transaction_whose_connection_is_lost_aborts() {
    let pair = Pair::spawn(Flavor::Redis70);
    let never = "x".repeat(300 * 1024);
    for nested in [&["MULTI"][..], &["WATCH", "k"], &["SET", "k", "x"], &["PING"], &["UNWATCH"]] {
        let mut wire = wire_after(&pair.proxy, &[&["MULTI"], &["SET", "k", &never]]);
        kill_transaction(&pair.proxy, &pair.behind, |line| line.has_flag('x'));
        assert!(wire.cmd(nested).is_err(), "{nested:?} in a lost transaction");
        assert_eq!(wire.cmd(&["EXEC"]).err(), ABORTED);
        // The session goes on, and its next transaction is whole.
        let replies = wire.pipeline(&[&["GET", "k"], &["MULTI"], &["PING"], &["EXEC"], &["EXEC"]]);
        assert!(replies[0].is_null());
        assert_eq!(replies[3].array().len(), 1);
        assert_eq!(replies[4].err(), "ERR EXEC without MULTI");
        wait_clean(&pair.behind);
    }
    let mut wire = wire_after(&pair.proxy, &[&["MULTI"], &["SET", "k", &never]]);
    kill_transaction(&pair.proxy, &pair.behind, |line| line.has_flag('x'));
    wire.cmd(&["DISCARD"]).ok();
    assert!(wire.cmd(&["GET", "k"]).is_null());
}

#[test]
fn a_connection_lost_after_watch_makes_exec_null() {
    let pair = Pair::spawn(Flavor::Redis70);
    for three in [false, true] {
        let mut wire = pair.proxy.wire();
        if three {
            wire.hello3();
        }
        wire.cmd(&["WATCH", "k"]).ok();
        kill_transaction(&pair.proxy, &pair.behind, |line| line.get("cmd") == "watch");
        wire.cmd(&["MULTI"]).ok();
        assert_eq!(wire.cmd(&["SET", "k", "never"]).str(), "QUEUED");
        wire.send(&["EXEC"]);
        assert_eq!(
            wire.read_raw_reply(),
            if three { b"_\r\n".to_vec() } else { b"*-1\r\n".to_vec() }
        );
        assert!(wire.cmd(&["GET", "k"]).is_null());
        wait_clean(&pair.behind);
    }
}

#[test]
fn a_connection_lost_under_exec_leaves_the_outcome_in_doubt() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let fault = FaultProxy::start(server.addr());
    let proxy = ConfigBuilder::new(fault.addr(), &[]).start();
    let mut wire = wire_after(&proxy, &[&["MULTI"], &["INCR", "n"]]);
    fault.blackhole_of(Direction::ToClient);
    wire.send(&["EXEC"]);
    eventually(PATIENCE, || match server.cmd(&["GET", "n"]) {
        Reply::Null => Err("not run".to_owned()),
        _ => Ok(()),
    });
    fault.close_all();
    fault.heal();
    let reply = wire.read_reply();
    assert!(reply.err().starts_with("INDOUBT "), "{reply:?}");
    // Once, and never again.
    assert_eq!(server.cmd(&["GET", "n"]).str(), "1");
    let works = || match wire.cmd(&["GET", "n"]) {
        Reply::Bulk(n) if n == b"1" => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(PATIENCE, works);
}
