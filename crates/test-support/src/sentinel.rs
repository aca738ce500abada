//! A real Sentinel that watches one master under the name `m`.

use std::io;
use std::process::Command;
use std::time::Duration;

use crate::eventually::eventually;
use crate::flavor::Flavor;
use crate::ports::free_port;
use crate::process::Process;
use crate::reply::Reply;
use crate::server::RedisServer;
use crate::wire::Wire;

/// Sentinel asks for INFO every ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Sentinel; dropping it kills it.
#[derive(Debug)]
pub struct Sentinel {
    _process: Process,
    port: u16,
    _dir: tempfile::TempDir,
}

impl Sentinel {
    #[track_caller]
    pub fn of(master: &RedisServer) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (port, of) = (free_port(), master.port());
        let text = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor m 127.0.0.1 {of} 1\n\
             sentinel down-after-milliseconds m 5000\nsentinel failover-timeout m 20000\n",
            dir.path().display()
        );
        let file = dir.path().join("sentinel.conf");
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(Flavor::Redis70.binary());
        command.arg(&file).arg("--sentinel").current_dir(dir.path());
        let process = Process::start(&mut command, &dir.path().join("sentinel.log"));
        Self { _process: process, port, _dir: dir }
    }

    pub fn ask(&self, args: &[&str]) -> io::Result<Reply> {
        Wire::try_connect(([127, 0, 0, 1], self.port).into())?.try_cmd(args)
    }

    /// Waits until it knows these replicas and their links.
    #[track_caller]
    pub fn wait_for(&self, replicas: &[&RedisServer]) {
        eventually(PATIENCE, || {
            let reply = self.ask(&["SENTINEL", "REPLICAS", "m"]).map_err(|it| it.to_string())?;
            let Reply::Array(known) = &reply else { return Err(format!("{reply:?}")) };
            let is_well = |port: u16| {
                known.iter().any(|it| {
                    let fields = it.pairs();
                    let has = |name: &str, value: &str| {
                        fields.iter().any(|(n, v)| n.str() == name && v.str() == value)
                    };
                    has("port", &port.to_string()) && has("master-link-status", "ok")
                })
            };
            let all = replicas.iter().all(|it| is_well(it.port()));
            all.then_some(()).ok_or_else(|| format!("{known:?}"))
        });
    }

    /// The port of the server that it holds for the master.
    pub fn master_port(&self) -> Option<u16> {
        let reply = self.ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "m"]).ok()?;
        reply.strings().get(1)?.parse().ok()
    }
}
