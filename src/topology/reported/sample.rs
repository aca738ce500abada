//! A server's place in the replication stream.

use super::observation::ServerRole;
use tidegate_wire::units::HostPort;

/// One answer to `INFO replication`, and when it was asked for. Times are milliseconds of the
/// process's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its role.
    pub role: ServerRole,
    /// Its replication id; empty if it reports none.
    pub replid: String,
    /// The offset of a master, or the offset that a replica has applied.
    pub offset: Option<u64>,
    /// The end of its data in the history `replid` (`master_repl_offset`), whatever its role.
    pub end: Option<u64>,
    /// The id of the history that this one continues (`master_replid2`); empty or zeros if it
    /// continues none.
    pub replid2: String,
    /// The offset from which on its data is no more that of `replid2` (`second_repl_offset`).
    pub second_offset: Option<u64>,
    /// The replicas that are attached to a master or to an engine, and what each has acknowledged.
    pub attached: Vec<Attached>,
    /// Whether it, a master, hands over to a replica (`master_failover_state`).
    pub is_failing_over: bool,
    /// Whether it is loading its data.
    pub loading: bool,
    /// Whether the write gate counts it. An engine does not count, because it cannot be promoted,
    /// unless `replica.counts-as-replica` is set.
    pub counts: bool,
    /// The addresses under which its master may list it: the one by which the proxy knows it, and
    /// the one to which that resolved.
    pub addrs: Vec<HostPort>,
    /// When the question was sent.
    pub sent_ms: u64,
    /// When the answer was received.
    pub received_ms: u64,
    /// The time between, in microseconds.
    pub took_us: u64,
}

/// A replica as its master sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its address, as it announces itself.
    pub addr: HostPort,
    /// The offset that it acknowledged last.
    pub offset: u64,
    /// How old that acknowledgement is at most, in milliseconds.
    pub age_ms: u64,
}
