//! A server behind its relay. Connections from the proxy, from servers and from Sentinels have a
//! line each, because servers and Sentinels have source addresses of their own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::plan::Plan;
use tidegate_test_support::server::{Info, RedisServer};
use tidegate_test_support::source_relay::Line;
use tidegate_test_support::{Reply, SourceRelay, Wire};

/// How long a server may take to answer a question.
const PROMPT: Duration = Duration::from_millis(500);

/// The source address of what number `n` of a kind connects from.
pub(super) fn source(kind: u8, n: usize) -> IpAddr {
    let n = u8::try_from(n).unwrap();
    IpAddr::V4(Ipv4Addr::new(127, 0, kind, n + 1))
}

pub(super) const SERVERS: u8 = 1;
pub(super) const SENTINELS: u8 = 2;

/// Where connections to a server come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    Proxy,
    Servers,
    Sentinels,
}

impl From {
    pub const ALL: [Self; 3] = [Self::Proxy, Self::Servers, Self::Sentinels];

    /// The lines of the relay: one for the proxies, one for each server, one for the Sentinels.
    fn lines(self) -> std::ops::Range<usize> {
        match self {
            Self::Proxy => 0..1,
            Self::Servers => 1..4,
            Self::Sentinels => 4..5,
        }
    }
}

/// What a server says of itself.
#[derive(Clone, Debug)]
pub struct Role {
    pub is_master: bool,
    pub followers: usize,
    pub link_up: bool,
    /// The port of the master that it follows.
    pub follows: Option<u16>,
    pub info: Info,
}

impl Role {
    pub(super) fn of(info: Info) -> Option<Self> {
        let is_master = info.get("role")? == "master";
        let online = |line: &&str| line.starts_with("slave") && line.contains("state=online");
        let followers = info.0.lines().filter(online).count();
        let link_up = info.get("master_link_status") == Some("up");
        let follows = info.get("master_port").and_then(|it| it.parse().ok());
        Some(Self { is_master, followers, link_up, follows, info })
    }
}

/// A server and the relay before it.
#[derive(Debug)]
pub struct Server {
    pub process: RedisServer,
    relay: Option<SourceRelay>,
    pub is_up: bool,
}

impl Server {
    #[track_caller]
    pub(super) fn start(plan: &Plan, n: usize) -> Self {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let sources = |kind| (0..3).map(move |n| source(kind, n));
        let mut lines = vec![Vec::new()];
        lines.extend(sources(SERVERS).map(|it| vec![it]));
        lines.push(sources(SENTINELS).collect());
        let relay =
            plan.relays.then(|| SourceRelay::start(nowhere, &lines, plan.seed + n as u64).unwrap());
        let mut builder = RedisServer::builder(plan.flavor)
            .arg("--bind-source-addr", &source(SERVERS, n).to_string())
            // Protected mode knows 127.0.0.1 only.
            .arg("--protected-mode", "no")
            .arg("--repl-backlog-size", "16mb")
            .arg("--repl-timeout", "10")
            // Its source address is none that it listens on.
            .arg("--replica-announce-ip", "127.0.0.1");
        if let Some(relay) = &relay {
            builder = builder.arg("--replica-announce-port", &relay.addr().port().to_string());
        }
        for (name, value) in &plan.server_options {
            builder = builder.arg(name, value);
        }
        let process = builder.start();
        for line in relay.iter().flat_map(SourceRelay::lines) {
            line.faults().set_upstream(process.addr());
        }
        Self { process, relay, is_up: true }
    }

    /// The address that all others know.
    pub fn addr(&self) -> SocketAddr {
        self.relay.as_ref().map_or_else(|| self.process.addr(), SourceRelay::addr)
    }

    /// The ways to it from one side; none without relays.
    pub fn lines(&self, from: From) -> &[Line] {
        self.relay.as_ref().map_or(&[], |relay| &relay.lines()[from.lines()])
    }

    /// The relay's lines, for a thread of its own; the line of server `n` is at `n + 1`.
    pub fn shared_lines(&self) -> Option<Arc<Vec<Line>>> {
        self.relay.as_ref().map(SourceRelay::shared_lines)
    }

    /// Asks it directly; an error if it does not answer at once.
    pub fn ask(&self, words: &[&str]) -> std::io::Result<Reply> {
        let mut wire = Wire::try_connect(self.process.addr())?;
        wire.set_timeout(PROMPT);
        wire.try_cmd(words)
    }

    pub fn role(&self) -> Option<Role> {
        match self.ask(&["INFO", "replication"]).ok()? {
            Reply::Bulk(text) => Role::of(Info(String::from_utf8(text).ok()?)),
            _ => None,
        }
    }

    /// REPLICAOF; waits for nothing.
    pub fn follow(&self, master: SocketAddr) {
        let port = master.port().to_string();
        let _ = self.ask(&["REPLICAOF", &master.ip().to_string(), &port]);
    }

    pub fn promote(&self) {
        let _ = self.ask(&["REPLICAOF", "NO", "ONE"]);
    }

    pub fn kill(&mut self) {
        self.process.kill();
        self.is_up = false;
    }

    /// Starts it again, as a master, with what the last SAVE wrote.
    pub fn restart(&mut self) {
        self.process.restart();
        self.is_up = true;
    }
}
