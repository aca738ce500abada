//! Real frameworks behind the proxy, while both replicas lag. The applications are in
//! `tests/frameworks`; each counts what its framework relies on and does not find.
//! `scripts/frameworks` runs more of them, with more lags and levels.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::flavor::test_deps_dir;
use crate::support::process::Process;
use crate::support::*;

/// How far the replicas are behind.
const LAG: Duration = Duration::from_millis(20);
const LIMIT: Duration = Duration::from_secs(120);

/// An application, and how many times it does its work.
#[derive(Clone, Copy, Debug)]
struct Application {
    file: &'static str,
    count: u32,
}

/// What an application counted.
#[derive(Debug)]
struct Counted {
    misbehaved: u64,
    checked: u64,
    examples: String,
}

impl Application {
    /// Runs it. After `patience` seconds without progress it takes a job as dropped.
    #[track_caller]
    fn run(self, addr: SocketAddr, patience: u32) -> Counted {
        let deps = test_deps_dir();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frameworks").join(self.file);
        let python = deps.join("venv/bin/python");
        let newest = deps.join("node/node_modules/connect-redis");
        assert!(newest.exists(), "no frameworks: run scripts/test-deps");
        let node = file.extension().is_some_and(|extension| extension == "mjs");
        let mut command = Command::new(if node { Path::new("node") } else { &python });
        command.arg(file).args([addr.ip().to_string(), addr.port().to_string()]);
        command.args([&self.count.to_string(), "--patience", &patience.to_string()]);
        command.env("NODE_DEPS", deps.join("node")).env("PYTHONDONTWRITEBYTECODE", "1");
        let dir = tempfile::tempdir().unwrap();
        let mut process = Process::start(&mut command, &dir.path().join("application.log"));
        let status = process.wait_exit(LIMIT);
        let ended_well = status.is_some_and(|status| status.success());
        assert!(ended_well, "{self:?}: {status:?}\n{}", process.log_tail());
        let log = process.log();
        let report = log.lines().find(|line| line.starts_with("{\"framework\"")).expect(&log);
        let report: serde_json::Value = serde_json::from_str(report).unwrap();
        let number = |field: &str| report[field].as_u64().unwrap();
        Counted {
            misbehaved: number("misbehaved"),
            checked: number("checked"),
            examples: report["examples"].to_string(),
        }
    }

    /// With bounded reads it misbehaves, so it can; with `global` it behaves as at the master.
    #[track_caller]
    fn behaves_unless_reads_are_bounded(self) {
        let trio = TamperedTrio::spawn(Flavor::Redis70);
        for link in &trio.links {
            link.set_delay_of(Direction::ToClient, LAG);
        }
        let run = |config: ConfigBuilder, patience| {
            let mut proxy = config.start();
            wait_serving(&proxy, 2);
            let counted = self.run(proxy.addr(), patience);
            proxy.assert_alive();
            assert!(counted.checked > u64::from(self.count), "{self:?} checks little: {counted:?}");
            counted
        };
        let bounded = run(trio.config().set("reads", "consistency", "\"bounded\""), 2);
        assert!(bounded.misbehaved > 0, "{self:?} does not notice that reads are old: {bounded:?}");

        trio.master.wire().cmd(&["FLUSHALL"]);
        trio.replicas.iter().for_each(|replica| trio.master.wait_synced(replica));
        let global = run(trio.config().set("reads", "consistency", "\"global\""), 30);
        assert_eq!(global.misbehaved, 0, "{self:?}: {global:?}");
    }
}

#[test]
fn rq_runs_every_job() {
    Application { file: "rq_jobs.py", count: 8 }.behaves_unless_reads_are_bounded();
}

#[test]
fn bee_queue_runs_every_job() {
    Application { file: "bee_queue.mjs", count: 8 }.behaves_unless_reads_are_bounded();
}

#[test]
fn express_sessions_begin_with_the_login_and_end_with_the_logout() {
    Application { file: "express_sessions.py", count: 8 }.behaves_unless_reads_are_bounded();
}

#[test]
fn django_redis_gets_what_it_has_set() {
    Application { file: "django_cache.py", count: 12 }.behaves_unless_reads_are_bounded();
}
