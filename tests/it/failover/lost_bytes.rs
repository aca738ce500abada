//! After a failover the proxy tells how many bytes of the old master's replication stream the new
//! master lacks.

use std::net::SocketAddr;

use serde_json::Value;

use crate::support::*;

/// No PING gets into the replication stream.
const NO_PING: [&str; 2] = ["--repl-ping-replica-period", "3600"];

const LOST: &str = "writes are lost";

/// A master and two replicas whose links pass a faulty network; no stream has a PING.
struct CutOff {
    master: RedisServer,
    replicas: [RedisServer; 2],
    network: FaultProxy,
    proxy: Tidegate,
}

impl CutOff {
    #[track_caller]
    fn spawn(flavor: Flavor) -> Self {
        let master = RedisServer::builder(flavor).args(&NO_PING).start();
        let network = FaultProxy::start(master.addr());
        let replica = || {
            let builder = RedisServer::builder(flavor).args(&NO_PING);
            let replica = builder.replica_of(network.addr()).start();
            master.wait_attached(&replica);
            replica
        };
        let replicas = [replica(), replica()];
        let addrs = replicas.each_ref().map(RedisServer::addr);
        let proxy = ConfigBuilder::new(master.addr(), &addrs).start();
        let mut wire = proxy.wire();
        wire.cmd(&["SET", "before", "1"]).ok();
        replicas.iter().for_each(|replica| master.wait_synced(replica));
        Self { master, replicas, network, proxy }
    }

    /// Cuts the replicas off and writes. Returns the bytes that only the master has.
    #[track_caller]
    fn write_alone(&self) -> i64 {
        self.network.blackhole();
        let mut wire = self.proxy.wire();
        for n in 0..50 {
            wire.cmd(&["SET", &format!("alone:{n}"), "value"]).ok();
        }
        let bytes = self.master.offset() - self.replicas[0].offset();
        assert!(bytes > 50 * 30, "{bytes}");
        wait_offset(&self.proxy, self.master.addr(), self.master.offset());
        bytes
    }

    /// The first replica becomes master, and the second one follows it.
    fn promote(&self) {
        let [new, other] = &self.replicas;
        new.promote();
        other.replicate_from(new.addr());
    }
}

/// Waits until the proxy knows that the server is at this offset.
#[track_caller]
fn wait_offset(proxy: &Tidegate, server: SocketAddr, offset: i64) {
    let mut wire = proxy.wire();
    eventually(PATIENCE, || match self::server(&mut wire, server) {
        it if it["offset"] == offset => Ok(()),
        it => Err(it.to_string()),
    });
}

/// Waits until the last failover fits.
#[track_caller]
fn wait_failover(proxy: &Tidegate, fits: impl Fn(&Value) -> bool) -> Value {
    let mut wire = proxy.wire();
    eventually(PATIENCE, || match topology(&mut wire)["failovers"].clone() {
        it if fits(&it["last"]) => Ok(it),
        it => Err(format!("{it}\n{}", proxy.log())),
    })
}

#[track_caller]
fn counts(proxy: &Tidegate) -> [f64; 3] {
    let page = Scrape::of(proxy);
    let value = |name: &str| page.value(name, &[]).expect(name);
    [
        value("tidegate_failovers_with_loss_total"),
        value("tidegate_failovers_unverified_total"),
        value("tidegate_failover_lost_bytes_total"),
    ]
}

#[test]
fn a_crash_behind_which_a_replica_was_cut_off() {
    for flavor in Flavor::ALL {
        let mut trial = CutOff::spawn(flavor);
        let bytes = trial.write_alone();
        trial.master.kill();
        trial.promote();
        let all = wait_failover(&trial.proxy, |last| last["to"] == addr(&trial.replicas[0]));
        let last = &all["last"];
        assert_eq!((&last["from"], &last["cause"]), (&addr(&trial.master), &"unreachable".into()));
        assert_eq!((&last["lost_bytes"], &last["exact"]), (&bytes.into(), &false.into()), "{all}");
        assert_eq!((&all["count"], &all["with_loss"]), (&1.into(), &1.into()), "{all}");
        let words = format!("lacks at least {bytes} bytes of the old one's replication stream");
        let log = trial.proxy.log();
        let line = log.lines().find(|line| line.contains(LOST)).expect(&log);
        assert!(line.contains(&words) && line.contains("ERROR"), "{line}");
        assert_eq!(log.matches(LOST).count(), 1, "{log}");
        let table = trial.proxy.wire().cmd(&["PROXY", "TOPOLOGY"]);
        assert!(table.strings().iter().any(|line| line.contains(&words)), "{table:?}");
        assert_eq!(counts(&trial.proxy), [1.0, 0.0, bytes as f64]);
    }
}

#[test]
fn the_old_masters_own_word_corrects_the_number() {
    let trial = CutOff::spawn(Flavor::Redis70);
    let bytes = trial.write_alone();
    trial.promote();
    let at_first = wait_failover(&trial.proxy, |last| last["lost_bytes"].is_number());
    assert_eq!(at_first["last"]["cause"], "deposed");
    assert_eq!(at_first["last"]["lost_bytes"], bytes);
    // A client that does not use the proxy.
    let before = trial.master.offset();
    trial.master.cmd(&["SET", "late", "x"]).ok();
    let late = trial.master.offset() - before;
    // Long enough for the proxy to ask the old master before it has the new one's data, as with
    // the default of Redis 7.0.
    trial.replicas[0].cmd(&["CONFIG", "SET", "repl-diskless-sync-delay", "2"]).ok();
    trial.network.heal();
    trial.master.replicate_from(trial.replicas[0].addr());
    let all = wait_failover(&trial.proxy, |last| last["exact"] == true);
    assert_eq!(all["last"]["lost_bytes"], bytes + late, "{all}");
    assert_eq!((&all["with_loss"], &all["count"]), (&1.into(), &1.into()));
    trial.replicas[0].wait_attached(&trial.master);
    let log = trial.proxy.log();
    let words =
        format!("more writes are lost than was known: the new master lacks {}", bytes + late);
    assert!(log.contains(&words), "{log}");
    assert_eq!(counts(&trial.proxy)[2], (bytes + late) as f64);
}

#[test]
fn a_planned_failover_loses_nothing_and_says_nothing() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    for n in 0..50 {
        wire.cmd(&["SET", "k", &n.to_string()]).ok();
    }
    let new = &trio.replicas[0];
    trio.master.cmd(&["FAILOVER", "TO", "127.0.0.1", &new.port().to_string()]).ok();
    let all = wait_failover(&proxy, |last| last["exact"] == true);
    assert_eq!(all["last"]["to"], addr(new));
    assert_eq!((&all["last"]["lost_bytes"], &all["last"]["cause"]), (&0.into(), &"demoted".into()));
    assert_eq!((&all["count"], &all["with_loss"]), (&1.into(), &0.into()));
    assert_eq!(counts(&proxy), [0.0; 3]);
    assert!(!proxy.log().contains("are lost"), "{}", proxy.log());
    let table = wire.cmd(&["PROXY", "TOPOLOGY"]);
    assert!(table.strings().iter().any(|line| line.ends_with("no write was lost")), "{table:?}");
}

/// The replicas of a master that is left alone for a while get PINGs from it.
#[test]
fn a_ping_of_the_old_master_is_no_loss() {
    let often = ["--repl-ping-replica-period", "1"];
    let trio = Trio::spawn_with(Flavor::Redis70, |builder| builder.args(&often));
    let proxy = Tidegate::for_trio(&trio).start();
    proxy.wire().cmd(&["SET", "k", "1"]).ok();
    let (old, [new, other]) = (&trio.master, &trio.replicas);
    old.wait_synced(new);
    // Two sides: the old master keeps one replica, so the promoted one is not master yet.
    new.promote();
    let parted = new.offset();
    eventually(PATIENCE, || (old.offset() > parted + 30).then_some(()).ok_or(String::new()));
    wait_offset(&proxy, other.addr(), old.offset());
    other.replicate_from(new.addr());
    new.wait_attached(other);
    old.replicate_from(new.addr());
    let all = wait_failover(&proxy, |last| last["to"] == addr(new));
    assert_eq!((&all["count"], &all["with_loss"]), (&1.into(), &0.into()), "{all}");
    assert!(!proxy.log().contains("are lost"), "{}", proxy.log());
}

#[test]
fn a_restart_with_an_older_snapshot_is_reported() {
    let mut trial = CutOff::spawn(Flavor::Redis70);
    trial.master.cmd(&["SAVE"]).ok();
    let bytes = trial.write_alone();
    trial.master.restart();
    let all = wait_failover(&trial.proxy, |last| last["cause"] == "restarted");
    assert_eq!(all["last"]["lost_bytes"], bytes, "{all}");
    assert!(trial.proxy.log().contains(LOST), "{}", trial.proxy.log());
}

#[test]
fn a_master_with_other_data_proves_nothing() {
    let (old, new) = (RedisServer::spawn(Flavor::Redis70), RedisServer::spawn(Flavor::Redis70));
    let mut proxy = ConfigBuilder::new(old.addr(), &[]).start();
    proxy.wire().cmd(&["SET", "k", "1"]).ok();
    proxy.reload(&ConfigBuilder::new(new.addr(), &[]).toml());
    let all = wait_failover(&proxy, |last| last["to"] == addr(&new));
    assert_eq!((&all["last"]["cause"], &all["unverified"]), (&"operator".into(), &1.into()));
    assert!(all["last"]["lost_bytes"].is_null(), "{all}");
    assert_eq!(counts(&proxy), [0.0, 1.0, 0.0]);
    assert!(proxy.log().contains("whether writes were lost is not known"), "{}", proxy.log());
}

fn addr(server: &RedisServer) -> Value {
    server.addr().to_string().into()
}
