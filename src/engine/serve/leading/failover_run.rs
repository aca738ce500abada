//! A failover that a master has begun.

use crate::config::HostPort;

/// A failover under way.
#[derive(Clone, Debug)]
pub(in crate::engine::serve) struct FailingOver {
    /// The replica that is to be the master; any if there is none.
    pub(in crate::engine::serve) target: Option<HostPort>,
    /// When the master gives up, or goes on without waiting if it is forced.
    pub(in crate::engine::serve) until_ms: Option<u64>,
    pub(in crate::engine::serve) is_forced: bool,
    /// Whether the replica was asked to take over.
    pub(in crate::engine::serve) is_handed_over: bool,
}

/// What FAILOVER is asked to do.
pub(in crate::engine::serve) struct Wish {
    pub(in crate::engine::serve) target: Option<HostPort>,
    pub(in crate::engine::serve) timeout_ms: Option<u64>,
    pub(in crate::engine::serve) is_forced: bool,
}
