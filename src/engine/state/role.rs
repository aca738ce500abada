//! Whether the engine is a master or follows one.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};

/// How far a replica has come that was a master, and asks its successor to take over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) enum Handover {
    /// It does not ask, or the other one has taken over.
    #[default]
    None,
    /// Its next request for the stream asks the other one to take over.
    Asking,
    /// The other one has refused.
    Refused,
}

/// The role of an engine. It changes under the lock of the store.
#[derive(Debug)]
pub(in crate::engine) struct Role {
    leads: AtomicBool,
    changes: AtomicU64,
    handover: AtomicU8,
}

impl Role {
    /// Returns the role of an engine that is a master if `leads`.
    pub(super) fn new(leads: bool) -> Self {
        let (leads, changes) = (AtomicBool::new(leads), AtomicU64::default());
        Self { leads, changes, handover: AtomicU8::default() }
    }

    /// Whether the engine is a master.
    #[inline]
    pub(super) fn leads(&self) -> bool {
        self.leads.load(Relaxed)
    }

    /// How often the role has changed. Work that was begun in another role is dropped.
    #[inline]
    pub(in crate::engine) fn changes(&self) -> u64 {
        self.changes.load(Relaxed)
    }

    /// How far a handover has come.
    pub(in crate::engine) fn handover(&self) -> Handover {
        match self.handover.load(Relaxed) {
            1 => Handover::Asking,
            2 => Handover::Refused,
            _ => Handover::None,
        }
    }

    /// Notes how far a handover has come.
    pub(in crate::engine) fn set_handover(&self, handover: Handover) {
        self.handover.store(handover as u8, Relaxed);
    }

    /// Changes the role. The caller holds the lock of the store for a change.
    pub(in crate::engine) fn set(&self, leads: bool) {
        self.leads.store(leads, Relaxed);
        self.changes.fetch_add(1, Relaxed);
    }
}
