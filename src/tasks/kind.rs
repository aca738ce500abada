//! The kinds of tasks.

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A thread that serves clients.
    Worker,
    /// Accepts the clients of one worker at one address.
    Acceptor,
    /// Probes the servers and publishes the topology.
    Monitor,
    /// Sends one probe to one server.
    Probe,
    /// Closes idle clients.
    IdleSweep,
    /// Watches the configuration file.
    ConfigWatch,
    /// Accepts connections at `metrics.listen`.
    MetricsListener,
    /// Answers one request at `metrics.listen`.
    MetricsPage,
    /// Records what the operator's page shows.
    Recorder,
    /// The thread that serves the engine's own port.
    ReplicaPort,
    /// The thread of the engine's link to its master.
    ReplicaLink,
    /// A thread that writes the engine's data to the disk.
    ReplicaSave,
    /// The thread that feeds replicas of the engine, and its tasks.
    ReplicaFeed,
    /// Serves one client.
    Client,
    /// Drives one connection to a server.
    ServerConnection,
    /// Sends one WAIT for `wait-replicas`.
    WaitCheck,
    /// Carries out PROXY HOLD and PROXY FAILOVER.
    Switchover,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Worker,
        Self::Acceptor,
        Self::Monitor,
        Self::Probe,
        Self::IdleSweep,
        Self::ConfigWatch,
        Self::MetricsListener,
        Self::MetricsPage,
        Self::Recorder,
        Self::ReplicaPort,
        Self::ReplicaLink,
        Self::ReplicaSave,
        Self::ReplicaFeed,
        Self::Client,
        Self::ServerConnection,
        Self::WaitCheck,
        Self::Switchover,
    ];

    /// The value of the metrics' label `task`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Acceptor => "acceptor",
            Self::Monitor => "monitor",
            Self::Probe => "probe",
            Self::IdleSweep => "idle-sweep",
            Self::ConfigWatch => "config-watch",
            Self::MetricsListener => "metrics-listener",
            Self::MetricsPage => "metrics-page",
            Self::Recorder => "recorder",
            Self::ReplicaPort => "replica-port",
            Self::ReplicaLink => "replica-link",
            Self::ReplicaSave => "replica-save",
            Self::ReplicaFeed => "replica-feed",
            Self::Client => "client",
            Self::ServerConnection => "server-connection",
            Self::WaitCheck => "wait-check",
            Self::Switchover => "switchover",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_number_and_label() {
        assert!(Kind::ALL.into_iter().enumerate().all(|(at, kind)| kind as usize == at));
        let mut words = Kind::ALL.map(Kind::as_str).to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Kind::ALL.len());
    }
}
