//! The state of the proxy that `/status` and PROXY TOPOLOGY JSON have in common. The names are
//! documented in `docs/metrics.md`.

use serde::Serialize;

use crate::topology::{Failovers, Hold, Report, SentinelOverview};
use crate::worker::Shared;

/// The servers, the write gate and the clients. In JSON, an unknown value is null.
#[derive(Debug, Serialize)]
pub struct Overview {
    version: &'static str,
    uptime_ms: u64,
    topology_generation: u64,
    /// The master's address.
    master: Option<String>,
    /// Why it is not decided which server is master.
    pub(in crate::client) undecided: Option<String>,
    /// Why requests wait for the master, and for how long already.
    pub(in crate::client) hold: Option<HoldOverview>,
    /// Every server, the master first.
    pub(in crate::client) backends: Vec<Report>,
    pub(in crate::client) gate: GateOverview,
    /// What the Sentinels say, if they are asked.
    pub(in crate::client) sentinel: Option<SentinelOverview>,
    pub(in crate::client) failovers: FailoversOverview,
    clients: ClientsOverview,
}

/// The failovers since the start.
#[derive(Debug, Serialize)]
pub(in crate::client) struct FailoversOverview {
    count: u64,
    with_loss: u64,
    unverified: u64,
    lost_bytes: u64,
    pub(in crate::client) last: Option<FailoverOverview>,
}

/// The last failover.
#[derive(Debug, Serialize)]
pub(in crate::client) struct FailoverOverview {
    pub(in crate::client) from: String,
    pub(in crate::client) to: String,
    pub(in crate::client) cause: &'static str,
    pub(in crate::client) age_ms: u64,
    lost_bytes: Option<u64>,
    exact: bool,
    /// The loss in words.
    pub(in crate::client) loss: String,
}

impl FailoversOverview {
    fn of(failovers: &Failovers, now_ms: u64) -> Self {
        let last = failovers.last.as_ref().map(|last| FailoverOverview {
            from: last.from.to_string(),
            to: last.to.to_string(),
            cause: last.cause.as_str(),
            age_ms: now_ms.saturating_sub(last.at_ms),
            lost_bytes: last.loss.bytes(),
            exact: last.loss.is_exact(),
            loss: last.loss.to_string(),
        });
        Self {
            count: failovers.count(),
            with_loss: failovers.with_loss,
            unverified: failovers.unverified,
            lost_bytes: failovers.lost_bytes,
            last,
        }
    }
}

/// Requests that need the master wait.
#[derive(Debug, Serialize)]
pub(in crate::client) struct HoldOverview {
    pub(in crate::client) reason: &'static str,
    /// The reason as a sentence.
    pub(in crate::client) text: &'static str,
    /// Since when.
    pub(in crate::client) age_ms: u64,
    /// How long requests go on to wait; 0 if they are refused by now.
    pub(in crate::client) left_ms: u64,
}

impl HoldOverview {
    fn of(hold: Hold, now_ms: u64) -> Self {
        Self {
            reason: hold.reason.as_str(),
            text: hold.reason.in_words(),
            age_ms: now_ms.saturating_sub(hold.since_ms),
            left_ms: hold.until_ms.saturating_sub(now_ms),
        }
    }
}

/// The write gate.
#[derive(Debug, Serialize)]
pub(in crate::client) struct GateOverview {
    pub(in crate::client) open: bool,
    pub(in crate::client) good: u32,
    pub(in crate::client) wanted: u32,
    held: usize,
}

#[derive(Debug, Serialize)]
struct ClientsOverview {
    connected: usize,
    max: usize,
}

impl Overview {
    /// The state now.
    #[must_use]
    pub fn of(shared: &Shared) -> Self {
        let (topology, now_ms) = (shared.topology.load_full(), shared.now_ms());
        let shard = topology.sole_shard();
        let gate = &shard.gate;
        Self {
            version: env!("CARGO_PKG_VERSION"),
            uptime_ms: now_ms,
            topology_generation: topology.generation,
            master: shard.master().map(|master| master.addr.to_string()),
            undecided: shard.undecided.clone(),
            hold: shard.hold.map(|hold| HoldOverview::of(hold, now_ms)),
            backends: topology.backends().map(|it| Report::of(it, now_ms)).collect(),
            gate: GateOverview {
                open: gate.is_open(now_ms),
                good: gate.good(now_ms),
                wanted: gate.wanted(),
                held: shared.held_writes.clients(),
            },
            failovers: FailoversOverview::of(&shard.failovers, now_ms),
            sentinel: topology.sentinels.as_deref().cloned(),
            clients: ClientsOverview {
                connected: shared.registry.len(),
                max: shared.config.load().proxy.max_clients,
            },
        }
    }
}
