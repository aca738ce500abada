//! Transactions while the master changes: what the server has not run begins anew on the new one.

mod gate;
mod killed;
mod load;
mod silent;

use std::time::Duration;

use self::load::Load;
use super::command::there_and_back::Couple;
use crate::support::*;

/// The first replica becomes master, and the others follow it.
#[track_caller]
fn switch(trio: &Trio) {
    let (old, [new, other]) = (&trio.master, &trio.replicas);
    new.promote();
    other.replicate_from(new.addr());
    old.replicate_from(new.addr());
}

/// As Sentinel does it: the old master ends its clients' connections in the moment of its demotion.
#[track_caller]
fn switch_and_kill(trio: &Trio) {
    let (old, [new, other]) = (&trio.master, &trio.replicas);
    new.promote();
    other.replicate_from(new.addr());
    let (host, port) = (new.addr().ip().to_string(), new.port().to_string());
    let mut wire = old.wire();
    let replies = wire.pipeline(&[
        &["MULTI"],
        &["REPLICAOF", &host, &port],
        &["CLIENT", "KILL", "TYPE", "normal"],
        &["EXEC"],
    ]);
    assert!(!replies[3].is_err(), "{replies:?}");
}

/// Waits until the proxy sends its writes to this server.
#[track_caller]
fn until_master(proxy: &Tidegate, server: &RedisServer) {
    let mut wire = proxy.wire();
    let addr = server.addr().to_string();
    eventually(PATIENCE, || match topology(&mut wire) {
        all if all["master"] == *addr => Ok(()),
        all => Err(all.to_string()),
    });
}

fn encode_all(requests: &[&[&str]]) -> Vec<u8> {
    requests.iter().flat_map(|request| encode(request)).collect()
}

/// Both versions of the protocol.
fn both(proxy: &Tidegate) -> [Wire; 2] {
    let mut three = proxy.wire();
    three.hello3();
    [proxy.wire(), three]
}

/// The master holds what it got while it is paused, and refuses it when it is a replica: as
/// FAILOVER does it.
#[track_caller]
fn paused_and_demoted(
    trio: &Trio,
    proxy: &Tidegate,
    requests: &[&[&str]],
    waiting: &str,
) -> Vec<Vec<Reply>> {
    let mut wires = both(proxy);
    for wire in &mut wires {
        wire.cmd(&["SET", "before", "1"]).ok();
    }
    trio.wait_synced();
    trio.master.cmd(&["CLIENT", "PAUSE", "60000", "WRITE"]).ok();
    for wire in &mut wires {
        wire.send_raw(&encode_all(requests));
    }
    let under_way = format!("cmd={waiting}");
    eventually(PATIENCE, || match trio.master.cmd(&["CLIENT", "LIST"]).str() {
        list if list.lines().filter(|line| line.contains(&under_way)).count() >= 2 => Ok(()),
        list => Err(list.to_owned()),
    });
    switch(trio);
    trio.master.cmd(&["CLIENT", "UNPAUSE"]).ok();
    wires.iter_mut().map(|wire| requests.iter().map(|_| wire.read_reply()).collect()).collect()
}

#[test]
fn a_transaction_that_a_demoted_master_refuses_runs_on_the_new_one() {
    for flavor in Flavor::ALL {
        let trio = Trio::spawn(flavor);
        let proxy = Tidegate::for_trio(&trio).start();
        let requests: [&[&str]; 9] = [
            &["MULTI"],
            &["GET", "before"],
            &["INCR", "a"],
            &["EXEC"],
            &["MULTI"],
            &["INCR", "b"],
            &["PING", "x"],
            &["SELECT", "0"],
            &["EXEC"],
        ];
        let all = paused_and_demoted(&trio, &proxy, &requests, "incr");
        let mut counted = Vec::new();
        for replies in all {
            let log = format!("{flavor:?}: {replies:?}\n{}", proxy.log());
            for (n, reply) in replies.iter().enumerate() {
                match n {
                    0 | 4 => assert_eq!(*reply, Reply::Simple("OK".to_owned()), "{log}"),
                    3 | 8 => assert!(matches!(reply, Reply::Array(_)), "{log}"),
                    _ => assert_eq!(*reply, Reply::Simple("QUEUED".to_owned()), "{log}"),
                }
            }
            let (Reply::Array(first), Reply::Array(second)) = (&replies[3], &replies[8]) else {
                panic!("{log}")
            };
            assert_eq!((first[0].str(), second[1].str()), ("1", "x"), "{log}");
            counted.push([first[1].int(), second[0].int()]);
        }
        counted.sort_unstable();
        assert_eq!(counted, [[1, 1], [2, 2]], "{flavor:?}");
        let new = &trio.replicas[0];
        assert_eq!((new.cmd(&["GET", "a"]).str(), new.cmd(&["GET", "b"]).str()), ("2", "2"));
    }
}

#[test]
fn an_exec_that_a_demoted_master_refuses_runs_on_the_new_one() {
    for flavor in Flavor::ALL {
        let trio = Trio::spawn(flavor);
        let proxy = Tidegate::for_trio(&trio).start();
        let mut wires = both(&proxy);
        for wire in &mut wires {
            wire.cmd(&["MULTI"]).ok();
            assert_eq!(wire.cmd(&["INCR", "a"]).str(), "QUEUED");
        }
        trio.master.cmd(&["CLIENT", "PAUSE", "60000", "WRITE"]).ok();
        wires.iter_mut().for_each(|wire| wire.send(&["EXEC"]));
        eventually(PATIENCE, || match trio.master.cmd(&["CLIENT", "LIST"]).str() {
            list if list.matches("cmd=exec").count() == 2 => Ok(()),
            list => Err(list.to_owned()),
        });
        switch(&trio);
        trio.master.cmd(&["CLIENT", "UNPAUSE"]).ok();
        let mut counts: Vec<_> = wires.iter_mut().map(|wire| wire.read_reply()).collect();
        counts.sort_by_key(|reply| format!("{reply:?}"));
        let one = |n| Reply::Array(vec![Reply::Int(n)]);
        assert_eq!(counts, [one(1), one(2)], "{flavor:?}\n{}", proxy.log());
    }
}

#[test]
fn a_queue_survives_the_loss_of_its_connection() {
    for flavor in Flavor::ALL {
        let trio = Trio::spawn(flavor);
        let proxy = Tidegate::for_trio(&trio).start();
        let mut wires = both(&proxy);
        for wire in &mut wires {
            wire.cmd(&["MULTI"]).ok();
            assert_eq!(wire.cmd(&["INCR", "a"]).str(), "QUEUED");
        }
        switch_and_kill(&trio);
        until_master(&proxy, &trio.replicas[0]);
        let log = proxy.log();
        for (wire, value) in wires.iter_mut().zip([1, 2]) {
            assert_eq!(wire.cmd(&["INCR", "b"]), Reply::Simple("QUEUED".to_owned()), "{log}");
            let reply = wire.cmd(&["EXEC"]);
            assert_eq!(reply, Reply::Array(vec![Reply::Int(value); 2]), "{flavor:?}");
            wire.cmd(&["SET", "after", "1"]).ok();
        }
    }
}

/// The old master keeps the connection open: the session leaves it by itself.
#[test]
fn a_queue_leaves_a_master_that_was_demoted() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let (mut first, mut second, mut third) = (proxy.wire(), proxy.wire(), proxy.wire());
    for wire in [&mut first, &mut second, &mut third] {
        wire.cmd(&["MULTI"]).ok();
    }
    for wire in [&mut first, &mut second] {
        assert_eq!(wire.cmd(&["GET", "only-here"]).str(), "QUEUED");
        wire.cmd(&["NOSUCH"]).err();
    }
    let mut direct = trio.master.wire();
    direct.cmd(&["CLIENT", "SETNAME", "direct"]).ok();
    switch(&trio);
    until_master(&proxy, &trio.replicas[0]);
    let aborted = "EXECABORT Transaction discarded because of previous errors.";
    assert_eq!(first.cmd(&["EXEC"]).err(), aborted, "a command was refused");
    second.cmd(&["DISCARD"]).ok();
    assert_eq!(third.cmd(&["INCR", "a"]).str(), "QUEUED");
    assert_eq!(third.cmd(&["EXEC"]), Reply::Array(vec![Reply::Int(1)]));
    let left = trio.master.cmd(&["CLIENT", "LIST"]);
    assert!(!left.str().contains("multi=1"), "{left:?}");
}

#[test]
fn what_was_watched_counts_as_changed() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    for kill in [false, true] {
        let mut watching = both(&proxy);
        let mut queueing = both(&proxy);
        for wire in watching.iter_mut().chain(&mut queueing) {
            wire.cmd(&["WATCH", "k"]).ok();
        }
        for wire in &mut queueing {
            wire.cmd(&["MULTI"]).ok();
            assert_eq!(wire.cmd(&["SET", "k", "v"]).str(), "QUEUED");
        }
        if kill {
            // Both are where the first switch has left them.
            let new = &trio.replicas[0];
            new.cmd(&["CLIENT", "KILL", "TYPE", "normal"]);
        } else {
            switch(&trio);
        }
        until_master(&proxy, &trio.replicas[0]);
        for wire in &mut watching {
            let replies = wire.pipeline(&[&["MULTI"], &["SET", "k", "v"], &["EXEC"]]);
            assert_eq!(replies[1].str(), "QUEUED", "{replies:?}");
            assert!(replies[2].is_null(), "{replies:?}");
        }
        for wire in &mut queueing {
            let replies = wire.pipeline(&[&["SET", "l", "v"], &["EXEC"]]);
            assert_eq!(replies[0].str(), "QUEUED", "{replies:?}");
            assert!(replies[1].is_null(), "{replies:?}");
            wire.cmd(&["SET", "after", "1"]).ok();
        }
        assert_eq!(trio.replicas[0].cmd(&["EXISTS", "k", "l"]).int(), 0);
    }
}

/// A transaction that watches and is refused by a demoted master.
#[test]
fn a_refused_transaction_that_watches_is_null() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let requests: [&[&str]; 5] =
        [&["WATCH", "k"], &["MULTI"], &["INCR", "k"], &["EXEC"], &["GET", "before"]];
    for replies in paused_and_demoted(&trio, &proxy, &requests, "incr") {
        let log = format!("{replies:?}\n{}", proxy.log());
        assert_eq!(replies[2].str(), "QUEUED", "{log}");
        assert!(replies[3].is_null(), "{log}");
        assert_eq!(replies[4].str(), "1", "{log}");
    }
    assert_eq!(trio.replicas[0].cmd(&["EXISTS", "k"]).int(), 0);
}

/// As before, and the client sends EXEC when it has the replies to its commands.
#[test]
fn a_refused_queue_that_watches_is_null() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wires = both(&proxy);
    for wire in &mut wires {
        wire.cmd(&["WATCH", "k"]).ok();
        assert!(wire.cmd(&["GET", "k"]).is_null());
        wire.cmd(&["MULTI"]).ok();
    }
    trio.master.cmd(&["CLIENT", "PAUSE", "60000", "WRITE"]).ok();
    wires.iter_mut().for_each(|wire| wire.send(&["INCR", "k"]));
    eventually(PATIENCE, || match trio.master.cmd(&["CLIENT", "LIST"]).str() {
        list if list.matches("cmd=incr").count() == 2 => Ok(()),
        list => Err(list.to_owned()),
    });
    switch(&trio);
    trio.master.cmd(&["CLIENT", "UNPAUSE"]).ok();
    for wire in &mut wires {
        assert_eq!(wire.read_reply().str(), "QUEUED", "{}", proxy.log());
        assert!(wire.cmd(&["EXEC"]).is_null(), "{}", proxy.log());
        // The next transaction watches nothing.
        let replies = wire.pipeline(&[&["MULTI"], &["PING"], &["EXEC"]]);
        assert_eq!(replies[2].array().len(), 1);
    }
    assert_eq!(trio.replicas[0].cmd(&["EXISTS", "k"]).int(), 0);
}

#[test]
fn a_discarded_queue_needs_no_master() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wires = both(&proxy);
    for wire in &mut wires {
        wire.cmd(&["MULTI"]).ok();
        assert_eq!(wire.cmd(&["INCR", "a"]).str(), "QUEUED");
    }
    trio.master.cmd(&["CLIENT", "KILL", "TYPE", "normal"]);
    for wire in &mut wires {
        wire.cmd(&["DISCARD"]).ok();
        wire.cmd(&["SET", "after", "1"]).ok();
    }
    assert!(trio.master.cmd(&["GET", "a"]).is_null());
    trio.replicas[1].kill();
}

/// An EXEC that was sent and got no reply may have run.
#[test]
fn an_exec_without_a_reply_is_not_sent_again() {
    let trio = Trio::spawn(Flavor::Redis70);
    let network = FaultProxy::start(trio.master.addr());
    let proxy = ConfigBuilder::new(network.addr(), &trio.replica_addrs()).start();
    let (mut apart, mut together) = (proxy.wire(), proxy.wire());
    for wire in [&mut apart, &mut together] {
        wire.cmd(&["SET", "before", "1"]).ok();
    }
    apart.cmd(&["MULTI"]).ok();
    apart.cmd(&["INCR", "a"]);
    // Its connection is open.
    together.pipeline(&[&["MULTI"], &["EXEC"]]);
    // The server runs what it gets, and its replies are lost.
    network.set_delay_of(Direction::ToClient, Duration::from_secs(60));
    apart.send(&["EXEC"]);
    together.send_raw(&encode_all(&[&["MULTI"], &["INCR", "b"], &["EXEC"]]));
    let both = || trio.master.cmd(&["MGET", "a", "b"]);
    let once = Reply::Array(vec![Reply::Bulk(b"1".to_vec()); 2]);
    eventually(PATIENCE, || match both() {
        counted if counted == once => Ok(()),
        counted => Err(format!("{counted:?}")),
    });
    network.close_all();
    network.set_delay_of(Direction::ToClient, Duration::ZERO);
    assert!(apart.read_reply().err().starts_with("INDOUBT "));
    let replies: Vec<_> = (0..3).map(|_| together.read_reply()).collect();
    assert!(replies[2].err().starts_with("INDOUBT "), "{replies:?}");
    // Long enough for a second one to show.
    eventually(PATIENCE, || match apart.cmd(&["SET", "after", "1"]) {
        reply if reply.is_err() => Err(format!("{reply:?}")),
        _ => Ok(()),
    });
    assert_eq!(both(), once);
}

/// Replies wait for the replicas, and EXEC's reply is changed on its way.
#[test]
fn a_transaction_begun_anew_is_acknowledged_by_replicas() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio)
        .set("writes", "wait-replicas", "1")
        .set("writes", "wait-timeout", "\"20s\"")
        .start();
    let requests: [&[&str]; 5] =
        [&["MULTI"], &["INCR", "a"], &["CLIENT", "GETNAME"], &["SELECT", "0"], &["EXEC"]];
    for replies in paused_and_demoted(&trio, &proxy, &requests, "incr") {
        let log = format!("{replies:?}\n{}", proxy.log());
        let Reply::Array(reply) = &replies[4] else { panic!("{log}") };
        assert!(reply.len() == 3 && matches!(reply[0], Reply::Int(1 | 2)), "{log}");
    }
    assert_eq!(trio.replicas[0].cmd(&["GET", "a"]).str(), "2");
}

/// A master hands over to its replica and back: clients that pipeline transactions, and clients
/// that send one command after the other.
#[test]
fn transactions_do_not_notice_the_command_failover() {
    for flavor in Flavor::ALL {
        let couple = Couple::spawn(flavor);
        let load = Load::start(couple.proxy.addr());
        couple.hand_over_and_back();
        load.finish(&couple.a, &format!("{flavor:?}"), || couple.proxy.log());
    }
}
