//! A real Sentinel that watches one master under the name `m`.

pub mod group;

use std::io;
use std::process::Command;
use std::time::Duration;

use crate::eventually::{PATIENCE, eventually};
use crate::flavor::Flavor;
use crate::ports::free_port;
use crate::process::Process;
use crate::reply::Reply;
use crate::server::RedisServer;
use crate::wire::Wire;

/// What a Sentinel tells of a replica.
#[derive(Clone, Debug)]
pub struct SeenReplica(Vec<(String, String)>);

impl SeenReplica {
    /// The value of a field of `SENTINEL REPLICAS`; empty if there is none.
    pub fn field(&self, name: &str) -> &str {
        self.0.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }
}

/// A running Sentinel; dropping it kills it.
#[derive(Debug)]
pub struct Sentinel {
    _process: Process,
    port: u16,
    _dir: tempfile::TempDir,
}

impl Sentinel {
    /// How long a server has to be silent until it counts as down.
    pub const DOWN_AFTER: Duration = Duration::from_secs(5);

    #[track_caller]
    pub fn of(master: &RedisServer) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (port, of) = (free_port(), master.port());
        let down_after = Self::DOWN_AFTER.as_millis();
        let text = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor m 127.0.0.1 {of} 1\n\
             sentinel down-after-milliseconds m {down_after}\nsentinel failover-timeout m 20000\n",
            dir.path().display()
        );
        let file = dir.path().join("sentinel.conf");
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(Flavor::Redis70.binary());
        command.arg(&file).arg("--sentinel").current_dir(dir.path());
        let process = Process::start(&mut command, &dir.path().join("sentinel.log"));
        Self { _process: process, port, _dir: dir }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends one command on a connection of its own.
    pub fn ask(&self, args: &[&str]) -> io::Result<Reply> {
        Wire::try_connect(([127, 0, 0, 1], self.port).into())?.try_cmd(args)
    }

    /// What it knows of the replica with this port.
    pub fn replica(&self, port: u16) -> Option<SeenReplica> {
        let replicas = self.ask(&["SENTINEL", "REPLICAS", "m"]).ok()?;
        let Reply::Array(replicas) = replicas else { return None };
        let text = |(name, value): (Reply, Reply)| (name.str().to_owned(), value.str().to_owned());
        let all = replicas.iter().map(|it| SeenReplica(it.pairs().into_iter().map(text).collect()));
        all.into_iter().find(|it| it.field("port") == port.to_string())
    }

    /// Waits until it knows the replicas with these ports and their links.
    #[track_caller]
    pub fn wait_for(&self, replicas: &[u16]) {
        eventually(PATIENCE, || {
            let seen: Vec<_> = replicas.iter().map(|port| self.replica(*port)).collect();
            let is_well = |it: &Option<SeenReplica>| {
                it.as_ref().is_some_and(|it| it.field("master-link-status") == "ok")
            };
            if seen.iter().all(is_well) { Ok(()) } else { Err(format!("{seen:?}")) }
        });
    }

    /// The port of the server that it holds for the master.
    pub fn master_port(&self) -> Option<u16> {
        let reply = self.ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "m"]).ok()?;
        reply.strings().get(1)?.parse().ok()
    }
}
