//! Ways in which the writes go over to another master, under load.

use std::path::Path;
use std::thread;
use std::time::Duration;

use super::load::{Account, Load};
use crate::support::sentinel::Sentinel;
use crate::support::*;

/// How long the clients write before anything happens.
const BEFORE: Duration = Duration::from_millis(800);

/// What stands in front of the servers, and how its clients behave.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'p> {
    /// The proxy.
    pub program: &'p Path,
    /// How long each client rests between two requests.
    pub pause: Duration,
    /// More than so many writes are acknowledged in a trial.
    pub enough: i64,
}

impl Setting<'_> {
    fn start(&self, config: ConfigBuilder) -> Tidegate {
        let config = config.set("log", "level", "\"info\"");
        Tidegate::spawn_program(self.program, &config.toml())
    }

    fn load(&self, proxy: &Tidegate) -> Load {
        let load = Load::start(proxy.addr(), self.pause);
        thread::sleep(BEFORE);
        load
    }
}

/// The order in which servers are switched by hand. All begin with A as the master of B and C.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// Promote B; C to B; A is left alone for a while, then to B.
    MasterLast,
    /// Promote B; A to B; C to B.
    MasterFirst,
    /// C to B; promote B; A is left alone.
    ReplicaFirst,
}

/// A switch by hand; how long A is left alone where it comes last or never.
#[track_caller]
pub fn switch(setting: Setting<'_>, order: Order, alone: Duration) -> Account {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = setting.start(Tidegate::for_trio(&trio));
    let (a, [b, c]) = (&trio.master, &trio.replicas);
    let load = setting.load(&proxy);
    let behind = match order {
        Order::MasterLast => {
            let behind = load.promote(b);
            c.replicate_from(b.addr());
            thread::sleep(alone);
            a.replicate_from(b.addr());
            behind
        }
        Order::MasterFirst => {
            let behind = load.promote(b);
            a.replicate_from(b.addr());
            c.replicate_from(b.addr());
            behind
        }
        Order::ReplicaFirst => {
            c.replicate_from(b.addr());
            eventually(PATIENCE, || {
                let info = c.info("replication");
                let is_there = info.get("master_port") == Some(&*b.port().to_string());
                let is_up = info.get("master_link_status") == Some("up");
                (is_there && is_up).then_some(()).ok_or(info.0)
            });
            let behind = load.promote(b);
            thread::sleep(alone);
            behind
        }
    };
    thread::sleep(BEFORE);
    load.write_more_than(setting.enough);
    Account { behind, ..load.finish(b) }
}

/// A Sentinel, of which the proxy is not told, hands over to a replica.
#[track_caller]
pub fn sentinel_failover(setting: Setting<'_>, rest: Duration) -> Account {
    let trio = Trio::spawn(Flavor::Redis70);
    let sentinel = Sentinel::of(&trio.master);
    sentinel.wait_for(&trio.replicas.each_ref().map(RedisServer::port));
    let proxy = setting.start(Tidegate::for_trio(&trio));
    let load = setting.load(&proxy);
    sentinel.ask(&["SENTINEL", "FAILOVER", "m"]).unwrap().ok();
    let heir = eventually_some(PATIENCE, || {
        let port = sentinel.master_port()?;
        trio.replicas.iter().find(|it| it.port() == port)
    });
    thread::sleep(rest);
    load.write_more_than(setting.enough);
    load.finish(heir)
}

/// The master is stopped for `frozen`; B is promoted and C moved meanwhile.
#[track_caller]
pub fn freeze(setting: Setting<'_>, frozen: Duration) -> Account {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = setting.start(Tidegate::for_trio(&trio));
    let load = setting.load(&proxy);
    trio.master.pause();
    thread::sleep(BEFORE);
    let [b, c] = &trio.replicas;
    let behind = load.promote(b);
    c.replicate_from(b.addr());
    thread::sleep(frozen - BEFORE);
    trio.master.resume();
    thread::sleep(Duration::from_secs(2));
    load.write_more_than(setting.enough);
    Account { behind, ..load.finish(&trio.replicas[0]) }
}

/// The master loses its replicas and keeps the proxy; B is promoted and C moved.
#[track_caller]
pub fn partition(setting: Setting<'_>, rest: Duration) -> Account {
    let master = RedisServer::spawn(Flavor::Redis70);
    let network = FaultProxy::start(master.addr());
    let replica = || {
        let it = RedisServer::builder(Flavor::Redis70).replica_of(network.addr()).start();
        master.wait_attached(&it);
        it
    };
    let (b, c) = (replica(), replica());
    let proxy = setting.start(ConfigBuilder::new(master.addr(), &[b.addr(), c.addr()]));
    let load = setting.load(&proxy);
    network.blackhole();
    let behind = load.promote(&b);
    c.replicate_from(b.addr());
    thread::sleep(rest);
    load.write_more_than(setting.enough);
    Account { behind, ..load.finish(&b) }
}

/// Waits for a value.
#[track_caller]
fn eventually_some<T>(timeout: Duration, look: impl Fn() -> Option<T>) -> T {
    let mut found = None;
    eventually(timeout, || {
        found = look();
        if found.is_some() { Ok(()) } else { Err("nothing yet".to_owned()) }
    });
    found.unwrap()
}
