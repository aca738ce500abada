//! `[reads]`: which servers serve reads, and how fresh their data has to be.

use std::collections::BTreeMap;
use std::time::Duration;

use super::section::section;
use crate::config::kind::{
    Address, Choice, Flag, Integer, Kind, OneOf, OrOff, Raw, Read, Size, Time, Wrong, quoted,
};
use crate::consistency::Level;
use crate::routing::{Balance, OnStale};
use crate::session::ReadFrom;
use tidegate_wire::units::ByteSize;
use tidegate_wire::units::HostPort;

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

section! {
    /// `[reads]`: which servers serve reads, and how the proxy spreads reads over them.
    pub struct Reads = "reads" {
        /// The servers that may serve reads.
        "from" => from: ReadFrom = ReadFrom::Replica, OneOf::<ReadFrom>::new(), Live;

        /// What a read is guaranteed to see.
        "consistency" => consistency: Level = Level::Global, OneOf::<Level>::new(), Live;

        /// How the proxy chooses one of them.
        "balance" => balance: Balance = Balance::LeastInFlight, OneOf::<Balance>::new(), Live;

        /// Each server's share of the reads, 0 to 1000. A server that is not listed has 1. A server
        /// with 0 gets reads only if no other server can serve them.
        "weights" => weights: BTreeMap<HostPort, u32> = BTreeMap::new(), Weights, Live;

        /// How old a replica's data may be, 1 ms to 1 h; "off" means any age.
        "max-lag" => max_lag: Option<Duration> = Some(Duration::from_secs(1)),
            OrOff(Time(MILLISECOND, HOUR)), Live;

        /// How many bytes of the replication stream a replica may be behind, 1 to 1 TiB; "off"
        /// means any number.
        "max-lag-bytes" => max_lag_bytes: Option<ByteSize> = None,
            OrOff(Size(ByteSize::new(1), ByteSize::new(1 << 40))), Live;

        /// A stale replica gets reads again when its lag is at most this share of the limits, in
        /// percent.
        "rejoin-percent" => rejoin_percent: u32 = 80, Integer(1, 100), Live;

        /// How long its lag has to stay below that share, up to 1 h. The time doubles for a replica
        /// that becomes stale again soon.
        "rejoin-after" => rejoin_after: Duration = Duration::from_millis(500),
            Time(Duration::ZERO, HOUR), Live;

        /// What the proxy does with reads while no replica is fresh.
        "on-stale" => on_stale: OnStale = OnStale::Master, OneOf::<OnStale>::new(), Live;

        /// With `on-stale = "master"`: the share of these reads that go to the master, in percent.
        /// The others get an error.
        "on-stale-master-share" => on_stale_master_share: u32 = 100, Integer(0, 100), Live;

        /// With `on-stale = "wait"`: how long a read waits for a fresh replica, 1 ms to 1 h.
        "wait-timeout" => wait_timeout: Duration = Duration::from_secs(1),
            Time(MILLISECOND, HOUR), Live;

        /// Whether replicas serve reads while the master cannot be reached.
        /// redis.conf: `replica-serve-stale-data`.
        "replica-serve-stale-data" => replica_serve_stale_data: bool = true, Flag, Live;

        /// Whether the proxy touches a sample of the keys that it reads at replicas at the master.
        "touch-master" => touch_master: TouchMaster = TouchMaster::Auto,
            OneOf::<TouchMaster>::new(), Live;

        /// How long a read waits for its replica, or for the engine of `[replica]`, to have the data
        /// that it must include, up to 1 s. Then another server gets it.
        "floor-wait" => floor_wait: Duration = Duration::from_millis(10),
            Time(Duration::ZERO, Duration::from_secs(1)), Live;

        /// Whether the engine of `[replica]` is one of the replicas that serve reads.
        "local" => local: bool = false, Flag, Live;
    }
}

/// Whether the proxy touches keys at the master that it reads at replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TouchMaster {
    /// If the master evicts by use: `maxmemory` is set, and `maxmemory-policy` is `*-lru` or
    /// `*-lfu`.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

impl Choice for TouchMaster {
    const ALL: &'static [Self] = &[Self::Auto, Self::On, Self::Off];

    fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

impl Choice for Level {
    const ALL: &'static [Self] = &Self::ALL;

    fn as_str(self) -> &'static str {
        self.as_str()
    }
}

impl Choice for OnStale {
    const ALL: &'static [Self] = &[Self::Master, Self::Error, Self::Wait];
    const ALIASES: &'static [(&'static str, Self)] = &[("primary", Self::Master)];

    fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Error => "error",
            Self::Wait => "wait",
        }
    }
}

impl Choice for ReadFrom {
    const ALL: &'static [Self] = &[Self::Master, Self::Replica, Self::Any];
    const ALIASES: &'static [(&'static str, Self)] = &[("primary", Self::Master)];

    fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Replica => "replica",
            Self::Any => "any",
        }
    }
}

impl Choice for Balance {
    const ALL: &'static [Self] = &[Self::LeastInFlight, Self::RoundRobin, Self::Latency];

    fn as_str(self) -> &'static str {
        match self {
            Self::LeastInFlight => "least-in-flight",
            Self::RoundRobin => "round-robin",
            Self::Latency => "latency",
        }
    }
}

/// The kind of `weights`: a table of addresses and their weights.
#[derive(Debug)]
struct Weights;

impl Weights {
    const WEIGHT: Integer<u32> = Integer(0, 1000);
}

impl Kind for Weights {
    type Value = BTreeMap<HostPort, u32>;

    fn accepted(&self) -> String {
        format!("a table of \"host:port\" = {}, each server once", Self::WEIGHT.accepted())
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, Self::Value> {
        let Some(table) = raw.get_ref().as_table() else {
            return Wrong::all(raw);
        };
        let (mut weights, mut wrongs) = (BTreeMap::new(), Vec::new());
        for (key, raw) in table {
            let address: Option<HostPort> =
                key.get_ref().parse().ok().filter(|it: &HostPort| it.port > 0);
            let read = (address, Self::WEIGHT.read(raw).ok());
            let is_new = match read {
                (Some(address), Some(weight)) => weights.insert(address, weight).is_none(),
                _ => false,
            };
            if !is_new {
                wrongs.push(Wrong {
                    within: format!(".{}", quoted(key.get_ref())),
                    raw,
                    accepted: None,
                });
            }
        }
        if wrongs.is_empty() { Ok(weights) } else { Err(wrongs) }
    }

    fn show(&self, weights: &Self::Value) -> String {
        let show = |(address, weight)| format!("{} = {weight}", Address::Server.show(address));
        let items: Vec<_> = weights.iter().map(show).collect();
        if items.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", items.join(", ")) }
    }
}
