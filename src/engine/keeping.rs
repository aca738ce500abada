//! A full resync's payload becomes the data on the disk, as servers do it: what was received is
//! there already, and has only to be synced and named. That takes a while, so it is done on a
//! thread of its own; and never beside a save, whose data are newer.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::Engine;
use super::spool::Spool;
use crate::tasks::{Kind, Witness};

/// Whether it goes on.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    goes_on: Mutex<bool>,
    over: Condvar,
}

impl Keeping {
    /// Waits until it is over. Who has said before that he saves (`Saves::claim`) is not
    /// overtaken by another one.
    pub(super) fn wait(&self) {
        let mut goes_on = self.goes_on.lock().unwrap_or_else(PoisonError::into_inner);
        while *goes_on {
            goes_on = self.over.wait(goes_on).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Begins one, unless one goes on or `is_saving` says that somebody saves.
    fn begin(&self, is_saving: impl FnOnce() -> bool) -> bool {
        let mut goes_on = self.goes_on.lock().unwrap_or_else(PoisonError::into_inner);
        if *goes_on || is_saving() {
            return false;
        }
        *goes_on = true;
        true
    }

    fn end(&self) {
        *self.goes_on.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.over.notify_all();
    }
}

impl Engine {
    /// Keeps a payload as the snapshot.
    pub(super) fn keep_payload(self: &Arc<Self>, payload: Spool) {
        if !self.keeping.begin(|| self.saves.go_on()) {
            return;
        }
        // Ends it however the thread ends, and where there is none: a save would wait for ever.
        let claim = Claim(Arc::clone(self), Witness::new(&self.tasks, Kind::ReplicaSave));
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

/// The claim that [`Keeping::begin`] gave.
struct Claim(Arc<Engine>, #[expect(dead_code, reason = "it acts when it is dropped")] Witness);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.keeping.end();
    }
}
