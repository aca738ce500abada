//! What happens in each trial.

use std::thread;
use std::time::Duration;

use crate::faults::driver::{Driver, Fault};
use crate::faults::make;
use crate::plan::Plan;
use crate::stand::Stand;
use crate::stand::server::From;

/// How long a trial waits for Sentinel to promote a replica: a few of its attempts, which are twice
/// `failover-timeout` apart.
const SENTINEL_MAX: Duration = Duration::from_secs(90);

/// A kind of failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    SentinelFailover,
    Failover,
    ProxyFailover,
    ByHand,
    ByHandHeld,
    Kill,
    KillStrict,
    HostKilled,
    HostFrozen,
    Partition,
    PartitionGated,
    PartitionStrict,
}

impl Trial {
    pub const ALL: [Self; 12] = [
        Self::SentinelFailover,
        Self::Failover,
        Self::ProxyFailover,
        Self::ByHand,
        Self::ByHandHeld,
        Self::Kill,
        Self::KillStrict,
        Self::HostKilled,
        Self::HostFrozen,
        Self::Partition,
        Self::PartitionGated,
        Self::PartitionStrict,
    ];

    /// Its name on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::SentinelFailover => "sentinel-failover",
            Self::Failover => "failover",
            Self::ProxyFailover => "proxy-failover",
            Self::ByHand => "by-hand",
            Self::ByHandHeld => "by-hand-held",
            Self::Kill => "kill",
            Self::KillStrict => "kill-strict",
            Self::HostKilled => "host-killed",
            Self::HostFrozen => "host-frozen",
            Self::Partition => "partition",
            Self::PartitionGated => "partition-gated",
            Self::PartitionStrict => "partition-strict",
        }
    }

    /// Its name in a table.
    pub fn title(self) -> &'static str {
        match self {
            Self::SentinelFailover => "SENTINEL FAILOVER",
            Self::Failover => "FAILOVER",
            Self::ProxyFailover => "PROXY FAILOVER",
            Self::ByHand => "REPLICAOF by hand",
            Self::ByHandHeld => "REPLICAOF in PROXY HOLD",
            Self::Kill => "kill -9",
            Self::KillStrict => "kill -9, gate and wait-replicas 1",
            Self::HostKilled => "master and its Sentinel killed",
            Self::HostFrozen => "both frozen, resumed after the failover",
            Self::Partition => "master cut off, gate off",
            Self::PartitionGated => "master cut off, gate 1",
            Self::PartitionStrict => "master cut off, gate and wait-replicas 1",
        }
    }

    pub(super) fn plan(self, mut plan: Plan) -> Plan {
        let by_hand = matches!(self, Self::Failover | Self::ByHand | Self::ByHandHeld);
        plan.sentinels = !by_hand;
        plan.relays =
            matches!(self, Self::Partition | Self::PartitionGated | Self::PartitionStrict);
        plan.strict = matches!(self, Self::KillStrict | Self::PartitionStrict);
        if self == Self::PartitionGated {
            let gate = "min-replicas-to-write = 1\nmin-replicas-max-lag = \"300ms\"";
            plan.settings.push(("writes", gate.to_owned()));
        }
        plan
    }

    pub(super) fn is_possible(self, stand: &Stand) -> bool {
        match self {
            Self::ProxyFailover => stand.proxy.has("FAILOVER"),
            Self::ByHandHeld => stand.proxy.has("HOLD"),
            _ => true,
        }
    }

    /// Makes the failover happen, and what follows it. False if Sentinel never promoted a replica:
    /// then all stays as the fault left it, because a master that came back now would lead again,
    /// without its data.
    pub(super) fn play(self, driver: &mut Driver<'_>) -> bool {
        match self {
            Self::SentinelFailover => then_follow(driver, Fault::SentinelFailover),
            Self::Failover => make(driver, Fault::Failover),
            Self::ProxyFailover => then_follow(driver, Fault::ProxyFailover),
            Self::ByHandHeld => make(driver, Fault::SwitchHeld),
            Self::ByHand => by_hand(driver),
            Self::Kill | Self::KillStrict => return host(driver, Harm::Kill, false),
            Self::HostKilled => return host(driver, Harm::Kill, true),
            Self::HostFrozen => return host(driver, Harm::Freeze, true),
            Self::Partition | Self::PartitionGated | Self::PartitionStrict => {
                return partition(driver);
            }
        }
        true
    }
}

/// Sentinel moves the old master after ten seconds; two are enough for clients to show what they
/// are told.
fn then_follow(driver: &mut Driver<'_>, fault: Fault) {
    let old = driver.stand.master();
    make(driver, fault);
    thread::sleep(Duration::from_secs(2));
    if let (Some(old), Some(new)) = (old, driver.stand.master())
        && old != new
    {
        let addr = driver.stand.servers[new].addr();
        driver.stand.servers[old].follow(addr);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Harm {
    Kill,
    Freeze,
}

/// Promotes a replica, moves the other one, then the old master, without a pause.
fn by_hand(driver: &Driver<'_>) {
    let Some(master) = driver.stand.master() else { return };
    let (heir, third) = ((master + 1) % 3, (master + 2) % 3);
    let new = driver.stand.servers[heir].addr();
    driver.stand.servers[heir].promote();
    driver.stand.servers[third].follow(new);
    driver.stand.servers[master].follow(new);
}

/// The master dies or stops, with the Sentinel beside it or alone, until the failover is over. False
/// if there was none.
fn host(driver: &mut Driver<'_>, harm: Harm, with_sentinel: bool) -> bool {
    let Some(master) = driver.stand.master() else { return false };
    let stand = &mut *driver.stand;
    match harm {
        Harm::Kill => stand.servers[master].kill(),
        Harm::Freeze => stand.servers[master].process.pause(),
    }
    if with_sentinel {
        match harm {
            Harm::Kill => stand.sentinels[0].kill(),
            Harm::Freeze => stand.sentinels[0].process.signal("STOP"),
        }
    }
    if !wait_led_by_another(driver, master) {
        return false;
    }
    // Long enough for clients to write to the new master only.
    thread::sleep(Duration::from_secs(2));
    let stand = &mut *driver.stand;
    if with_sentinel {
        match harm {
            Harm::Kill => stand.sentinels[0].restart(),
            Harm::Freeze => stand.sentinels[0].process.signal("CONT"),
        }
    }
    match harm {
        Harm::Kill => stand.servers[master].restart(),
        Harm::Freeze => stand.servers[master].process.resume(),
    }
    // It says that it is a master until a Sentinel or an operator corrects it.
    thread::sleep(Duration::from_secs(2));
    let addr = (0..3).filter(|n| *n != master).find_map(|n| {
        let server = &driver.stand.servers[n];
        server.role().filter(|it| it.is_master && it.followers > 0).map(|_| server.addr())
    });
    if let Some(addr) = addr {
        driver.stand.servers[master].follow(addr);
    }
    true
}

/// Whether another server becomes the master and gets a replica.
fn wait_led_by_another(driver: &Driver<'_>, old: usize) -> bool {
    driver.wait(SENTINEL_MAX, |stand| {
        let leads =
            |n: usize| stand.servers[n].role().is_some_and(|it| it.is_master && it.followers > 0);
        (0..3).filter(|n| *n != old).any(leads)
    })
}

/// The master hears neither replicas nor Sentinels, and the proxy hears all of them. False if there
/// was no failover.
fn partition(driver: &Driver<'_>) -> bool {
    let Some(master) = driver.stand.master() else { return false };
    let from = [From::Servers, From::Sentinels];
    let lines = || from.iter().flat_map(|from| driver.stand.servers[master].lines(*from));
    lines().for_each(|line| line.faults().blackhole());
    let is_led = wait_led_by_another(driver, master);
    if is_led {
        thread::sleep(Duration::from_secs(2));
        lines().for_each(tidegate_test_support::source_relay::Line::heal);
    }
    is_led
}
