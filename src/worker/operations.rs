//! What operators ask of the process: PROXY HOLD, PROXY RELEASE, PROXY FAILOVER.
//!
//! Clients ask here. One task carries the operations out, one after the other, and answers.

use std::time::Duration;

use crate::registry;
use tidegate_wire::units::HostPort;

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Requests that need the master wait, for this long at most.
    Hold(Duration),
    /// They wait no longer.
    Release,
    /// A replica becomes the master.
    Failover {
        /// Which one; `None` leaves the choice to the proxy, or to Sentinel.
        to: Option<HostPort>,
        /// How long that may take before it is given up.
        timeout: Duration,
    },
}

/// How an operation went.
pub type Outcome = Result<Done, String>;

/// An operation was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Requests wait, and none is under way at the master.
    Held,
    /// Requests wait no longer.
    Released,
    /// Another server is the master.
    Switched(Switched),
}

/// Another server is the master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switched {
    /// The last master.
    pub from: HostPort,
    /// The new one.
    pub to: HostPort,
    /// How long requests waited.
    pub held: Duration,
    /// What the operator should know, in words.
    pub warning: Option<String>,
}

/// An operation that a client has asked for.
pub type Asked = registry::Asked<Operation, Outcome>;

/// The operations that clients have asked for. Shared by all threads.
pub type Operations = registry::Asking<Operation, Outcome>;
