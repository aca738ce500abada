//! What the link keeps from one connection to the next.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::apply::Applier;
use super::master_info::MasterInfo;
use crate::engine::Engine;
use tidegate_replication::Offsets;

/// The state that the link keeps from one connection to the next.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) engine: Arc<Engine>,
    pub(super) applier: Applier,
    pub(super) offsets: Offsets,
    /// Whether the master was asked with SYNC and counts no offsets.
    pub(super) is_uncounted: bool,
    /// What the master has reported of itself.
    pub(super) master_info: MasterInfo,
}

impl Follower {
    pub(super) fn new(engine: &Arc<Engine>) -> Self {
        let offsets = Offsets::at(engine.applied());
        let applier = Applier::new(engine.stream_db.load(Relaxed));
        Self {
            engine: Arc::clone(engine),
            applier,
            offsets,
            is_uncounted: false,
            master_info: MasterInfo::default(),
        }
    }

    /// Begins a link where the data stand now: the engine may have been a master meanwhile.
    pub(super) fn rejoin(&mut self) {
        let engine = Arc::clone(&self.engine);
        // Neither the role nor the data change under the lock.
        let _store = engine.store();
        self.applier.begin(&engine);
        if self.offsets.applied() != engine.applied() {
            self.offsets = Offsets::at(engine.applied());
            self.applier.restart(engine.stream_db.load(Relaxed));
        }
    }
}
