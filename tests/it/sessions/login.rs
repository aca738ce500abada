//! HELLO, AUTH, RESET and what may be said before them.

use crate::support::{
    Both, ConfigBuilder, Flavor, PATIENCE, Pair, RedisServer, Reply, Tidegate, Trio, Wire, encode,
    eventually,
};

/// A pair whose clients have to give a password; the server behind the proxy wants another one.
fn guarded(flavor: Flavor) -> Pair {
    let direct = RedisServer::builder(flavor).requirepass("open sesame").start();
    let behind = RedisServer::builder(flavor).requirepass("another").start();
    let proxy = ConfigBuilder::new(behind.addr(), &[])
        .set("proxy", "requirepass", "\"open sesame\"")
        .set("topology", "masterauth", "\"another\"")
        .start();
    Pair { direct, behind, proxy }
}

fn say(both: &mut Both, args: &[&str]) -> Reply {
    both.same_raw(&encode(args), 1)
}

/// The pairs of a HELLO but for what differs between two servers.
fn hello(wire: &mut Wire, args: &[&str]) -> Vec<(String, Reply)> {
    let reply = wire.cmd(args);
    let pairs = reply.pairs();
    let own = |name: &str| !matches!(name, "id" | "availability_zone");
    let pairs = pairs.into_iter().map(|(name, value)| (name.str().to_owned(), value));
    pairs.filter(|(name, _)| own(name)).collect()
}

#[test]
fn hello_describes_the_server() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        let mut both = pair.both();
        let variants: [&[&str]; 6] = [
            &["HELLO"],
            &["HELLO", "3"],
            &["HELLO"],
            &["HELLO", "2"],
            &["HELLO", "3", "SETNAME", "me"],
            &["hello", "2", "auth", "default", "x", "setname", "you"],
        ];
        for args in variants {
            let expected = hello(&mut both.direct, args);
            assert_eq!(hello(&mut both.proxied, args), expected, "{flavor:?} {args:?}");
            both.same_all("CLIENT GETNAME; HGETALL nosuch; GET nosuch");
        }
        both.same_all(
            "HELLO 4; HELLO 1; HELLO x; HELLO 2 NOSUCH; HELLO 3 SETNAME; HELLO 3 AUTH default;
             HELLO 3 AUTH nosuch x; HELLO 99999999999999999999; GET nosuch; CLIENT GETNAME",
        );
        say(&mut both, &["HELLO", "3", "SETNAME", "a b"]);
        let id = both.proxied.cmd(&["CLIENT", "ID"]).int();
        let reply = both.proxied.cmd(&["HELLO", "3"]);
        let told = reply.pairs().iter().find(|(name, _)| name.str() == "id").unwrap().1.int();
        assert_eq!(told, id);
    }
}

#[test]
fn nothing_is_done_before_the_password() {
    for flavor in [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        let pair = guarded(flavor);
        let mut both = pair.both();
        both.same_all(
            "PING; GET k; MULTI; EXEC; SUBSCRIBE c; CLIENT ID; SELECT 1; ECHO x; HELLO 4;
             AUTH; AUTH wrong; AUTH default wrong; AUTH nosuch x; AUTH a b c; HELLO 3 AUTH default wrong;
             MONITOR; CLIENT LIST; CONFIG GET port; INFO; RESET; WATCH k; CLIENT REPLY OFF; GET k",
        );
        if flavor == Flavor::Redis70 {
            // From 7.2 on it has `HELLO <proto> AUTH` in it.
            both.same_all("HELLO; HELLO 3");
            // Later versions leave the error out of EXEC's reply, which no client can parse then.
            let mut both = pair.both();
            say(&mut both, &["AUTH", "open sesame"]);
            both.same_all("MULTI; AUTH wrong; GET k; EXEC; GET k");
        }
        say(&mut both, &["AUTH", "open sesame"]);
        both.same_all("PING; SET k v; GET k; AUTH wrong; GET k; RESET; GET k");
        say(&mut both, &["AUTH", "default", "open sesame"]);
        both.same_all("GET k; RESET; GET k");
        let args = ["HELLO", "3", "AUTH", "default", "open sesame", "SETNAME", "me"];
        assert_eq!(hello(&mut both.proxied, &args), hello(&mut both.direct, &args));
        both.same_all("GET k; CLIENT GETNAME; GET nosuch; RESET; QUIT");
        assert_eq!(both.proxied.expect_closed(), []);
    }
}

#[test]
fn auth_without_a_password_set() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut both = pair.both();
    both.same_all("AUTH x; AUTH default x; AUTH nosuch x; AUTH; AUTH a b c; GET k");
}

#[test]
fn clients_without_login_may_send_few_commands() {
    let pair = guarded(Flavor::Redis70);
    let args = |count: usize| encode(&vec!["x"; count]);
    let mut both = pair.both();
    both.proxied.send_raw(&args(10));
    assert_eq!(both.proxied.read_reply().err(), "NOAUTH Authentication required.");
    let mut both = pair.both();
    both.same_raw(&args(11), 1);
    assert_eq!(both.proxied.expect_closed(), []);
    let mut both = pair.both();
    both.same_raw(&encode(&["AUTH", &"x".repeat(16 * 1024)]), 1);
    let mut both = pair.both();
    both.same_raw(format!("*2\r\n$4\r\nAUTH\r\n${}\r\n", 16 * 1024 + 1).as_bytes(), 1);
    assert_eq!(both.proxied.expect_closed(), []);
    let mut both = pair.both();
    say(&mut both, &["AUTH", "open sesame"]);
    both.same_raw(&encode(&vec!["DEL"; 5000]), 1);
    say(&mut both, &["SET", "k", &"x".repeat(50_000)]);
    both.same("RESET");
    both.same_raw(&args(11), 1);
}

#[test]
fn reset_makes_the_session_new() {
    let pair = Pair::spawn(Flavor::Redis70);
    for three in [false, true] {
        let mut both = if three { pair.both3() } else { pair.both() };
        both.same_all(
            "SET k 0; SELECT 2; SET k 2; CLIENT SETNAME me; WATCH k; MULTI; SET k 3; RESET",
        );
        both.same_all(
            "GET k; CLIENT GETNAME; EXEC; HGETALL nosuch; SUBSCRIBE c; RESET; GET k; RESET x",
        );
        let id = both.proxied.cmd(&["CLIENT", "ID"]).int();
        both.same("RESET");
        assert_eq!(both.proxied.cmd(&["CLIENT", "ID"]).int(), id);
        both.same_raw(&[encode(&["CLIENT", "REPLY", "OFF"]), encode(&["RESET"])].concat(), 1);
        both.same_all("GET k");
    }
}

#[test]
fn the_proxy_logs_in_as_configured() {
    let acl: Vec<&str> = "--user default off --user proxy on >pw ~* &* +@all \
        --user root on >pw ~* &* +@all --masteruser root --masterauth pw"
        .split_whitespace()
        .collect();
    let mut servers = Vec::new();
    for _ in 0..2 {
        servers.push(RedisServer::builder(Flavor::Redis70).args(&acl).start());
    }
    let mut admin = Wire::connect(servers[1].addr());
    admin.cmd(&["AUTH", "root", "pw"]).ok();
    let port = servers[0].port().to_string();
    admin.cmd(&["REPLICAOF", "127.0.0.1", &port]).ok();
    let proxy = ConfigBuilder::new(servers[0].addr(), &[servers[1].addr()])
        .set("topology", "masteruser", "\"proxy\"")
        .set("topology", "masterauth", "\"pw\"")
        .start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    assert_eq!(wire.cmd(&["ACL", "WHOAMI"]).str(), "proxy");
    let replies =
        wire.pipeline(&[&["MULTI"], &["GET", "k"], &["EXEC"], &["BLPOP", "none", "0.01"]]);
    assert_eq!(replies[2].strings(), ["v"]);
    wire.hello3();
    wire.cmd(&["SELECT", "3"]).ok();
    assert!(wire.cmd(&["GET", "k"]).is_null());
    wire.cmd(&["SUBSCRIBE", "c"]);
    drop(proxy);

    let proxy = ConfigBuilder::new(servers[0].addr(), &[])
        .set("topology", "masteruser", "\"proxy\"")
        .set("topology", "masterauth", "\"wrong\"")
        .start();
    let mut wire = proxy.wire();
    let reply = wire.cmd(&["SET", "k", "x"]);
    assert!(reply.err().starts_with("MASTERDOWN "), "{reply:?}");
    assert!(!format!("{reply:?}{}", proxy.log()).contains("wrong\""), "the password was told");
}

#[test]
fn both_sides_have_passwords() {
    let trio = Trio::spawn_with(Flavor::Redis70, |b| b.requirepass("inner").masterauth("inner"));
    let proxy: Tidegate = Tidegate::for_trio(&trio)
        .set("proxy", "requirepass", "\"outer\"")
        .set("topology", "masterauth", "\"inner\"")
        .start();
    let mut wire = proxy.wire();
    assert!(wire.cmd(&["AUTH", "inner"]).err().starts_with("WRONGPASS "));
    let replies = wire.pipeline(&[&["GET", "k"], &["AUTH", "outer"], &["SET", "k", "v"]]);
    assert_eq!(replies[0].err(), "NOAUTH Authentication required.");
    replies[1].ok();
    replies[2].ok();
    trio.wait_synced();
    for _ in 0..10 {
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
    }
    assert_eq!(trio.master.calls("get"), 0, "replicas were not read");
}

/// The replies to a direct client and to one of the proxy, byte for byte.
#[test]
fn before_auth_hello_has_the_words_of_the_servers_version() {
    for flavor in Flavor::ALL {
        let pair = guarded(flavor);
        let mut both = pair.both();
        for args in
            [&["HELLO"][..], &["HELLO", "3"], &["HELLO", "2", "SETNAME", "x"], &["GET", "k"]]
        {
            assert!(say(&mut both, args).is_err(), "{flavor:?} {args:?}");
        }
    }
}

#[test]
fn hello_lists_the_masters_modules() {
    let path = Flavor::Redis82.binary().with_file_name("falkordb.so");
    let options = ["--loadmodule", path.to_str().unwrap(), "THREAD_COUNT", "1"];
    let server = RedisServer::builder(Flavor::Redis82).args(&options).start();
    let proxy = ConfigBuilder::new(server.addr(), &[]).start();
    let (mut direct, mut through) = (server.wire(), proxy.wire());
    for version in ["2", "3"] {
        let there = hello(&mut direct, &["HELLO", version]);
        assert!(format!("{there:?}").len() > 100, "{there:?}");
        eventually(PATIENCE, || {
            let here = hello(&mut through, &["HELLO", version]);
            if here == there { Ok(()) } else { Err(format!("{here:?}, not {there:?}")) }
        });
    }
}
