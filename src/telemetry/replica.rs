//! The engine in numbers.

use super::exposition::{Exposition, Family};

/// How the link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFigure {
    /// The stream flows.
    Up,
    /// A payload is on its way, or is being loaded.
    Syncing,
    /// There is none.
    Down,
    /// It stands still until it is told to go on.
    Halted,
}

impl LinkFigure {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Up, Self::Syncing, Self::Down, Self::Halted];

    /// The state's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Syncing => "syncing",
            Self::Down => "down",
            Self::Halted => "halted",
        }
    }
}

/// What is counted and measured.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The link.
    pub link: LinkFigure,
    /// Why it stands still, or why the last link ended.
    pub reason: Option<String>,
    /// The offset up to which the data is the master's.
    pub applied: u64,
    /// The offset of the last byte that came.
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
    /// Keys whose values cannot be read here.
    pub opaque_keys: u64,
    /// Bytes in use by the whole process; `None` where the allocator does not tell.
    pub used_memory: Option<u64>,
    /// Clients of its own port.
    pub clients: usize,
}

/// Writes the families.
pub(super) fn render(page: &mut Exposition, figures: &Figures) {
    let help = "1 for the state of the link to the master.";
    let mut link = page.gauge("tidegate_replica_link", help);
    for state in LinkFigure::ALL {
        link.sample(&[("state", state.as_str())], figures.link == state);
    }
    let one = |mut family: Family<'_>, value: u64| family.sample(&[], value);
    let help = "Replication offset up to which the data is the master's.";
    one(page.gauge("tidegate_replica_applied_offset_bytes", help), figures.applied);
    let help = "Replication offset of the last byte that came from the master.";
    one(page.gauge("tidegate_replica_received_offset_bytes", help), figures.received);
    let help = "What came from the master and is not applied yet.";
    let lag = figures.received.saturating_sub(figures.applied);
    one(page.gauge("tidegate_replica_lag_bytes", help), lag);
    let mut resyncs = page.counter("tidegate_replica_resyncs_total", "Resyncs, by kind.");
    resyncs.sample(&[("kind", "full")], figures.full_resyncs);
    resyncs.sample(&[("kind", "partial")], figures.partial_resyncs);
    let help = "Links to the master that were up and ended.";
    one(page.counter("tidegate_replica_links_lost_total", help), figures.links_lost);
    let help = "Commands and transactions of the stream that were applied.";
    one(page.counter("tidegate_replica_commands_applied_total", help), figures.commands_applied);
    one(page.gauge("tidegate_replica_keys", "Keys, in all databases."), figures.keys);
    let help = "Keys whose values cannot be read here: reads of them go to servers.";
    one(page.gauge("tidegate_replica_opaque_keys", help), figures.opaque_keys);
    let help = "Memory in use by the whole process, as its allocator counts.";
    if let Some(used) = figures.used_memory {
        one(page.gauge("tidegate_replica_used_memory_bytes", help), used);
    }
    let help = "Clients of the replica's own port.";
    page.gauge("tidegate_replica_clients", help).sample(&[], figures.clients);
}
