//! What is known of the link and of the data's history. Changes seldom, and is told by INFO,
//! `/status` and metrics.

use super::clock::random_id;
use crate::config::HostPort;
use crate::topology::ServerVersion;
use tidegate_replication::{Backlog, Identity, LinkStatus};
use tidegate_wire::units::{ByteSize, ReplOffset};

/// What changes seldom.
#[derive(Debug)]
pub(in crate::engine) struct LinkInfo {
    /// Whom it follows.
    pub(in crate::engine) master: Option<HostPort>,
    pub(in crate::engine) status: LinkStatus,
    pub(in crate::engine) identity: Identity,
    pub(in crate::engine) backlog: Backlog,
    /// The payload that is on its way.
    pub(in crate::engine) transfer: Option<Transfer>,
    /// Whether it has any master's data.
    pub(in crate::engine) has_data: bool,
    /// Who the master is, as its snapshot says.
    pub(in crate::engine) server: ServerVersion,
    /// Why it stands still.
    pub(in crate::engine) halted: Option<String>,
    /// The last master of the topology, while that is who is followed.
    pub(super) topology_master: Option<HostPort>,
    /// Why the last link ended.
    pub(in crate::engine) last_fault: Option<String>,
    pub(in crate::engine) counts: Counts,
}

/// How much of a payload has come.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Transfer {
    /// `None` where the master does not say.
    pub(in crate::engine) total: Option<u64>,
    pub(in crate::engine) received: u64,
}

/// What happened since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Counts {
    pub(in crate::engine) full_resyncs: u64,
    pub(in crate::engine) partial_resyncs: u64,
    pub(in crate::engine) links_lost: u64,
    pub(in crate::engine) commands_applied: u64,
}

impl LinkInfo {
    /// Of an engine without data, which follows nobody yet, and keeps so much of the stream.
    pub(super) fn new(backlog: ByteSize) -> Self {
        Self {
            master: None,
            status: LinkStatus::default(),
            identity: Identity::new(random_id()),
            backlog: Backlog::new(backlog, ReplOffset::default()),
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
