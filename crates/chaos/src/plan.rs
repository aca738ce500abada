//! What a run is built from.

use std::path::{Path, PathBuf};

use tidegate_test_support::Flavor;

/// What is built.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The proxy's program.
    pub program: PathBuf,
    pub flavor: Flavor,
    pub seed: u64,
    /// Whether Sentinels watch the servers.
    pub sentinels: bool,
    /// Whether the proxy is told of the Sentinels, if it can be.
    pub discovery: bool,
    /// Whether each server is reached through a relay.
    pub relays: bool,
    /// Whether writes wait for a replica and the write gate is on.
    pub strict: bool,
    /// How long a server is silent until a Sentinel holds it for down, in ms.
    pub down_after: u32,
    /// How many proxies there are.
    pub proxies: usize,
    /// Whether the first proxy has an engine that serves reads.
    pub engine: bool,
    /// Further options of the servers.
    pub server_options: Vec<(&'static str, &'static str)>,
    /// Keys of proxy.toml besides those, as (section, line). Not for discovery.
    pub settings: Vec<(&'static str, String)>,
}

impl Plan {
    pub fn new(program: &Path, flavor: Flavor, seed: u64) -> Self {
        Self {
            program: program.to_owned(),
            flavor,
            seed,
            sentinels: true,
            discovery: true,
            relays: true,
            strict: false,
            down_after: 1_000,
            proxies: 1,
            engine: false,
            server_options: Vec::new(),
            settings: Vec::new(),
        }
    }
}
