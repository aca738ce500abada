//! What a user tries that wants more than it may have.

use std::time::{Duration, Instant};

use super::{config, login};
use crate::support::*;

#[test]
fn passwords_are_not_guessed_in_a_transaction() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = config(&trio)
        .extra("[[user]]\nname = \"victim\"\npassword = \"right\"\ncommands = \"+acl\"")
        .start();
    let mut wire = login(&proxy, "cache", "secret");
    assert_eq!(wire.cmd(&["MULTI"]).str(), "OK");
    for guess in 0..500 {
        assert_eq!(wire.cmd(&["AUTH", "victim", &guess.to_string()]).str(), "QUEUED");
    }
    assert_eq!(wire.cmd(&["AUTH", "victim", "right"]).str(), "QUEUED");
    let replies = wire.cmd(&["EXEC"]);
    assert!(replies.array().iter().all(|reply| reply.err().starts_with("WRONGPASS ")));
    let failures = Scrape::of(&proxy).sum("tidegate_login_failures_total", &[]);
    assert!(failures <= 21.0, "{failures} guesses were checked");
    // Other logins do not wait for long.
    let began = Instant::now();
    assert_eq!(login(&proxy, "victim", "right").cmd(&["ACL", "WHOAMI"]).str(), "victim");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

const TENANTS: &str = "
[[user]]
name = \"a\"
password = \"apw\"
keys = \"~a:* ~both:*\"
channels = \"&*\"
commands = \"+@all\"
pass-through = true

[[user]]
name = \"b\"
password = \"bpw\"
keys = \"~b:* ~both:*\"
channels = \"&*\"
commands = \"+@all\"
pass-through = true
";

#[test]
fn another_login_leaves_the_connection_of_the_one_before() {
    let trio = Trio::spawn(Flavor::Redis70);
    for addr in [trio.master.addr(), trio.replica_addrs()[0], trio.replica_addrs()[1]] {
        for (user, password) in [("a", ">apw"), ("b", ">bpw")] {
            let keys = format!("~{user}:*");
            let words = ["ACL", "SETUSER", user, "on", password, &keys, "~both:*", "&*", "+@all"];
            assert_eq!(Wire::connect(addr).cmd(&words).str(), "OK");
        }
    }
    trio.master.cmd(&["SET", "a:secret", "mine"]).ok();
    let proxy = Tidegate::for_trio(&trio).extra(TENANTS).start();
    let read = ["EVAL", "return redis.call('get', 'a:secret')", "0"];
    let mut wire = login(&proxy, "a", "apw");
    assert_eq!(wire.cmd(&["WATCH", "both:1"]).str(), "OK");
    assert_eq!(wire.cmd(&read).str(), "mine");
    assert_eq!(wire.cmd(&["AUTH", "b", "bpw"]).str(), "OK");
    assert!(wire.cmd(&read).is_err());
    assert_eq!(wire.cmd(&["SET", "b:1", "x"]).str(), "OK");
    // What was watched counts as changed.
    assert_eq!(wire.cmd(&["MULTI"]).str(), "OK");
    assert_eq!(wire.cmd(&["SET", "b:1", "y"]).str(), "QUEUED");
    assert!(wire.cmd(&["EXEC"]).is_null());
    assert_eq!(wire.cmd(&["GET", "b:1"]).str(), "x");
    // What is in front of it in a pipeline is answered.
    let mut wire = login(&proxy, "a", "apw");
    let requests: [&[&str]; 5] =
        [&["WATCH", "both:1"], &["GET", "a:secret"], &["AUTH", "b", "bpw"], &["GET", "b:1"], &read];
    wire.send_raw(&requests.map(encode).concat());
    let replies = requests.map(|_| wire.read_reply());
    assert_eq!(replies[..2].iter().map(Reply::str).collect::<Vec<_>>(), ["OK", "mine"]);
    assert_eq!(replies[2..4].iter().map(Reply::str).collect::<Vec<_>>(), ["OK", "x"]);
    assert!(replies[4].is_err());
    // Subscriptions go on.
    let mut wire = proxy.wire();
    wire.hello3();
    assert_eq!(wire.cmd(&["AUTH", "a", "apw"]).str(), "OK");
    wire.cmd(&["SUBSCRIBE", "news"]);
    assert_eq!(wire.cmd(&["AUTH", "b", "bpw"]).str(), "OK");
    assert!(wire.cmd(&read).is_err());
    eventually(PATIENCE, || {
        match trio.master.cmd(&["PUBSUB", "NUMSUB", "news"]).array()[1].int() {
            1 => Ok(()),
            receivers => Err(format!("{receivers}")),
        }
    });
    assert_eq!(trio.master.cmd(&["PUBLISH", "news", "m"]).int(), 1);
    assert!(format!("{:?}", wire.read_reply()).contains("Push"));
}

#[test]
fn clients_that_have_not_logged_in_take_no_place_of_a_user() {
    let trio = Trio::spawn(Flavor::Redis70);
    let users = "[[user]]\nname = \"default\"\npassword = \"pw\"\nkeys = \"~*\"\n\
                 commands = \"+@all\"\nmax-clients = 2\n";
    let proxy = Tidegate::for_trio(&trio).extra(users).start();
    let idle: Vec<_> = (0..5).map(|_| Wire::connect(proxy.addr())).collect();
    let mut known: Vec<_> = (0..2).map(|_| login(&proxy, "default", "pw")).collect();
    assert!(known.iter_mut().all(|wire| !wire.cmd(&["PING"]).is_err()));
    let mut third = Wire::connect(proxy.addr());
    assert!(third.cmd(&["AUTH", "pw"]).err().starts_with("ERR max number of clients of user"));
    drop(idle);
}

#[test]
fn what_was_queued_is_not_run_with_rights_that_are_gone() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = config(&trio).start();
    let mut wire = login(&proxy, "cache", "secret");
    assert_eq!(wire.cmd(&["MULTI"]).str(), "OK");
    assert_eq!(wire.cmd(&["SET", "cache:1", "v"]).str(), "QUEUED");
    let text = std::fs::read_to_string(proxy.config_path()).unwrap();
    std::fs::write(
        proxy.config_path(),
        text.replace("+@all -@dangerous", "+@all -set -@dangerous"),
    )
    .unwrap();
    let mut other = login(&proxy, "cache", "secret");
    eventually(PATIENCE, || match other.cmd(&["SET", "cache:2", "v"]) {
        reply if reply.is_err() => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
    assert!(wire.cmd(&["EXEC"]).err().starts_with("EXECABORT "));
    assert!(wire.cmd(&["GET", "cache:1"]).is_null());
}
