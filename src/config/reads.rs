//! `[reads]`: who serves reads.

use std::collections::BTreeMap;

use super::HostPort;
use super::kind::{Address, Choice, Integer, Kind, OneOf, Raw, Read, Wrong, quoted};
use super::section::section;
use crate::routing::Balance;
use crate::session::ReadFrom;

section! {
    /// `[reads]`: which servers serve reads, and how these are spread over them.
    pub struct Reads = "reads" {
        /// The servers that may serve reads.
        "from" => from: ReadFrom = ReadFrom::Replica, OneOf::<ReadFrom>::new(), Live;

        /// How one of them is chosen.
        "balance" => balance: Balance = Balance::LeastInFlight, OneOf::<Balance>::new(), Live;

        /// Shares by server, 0 to 1000; who is not named has 1, 0 serves only when nobody else
        /// can.
        "weights" => weights: BTreeMap<HostPort, u32> = BTreeMap::new(), Weights, Live;
    }
}

impl Choice for ReadFrom {
    const ALL: &'static [Self] = &[Self::Master, Self::Replica, Self::Any];
    const ALIASES: &'static [(&'static str, Self)] = &[("primary", Self::Master)];

    fn word(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Replica => "replica",
            Self::Any => "any",
        }
    }
}

impl Choice for Balance {
    const ALL: &'static [Self] = &[Self::LeastInFlight, Self::RoundRobin, Self::Latency];

    fn word(self) -> &'static str {
        match self {
            Self::LeastInFlight => "least-in-flight",
            Self::RoundRobin => "round-robin",
            Self::Latency => "latency",
        }
    }
}

/// A table of addresses and their weights.
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
