//! `pass-through`: requests are made at the servers with the users' own logins.

use super::login;
use crate::support::*;

/// Gives all servers this user, with rights of its own there.
fn set_user(trio: &Trio, words: &[&str]) {
    for addr in [trio.master.addr(), trio.replica_addrs()[0], trio.replica_addrs()[1]] {
        let words = [&["ACL", "SETUSER"], words].concat();
        assert_eq!(Wire::connect(addr).cmd(&words).str(), "OK");
    }
}

/// How many connections each of these users has at the master.
fn connections(trio: &Trio, users: [&str; 2]) -> [usize; 2] {
    let list = Wire::connect(trio.master.addr()).cmd(&["CLIENT", "LIST"]).str().to_owned();
    users.map(|user| list.matches(&format!("user={user} ")).count())
}

const USERS: &str = "
[[user]]
name = \"app\"
password = [\"secret\", \"second\"]
keys = \"~*\"
channels = \"&*\"
commands = \"+@all\"
pass-through = true

[[user]]
name = \"plain\"
password = \"secret\"
keys = \"~*\"
commands = \"+@all\"
";

#[test]
fn requests_are_made_with_the_clients_own_login() {
    let trio = Trio::spawn(Flavor::Redis70);
    set_user(&trio, &["app", "on", ">secret", "~app:*", "&*", "+@all"]);
    let proxy = Tidegate::for_trio(&trio).extra(USERS).start();
    let mut app = login(&proxy, "app", "secret");
    assert_eq!(app.cmd(&["SET", "app:1", "v"]).str(), "OK");
    assert_eq!(app.cmd(&["GET", "app:1"]).str(), "v");
    // The server's own rights count, on every way.
    for request in [&["GET", "other"][..], &["SET", "other", "v"], &["EVAL", "return 1", "1", "x"]]
    {
        assert!(app.cmd(request).err().starts_with("NOPERM "), "{request:?}");
    }
    assert_eq!(app.cmd(&["MULTI"]).str(), "OK");
    assert!(app.cmd(&["SET", "other", "v"]).err().starts_with("NOPERM "));
    assert!(app.cmd(&["EXEC"]).err().starts_with("EXECABORT "));
    assert_eq!(connections(&trio, ["app", "plain"]).map(|count| count > 0), [true, false]);
    // HELLO logs in as well, and a user without pass-through has the proxy's login.
    let mut wire = proxy.wire();
    assert!(!wire.cmd(&["HELLO", "2", "AUTH", "app", "secret"]).is_err());
    assert!(wire.cmd(&["SET", "other", "v"]).err().starts_with("NOPERM "));
    assert_eq!(wire.cmd(&["AUTH", "plain", "secret"]).str(), "OK");
    assert_eq!(wire.cmd(&["SET", "other", "v"]).str(), "OK");
    // A password that only the proxy knows is refused by the servers.
    let mut stale = login(&proxy, "app", "second");
    let refused = stale.cmd(&["SET", "app:2", "v"]);
    assert!(refused.err().starts_with("WRONGPASS "), "{refused:?}");
    assert_eq!(app.cmd(&["SET", "app:2", "v"]).str(), "OK");
    // It concerns that client alone: the servers are well.
    let log = proxy.log();
    assert!(!log.contains("cannot be reached") && !log.contains("secret"), "{log}");
}

#[test]
fn users_of_an_aclfile_are_passed_on() {
    let trio = Trio::spawn(Flavor::Redis70);
    set_user(&trio, &["app", "on", ">secret", "~app:*", "&*", "+@all"]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("users.acl");
    // As the servers' own file: the proxy checks the same rights.
    let digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let users = format!("user default off\nuser app on #{digest} ~* &* +@all\n");
    std::fs::write(&file, users).unwrap();
    let config = Tidegate::for_trio(&trio).set("proxy", "aclfile", &format!("{file:?}")).set(
        "proxy",
        "pass-through",
        "true",
    );
    let proxy = config.start();
    let mut app = login(&proxy, "app", "secret");
    assert_eq!(app.cmd(&["SET", "app:1", "v"]).str(), "OK");
    assert!(app.cmd(&["SET", "other", "v"]).err().starts_with("NOPERM "));
    assert!(connections(&trio, ["app", "app"])[0] > 0);
}

#[test]
fn a_reload_asks_for_the_password_that_was_not_kept() {
    let trio = Trio::spawn(Flavor::Redis70);
    set_user(&trio, &["app", "on", ">secret", "~app:*", "&*", "+@all"]);
    let config = Tidegate::for_trio(&trio);
    let before = USERS.replace("pass-through = true\n", "");
    let proxy = config.extra(&before).start();
    let mut app = login(&proxy, "app", "secret");
    assert_eq!(app.cmd(&["SET", "other", "v"]).str(), "OK");
    let text = std::fs::read_to_string(proxy.config_path()).unwrap();
    let renewed =
        text.replace("commands = \"+@all\"\n\n", "commands = \"+@all\"\npass-through = true\n\n");
    assert_ne!(renewed, text);
    std::fs::write(proxy.config_path(), renewed).unwrap();
    eventually(PATIENCE, || match app.cmd(&["SET", "other", "v"]) {
        reply if reply.is_err() => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
    assert!(app.cmd(&["GET", "app:1"]).err().starts_with("NOAUTH "));
    assert_eq!(app.cmd(&["AUTH", "app", "secret"]).str(), "OK");
    assert!(app.cmd(&["GET", "other"]).err().starts_with("NOPERM "));
    assert_eq!(app.cmd(&["SET", "app:1", "v"]).str(), "OK");
}
