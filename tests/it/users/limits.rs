//! How much a user may do: clients, requests, bytes; its policy for reads, and its login at servers.

use std::time::{Duration, Instant};

use super::login;
use crate::support::*;

fn user(more: &str) -> String {
    format!(
        "[[user]]\nname = \"app\"\npassword = \"secret\"\nkeys = \"~*\"\ncommands = \"+@all\"\n{more}"
    )
}

#[test]
fn more_clients_than_the_user_may_have_cannot_log_in() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).extra(&user("max-clients = 2")).start();
    let (first, mut second) = (login(&proxy, "app", "secret"), login(&proxy, "app", "secret"));
    let mut third = Wire::connect(proxy.addr());
    let error = third.cmd(&["AUTH", "app", "secret"]).err().to_owned();
    assert_eq!(error, "ERR max number of clients of user 'app' reached");
    assert_eq!(third.cmd(&["ACL", "WHOAMI"]).str(), "default", "it stays as it was");
    assert_eq!(second.cmd(&["AUTH", "app", "secret"]).str(), "OK", "it counts once");
    drop(first);
    eventually(PATIENCE, || match third.cmd(&["AUTH", "app", "secret"]) {
        reply if reply.is_err() => Err(format!("{reply:?}")),
        _ => Ok(()),
    });
}

#[test]
fn a_user_beyond_its_rate_is_slowed_down_and_others_are_not() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).extra(&user("requests-per-second = 500")).start();
    let mut wire = login(&proxy, "app", "secret");
    let begun = Instant::now();
    // Two connections share the limit.
    let mut other = login(&proxy, "app", "secret");
    for n in 0..500 {
        let key = format!("k{n}");
        wire.send(&["SET", &key, "v"]);
        other.send(&["SET", &key, "v"]);
        assert_eq!((wire.read_reply().str(), other.read_reply().str()), ("OK", "OK"));
    }
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(1_500), "1,000 requests at 500 each second took {took:?}");
    let mut free = proxy.wire();
    for _ in 0..500 {
        free.cmd(&["GET", "k"]);
    }
}

#[test]
fn bytes_count_too() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).extra(&user("bytes-per-second = \"100kb\"")).start();
    let mut wire = login(&proxy, "app", "secret");
    let value = "x".repeat(50_000);
    let begun = Instant::now();
    for _ in 0..5 {
        assert_eq!(wire.cmd(&["SET", "k", &value]).str(), "OK");
    }
    assert!(begun.elapsed() > Duration::from_millis(1_500), "{:?}", begun.elapsed());
}

#[test]
fn a_user_has_its_policy_and_its_login_at_the_servers() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    for addr in [trio.master.addr(), trio.replica_addrs()[0], trio.replica_addrs()[1]] {
        let words = ["ACL", "SETUSER", "backend", "on", ">pw", "~*", "&*", "+@all"];
        assert_eq!(Wire::connect(addr).cmd(&words).str(), "OK");
    }
    let more = "reads.consistency = \"strong\"\nmasteruser = \"backend\"\nmasterauth = \"pw\"";
    let proxy = Tidegate::for_trio(&trio).extra(&user(more)).start();
    let mut wire = login(&proxy, "app", "secret");
    let explained = wire.cmd(&["PROXY", "EXPLAIN", "GET", "k"]).pairs();
    let level = explained.iter().find(|(name, _)| name.str() == "consistency").unwrap();
    assert_eq!(level.1.str(), "strong");
    assert_eq!(wire.cmd(&["SET", "k", "v"]).str(), "OK");
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
    let list = Wire::connect(trio.master.addr()).cmd(&["CLIENT", "LIST"]).str().to_owned();
    assert!(list.lines().any(|line| line.contains("user=backend")), "{list}");
    let mut plain = proxy.wire();
    assert_eq!(plain.cmd(&["SET", "k2", "v"]).str(), "OK");
    let list = Wire::connect(trio.master.addr()).cmd(&["CLIENT", "LIST"]).str().to_owned();
    assert!(list.lines().any(|line| line.contains("user=default")), "{list}");
    let explained = plain.cmd(&["PROXY", "EXPLAIN", "GET", "k"]).pairs();
    let level = explained.iter().find(|(name, _)| name.str() == "consistency").unwrap();
    assert_eq!(level.1.str(), "global");
    let _ = &mut trio;
}
