//! Read-only scripts of the proxy's clients, which the engine runs.

use std::path::Path;

use crate::support::*;

const READ: &str = "return redis.call('get', KEYS[1])";
const LOOP: &str = "while true do end";

fn proxy_of(master: &RedisServer, dir: &Path) -> ConfigBuilder {
    ReplicaPort::local(master, dir).set("replica", "busy-reply-threshold", "\"100ms\"")
}

#[test]
fn the_engine_runs_them() {
    for flavor in [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        let master = RedisServer::spawn(flavor);
        let library = "#!lua name=l\nredis.register_function{function_name='f', \
                       callback=function(k) return redis.call('get', k[1]) end, flags={'no-writes'}}";
        master.cmd(&["SET", "k", "0"]).ok();
        let dir = tempfile::tempdir().unwrap();
        let proxy = proxy_of(&master, dir.path()).start();
        let mut wire = proxy.wire();
        assert_eq!(wire.cmd(&["FUNCTION", "LOAD", library]).str(), "l");
        wait_read_fresh(&mut wire, "k");
        let sha = "4e6d8fc8bb01276962cce5371fa795a7763657ae";
        let reads: [&[&str]; 4] = [
            &["EVAL_RO", READ, "1", "k"],
            &["EVALSHA_RO", sha, "1", "k"],
            &["FCALL_RO", "f", "1", "k"],
            &["EVAL_RO", "return redis.call('set', KEYS[1], 'x')", "1", "k"],
        ];
        assert_eq!(master.cmd(&["SCRIPT", "LOAD", READ]).str(), sha);
        let calls = || ["eval_ro", "evalsha_ro", "fcall_ro"].map(|name| master.calls(name));
        // What the engine has not seen yet goes to the master.
        assert_eq!(wire.cmd(reads[0]).str(), "0");
        let before = calls();
        for round in 0..20 {
            let value = round.to_string();
            assert_eq!(wire.cmd(&["SET", "k", &value]).str(), "OK");
            for read in [&reads[..3], &reads[..3]].concat() {
                assert_eq!(wire.cmd(read).str(), value, "{flavor:?} {read:?}");
            }
            assert!(wire.cmd(reads[3]).is_err());
            // In a pipeline it sees what is in front of it, and nothing that is behind it.
            let set = |value: &str| encode(&["SET", "k", value]);
            wire.send_raw(
                &[set("front"), encode(reads[0]), set("behind"), encode(reads[2])].concat(),
            );
            let replies: Vec<_> = (0..4).map(|_| wire.read_reply().str().to_owned()).collect();
            assert_eq!(replies, ["OK", "front", "OK", "behind"], "{flavor:?}");
        }
        // One that follows its own write in a pipeline, whose bound is not known yet, runs there.
        let there: Vec<u64> = calls().iter().zip(&before).map(|(now, old)| now - old).collect();
        assert!(there.iter().all(|it| *it <= 25), "{flavor:?}: the master ran {there:?}");
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "behind");
    }
}

#[test]
fn a_script_that_only_the_master_has_runs_there() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "k", "v"]).ok();
    let dir = tempfile::tempdir().unwrap();
    let proxy = proxy_of(&master, dir.path()).start();
    let mut wire = proxy.wire();
    wait_read_fresh(&mut wire, "k");
    let sha = wire.cmd(&["SCRIPT", "LOAD", READ]).str().to_owned();
    assert_eq!(wire.cmd(&["EVALSHA_RO", &sha, "1", "k"]).str(), "v");
    assert_eq!(master.calls("evalsha_ro"), 1);
    let missing = "0000000000000000000000000000000000000000";
    assert!(wire.cmd(&["EVALSHA_RO", missing, "1", "k"]).err().starts_with("NOSCRIPT "));
}

#[test]
fn one_that_runs_for_long_is_killed_and_others_run_at_the_master() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "k", "v"]).ok();
    let dir = tempfile::tempdir().unwrap();
    let proxy = proxy_of(&master, dir.path()).start();
    let (mut wire, mut looping) = (proxy.wire(), proxy.wire());
    wait_read_fresh(&mut wire, "k");
    assert!(wire.cmd(&["SCRIPT", "KILL"]).err().starts_with("NOTBUSY "));
    assert_eq!(looping.cmd(&["EVAL_RO", READ, "1", "k"]).str(), "v");
    assert_eq!(master.calls("eval_ro"), 0);
    looping.send(&["EVAL_RO", LOOP, "0"]);
    eventually(PATIENCE, || match wire.try_cmd(&["EVAL_RO", READ, "1", "k"]) {
        Ok(reply) if reply.str() == "v" && master.calls("eval_ro") > 0 => Ok(()),
        other => Err(format!("{other:?}")),
    });
    // Other reads do not wait for it.
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
    assert_eq!(wire.cmd(&["SCRIPT", "KILL"]).str(), "OK");
    let killed = looping.read_reply();
    assert!(killed.err().contains("Script killed by user with SCRIPT KILL"), "{killed:?}");
    let before = master.calls("eval_ro");
    eventually(PATIENCE, || {
        assert_eq!(wire.cmd(&["EVAL_RO", READ, "1", "k"]).str(), "v");
        let calls = master.calls("eval_ro");
        assert_eq!(wire.cmd(&["EVAL_RO", READ, "1", "k"]).str(), "v");
        if master.calls("eval_ro") == calls { Ok(()) } else { Err(format!("{before} {calls}")) }
    });
}

#[test]
fn the_rights_of_the_user_hold_within_them() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["MSET", "app:k", "mine", "k", "other"]).ok();
    let dir = tempfile::tempdir().unwrap();
    let user = "[[user]]\nname = \"app\"\npassword = \"secret\"\nkeys = \"~app:*\"\n\
                commands = \"+@all -strlen\"";
    let proxy = proxy_of(&master, dir.path()).extra(user).start();
    let mut wire = proxy.wire();
    wait_read_fresh(&mut wire, "k");
    assert_eq!(wire.cmd(&["AUTH", "app", "secret"]).str(), "OK");
    let mut run = |command: &str, key: &str| {
        let script = format!("return redis.call('{command}', '{key}')");
        wire.cmd(&["EVAL_RO", &script, "0"])
    };
    assert_eq!(run("get", "app:k").str(), "mine");
    let cannot = "ERR The user executing the script can't ";
    let (key, command) = (run("get", "k"), run("strlen", "app:k"));
    assert!(key.err().starts_with(&format!("{cannot}access at least one of the keys")), "{key:?}");
    assert!(command.err().starts_with(&format!("{cannot}run this command")), "{command:?}");
    assert_eq!(master.calls("eval_ro"), 0);
}
