//! Why an operation was not carried out.

use std::time::Duration;

use tidegate_wire::units::HostPort;

use crate::monitor::LinkError;

/// Why an operation was not carried out. The old master is still the master, unless the text says
/// something else.
#[derive(Debug, thiserror::Error)]
pub(super) enum SwitchoverError {
    /// Another PROXY FAILOVER is being carried out. These are Redis's words (`failoverCommand`).
    #[error("FAILOVER already in progress.")]
    UnderWay,
    /// There is no master to begin with.
    #[error("the proxy knows no server that is a master")]
    NoMaster,
    /// The server is the master already.
    #[error("{0} is the master already")]
    IsMaster(HostPort),
    /// TO names a server that is not attached to the master.
    #[error("{0} is no replica that is attached to the master {1}")]
    NoSuchReplica(HostPort, HostPort),
    /// The master has no replica to which it could hand over.
    #[error("no replica is attached to the master {0}")]
    NoReplica(HostPort),
    /// Sentinel chooses the replica.
    #[error("Sentinel chooses the replica itself (replica-priority); leave out TO")]
    SentinelChooses,
    /// No Sentinel is known.
    #[error("no Sentinel is known")]
    NoSentinel,
    /// A Sentinel does not watch the master.
    #[error("{0}: watches no master that is named {1}")]
    Unwatched(HostPort, String),
    /// No Sentinel that was asked begins a failover: why each does not.
    #[error("no Sentinel has begun a failover: {}", join(.0))]
    SentinelsRefuse(Vec<Self>),
    /// A server could not be asked.
    #[error("{0}: {1}")]
    Link(HostPort, LinkError),
    /// A server refused a command.
    #[error("{0} refused {1}: {2}")]
    Refused(HostPort, &'static str, String),
    /// The monitor has not published the hold.
    #[error("the hold did not come into force within {0:?}")]
    NotHeld(Duration),
    /// Requests are still under way at the master.
    #[error("requests wait now, but {count} are still under way at the master after {after:?}")]
    NotQuiet {
        /// How many.
        count: i64,
        /// For how long they were waited for.
        after: Duration,
    },
    /// The failover has begun, and was given up.
    #[error("{0}; the failover was given up")]
    GivenUp(GivenUp),
    /// Sentinel has begun a failover, which nothing can call off; the proxy does not wait for it.
    #[error("{0}; Sentinel may still carry its failover out")]
    LeftToSentinel(GivenUp),
}

fn join(errors: &[SwitchoverError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Why a failover that has begun was given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum GivenUp {
    /// No other server was proven to be master in time.
    #[error("no other server was proven to be master within {0:?}")]
    TooLate(Duration),
    /// The master has ended it.
    #[error(
        "the master has ended FAILOVER: {0} did not catch up within {1:?}, or FAILOVER ABORT came"
    )]
    Ended(HostPort, Duration),
    /// An operator asks for the end of the hold.
    #[error("PROXY RELEASE came")]
    Released,
    /// This process ends.
    #[error("the proxy is shutting down")]
    Draining,
}
