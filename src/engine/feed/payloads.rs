//! The snapshots that replicas take, by their numbers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::payload::Payload;
use crate::engine::Engine;

/// The snapshots, and the engine whose data they show.
#[derive(Debug)]
pub(super) struct Payloads {
    pub(super) engine: Arc<Engine>,
    all: Mutex<BTreeMap<u64, Arc<Payload>>>,
}

impl Payloads {
    pub(super) fn new(engine: &Arc<Engine>) -> Self {
        Self { engine: Arc::clone(engine), all: Mutex::default() }
    }

    /// Adds a snapshot, before a replica can know its number.
    pub(super) fn add(&self, number: u64, payload: &Arc<Payload>) {
        self.all().insert(number, Arc::clone(payload));
    }

    /// Returns a snapshot for a replica.
    pub(super) fn payload(&self, number: u64, id: u64) -> Option<Arc<Payload>> {
        let payload = self.all().get(&number).cloned()?;
        payload.expect(&[id]);
        Some(payload)
    }

    /// Forgets a replica.
    pub(super) fn leave(&self, id: u64) {
        self.engine.link_info().source.leave(id);
        self.all().values().for_each(|payload| payload.leave(id));
    }

    /// Forgets the snapshots of which `is_in_use` says no.
    pub(super) fn retain(&self, is_in_use: impl Fn(u64) -> bool) {
        self.all().retain(|number, _| is_in_use(*number));
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Payload>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
