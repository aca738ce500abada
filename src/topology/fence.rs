//! Keeps a deposed master's late replies from clients.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// How often a server was deposed as master while it might still take writes. A connection that was
/// opened before the last time must not be used.
#[derive(Debug, Default)]
pub struct Fence(AtomicU32);

impl Fence {
    /// The number of times so far.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.0.load(Relaxed)
    }

    /// Notes that the server is deposed: its connections are sent nothing more, and replies that
    /// still arrive on them are dropped.
    pub fn raise(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}
