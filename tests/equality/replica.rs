//! Who replicates: a real server, or Tidegate's engine. Both speak a replica's protocol on a port
//! of their own.

use std::net::{Ipv4Addr, SocketAddr};

use crate::support::ports::free_port;
use crate::support::*;

/// Who is to replicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A server of the master's version.
    Server,
    /// The engine of the built binary.
    Engine,
}

impl Kind {
    pub fn from_env() -> Self {
        match std::env::var("TIDEGATE_EQUALITY_REPLICA").as_deref() {
            Err(_) | Ok("server") => Self::Server,
            Ok("engine") => Self::Engine,
            Ok(other) => panic!("TIDEGATE_EQUALITY_REPLICA is server or engine, not {other}"),
        }
    }

    /// Starts one that follows `link`, behind which `master` is.
    pub fn start(self, flavor: Flavor, link: SocketAddr, master: SocketAddr) -> Box<dyn Replica> {
        match self {
            Self::Server => Box::new(RedisServer::builder(flavor).replica_of(link).start()),
            Self::Engine => Box::new(Engine::start(link, master)),
        }
    }
}

/// Whoever replicates.
pub trait Replica {
    /// Where it answers.
    fn addr(&self) -> SocketAddr;
    /// What it has logged, for reports.
    fn log(&self) -> String;

    /// A new connection to it.
    fn wire(&self) -> Wire {
        Wire::connect(self.addr())
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
