//! The state of the link and the history of the data. They change seldom; INFO, `/status` and
//! metrics report them.

use super::clock::random_id;
use crate::config::HostPort;
use crate::topology::ServerVersion;
use tidegate_replication::{Identity, LinkStatus, Source};
use tidegate_wire::units::{ByteSize, ReplOffset};

/// The state of the link and of the data.
#[derive(Debug)]
pub(in crate::engine) struct LinkInfo {
    /// The master that the link follows.
    pub(in crate::engine) master: Option<HostPort>,
    pub(in crate::engine) status: LinkStatus,
    pub(in crate::engine) identity: Identity,
    /// The sub-replicas, and the stream for them.
    pub(in crate::engine) source: Source,
    /// The payload that is arriving.
    pub(in crate::engine) transfer: Option<Transfer>,
    /// Whether the data are a master's.
    pub(in crate::engine) has_data: bool,
    /// The master's version, as its snapshot reports it.
    pub(in crate::engine) server: ServerVersion,
    /// Why replication is halted.
    pub(in crate::engine) halted: Option<String>,
    /// The last master of the topology, while the link follows the topology.
    pub(in crate::engine) topology_master: Option<HostPort>,
    /// Why the last link ended.
    pub(in crate::engine) last_fault: Option<String>,
    pub(in crate::engine) counts: Counts,
}

/// How much of a payload has arrived.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Transfer {
    /// The length of the payload; `None` where the master does not announce it.
    pub(in crate::engine) total: Option<u64>,
    pub(in crate::engine) received: u64,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Counts {
    pub(in crate::engine) full_resyncs: u64,
    pub(in crate::engine) partial_resyncs: u64,
    pub(in crate::engine) links_lost: u64,
    pub(in crate::engine) commands_applied: u64,
}

impl LinkInfo {
    /// Returns the state of an engine without data that follows no master yet. `backlog` is how
    /// much of the stream it keeps.
    pub(super) fn new(backlog: ByteSize) -> Self {
        Self {
            master: None,
            status: LinkStatus::default(),
            identity: Identity::new(random_id()),
            source: Source::new(backlog, ReplOffset::default()),
            transfer: None,
            has_data: false,
            server: ServerVersion::default(),
            halted: None,
            topology_master: None,
            last_fault: None,
            counts: Counts::default(),
        }
    }
}
