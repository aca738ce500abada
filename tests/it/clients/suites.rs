//! Real clients through the proxy: redis-py, ioredis and node-redis, each a program of its own in
//! `tests/clients` that checks one address and ends with 0 when all holds.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::support::flavor::test_deps_dir;
use crate::support::process::Process;
use crate::support::*;

const SUITE_TIMEOUT: Duration = Duration::from_secs(120);

/// A suite in `tests/clients`.
#[derive(Clone, Copy, Debug)]
pub enum Suite {
    RedisPy,
    Ioredis,
    NodeRedis,
}

impl Suite {
    pub const ALL: [Self; 3] = [Self::RedisPy, Self::Ioredis, Self::NodeRedis];

    fn file(self) -> &'static str {
        match self {
            Self::RedisPy => "redis_py.py",
            Self::Ioredis => "ioredis_client.mjs",
            Self::NodeRedis => "node_redis.mjs",
        }
    }

    fn program(self) -> PathBuf {
        let deps = test_deps_dir();
        let (program, installed) = match self {
            Self::RedisPy => {
                let python = deps.join("venv/bin/python");
                (python.clone(), python)
            }
            Self::Ioredis => ("node".into(), deps.join("node/node_modules/ioredis")),
            Self::NodeRedis => ("node".into(), deps.join("node/node_modules/redis")),
        };
        assert!(installed.exists(), "no client for {self:?}: run scripts/test");
        program
    }
}

/// Runs one suite against `addr`: `"all"`, or `"seed"` (the data only) or `"reads"` (what reads it).
#[track_caller]
pub fn run_suite(suite: Suite, addr: SocketAddr, part: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(suite.file());
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(suite.program());
    command.arg(file).args([&addr.ip().to_string(), &addr.port().to_string(), part]);
    let mut process = Process::start(&mut command, &dir.path().join("suite.log"));
    let status = process.wait_exit(SUITE_TIMEOUT);
    let ended_well = status.is_some_and(|status| status.success());
    assert!(ended_well, "{suite:?} {part}: {status:?}\n{}", process.log_tail());
    // A suite that checks nothing must not pass.
    assert!(process.log().lines().any(|line| line.starts_with("ok ")), "{suite:?} checked nothing");
}

// What fails through the proxy only, and not here, is the proxy's doing.

fn holds_on_a_plain_server(suite: Suite) {
    run_suite(suite, RedisServer::spawn(Flavor::Redis70).addr(), "all");
}

#[test]
fn redis_py_holds_on_a_plain_server() {
    holds_on_a_plain_server(Suite::RedisPy);
}

#[test]
fn ioredis_holds_on_a_plain_server() {
    holds_on_a_plain_server(Suite::Ioredis);
}

#[test]
fn node_redis_holds_on_a_plain_server() {
    holds_on_a_plain_server(Suite::NodeRedis);
}

#[test]
fn a_suite_that_fails_is_reported() {
    let server =
        RedisServer::builder(Flavor::Redis70).args(&["--rename-command", "GET", ""]).start();
    let addr = server.addr();
    for suite in Suite::ALL {
        let failed = std::thread::spawn(move || run_suite(suite, addr, "all"));
        let message = *failed.join().unwrap_err().downcast::<String>().unwrap();
        assert!(message.contains("FAILED"), "{message}");
    }
}
