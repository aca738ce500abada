//! A Sentinel of three that watch the servers under the name `m`.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tidegate_test_support::ports::free_port;
use tidegate_test_support::process::Process;
use tidegate_test_support::{PATIENCE, Reply, Wire, eventually};

use super::server::{SENTINELS, source};
use crate::plan::Plan;

/// How many Sentinels have to agree.
const QUORUM: u32 = 2;

/// In ms: how soon another failover may follow one that failed.
const FAILOVER_TIMEOUT: u32 = 5_000;

#[derive(Debug)]
pub struct Sentinel {
    pub process: Process,
    port: u16,
    program: std::path::PathBuf,
    dir: TempDir,
}

impl Sentinel {
    #[track_caller]
    pub(super) fn start(plan: &Plan, n: usize, master: SocketAddr) -> Self {
        let dir = tempfile::Builder::new().prefix("tidegate-sentinel-").tempdir().unwrap();
        let port = free_port();
        let text = format!(
            "port {port}\nbind 127.0.0.1\nbind-source-addr {}\ndir {}\n\
             sentinel announce-ip 127.0.0.1\nsentinel announce-port {port}\n\
             sentinel monitor m 127.0.0.1 {} {QUORUM}\n\
             sentinel down-after-milliseconds m {}\n\
             sentinel failover-timeout m {FAILOVER_TIMEOUT}\nsentinel parallel-syncs m 2\n",
            source(SENTINELS, n),
            dir.path().display(),
            master.port(),
            plan.down_after,
        );
        fs::write(dir.path().join("sentinel.conf"), text).unwrap();
        let program = plan.flavor.binary();
        let process = launch(&program, &dir);
        let it = Self { process, port, program, dir };
        eventually(PATIENCE, || it.ask(&["PING"]).map(|_| ()).map_err(|error| error.to_string()));
        it
    }

    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    pub(super) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub fn ask(&self, words: &[&str]) -> io::Result<Reply> {
        let mut wire = Wire::try_connect(self.addr())?;
        wire.set_timeout(Duration::from_millis(500));
        wire.try_cmd(words)
    }

    /// The address that it holds for the master's.
    pub fn master(&self) -> Option<SocketAddr> {
        match self.ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "m"]).ok()? {
            Reply::Array(parts) => {
                let [Reply::Bulk(ip), Reply::Bulk(port)] = &parts[..] else { return None };
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                format!("{}:{}", text(ip), text(port)).parse().ok()
            }
            _ => None,
        }
    }

    fn field(&self, name: &str) -> Option<String> {
        let Reply::Array(items) = self.ask(&["SENTINEL", "MASTER", "m"]).ok()? else { return None };
        let mut texts = items.iter().map(|it| match it {
            Reply::Bulk(text) => String::from_utf8_lossy(text).into_owned(),
            _ => String::new(),
        });
        texts.find(|it| it == name)?;
        texts.next()
    }

    /// Waits until it knows so many replicas and other Sentinels.
    #[track_caller]
    pub fn wait_ready(&self, replicas: usize, others: usize) {
        let wanted = [("num-slaves", replicas), ("num-other-sentinels", others)];
        eventually(PATIENCE, || {
            for (name, count) in wanted {
                let seen = self.field(name);
                if seen != Some(count.to_string()) {
                    return Err(format!("{name} is {seen:?}\n{}", self.process.log_tail()));
                }
            }
            Ok(())
        });
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again with what it wrote to its file.
    pub fn restart(&mut self) {
        self.process.kill();
        self.process = launch(&self.program, &self.dir);
    }
}

fn launch(program: &std::path::Path, dir: &TempDir) -> Process {
    let mut command = Command::new(program);
    command.arg(dir.path().join("sentinel.conf")).arg("--sentinel").current_dir(dir.path());
    Process::start(&mut command, &dir.path().join("sentinel.log"))
}
