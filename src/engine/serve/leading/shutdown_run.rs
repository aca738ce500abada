//! A SHUTDOWN that waits for replicas.

use crate::engine::state::Farewell;

/// What SHUTDOWN is asked to do.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::serve) struct Order {
    pub(in crate::engine::serve) farewell: Farewell,
    /// Whether replicas are not waited for (`NOW`).
    pub(in crate::engine::serve) is_now: bool,
    /// Whether the process ends although the data cannot be saved (`FORCE`).
    pub(in crate::engine::serve) is_forced: bool,
}

/// A SHUTDOWN under way.
#[derive(Debug)]
pub(in crate::engine::serve) struct ShuttingDown {
    pub(super) order: Order,
    /// The offset that replicas are to have.
    pub(super) offset: u64,
    /// When the process ends without them.
    pub(super) until_ms: u64,
    /// Since when another save is waited for.
    pub(super) save_waits_ms: Option<u64>,
    /// The clients that have sent SHUTDOWN.
    pub(super) clients: Vec<u64>,
    /// Whether the process ends.
    pub(super) is_over: bool,
}
