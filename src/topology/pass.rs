//! The fence epoch with which a connection was opened.

use std::sync::Arc;

use super::Health;

/// The epoch of a server's [`Fence`](super::Fence), in the snapshot of the topology that led to a
/// connection. A snapshot from before a deposition gives a pass that is void from the start.
#[derive(Clone, Debug)]
pub struct Pass {
    health: Arc<Health>,
    epoch: u32,
}

impl Pass {
    /// A pass of this epoch to the server with this health.
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
