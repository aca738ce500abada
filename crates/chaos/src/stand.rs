//! What a run stands on: three servers behind relays, three Sentinels, a proxy, and the threads that
//! watch them.

pub mod clock;
pub mod proxy;
pub mod sentinel;
pub mod server;
pub mod trap;
pub mod watch;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidegate_test_support::{FaultProxy, PATIENCE, eventually};

use self::proxy::Proxy;
use self::sentinel::Sentinel;
use self::server::Server;
use crate::plan::Plan;

/// Everything that runs, but for the clients.
#[derive(Debug)]
pub struct Stand {
    // In this order, so that the proxy is gone before its servers are.
    pub proxy: Proxy,
    /// Further proxies of the same servers.
    pub others: Vec<Proxy>,
    /// The way from the first proxy's engine to the master.
    pub engine_link: Option<Arc<FaultProxy>>,
    pub sentinels: Vec<Sentinel>,
    pub servers: Vec<Server>,
    pub plan: Plan,
}

impl Stand {
    /// Starts everything and waits until all is in sync. Server 0 is the master.
    #[track_caller]
    pub fn start(plan: &Plan) -> Self {
        let servers: Vec<_> = (0..3).map(|n| Server::start(plan, n)).collect();
        for replica in &servers[1..] {
            replica.follow(servers[0].addr());
            wait_attached(&servers[0], replica);
        }
        let count = if plan.sentinels { 3 } else { 0 };
        let sentinels: Vec<_> =
            (0..count).map(|n| Sentinel::start(plan, n, servers[0].addr())).collect();
        for sentinel in &sentinels {
            sentinel.wait_ready(2, count - 1);
        }
        let link = || Arc::new(FaultProxy::start_seeded(servers[0].process.addr(), plan.seed));
        let engine_link = plan.engine.then(link);
        let engine = engine_link.as_ref().map(|it| it.addr());
        let proxy = Proxy::start(plan, &servers, &sentinels, engine);
        let others =
            (1..plan.proxies).map(|_| Proxy::start(plan, &servers, &sentinels, None)).collect();
        Self { proxy, others, engine_link, sentinels, servers, plan: plan.clone() }
    }

    /// All proxies.
    pub fn proxies(&self) -> impl Iterator<Item = &Proxy> {
        std::iter::once(&self.proxy).chain(&self.others)
    }

    /// Leads the engine to the server `master`, if another one led before.
    pub fn lead_engine(&self, master: usize, led: &mut usize) {
        if let Some(link) = self.engine_link.as_ref().filter(|_| *led != master) {
            link.set_upstream(self.servers[master].process.addr());
            link.close_all();
            *led = master;
        }
    }

    /// The number of the server that all others follow; an error says what is not so yet.
    pub fn settled(&self) -> Result<usize, String> {
        let roles: Vec<_> = self.servers.iter().map(Server::role).collect();
        let masters: Vec<_> = (0..roles.len())
            .filter(|n| roles[*n].as_ref().is_some_and(|it| it.is_master))
            .collect();
        let [master] = masters[..] else { return Err(format!("{roles:?}")) };
        for (n, role) in roles.iter().enumerate().filter(|(n, _)| *n != master) {
            let Some(role) = role else { return Err(format!("server {n} is silent")) };
            if !role.link_up || role.follows != Some(self.servers[master].addr().port()) {
                return Err(format!("server {n}: {role:?}"));
            }
        }
        let followers = roles[master].as_ref().map_or(0, |it| it.followers);
        if followers + 1 < self.servers.len() {
            return Err(format!("{followers} followers"));
        }
        let seen = self.sentinels.iter().filter_map(Sentinel::master);
        if let Some(other) = seen.into_iter().find(|it| *it != self.servers[master].addr()) {
            return Err(format!("a Sentinel holds {other} for the master"));
        }
        Ok(master)
    }

    /// Waits until [`Self::settled`] has an answer.
    #[track_caller]
    pub fn wait_settled(&self) -> usize {
        eventually(PATIENCE, || self.settled())
    }

    /// The server that says that it is the master, and that most of the others follow. An engine does
    /// not count: it follows a restarted server that is empty, until it is led elsewhere.
    pub fn master(&self) -> Option<usize> {
        let roles: Vec<_> = self.servers.iter().map(Server::role).collect();
        let follow = |n: usize| {
            let port = Some(self.servers[n].addr().port());
            roles.iter().flatten().filter(|it| !it.is_master && it.follows == port).count()
        };
        let is_master = |n: &usize| roles[*n].as_ref().is_some_and(|it| it.is_master);
        (0..roles.len()).filter(is_master).max_by_key(|n| (follow(*n), *n))
    }

    pub fn number_of(&self, addr: SocketAddr) -> Option<usize> {
        self.servers.iter().position(|it| it.addr() == addr)
    }
}

#[track_caller]
fn wait_attached(master: &Server, replica: &Server) {
    let before = master.role().map_or(0, |it| it.followers);
    eventually(PATIENCE, || match (replica.role(), master.role()) {
        (Some(own), Some(role)) if own.link_up && role.followers > before.min(1) => Ok(()),
        (Some(own), Some(role)) if own.link_up && role.followers > 0 => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

impl Stand {
    /// Copies all logs and the proxy's configuration to a folder that stays.
    pub fn keep_logs(&self) -> Option<PathBuf> {
        let dir = tempfile::Builder::new().prefix("tidegate-chaos-").tempdir().ok()?.keep();
        let copy = |from: &Path, to: String| std::fs::copy(from, dir.join(to)).ok();
        for (n, server) in self.servers.iter().enumerate() {
            copy(&server.process.dir().join("server.log"), format!("server-{n}.log"));
        }
        for (n, sentinel) in self.sentinels.iter().enumerate() {
            copy(&sentinel.dir().join("sentinel.log"), format!("sentinel-{n}.log"));
        }
        for (n, proxy) in self.proxies().enumerate() {
            for name in ["tidegate.log", "proxy.toml"] {
                let to = if n == 0 { name.to_owned() } else { format!("{n}-{name}") };
                copy(&proxy.dir().join(name), to);
            }
        }
        Some(dir)
    }
}
