//! Sentinels name the servers: what they say is followed, and one of them decides nothing.

mod check;
mod discovery;
mod following;
mod late;
mod lies;
mod names;
mod outage;
mod planned;
mod reload;

use std::net::SocketAddr;

use crate::support::sentinel::group::MASTER;
use crate::support::*;

/// A master with two replicas, three Sentinels, and the proxy that asks one of them.
struct Watched {
    trio: Trio,
    group: SentinelGroup,
    proxy: Tidegate,
}

impl Watched {
    #[track_caller]
    fn start() -> Self {
        Self::with(|config| config)
    }

    #[track_caller]
    fn with(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let trio = Trio::spawn(Flavor::Redis70);
        let group = SentinelGroup::of(trio.master.addr());
        let ports = trio.replica_addrs().map(|it| it.port());
        group.wait_whole(MASTER, &ports);
        let proxy = change(Tidegate::for_trio(&trio).sentinels(&[group.addr(0)])).start();
        wait_agreeing(&proxy, 3);
        wait_master(&proxy, trio.master.addr());
        Self { trio, group, proxy }
    }

    /// The server that listens on this port.
    fn server(&self, port: u16) -> &RedisServer {
        let mut all = std::iter::once(&self.trio.master).chain(&self.trio.replicas);
        all.find(|it| it.port() == port).unwrap()
    }
}

/// Two masters with two replicas each, and three Sentinels that watch them as [`MASTER`] and
/// `other`.
#[track_caller]
fn two_masters() -> (Trio, Trio, SentinelGroup) {
    let (trio, other) = (Trio::spawn(Flavor::Redis70), Trio::spawn(Flavor::Redis70));
    let group = SentinelGroup::builder()
        .watch(MASTER, trio.master.addr())
        .watch("other", other.master.addr())
        .start();
    group.wait_whole(MASTER, &trio.replica_addrs().map(|it| it.port()));
    group.wait_whole("other", &other.replica_addrs().map(|it| it.port()));
    (trio, other, group)
}

/// What the proxy says of the Sentinels.
#[track_caller]
fn sentinels(proxy: &Tidegate) -> serde_json::Value {
    topology(&mut proxy.wire())["sentinel"].clone()
}

/// Waits until so many Sentinels say the same.
#[track_caller]
fn wait_agreeing(proxy: &Tidegate, count: usize) {
    eventually(PATIENCE, || {
        let said = sentinels(proxy);
        let all = said["sentinels"].as_array().cloned().unwrap_or_default();
        let agreeing = all.iter().filter(|it| it["agrees"] == true).count();
        if agreeing == count { Ok(()) } else { Err(said.to_string()) }
    });
}

/// Waits until the proxy sends writes to this server.
#[track_caller]
fn wait_master(proxy: &Tidegate, master: SocketAddr) {
    eventually(PATIENCE, || {
        let said = topology(&mut proxy.wire());
        if said["master"] == *master.to_string() { Ok(()) } else { Err(said.to_string()) }
    });
}
