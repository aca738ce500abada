//! A chain of replication: each node follows the one before, over a link that can be cut.

use std::net::SocketAddr;

use tempfile::TempDir;

use crate::persistence::master::leader;
use crate::support::server::Info;
use crate::support::*;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Server(Flavor),
    Engine,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Server(_) => "redis-server",
        }
    }
}

enum Node {
    Server(RedisServer),
    Engine { config: ConfigBuilder, addr: SocketAddr, port: Option<ReplicaPort>, _dir: TempDir },
}

pub struct Chain {
    nodes: Vec<Node>,
    /// The link of each node but the first.
    links: Vec<FaultProxy>,
}

impl Chain {
    /// Starts the nodes. The first one has an append-only file that is synced with every write.
    #[track_caller]
    pub fn start(kinds: &[Kind]) -> Self {
        let mut chain = Self { nodes: Vec::new(), links: Vec::new() };
        for kind in kinds {
            let above = chain.nodes.last().map(Node::addr).map(FaultProxy::start);
            let node = Node::start(*kind, above.as_ref().map(FaultProxy::addr));
            chain.links.extend(above);
            chain.nodes.push(node);
        }
        chain.wait_equal();
        chain
    }

    pub fn head(&self) -> SocketAddr {
        self.nodes[0].addr()
    }

    /// Cuts the link between a node and the one before.
    pub fn cut(&self, at: usize) {
        self.links[at - 1].close_all();
    }

    /// Before it is killed, a server saves the data with its place in the stream: it has no other
    /// way to continue.
    #[track_caller]
    pub fn save(&self, at: usize) {
        if let Node::Server(server) = &self.nodes[at]
            && at > 0
        {
            server.cmd(&["SAVE"]).ok();
        }
    }

    pub fn kill(&mut self, at: usize) {
        match &mut self.nodes[at] {
            Node::Server(server) => server.kill(),
            Node::Engine { port, .. } => {
                if let Some(mut port) = port.take() {
                    port.proxy.kill();
                }
            }
        }
    }

    #[track_caller]
    pub fn restart(&mut self, at: usize) {
        match &mut self.nodes[at] {
            Node::Server(server) => server.restart(),
            Node::Engine { config, port, .. } => *port = Some(ReplicaPort::start(config)),
        }
    }

    /// Whether a kill of this node may lead to full resyncs: a server that loads its append-only
    /// file begins a new history, and one that has loaded an older snapshot has nothing for a
    /// replica that is further.
    pub fn may_resync(&self, at: usize) -> bool {
        matches!(self.nodes[at], Node::Server(_)) && at + 1 < self.nodes.len()
    }

    /// Full and partial resyncs that each node has granted since its start.
    #[track_caller]
    pub fn resyncs(&self) -> Vec<(i64, i64)> {
        let number = |info: &Info, field: &str| info.get(field).unwrap().parse::<i64>().unwrap();
        let stats = self.nodes.iter().map(|it| it.info("stats").unwrap());
        stats.map(|it| (number(&it, "sync_full"), number(&it, "sync_partial_ok"))).collect()
    }

    /// Waits until all nodes have the same data, and follow the one before.
    #[track_caller]
    pub fn wait_equal(&self) {
        eventually(PATIENCE * 3, || {
            let mut digests = Vec::new();
            for (at, node) in self.nodes.iter().enumerate() {
                let info = node.info("replication")?;
                if at > 0 && info.get("master_link_status") != Some("up") {
                    return Err(format!("node {at}: {}\n{}", info.0, self.logs()));
                }
                digests.push(node.try_cmd(&["DEBUG", "DIGEST"])?.str().to_owned());
            }
            let is_same = digests.iter().all(|it| *it == digests[0]);
            if is_same { Ok(()) } else { Err(format!("{digests:?}\n{}", self.logs())) }
        });
    }

    pub fn logs(&self) -> String {
        self.nodes.iter().map(Node::log).collect::<Vec<_>>().join("\n---\n")
    }
}

impl Node {
    #[track_caller]
    fn start(kind: Kind, above: Option<SocketAddr>) -> Self {
        match (kind, above) {
            (Kind::Server(flavor), None) => {
                let words = ["--appendonly", "yes", "--appendfsync", "always"];
                Self::Server(RedisServer::builder(flavor).args(&words).start())
            }
            (Kind::Server(flavor), Some(above)) => {
                Self::Server(RedisServer::builder(flavor).replica_of(above).start())
            }
            (Kind::Engine, above) => {
                let (dir, addr) = (tempfile::tempdir().unwrap(), ports::free_port());
                let addr = SocketAddr::from(([127, 0, 0, 1], addr));
                let config = engine(addr, above, &dir);
                let port = Some(ReplicaPort::start(&config));
                Self::Engine { config, addr, port, _dir: dir }
            }
        }
    }

    fn addr(&self) -> SocketAddr {
        match self {
            Self::Server(server) => server.addr(),
            Self::Engine { addr, .. } => *addr,
        }
    }

    fn try_cmd(&self, words: &[&str]) -> Result<Reply, String> {
        let reply = Wire::try_connect(self.addr()).and_then(|mut wire| wire.try_cmd(words));
        match reply {
            Ok(reply) if !reply.is_err() => Ok(reply),
            other => Err(format!("{words:?} at {}: {other:?}", self.addr())),
        }
    }

    fn info(&self, section: &str) -> Result<Info, String> {
        Ok(Info(self.try_cmd(&["INFO", section])?.str().to_owned()))
    }

    fn log(&self) -> String {
        match self {
            Self::Server(server) => server.log(),
            Self::Engine { port, .. } => {
                port.as_ref().map_or_else(String::new, |port| port.proxy.log())
            }
        }
    }
}

/// An engine at `addr` that follows `above`, or leads.
fn engine(addr: SocketAddr, above: Option<SocketAddr>, dir: &TempDir) -> ConfigBuilder {
    let config = leader(addr, dir.path(), "always");
    match above {
        Some(above) => config.set("replica", "replicaof", &format!("\"{above}\"")),
        None => config,
    }
}
