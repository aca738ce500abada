//! The metrics of the engine.

use super::exposition::{Exposition, Family};

/// The state of the engine's link to its master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFigure {
    /// The engine receives the replication stream.
    Up,
    /// The engine receives or loads the payload of a full resync.
    Syncing,
    /// There is no link.
    Down,
    /// The engine has stopped replicating until the configuration changes or a client sends
    /// REPLICAOF.
    Halted,
    /// The engine is a master, which has no link.
    Master,
}

impl LinkFigure {
    /// Every state, for metrics.
    pub const ALL: [Self; 5] = [Self::Up, Self::Syncing, Self::Down, Self::Halted, Self::Master];

    /// The value of the label `state`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Syncing => "syncing",
            Self::Down => "down",
            Self::Halted => "halted",
            Self::Master => "master",
        }
    }
}

/// The engine's counters and gauges.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The state of the link.
    pub link: LinkFigure,
    /// Why replication has halted, or why the last link ended.
    pub reason: Option<String>,
    /// The offset up to which the engine has applied the stream.
    pub applied: u64,
    /// The offset of the last byte received.
    pub received: u64,
    /// Full resyncs so far.
    pub full_resyncs: u64,
    /// Partial resyncs so far.
    pub partial_resyncs: u64,
    /// Links lost so far.
    pub links_lost: u64,
    /// Commands and transactions of the stream applied so far.
    pub commands_applied: u64,
    /// Keys in all databases.
    pub keys: u64,
    /// Keys whose values the engine cannot read.
    pub opaque_keys: u64,
    /// Bytes that the whole process uses; `None` if the allocator does not report it.
    pub used_memory: Option<u64>,
    /// Clients of the engine's own port, its replicas not counted.
    pub clients: usize,
    /// Replicas that are attached to the engine.
    pub attached: usize,
    /// Full and partial resyncs of these so far.
    pub feed_resyncs: (u64, u64),
}

/// Writes the families.
pub(super) fn render(page: &mut Exposition, figures: &Figures) {
    let help = "1 for the state of the link to the master.";
    let mut link = page.gauge("tidegate_replica_link", help);
    for state in LinkFigure::ALL {
        link.sample(&[("state", state.as_str())], figures.link == state);
    }
    let one = |mut family: Family<'_>, value: u64| family.sample(&[], value);
    let help = "Replication offset up to which the engine has applied the stream.";
    one(page.gauge("tidegate_replica_applied_offset_bytes", help), figures.applied);
    let help = "Replication offset of the last byte received from the master.";
    one(page.gauge("tidegate_replica_received_offset_bytes", help), figures.received);
    let help = "Bytes received from the master and not applied yet.";
    let lag = figures.received.saturating_sub(figures.applied);
    one(page.gauge("tidegate_replica_lag_bytes", help), lag);
    let mut resyncs =
        page.counter("tidegate_replica_resyncs_total", "Resyncs with the master, by kind.");
    resyncs.sample(&[("kind", "full")], figures.full_resyncs);
    resyncs.sample(&[("kind", "partial")], figures.partial_resyncs);
    let help = "Links to the master that ended after they were up.";
    one(page.counter("tidegate_replica_links_lost_total", help), figures.links_lost);
    let help = "Commands and transactions of the stream that the engine has applied.";
    one(page.counter("tidegate_replica_commands_applied_total", help), figures.commands_applied);
    one(page.gauge("tidegate_replica_keys", "Keys in all databases of the engine."), figures.keys);
    let help = "Keys whose values the engine cannot read; reads of them go to other servers.";
    one(page.gauge("tidegate_replica_opaque_keys", help), figures.opaque_keys);
    let help = "Memory that the whole process uses, as its allocator counts it.";
    if let Some(used) = figures.used_memory {
        one(page.gauge("tidegate_replica_used_memory_bytes", help), used);
    }
    let help = "Clients of the engine's own port.";
    page.gauge("tidegate_replica_clients", help).sample(&[], figures.clients);
    let help = "Replicas that are attached to the engine.";
    page.gauge("tidegate_replica_attached", help).sample(&[], figures.attached);
    let help = "Resyncs of replicas with the engine, by kind.";
    let mut resyncs = page.counter("tidegate_replica_feed_resyncs_total", help);
    resyncs.sample(&[("kind", "full")], figures.feed_resyncs.0);
    resyncs.sample(&[("kind", "partial")], figures.feed_resyncs.1);
}
