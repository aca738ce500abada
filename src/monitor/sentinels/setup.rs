//! How the Sentinels are reached, from proxy.toml.

use crate::config::{Config, HostPort};
use crate::monitor::asking::link::Dial;

/// Which Sentinels are asked about which master, and how they are reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setup {
    /// The name of the master.
    pub(super) master_name: String,
    dial: Dial,
}

impl Setup {
    /// As proxy.toml says; `None` if it names no Sentinels.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let topology = &config.topology;
        let any = topology.sentinels.first().filter(|_| topology.uses_sentinel())?;
        Some(Self {
            master_name: topology.master_name.clone(),
            dial: Dial::to_sentinel(any, config),
        })
    }

    /// The way to the Sentinel at `addr`.
    pub(super) fn dial(&self, addr: &HostPort) -> Dial {
        self.dial.clone().at(addr)
    }
}
