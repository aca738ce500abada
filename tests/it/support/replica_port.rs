//! A proxy with an engine, and the engine's own port.

use std::net::SocketAddr;

use super::eventually::{PATIENCE, eventually};
use super::reply::Reply;
use super::server::{Info, RedisServer};
use super::tidegate::{ConfigBuilder, Tidegate};
use super::wire::Wire;

/// A running proxy whose engine follows a master.
#[derive(Debug)]
pub struct ReplicaPort {
    pub proxy: Tidegate,
    addr: SocketAddr,
}

impl ReplicaPort {
    /// A configuration of an engine that follows `master`, on any free port.
    pub fn of(master: &RedisServer) -> ConfigBuilder {
        ConfigBuilder::new(master.addr(), &[])
            .unset("topology", "replicas")
            .set("replica", "enabled", "true")
            .set("replica", "listen", "\"127.0.0.1:0\"")
    }

    /// As [`Self::of`], with its data in `dir` and reads answered by it.
    pub fn local(master: &RedisServer, dir: &std::path::Path) -> ConfigBuilder {
        Self::of(master).set("replica", "dir", &format!("{dir:?}")).set("reads", "local", "true")
    }

    /// Starts it; waits for nothing but the port.
    #[track_caller]
    pub fn start(config: &ConfigBuilder) -> Self {
        let proxy = config.start();
        let said = "the engine listens on ";
        let log = proxy.log();
        let addr = log.lines().find_map(|line| line.split_once(said)).expect(&log).1;
        let addr = addr.trim().parse().expect(addr);
        Self { proxy, addr }
    }

    /// Starts it and waits until it has what `master` has.
    #[track_caller]
    pub fn synced(config: &ConfigBuilder, master: &RedisServer) -> Self {
        let port = Self::start(config);
        port.wait_for(master);
        port
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    #[track_caller]
    pub fn wire(&self) -> Wire {
        Wire::connect(self.addr)
    }

    #[track_caller]
    pub fn cmd<A: AsRef<[u8]>>(&self, args: &[A]) -> Reply {
        self.wire().cmd(args)
    }

    #[track_caller]
    pub fn info(&self, section: &str) -> Info {
        Info(self.cmd(&["INFO", section]).str().to_owned())
    }

    /// As `cmd`; a connection that is closed meanwhile, as Sentinel's CLIENT KILL does, is an `Err`.
    pub fn try_cmd<A: AsRef<[u8]>>(&self, args: &[A]) -> Result<Reply, String> {
        let reply = Wire::try_connect(self.addr).and_then(|mut wire| wire.try_cmd(args));
        reply.map_err(|error| error.to_string())
    }

    /// As `info`, with `try_cmd`.
    pub fn try_info(&self, section: &str) -> Result<Info, String> {
        Ok(Info(self.try_cmd(&["INFO", section])?.str().to_owned()))
    }

    /// Waits until the link is up and all that `master` has is applied.
    #[track_caller]
    pub fn wait_for(&self, master: &RedisServer) {
        let target = master.offset();
        eventually(PATIENCE, || {
            let info = self.try_info("replication")?;
            let offset: i64 = info.get("slave_repl_offset").unwrap().parse().unwrap();
            let is_up = info.get("master_link_status") == Some("up");
            if is_up && offset >= target { Ok(()) } else { Err(info.0) }
        });
    }
}
