//! MONITOR and CLIENT TRACKING: what the server says unasked reaches the one it is meant for.

use std::time::Duration;

use crate::support::{
    Flavor, PATIENCE, Pair, RedisServer, Reply, Tidegate, Trio, Wire, client_list, eventually,
    words,
};

const QUIET: Duration = Duration::from_millis(100);

/// Reads up to a monitor's line that holds `needle`.
#[track_caller]
fn read_line_with(wire: &mut Wire, needle: &str) {
    for _ in 0..1000 {
        let reply = wire.read_reply();
        if reply.str().contains(needle) {
            return;
        }
    }
    panic!("no line with {needle}");
}

#[test]
fn monitor_streams_until_reset() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = Tidegate::spawn(&crate::support::ConfigBuilder::new(server.addr(), &[]).toml());
    for three in [false, true] {
        let mut wire = proxy.wire();
        if three {
            wire.hello3();
        }
        wire.cmd(&["MONITOR"]).ok();
        let id = client_list::only(&server, |line| line.has_flag('O')).unwrap();
        server.cmd(&["SET", "from-the-server", "1"]).ok();
        read_line_with(&mut wire, "\"SET\" \"from-the-server\" \"1\"");
        for n in 0..50 {
            proxy.wire().cmd(&["SET", &format!("k{n}"), "v"]).ok();
            read_line_with(&mut wire, &format!("\"SET\" \"k{n}\""));
        }
        wire.send(&["RESET"]);
        read_line_with(&mut wire, "RESET");
        wire.expect_silence(QUIET);
        assert_eq!(wire.cmd(&["GET", "k1"]).str(), "v");
        eventually(PATIENCE, || match client_list::only(&server, |line| line.has_flag('O')) {
            Ok(left) => Err(format!("{left} of {id} still monitors")),
            Err(_) => Ok(()),
        });
    }
}

#[test]
fn monitor_after_replies_that_are_owed() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut wire = pair.proxy.wire();
    let value = "v".repeat(200_000);
    wire.cmd(&["SET", "k", &value]).ok();
    wire.cmd(&["WATCH", "k"]).ok();
    for line in ["GET k", "GET k", "MONITOR"] {
        wire.send(&words(line));
    }
    assert_eq!(wire.read_reply().str(), value);
    assert_eq!(wire.read_reply().str(), value);
    wire.read_reply().ok();
    pair.behind.cmd(&["SET", "seen", "1"]).ok();
    read_line_with(&mut wire, "seen");
    wire.send(&["RESET"]);
    read_line_with(&mut wire, "RESET");
    assert_eq!(wire.cmd(&["STRLEN", "k"]).int(), 200_000);
    let mut wire = pair.proxy.wire();
    wire.cmd(&["MONITOR"]).ok();
    wire.send(&["QUIT"]);
    read_line_with(&mut wire, "OK");
    wire.expect_closed();
}

#[track_caller]
fn assert_invalidated(wire: &mut Wire, keys: &[&str]) {
    let push = wire.read_reply();
    assert!(matches!(push, Reply::Push(_)), "{push:?}");
    assert_eq!(push.array()[0].str(), "invalidate");
    assert_eq!(push.array()[1].strings(), keys);
}

#[test]
fn invalidations_arrive_for_what_was_read() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut other = proxy.wire();
    other.cmd(&["SET", "k", "1"]).ok();
    let mut wire = Wire::connect3(proxy.addr());
    wire.cmd(&words("CLIENT TRACKING ON")).ok();
    for n in 0..20 {
        wire.cmd(&["GET", "k"]);
        if n % 2 == 0 {
            other.cmd(&["SET", "k", "2"]).ok();
        } else {
            trio.master.cmd(&["SET", "k", "2"]).ok();
        }
        assert_invalidated(&mut wire, &["k"]);
        // Not read since: no more is said.
        other.cmd(&["SET", "k", "3"]).ok();
    }
    wire.expect_silence(QUIET);
    wire.cmd(&["GET", "k"]);
    wire.send(&["SET", "k", "mine"]);
    // Redis says the reply first to the client that changed it itself.
    let replies = [wire.read_reply(), wire.read_reply()];
    assert!(replies.iter().any(|reply| matches!(reply, Reply::Push(_))), "{replies:?}");
    wire.cmd(&["GET", "k"]);
    trio.master.cmd(&["FLUSHALL"]).ok();
    let push = wire.read_reply();
    assert!(push.array()[1].is_null(), "{push:?}");
}

#[test]
fn the_modes_of_tracking() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut other = pair.proxy.wire();

    let mut wire = Wire::connect3(pair.proxy.addr());
    wire.cmd(&words("CLIENT TRACKING ON BCAST PREFIX user:")).ok();
    other.cmd(&["SET", "user:1", "x"]).ok();
    assert_invalidated(&mut wire, &["user:1"]);
    other.cmd(&["SET", "item:1", "x"]).ok();
    wire.expect_silence(QUIET);

    let mut wire = Wire::connect3(pair.proxy.addr());
    wire.cmd(&words("CLIENT TRACKING ON OPTIN")).ok();
    wire.cmd(&["GET", "a"]);
    let replies = wire.pipeline(&[&["CLIENT", "CACHING", "YES"], &["GET", "b"], &["GET", "c"]]);
    replies[0].ok();
    for key in ["a", "b", "c"] {
        other.cmd(&["SET", key, "x"]).ok();
    }
    assert_invalidated(&mut wire, &["b"]);
    wire.expect_silence(QUIET);

    let mut wire = Wire::connect3(pair.proxy.addr());
    wire.cmd(&words("CLIENT TRACKING ON NOLOOP")).ok();
    wire.cmd(&["MGET", "d", "e"]);
    wire.cmd(&["SET", "d", "mine"]).ok();
    wire.expect_silence(QUIET);
    other.cmd(&["SET", "e", "x"]).ok();
    assert_invalidated(&mut wire, &["e"]);
}

#[test]
fn errors_about_tracking_are_those_of_the_server() {
    let pair = Pair::spawn(Flavor::Redis70);
    for three in [false, true] {
        let mut both = if three { pair.both3() } else { pair.both() };
        both.same_all(
            "CLIENT TRACKINGINFO; CLIENT GETREDIR; CLIENT CACHING YES; CLIENT CACHING; CLIENT TRACKING;
             CLIENT TRACKING MAYBE; CLIENT TRACKING ON PREFIX x; CLIENT TRACKING ON OPTIN OPTOUT;
             CLIENT TRACKING ON REDIRECT 99999999; CLIENT TRACKING ON REDIRECT x;
             CLIENT TRACKING ON REDIRECT; GET k; CLIENT TRACKING OFF; GET k;
             CLIENT TRACKING ON BCAST PREFIX a PREFIX b; CLIENT GETREDIR; CLIENT TRACKING ON OPTIN;
             CLIENT CACHING YES; SELECT 1; GET k; SELECT 0; CLIENT TRACKING OFF; CLIENT GETREDIR;
             CLIENT TRACKING ON OPTOUT NOLOOP; CLIENT TRACKINGINFO; CLIENT CACHING MAYBE;
             CLIENT CACHING NO; MULTI; GET k; EXEC; RESET; CLIENT TRACKINGINFO; GET k",
        );
    }
}

#[test]
fn redirection_in_resp2() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut other = pair.proxy.wire();
    // Over both workers, in every combination.
    for _ in 0..8 {
        let mut listener = pair.proxy.wire();
        let id = listener.cmd(&["CLIENT", "ID"]).int().to_string();
        listener.cmd(&["SUBSCRIBE", "__redis__:invalidate"]);
        let mut wire = pair.proxy.wire();
        wire.cmd(&["CLIENT", "TRACKING", "ON", "REDIRECT", &id]).ok();
        assert_eq!(wire.cmd(&["CLIENT", "GETREDIR"]).int().to_string(), id);
        wire.cmd(&["GET", "k"]);
        other.cmd(&["SET", "k", "x"]).ok();
        let message = listener.read_reply();
        assert_eq!(message.array()[1].str(), "__redis__:invalidate");
        assert_eq!(message.array()[2].strings(), ["k"]);
        wire.expect_silence(Duration::from_millis(10));
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "x");
    }
}

#[test]
fn reads_go_to_replicas_again_after_tracking() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("reads", "max-lag", "\"20s\"").start();
    let mut wire = Wire::connect3(proxy.addr());
    let reads = |wire: &mut Wire| {
        let before = trio.master.calls("get");
        for _ in 0..20 {
            wire.cmd(&["GET", "k"]);
        }
        trio.master.calls("get") - before
    };
    // The first ones may come before a replica is known to have what the session has seen.
    let leave_the_master = |wire: &mut Wire| {
        eventually(PATIENCE, || match reads(wire) {
            0 => Ok(()),
            n => Err(format!("the master served {n} reads")),
        });
    };
    leave_the_master(&mut wire);
    wire.cmd(&words("CLIENT TRACKING ON")).ok();
    assert_eq!(reads(&mut wire), 20);
    wire.cmd(&words("CLIENT TRACKING OFF")).ok();
    leave_the_master(&mut wire);
    trio.master.cmd(&["SET", "k", "x"]).ok();
    wire.expect_silence(QUIET);
    let tracks = |line: &client_list::ClientLine| line.has_flag('t');
    eventually(PATIENCE, || match client_list::only(&trio.master, tracks) {
        Ok(id) => Err(format!("{id} still tracks")),
        Err(_) => Ok(()),
    });
}

#[test]
fn a_backend_lost_under_tracking_closes_the_client() {
    let pair = Pair::spawn(Flavor::Redis70);
    for line in ["CLIENT TRACKING ON", "MONITOR"] {
        let mut wire = Wire::connect3(pair.proxy.addr());
        wire.cmd(&words(line)).ok();
        let own = |line: &client_list::ClientLine| line.has_flag('t') || line.has_flag('O');
        let id = client_list::only(&pair.behind, own).unwrap();
        pair.behind.cmd(&["CLIENT", "KILL", "ID", &id.to_string()]);
        wire.expect_closed();
    }
}
