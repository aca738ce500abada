//! `tidegate check` before servers whose login has few rights, and a proxy with the least rights.

use ::tidegate::check::{CheckError, Format, check};

use crate::support::sentinel::Sentinel;
use crate::support::*;

/// What the check prints, and its outcome.
fn checked(toml: &str) -> (Result<(), CheckError>, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let ports = "proxy.listen = [\"127.0.0.1:0\"]\nmetrics.listen = \"\"\n";
    std::fs::write(file.path(), format!("{ports}{toml}")).unwrap();
    let mut out = Vec::new();
    let outcome = check(file.path(), Format::Text, &mut out);
    (outcome, String::from_utf8(out).unwrap())
}

/// The words of the ACL SETUSER that the check advises, with this password.
#[track_caller]
fn advised(out: &str, password: &str) -> Vec<String> {
    let line =
        out.lines().find_map(|line| line.split_once(": ACL SETUSER ")).unwrap_or_else(|| {
            panic!("no advice: {out}");
        });
    let line = line.1.split(';').next().unwrap();
    let words = line.split(' ').map(|it| it.replace("PASSWORD", password));
    ["ACL", "SETUSER"].map(str::to_owned).into_iter().chain(words).collect()
}

/// The refusals that the server has logged.
fn refusals(server: &RedisServer) -> String {
    format!("{:?}", server.cmd(&["ACL", "LOG"]).array())
}

fn login(master: &RedisServer, more: &str) -> String {
    format!(
        "[topology]\nmaster = \"{}\"\nmasteruser = \"proxy\"\nmasterauth = \"secret\"\n{more}",
        master.addr()
    )
}

#[test]
fn missing_rights_are_reported_with_what_does_not_work() {
    for flavor in Flavor::ALL {
        let server = RedisServer::spawn(flavor);
        let few = "ACL SETUSER proxy on >secret resetchannels ~* -@all +ping +info +select +multi \
                   +exec +discard";
        server.cmd(&few.split(' ').collect::<Vec<_>>()).ok();
        let (outcome, out) = checked(&login(&server, ""));
        assert!(outcome.is_err(), "{flavor:?}: {out}");
        let line = format!("problem: {}: topology.masteruser lacks ", server.addr());
        let lacks = out.lines().find(|it| it.contains(" lacks ")).unwrap_or_default();
        assert!(lacks.replace(":4:", ":").contains(&server.addr().to_string()), "{line}: {out}");
        assert!(lacks.contains("+role (no server is known to be the master)"), "{out}");
        assert!(lacks.contains("+wait"), "{out}");
        assert!(!lacks.contains("+info"), "{out}");
        assert_eq!(server.info("replication").get("role"), Some("master"));
        assert_eq!(server.calls("failover") + server.calls("replicaof"), 0);

        server.cmd(&advised(&out, "secret")).ok();
        let (outcome, out) = checked(&login(&server, ""));
        assert!(outcome.is_ok() && !out.contains("lacks"), "{flavor:?}: {out}");
        assert!(!out.contains("ACL SETUSER"), "nothing is to be changed: {out}");
    }
}

/// The login of an operator may do more than the proxy ever needs.
#[test]
fn a_login_with_every_right_gets_advice() {
    let server = RedisServer::spawn(Flavor::Redis70);
    server.cmd(&["ACL", "SETUSER", "proxy", "on", ">secret", "allkeys", "allchannels", "+@all"]);
    let (outcome, out) = checked(&login(&server, ""));
    assert!(outcome.is_ok(), "{out}");
    assert!(out.contains("the least rights of topology.masteruser"), "{out}");
    let (_, out) = checked(&login(&server, "[admin]\ncommands = \"master\"\n"));
    assert!(!out.contains("ACL SETUSER"), "operators' commands go to the master: {out}");
}

/// With exactly the advised rights the proxy, its engine and an operator work, and no server refuses
/// anything.
#[test]
fn the_proxy_works_with_the_least_rights() {
    works_with(|advised| advised);
}

/// The same where the clients' part is narrowed to what the clients of this test send.
#[test]
fn the_proxy_works_with_the_clients_part_narrowed() {
    works_with(|advised| {
        let line = advised.join(" ");
        let ours = "~* &* -@all +@read +@write +eval +fcall +function|load +subscribe +publish";
        let narrowed = line.replace("~* &* +@all -@admin -@dangerous", ours);
        assert_ne!(narrowed, line);
        narrowed.split(' ').map(str::to_owned).collect()
    });
}

#[track_caller]
fn works_with(change: impl Fn(Vec<String>) -> Vec<String>) {
    let trio = Trio::spawn(Flavor::Redis70);
    let engine = "[replica]\nenabled = true\nlisten = [\"127.0.0.1:0\"]\n[reads]\nlocal = true\n\
                  touch-master = \"on\"\n[writes]\nwait-replicas = 1\n[admin]\ncommands = \"master\"\n";
    let servers = || trio.replicas.iter().chain([&trio.master]);
    for server in servers() {
        server.cmd(&["ACL", "SETUSER", "proxy", "on", ">secret"]).ok();
    }
    let (_, out) = checked(&login(&trio.master, engine));
    // ROLE is refused, so the replicas are not known, and need the same.
    for server in servers() {
        server.cmd(&change(advised(&out, "secret"))).ok();
    }
    let (outcome, out) = checked(&login(&trio.master, engine));
    assert!(outcome.is_ok() && !out.contains("lacks"), "{out}");
    for server in servers() {
        server.cmd(&["ACL", "LOG", "RESET"]).ok();
    }

    let proxy = Tidegate::for_trio(&trio)
        .set("topology", "masteruser", "\"proxy\"")
        .set("topology", "masterauth", "\"secret\"")
        .set("replica", "enabled", "true")
        .set("replica", "listen", "[\"127.0.0.1:0\"]")
        .set("reads", "local", "true")
        .set("reads", "touch-master", "\"on\"")
        .set("writes", "wait-replicas", "1")
        .set("admin", "commands", "\"master\"")
        .start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    for level in ["bounded", "session", "global", "strong"] {
        wire.cmd(&["PROXY", "CONSISTENCY", level]);
        wire.cmd(&["INCR", "n"]).int();
        assert!(!wire.cmd(&["GET", "k"]).is_err());
    }
    wire.cmd(&["MULTI"]).ok();
    wire.cmd(&["SET", "a", "1"]);
    wire.cmd(&["EXEC"]).array();
    assert!(wire.cmd(&["WAIT", "1", "5000"]).int() >= 1);
    wire.cmd(&["SELECT", "3"]).ok();
    wire.cmd(&["EVAL", "return redis.call('get', KEYS[1])", "1", "k"]);
    wire.cmd(&[
        "FUNCTION",
        "LOAD",
        "#!lua name=l\nredis.register_function('f', function() return 1 end)",
    ]);
    assert_eq!(wire.cmd(&["FCALL", "f", "0"]).int(), 1);
    wire.cmd(&["CLIENT", "PAUSE", "50", "WRITE"]).ok();
    wire.cmd(&["FCALL", "f", "0"]);
    let mut subscriber = proxy.wire();
    subscriber.cmd(&["SUBSCRIBE", "c"]);
    wire.cmd(&["PUBLISH", "c", "m"]);
    let mut blocked = proxy.wire();
    blocked.send(&["BLPOP", "list", "0"]);
    trio.master.wait_blocked(1);
    let switched = proxy.wire().cmd(&["PROXY", "FAILOVER"]);
    assert!(!switched.is_err(), "{switched:?}\n{}", proxy.log());
    wire.cmd(&["RPUSH", "list", "x"]);
    wire.cmd(&["SELECT", "0"]).ok();
    wire.cmd(&["RPUSH", "list", "x"]);
    assert_eq!(blocked.read_reply().strings(), ["list", "x"]);
    eventually(PATIENCE, || {
        let log = proxy.log();
        if log.contains("full resync") || log.contains("link is up") || log.contains("in sync") {
            Ok(())
        } else {
            Err(log)
        }
    });
    for server in servers() {
        assert_eq!(refusals(server), "[]", "{}\n{}", server.addr(), proxy.log());
    }
}

#[test]
fn a_sentinels_login_is_checked() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let sentinel = Sentinel::of(&master);
    let port = sentinel.port();
    eventually(PATIENCE, || sentinel.ask(&["PING"]).map_err(|error| error.to_string()));
    sentinel
        .ask(&["ACL", "SETUSER", "watcher", "on", ">secret", "resetchannels", "-@all", "+ping"])
        .unwrap()
        .ok();
    let toml = format!(
        "[topology]\nsentinels = [\"127.0.0.1:{port}\"]\nmaster-name = \"m\"\nsentinel-user = \
         \"watcher\"\nsentinel-password = \"secret\"\n"
    );
    let (outcome, out) = checked(&toml);
    assert!(outcome.is_err(), "{out}");
    assert!(out.contains("+sentinel|failover (PROXY FAILOVER is an error)"), "{out}");
    let words = advised(&out, "secret");
    sentinel.ask(&words.iter().map(String::as_str).collect::<Vec<_>>()).unwrap().ok();
    let (_, out) = checked(&toml);
    assert!(!out.contains("lacks") && out.contains(&master.addr().to_string()), "{out}");
    let log = sentinel.ask(&["ACL", "LOG", "RESET"]).unwrap();
    log.ok();
    checked(&toml).0.unwrap();
    assert_eq!(sentinel.ask(&["ACL", "LOG"]).unwrap().array().len(), 0);
}
