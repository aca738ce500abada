//! Keeps a deposed master's late replies from its clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::Health;

/// How often a server has lost the title of master while it might still take writes. Connections
/// that were opened before the last time are of no use any more.
#[derive(Debug, Default)]
pub struct Fence(AtomicU32);

impl Fence {
    /// The number of times so far.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.0.load(Relaxed)
    }

    /// The server is deposed: nothing more is sent over its connections, and what still comes over
    /// them is not believed.
    pub fn raise(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// What a connection was opened with: the epoch of the [`Fence`] in the picture that led to it. A
/// picture from before a deposition gives a pass that is void from the start.
#[derive(Clone, Debug)]
pub struct Pass {
    health: Arc<Health>,
    epoch: u32,
}

impl Pass {
    /// A pass to the server with these numbers, of this epoch.
    #[must_use]
    pub const fn new(health: Arc<Health>, epoch: u32) -> Self {
        Self { health, epoch }
    }

    /// Whether the server has been deposed since: one relaxed load.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.health.fence.epoch() != self.epoch
    }

    /// The epoch.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_void_once_the_fence_was_raised() {
        let health = Arc::<Health>::default();
        let pass = Pass::new(Arc::clone(&health), health.fence.epoch());
        assert!(!pass.is_void());
        health.fence.raise();
        assert!(pass.is_void());
        assert!(!Pass::new(Arc::clone(&health), health.fence.epoch()).is_void());
    }
}
