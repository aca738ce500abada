//! The replica: a real server, or Tidegate's engine, in this process or behind a port.

use std::net::{Ipv4Addr, SocketAddr};

use super::inside::Inside;
use crate::support::ports::free_port;
use crate::support::*;

/// The kind of replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A server of the master's version.
    Server,
    /// The engine, in this process.
    Engine,
    /// The engine of the built binary, asked on its port.
    Port,
}

impl Kind {
    pub fn from_env() -> Self {
        match std::env::var("TIDEGATE_EQUALITY_REPLICA").as_deref() {
            Err(_) | Ok("engine") => Self::Engine,
            Ok("server") => Self::Server,
            Ok("port") => Self::Port,
            Ok(other) => panic!("TIDEGATE_EQUALITY_REPLICA: server, engine or port, not {other}"),
        }
    }

    /// Starts one that follows `link`, behind which `master` is.
    pub fn start(self, flavor: Flavor, link: SocketAddr, master: SocketAddr) -> Box<dyn Replica> {
        match self {
            Self::Server => Box::new(RedisServer::builder(flavor).replica_of(link).start()),
            Self::Engine => Box::new(Inside::start(link)),
            Self::Port => Box::new(Engine::start(link, master)),
        }
    }
}

/// How far a replica is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// It is linked to its master.
    pub up: bool,
    pub offset: i64,
}

/// The replica under test.
pub trait Replica {
    /// Where it answers.
    fn addr(&self) -> SocketAddr;
    /// What it has logged, for reports.
    fn log(&self) -> String;

    /// A new connection to it.
    fn wire(&self) -> Wire {
        Wire::connect(self.addr())
    }

    /// How far it is; why it is nowhere. Panics if it will get no further.
    #[track_caller]
    fn progress(&self) -> Result<Progress, String> {
        let mut wire = Wire::try_connect(self.addr()).map_err(|error| error.to_string())?;
        let info = match wire.try_cmd(&["INFO", "replication"]) {
            Ok(reply) if !reply.is_err() => server::Info(reply.str().to_owned()),
            other => return Err(format!("{other:?}")),
        };
        let offset = info.get("slave_repl_offset").and_then(|text| text.parse().ok());
        let up = info.get("master_link_status") == Some("up");
        offset.map(|offset| Progress { up, offset }).ok_or(info.0)
    }
}

impl Replica for RedisServer {
    fn addr(&self) -> SocketAddr {
        Self::addr(self)
    }

    fn log(&self) -> String {
        Self::log(self)
    }
}

/// The built binary with an engine.
#[derive(Debug)]
struct Engine {
    proxy: Tidegate,
    port: u16,
}

impl Engine {
    #[track_caller]
    fn start(link: SocketAddr, master: SocketAddr) -> Self {
        let port = free_port();
        let config = ConfigBuilder::new(master, &[])
            .set("replica", "enabled", "true")
            .set("replica", "listen", &format!("\"127.0.0.1:{port}\""))
            .set("replica", "replicaof", &format!("\"{link}\""))
            .set("log", "level", "\"info\"");
        Self { proxy: config.start(), port }
    }
}

impl Replica for Engine {
    fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    fn log(&self) -> String {
        self.proxy.log()
    }
}
