//! The counters and states of the proxy at one moment.

use crate::telemetry::{Buckets, Class, Kind, LinkFigure};
use crate::topology::{Failovers, HoldReason, Report, Role, StaleReason};

/// What the proxy's counters and states say at one moment.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// The moment, in milliseconds of the process's clock.
    pub now_ms: u64,
    /// The same moment, in milliseconds since 1970.
    pub unix_ms: u64,
    /// Every server.
    pub servers: Vec<ServerSample>,
    /// How long requests took so far, by class.
    pub durations: [Buckets; Class::ALL.len()],
    /// Requests that the proxy answered itself so far.
    pub local: u64,
    /// The write gate.
    pub gate: Gate,
    /// Why requests wait for the master.
    pub hold: Option<HoldReason>,
    /// The failovers so far.
    pub failovers: Failovers,
    /// The reloads so far.
    pub reloads: Reloads,
    /// The engine's link, if there is an engine.
    pub link: Option<LinkFigure>,
    /// Whether the process ends.
    pub draining: bool,
    /// Restarts of tasks so far.
    pub restarts: u64,
}

/// One server at one moment.
#[derive(Clone, Debug)]
pub struct ServerSample {
    /// What the proxy reports about it.
    pub report: Report,
    /// The requests that it got so far, in the order of [`Kind::ALL`].
    pub sent: [u64; Kind::ALL.len()],
    /// How often it stopped being fresh so far, in the order of [`StaleReason::ALL`].
    pub departures: [u64; StaleReason::ALL.len()],
}

/// The write gate at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Whether writes are let through.
    pub open: bool,
    /// Replicas in sync.
    pub good: u32,
    /// Replicas that the gate wants.
    pub wanted: u32,
}

/// The reloads of `proxy.toml` so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reloads {
    /// Which configuration is in force.
    pub generation: u64,
    /// Reloads of a file without mistakes.
    pub successes: u64,
    /// Reloads that changed nothing because of a mistake.
    pub failures: u64,
}

impl Sample {
    /// The server with this number.
    pub(super) fn server(&self, id: u32) -> Option<&ServerSample> {
        self.servers.iter().find(|it| it.report.id == id)
    }

    /// The master's address.
    pub(super) fn master(&self) -> Option<String> {
        let master = self.servers.iter().find(|it| it.report.role == Role::Master);
        master.map(|it| it.report.addr.to_string())
    }
}

impl ServerSample {
    /// The requests of a class that the server got so far.
    pub(super) fn sent_of(&self, class: Class) -> u64 {
        let all = Kind::ALL.into_iter().zip(self.sent);
        all.filter(|(kind, _)| kind.class() == class).map(|(_, count)| count).sum()
    }
}
