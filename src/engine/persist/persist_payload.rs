//! Keeps the payload of a full resync as the snapshot on the disk, as servers do. The file exists
//! already, and has only to be synced and renamed. That takes a while, so a thread of its own does
//! it. It never runs beside a save, whose data are newer.

use std::sync::Arc;

use super::spool::Spool;
use crate::engine::Engine;
use crate::tasks::{Kind, PanicGuard};

impl Engine {
    /// Keeps a payload as the snapshot.
    pub(in crate::engine) fn persist_payload(self: &Arc<Self>, payload: Spool) {
        if !self.payload_save.begin(|| self.saves.go_on()) {
            return;
        }
        // The claim ends however the thread ends, and also without a thread: a save would wait for
        // ever.
        let claim = Claim(Arc::clone(self), PanicGuard::new(&self.tasks, Kind::ReplicaSave));
        let work = move || {
            let path = claim.0.snapshot_path();
            if let Err(error) = payload.keep_as(&path) {
                tracing::warn!(path = %path.display(), "the payload is not kept: {error}");
            }
            drop(claim);
        };
        if let Err(error) = std::thread::Builder::new().name("replica-keep".into()).spawn(work) {
            tracing::warn!("the payload is not kept: {error}");
        }
    }
}

/// The claim that `PayloadSave::begin` gave. Dropping it ends the claim.
struct Claim(Arc<Engine>, #[expect(dead_code, reason = "it acts when it is dropped")] PanicGuard);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.payload_save.end();
    }
}
