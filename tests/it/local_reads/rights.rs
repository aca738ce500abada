//! What the proxy's login may not read at the servers is not served in place.

use crate::support::local::each_flavor;
use crate::support::*;

/// A proxy with an engine; the proxy's login has these rights, the engine's link all.
fn proxy_of(master: &RedisServer, rules: &[&str]) -> Tidegate {
    let set = [&["ACL", "SETUSER", "proxy", "reset", "on", ">secret"], rules].concat();
    master.cmd(&set).ok();
    master.cmd(&["ACL", "SETUSER", "engine", "on", ">secret", "~*", "+@all"]).ok();
    ReplicaPort::of(master)
        .set("topology", "masteruser", "\"proxy\"")
        .set("topology", "masterauth", "\"secret\"")
        .set("replica", "masteruser", "\"engine\"")
        .set("replica", "masterauth", "\"secret\"")
        .set("reads", "local", "true")
        .start()
}

/// Waits until the rights are known.
fn asked(proxy: &Tidegate, said: &str) {
    eventually(PATIENCE, || {
        let log = proxy.log();
        if log.contains(said) && log.contains("full resync") { Ok(()) } else { Err(log) }
    });
}

/// Whether a read is answered in place; true as soon as one was.
fn in_place(wire: &mut Wire, master: &RedisServer, read: &[&str]) -> bool {
    let before = master.calls(&read[0].to_lowercase());
    let mut replies = (0..30).map(|_| wire.cmd(read));
    assert!(replies.all(|it| !it.is_err()));
    master.calls(&read[0].to_lowercase()) < before + 30
}

const INFO: [&str; 10] = [
    "+info",
    "+ping",
    "+command",
    "+role",
    "+config|get",
    "+client",
    "+hello",
    "+readonly",
    "+wait",
    "+select",
];

#[test]
fn patterns_and_commands_of_the_login_hold() {
    each_flavor(|flavor| {
        let master = RedisServer::spawn(flavor);
        master.cmd(&["MSET", "app:k", "mine", "k", "secret"]).ok();
        // The case: of 30 GETs all are refused, whichever server would have answered.
        let proxy = proxy_of(&master, &["~app:*", "+@all"]);
        asked(&proxy, "the engine serves no read in place");
        let mut wire = proxy.wire();
        for _ in 0..30 {
            assert!(wire.cmd(&["GET", "k"]).err().starts_with("NOPERM"), "{flavor:?}");
            assert_eq!(wire.cmd(&["GET", "app:k"]).str(), "mine");
        }
        drop(proxy);
        // All keys, and not all commands.
        let proxy = proxy_of(&master, &["~*", "+@all", "-strlen"]);
        asked(&proxy, "the master reports what the login");
        let mut wire = proxy.wire();
        eventually(PATIENCE, || match in_place(&mut wire, &master, &["GET", "k"]) {
            true => Ok(()),
            false => Err(proxy.log()),
        });
        for _ in 0..30 {
            assert!(wire.cmd(&["STRLEN", "k"]).err().starts_with("NOPERM"), "{flavor:?}");
        }
        // A change is heard with the next link.
        master.cmd(&["ACL", "SETUSER", "proxy", "resetkeys", "~app:*"]).ok();
        master.cmd(&["CLIENT", "KILL", "TYPE", "replica"]);
        eventually(PATIENCE, || match proxy.log().contains("the engine serves no read in place") {
            true => Ok(()),
            false => Err(proxy.log()),
        });
        for _ in 0..30 {
            assert!(wire.cmd(&["GET", "k"]).err().starts_with("NOPERM"), "{flavor:?}");
        }
    });
}

/// A login that may not ask for its rights.
#[test]
fn unknown_rights_are_tried() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["MSET", "app:k", "mine", "k", "secret"]).ok();
    let proxy = proxy_of(&master, &[&["~app:*", "+@read"][..], &INFO].concat());
    asked(&proxy, "the engine serves no read in place");
    let mut wire = proxy.wire();
    for _ in 0..30 {
        assert!(wire.cmd(&["GET", "k"]).err().starts_with("NOPERM"));
    }
    drop(proxy);
    let proxy = proxy_of(&master, &[&["~*", "+@read"][..], &INFO].concat());
    asked(&proxy, "may not ask for its rights");
    let mut wire = proxy.wire();
    eventually(PATIENCE, || match in_place(&mut wire, &master, &["GET", "k"]) {
        true => Ok(()),
        false => Err(proxy.log()),
    });
}
