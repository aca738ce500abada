//! Operators' commands through the proxy: what would lock it out, and the script debugger.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::*;

fn start(flavor: Flavor) -> (RedisServer, Tidegate) {
    let server = RedisServer::spawn(flavor);
    let proxy = ConfigBuilder::new(server.addr(), &[])
        .set("proxy", "workers", "1")
        .set("admin", "commands", "\"master\"")
        .start();
    (server, proxy)
}

#[test]
fn a_password_that_would_lock_the_proxy_out_is_refused_with_the_reason() {
    for flavor in [Flavor::Redis62, Flavor::Redis70, Flavor::Valkey91] {
        let (server, proxy) = start(flavor);
        let mut wire = proxy.wire();
        wire.cmd(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).ok();
        for request in [
            &["CONFIG", "SET", "requirepass", "x"][..],
            &["config", "set", "REQUIREPASS", "x"],
            &["ACL", "SETUSER", "default", ">x"],
            &["ACL", "SETUSER", "default", "off"],
        ] {
            let reply = wire.cmd(request);
            assert!(
                reply.err().contains("lock the proxy out"),
                "{flavor:?} {request:?}: {reply:?}"
            );
        }
        let replies = wire.pipeline(&[
            &["MULTI"],
            &["CONFIG", "SET", "requirepass", "x"],
            &["SET", "k", "v"],
            &["EXEC"],
        ]);
        assert!(replies[1].is_err() && replies[3].err().starts_with("EXECABORT"), "{replies:?}");
        wire.send_raw(b"CONFIG SET requirepass x\r\n");
        assert!(wire.read_reply().err().contains("lock the proxy out"));
        // Another user's login does not concern the proxy, and an empty password locks no client
        // out.
        wire.cmd(&["ACL", "SETUSER", "other", "on", ">x", "+get", "~*"]).ok();
        wire.cmd(&["CONFIG", "SET", "requirepass", ""]).ok();
        assert_eq!(wire.cmd(&["CONFIG", "GET", "requirepass"]).strings(), ["requirepass", ""]);
        // A connection of another kind is a new one.
        wire.cmd(&["SELECT", "7"]).ok();
        wire.cmd(&["SET", "k", "v"]).ok();
        server.cmd(&["PING"]);
    }
}

#[test]
fn a_proxy_with_the_new_password_follows_it() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[])
        .set("topology", "masterauth", "\"new\"")
        .set("admin", "commands", "\"master\"")
        .start();
    let mut wire = proxy.wire();
    wire.cmd(&["CONFIG", "SET", "requirepass", "new"]).ok();
    wire.cmd(&["SELECT", "7"]).ok();
    wire.cmd(&["SET", "k", "v"]).ok();
}

#[test]
fn a_script_does_not_run_where_the_debugger_was_asked_for() {
    let (server, proxy) = start(Flavor::Redis70);
    let mut wire = proxy.wire();
    let script = ["EVAL", "return redis.call('SET', 'k', 'v')", "0"];
    for debug in [
        &["SCRIPT", "DEBUG", "YES"][..],
        &["script", "debug", "sync"],
        &["SCRIPT", "DEBUG"],
        &["SCRIPT", "DEBUG", "x"],
    ] {
        assert!(wire.cmd(debug).err().contains("through a proxy"), "{debug:?}");
        let sha = ["EVALSHA", "0000000000000000000000000000000000000000", "0"];
        for request in [&script[..], &["eval_ro", "return 1", "0"], &sha] {
            let reply = wire.cmd(request);
            assert!(reply.err().contains("was not run"), "{debug:?} {request:?}: {reply:?}");
        }
        let replies = wire.pipeline(&[&["MULTI"], &script, &["EXEC"]]);
        assert!(replies[2].err().starts_with("EXECABORT"), "{replies:?}");
        assert!(server.cmd(&["GET", "k"]).is_null());
        assert!(wire.cmd(&["GET", "k"]).is_null(), "other requests go on");
        assert!(wire.cmd(&["SCRIPT", "DEBUG", "NO"]).is_err());
        assert_eq!(wire.cmd(&["EVAL", "return 1", "0"]).int(), 1);
    }
    wire.cmd(&["SCRIPT", "DEBUG", "YES"]);
    assert_eq!(wire.cmd(&["RESET"]).str(), "RESET");
    wire.cmd(&script).ok();
}

/// `redis-cli` ignores the refused SCRIPT DEBUG, and shows the error of the script.
#[test]
fn redis_cli_ldb_runs_nothing() {
    let (server, proxy) = start(Flavor::Redis70);
    let script = server.dir().join("script.lua");
    std::fs::write(&script, "return redis.call('SET', 'k', 'v')").unwrap();
    for mode in ["--ldb", "--ldb-sync-mode"] {
        let mut cli = Command::new("redis-cli")
            .args(["-p", &proxy.addr().port().to_string(), mode, "--eval"])
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        cli.stdin.take().unwrap().write_all(b"continue\nquit\n").unwrap();
        let output = cli.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("was not run"), "{mode}: {text}");
        assert!(server.cmd(&["GET", "k"]).is_null(), "{mode}: {text}");
    }
}
