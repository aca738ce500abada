//! What a server said of its place in the replication stream.

use super::observation::ServerRole;
use tidegate_wire::units::HostPort;

/// One answer to `INFO replication`, and when it was asked for. Times are milliseconds of the
/// process's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What it says it is.
    pub role: ServerRole,
    /// The id of the history that its data belongs to; empty if it is not told.
    pub replid: String,
    /// A master's offset, or what a replica has applied.
    pub offset: Option<u64>,
    /// A master's replicas that take the stream, and what each has acknowledged.
    pub attached: Vec<Attached>,
    /// Whether it is loading its data.
    pub loading: bool,
    /// Whether its copy counts as a replica's; false for an engine, which cannot be promoted,
    /// unless `replica.counts-as-replica` says otherwise.
    pub counts: bool,
    /// The addresses under which its master may list it: the one by which it is known here, and
    /// where that led.
    pub addrs: Vec<HostPort>,
    /// When the question was sent.
    pub sent_ms: u64,
    /// When the answer was there.
    pub received_ms: u64,
    /// The time between, in microseconds.
    pub took_us: u64,
}

/// A replica as its master sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// As it announces itself.
    pub addr: HostPort,
    /// The offset that it acknowledged last.
    pub offset: u64,
    /// How long ago that was at most, in milliseconds.
    pub age_ms: u64,
}
