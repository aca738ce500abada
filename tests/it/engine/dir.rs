//! An engine whose `dir` is missing or cannot be written.

use std::fs;
use std::process::Command;

use crate::support::*;

fn config(server: &RedisServer, dir: &str) -> ConfigBuilder {
    ConfigBuilder::new(server.addr(), &[])
        .set("replica", "enabled", "true")
        .set("replica", "listen", &format!("[\"127.0.0.1:{}\"]", ports::free_port()))
        .set("replica", "dir", &format!("{dir:?}"))
}

/// Neither can be written to: a path that is not there, and a file.
fn useless(at: &tempfile::TempDir) -> [String; 2] {
    let file = at.path().join("file");
    fs::write(&file, "").unwrap();
    [at.path().join("missing"), file].map(|path| path.to_str().unwrap().to_owned())
}

#[test]
fn the_start_fails_and_names_the_key() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let at = tempfile::tempdir().unwrap();
    for dir in useless(&at) {
        let (status, said) = Tidegate::run_to_exit(&config(&server, &dir).toml(), PATIENCE);
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("replica.dir = {dir:?}")), "{said}");
    }
}

#[test]
fn check_names_it_as_a_problem() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let at = tempfile::tempdir().unwrap();
    let file = at.path().join("proxy.toml");
    let check = |dir: &str| {
        let text = config(&server, dir).toml();
        fs::write(&file, text.replace(tidegate::PORT, "0").replace(tidegate::METRICS_PORT, "0"))
            .unwrap();
        let program = env!("CARGO_BIN_EXE_tidegate");
        let out = Command::new(program).arg("check").arg(&file).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    };
    for dir in useless(&at) {
        let (code, said) = check(&dir);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("problem: ") && said.contains("replica.dir = "), "{said}");
    }
    let (code, said) = check(at.path().to_str().unwrap());
    assert_eq!(code, Some(0), "{said}");
}

/// The directory disappears later: the first sync fails, and PROXY TOPOLOGY shows why.
#[test]
fn the_running_process_reports_the_cause() {
    let mut server = RedisServer::spawn(Flavor::Redis70);
    server.cmd(&["SET", "k", "v"]).ok();
    let dir = tempfile::tempdir().unwrap();
    // The engine starts before there is a master to sync with.
    server.pause();
    let config = config(&server, dir.path().to_str().unwrap());
    let proxy = Tidegate::spawn_early(&config.toml());
    // The start looks at the directory before it listens.
    eventually(PATIENCE, || match proxy.log() {
        log if log.contains("the engine listens on") => Ok(()),
        log => Err(log),
    });
    drop(dir);
    server.resume();
    let mut wire = None;
    eventually(PATIENCE, || {
        if wire.is_none() {
            wire = Wire::try_connect(proxy.addr()).ok();
        }
        let wire = wire.as_mut().ok_or("not ready")?;
        let told = wire.cmd(&["PROXY", "TOPOLOGY", "JSON"]).str().to_owned();
        if told.contains("the spool in `dir`") { Ok(()) } else { Err(told) }
    });
    let info = proxy.wire().cmd(&["INFO", "proxy"]);
    assert!(info.str().contains("the spool in `dir`"), "{info:?}");
    assert!(status(&proxy)["replica"]["reason"].as_str().unwrap().contains("`dir`"));
}

#[test]
fn a_reload_does_not_move_it_where_it_cannot_write() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let at = tempfile::tempdir().unwrap();
    let good = config(&server, at.path().to_str().unwrap()).set("admin", "commands", "\"master\"");
    let proxy = good.start();
    let mut wire = proxy.wire();
    for dir in useless(&at) {
        proxy.write_config(&good.clone().set("replica", "dir", &format!("{dir:?}")).toml());
        let reply = wire.cmd(&["PROXY", "RELOAD"]);
        assert!(reply.err().contains("replica.dir = "), "{reply:?}");
    }
}
