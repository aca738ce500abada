//! What is known of the link and of the data's history. Changes seldom, and is told by INFO,
//! `/status` and metrics.

use super::engine::random_id;
use crate::config::HostPort;
use crate::topology::ServerVersion;
use tidegate_replication::{Backlog, Identity, LinkStatus};
use tidegate_wire::units::{ByteSize, ReplOffset};

/// What changes seldom.
#[derive(Debug)]
pub(super) struct Facts {
    /// Whom it follows.
    pub(super) master: Option<HostPort>,
    pub(super) status: LinkStatus,
    pub(super) identity: Identity,
    pub(super) backlog: Backlog,
    /// The payload that is on its way.
    pub(super) transfer: Option<Transfer>,
    /// Whether it has any master's data.
    pub(super) has_data: bool,
    /// Who the master is, as its snapshot says.
    pub(super) server: ServerVersion,
    /// Why it stands still.
    pub(super) halted: Option<String>,
    /// The last master of the topology, while that is who is followed.
    pub(super) topology_master: Option<HostPort>,
    /// Why the last link ended.
    pub(super) last_fault: Option<String>,
    pub(super) counts: Counts,
}

/// How much of a payload has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Transfer {
    /// `None` where the master does not say.
    pub(super) total: Option<u64>,
    pub(super) received: u64,
}

/// What happened since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) full_resyncs: u64,
    pub(super) partial_resyncs: u64,
    pub(super) links_lost: u64,
    pub(super) commands_applied: u64,
}

impl Facts {
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
