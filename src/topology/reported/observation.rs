//! A server's answer to the monitor's questions.

use super::server_version::ServerVersion;
use tidegate_wire::units::HostPort;

/// A server's answers to `ROLE`, `HELLO` and `INFO`, as far as the proxy uses them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Its role.
    pub role: ServerRole,
    /// The run id of its process (`INFO server`): a restart changes it.
    pub run_id: String,
    /// Its replication id (`INFO replication`), which names the history of its data. A replica with
    /// its master's id has that master's data. Empty if the server reports none.
    pub replid: String,
    /// The id of the history that this one continues (`master_replid2`); empty or zeros if it
    /// continues none.
    pub replid2: String,
    /// The offset from which on its data is no more that of `replid2` (`second_repl_offset`).
    pub second_offset: Option<u64>,
    /// Its name and version.
    pub version: ServerVersion,
    /// Whether it is loading its data (`INFO persistence`).
    pub loading: bool,
    /// Its `maxmemory-policy`, if it evicts by use and its memory is limited (`INFO memory`).
    pub eviction: Option<String>,
    /// The commands that it has executed (`INFO stats`).
    pub commands: u64,
    /// How often the data of the engine of this process came to belong to another history; 0 for
    /// other servers.
    pub data_epoch: u64,
}

/// The role that a server reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerRole {
    /// A master, and the replicas that are attached to it.
    Master {
        /// Their addresses, as they announce themselves.
        replicas: Vec<HostPort>,
    },
    /// A replica of `master`.
    Replica {
        /// The address of its master.
        master: HostPort,
        /// The state of its link.
        link: LinkState,
    },
    /// A Sentinel, or something newer than this program.
    Other(String),
}

/// The state of a replica's link, as `ROLE` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// `connected`.
    Up,
    /// `sync`: the snapshot is on its way.
    Syncing,
    /// Anything else.
    Down,
}

impl Observation {
    /// The tag of this process's scan cursors, from 1 to 2^20 - 1; 0 without a run id. Another
    /// process of the same server hashes its keys differently, so its cursors mean something else.
    #[must_use]
    pub fn scan_tag(&self) -> u32 {
        scan_tag(&self.run_id)
    }
}

/// The tag of the scan cursors of the process with this run id; 0 if it has none. Every proxy gives
/// it the same tag, so that an iteration may go on through another proxy.
#[must_use]
pub fn scan_tag(run_id: &str) -> u32 {
    if run_id.is_empty() {
        return 0;
    }
    // FNV-1a, folded to 20 bits: run ids are random already.
    let mut hash: u32 = 0x811c_9dc5;
    for byte in run_id.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    ((hash >> 12) ^ (hash & 0xfff)).max(1)
}
