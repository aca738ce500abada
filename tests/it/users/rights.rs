//! What a user may do, on every way that a request takes.

use std::fs;

use super::{config, login};
use crate::support::*;

const NO_KEY: &str =
    "NOPERM this user has no permissions to access one of the keys used as arguments";

#[test]
fn keys_and_commands_are_checked_on_every_way() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = config(&trio).start();
    let mut wire = login(&proxy, "cache", "secret");
    assert_eq!(wire.cmd(&["SET", "cache:1", "v"]).str(), "OK");
    assert_eq!(wire.cmd(&["GET", "cache:1"]).str(), "v");
    assert!(wire.cmd(&["GET", "shared:1"]).is_null());
    for request in [
        &["SET", "other", "v"][..],
        &["GET", "other"],
        &["SET", "shared:1", "v"],
        &["MGET", "cache:1", "other"],
        &["BLPOP", "other", "0"],
        &["EVAL", "return 1", "1", "other"],
        &["WATCH", "other"],
        &["SORT", "cache:1", "BY", "other:*"],
    ] {
        let reply = wire.cmd(request);
        assert!(reply.is_err() && reply.err().starts_with("NOPERM"), "{request:?}: {reply:?}");
    }
    assert_eq!(wire.cmd(&["GET", "other"]).err(), NO_KEY);
    for request in [&["FLUSHALL"][..], &["CONFIG", "GET", "*"], &["KEYS", "*"], &["SHUTDOWN"]] {
        let reply = wire.cmd(request);
        assert!(reply.is_err() && reply.err().starts_with("NOPERM this user has no permissions"));
    }
    // A large request takes another way.
    let value = "x".repeat(4_000_000);
    assert_eq!(wire.cmd(&["SET", "other", &value]).err(), NO_KEY);
    assert_eq!(wire.cmd(&["SET", "cache:large", &value]).str(), "OK");
    // So do inline requests, and those of a pipeline.
    wire.send_raw(b"GET other\r\nGET cache:1\r\n");
    assert_eq!((wire.read_reply().err(), wire.read_reply().str()), (NO_KEY, "v"));
    let replies = wire.pipeline(&[&["GET", "cache:1"], &["GET", "other"], &["PING"]]);
    assert_eq!((replies[0].str(), replies[1].err(), replies[2].str()), ("v", NO_KEY, "PONG"));
    assert!(Wire::connect(trio.master.addr()).cmd(&["GET", "other"]).is_null());
    // The user of requirepass may do everything.
    let mut all = login(&proxy, "default", "front");
    assert_eq!(all.cmd(&["SET", "other", "v"]).str(), "OK");
    assert_eq!(all.cmd(&["GET", "other"]).str(), "v");
}

#[test]
fn a_transaction_with_a_refused_command_is_discarded() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = config(&trio).start();
    let mut wire = login(&proxy, "cache", "secret");
    assert_eq!(wire.cmd(&["MULTI"]).str(), "OK");
    assert_eq!(wire.cmd(&["SET", "cache:1", "v"]).str(), "QUEUED");
    assert_eq!(wire.cmd(&["SET", "other", "v"]).err(), NO_KEY);
    assert!(wire.cmd(&["EXEC"]).err().starts_with("EXECABORT"));
    assert!(wire.cmd(&["GET", "cache:1"]).is_null());
}

#[test]
fn channels_are_checked() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = config(&trio).start();
    let mut wire = login(&proxy, "cache", "secret");
    let no_channel =
        "NOPERM this user has no permissions to access one of the channels used as arguments";
    for request in
        [&["SUBSCRIBE", "secrets"][..], &["PUBLISH", "secrets", "x"], &["PSUBSCRIBE", "*"]]
    {
        let error = wire.cmd(request).err().to_owned();
        assert!(
            error.starts_with("NOPERM this user has no permissions to access one of the channels"),
            "{request:?}: {error}"
        );
    }
    assert_eq!(wire.cmd(&["SUBSCRIBE", "secrets"]).err(), no_channel);
    wire.send(&["SUBSCRIBE", "news:1"]);
    let confirmed = wire.read_reply();
    assert_eq!((confirmed.array()[0].str(), confirmed.array()[1].str()), ("subscribe", "news:1"));
}

#[test]
fn acl_is_answered_from_the_users_of_the_configuration() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = config(&trio).start();
    let mut all = login(&proxy, "default", "front");
    assert_eq!(all.cmd(&["ACL", "WHOAMI"]).str(), "default");
    assert_eq!(all.cmd(&["ACL", "USERS"]).strings(), ["cache", "default"]);
    let list = all.cmd(&["ACL", "LIST"]).strings();
    assert!(list[0].starts_with("user cache on") && list[0].contains("~cache:*"), "{list:?}");
    assert!(!list.concat().contains("secret"));
    assert_eq!(all.cmd(&["ACL", "DRYRUN", "cache", "GET", "cache:1"]).str(), "OK");
    assert!(all.cmd(&["ACL", "DRYRUN", "cache", "GET", "x"]).str().contains("no permissions"));
    assert!(all.cmd(&["ACL", "GETUSER", "cache"]).array().len() >= 10);
    assert!(all.cmd(&["ACL", "CAT"]).strings().contains(&"dangerous".to_owned()));
    assert_eq!(all.cmd(&["ACL", "GENPASS"]).str().len(), 64);
    let refused = all.cmd(&["ACL", "SETUSER", "cache", "+@all"]);
    assert!(refused.err().contains("configuration"), "{refused:?}");
    let mut cache = login(&proxy, "cache", "secret");
    assert_eq!(cache.cmd(&["ACL", "WHOAMI"]).str(), "cache");
    cache.cmd(&["GET", "other"]).err();
    assert!(Wire::connect(proxy.addr()).cmd(&["AUTH", "cache", "wrong"]).is_err());
    let log = format!("{:?}", all.cmd(&["ACL", "LOG"]));
    assert_eq!(all.cmd(&["ACL", "LOG"]).array().len(), 2, "{log}");
    let list = all.cmd(&["CLIENT", "LIST"]).str().to_owned();
    assert!(list.contains("user=cache") && list.contains("user=default"), "{list}");
}

#[test]
fn a_reload_changes_rights_and_closes_clients_without_a_user() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = config(&trio);
    let proxy = config.start();
    let mut wire = login(&proxy, "cache", "secret");
    assert_eq!(wire.cmd(&["SET", "cache:1", "v"]).str(), "OK");
    let text = fs::read_to_string(proxy.config_path()).unwrap();
    fs::write(
        proxy.config_path(),
        text.replace("+@all -@dangerous", "+@read +@pubsub -@dangerous"),
    )
    .unwrap();
    eventually(PATIENCE, || match wire.cmd(&["SET", "cache:1", "w"]) {
        reply if reply.is_err() => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
    assert!(!wire.cmd(&["GET", "cache:1"]).is_err());
    // A client that only listens makes no request at which it would be noticed.
    let mut listener = login(&proxy, "cache", "secret");
    listener.send(&["SUBSCRIBE", "news:1"]);
    listener.read_reply();
    let text = fs::read_to_string(proxy.config_path()).unwrap();
    fs::write(proxy.config_path(), text.replace("&news:*", "&news:2")).unwrap();
    listener.expect_closed();
    let text = fs::read_to_string(proxy.config_path()).unwrap();
    fs::write(proxy.config_path(), text.replace("&news:2", "&news:*")).unwrap();
    eventually(PATIENCE, || match login(&proxy, "cache", "secret").cmd(&["SUBSCRIBE", "news:1"]) {
        reply if reply.is_err() => Err(format!("{reply:?}")),
        _ => Ok(()),
    });
    let mut listener = login(&proxy, "cache", "secret");
    listener.send(&["SUBSCRIBE", "news:1"]);
    listener.read_reply();
    let text = fs::read_to_string(proxy.config_path()).unwrap();
    fs::write(proxy.config_path(), text.replace("name = \"cache\"", "name = \"store\"")).unwrap();
    listener.expect_closed();
    eventually(PATIENCE, || match wire.try_cmd(&["GET", "cache:1"]) {
        Err(_) => Ok(()),
        Ok(reply) => Err(format!("{reply:?}")),
    });
    login(&proxy, "store", "secret");
}
