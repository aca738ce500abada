//! How much the append-only file has: its size, and which part of the stream.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{MutexGuard, PoisonError};

use super::Aof;
use crate::engine::state::saving::aof::durable::Durable;
use tidegate_replication::Position;

impl Aof {
    /// Notes the size of the base; growth counts from here.
    pub(in crate::engine) fn loaded(&self, base_size: u64) {
        self.durable().begun();
        self.base_size.store(base_size, SeqCst);
        self.rewritten_size.store(self.size(), SeqCst);
    }

    /// The size of all files (`aof_current_size`).
    pub(in crate::engine) fn size(&self) -> u64 {
        self.base_size.load(SeqCst).saturating_add(self.commands_size.load(SeqCst))
    }

    /// The size after the last rewrite, or at the start (`aof_base_size`).
    pub(in crate::engine) fn rewritten_size(&self) -> u64 {
        self.rewritten_size.load(SeqCst)
    }

    /// The number of bytes that are not written (`aof_buffer_length`).
    pub(in crate::engine) fn buffered(&self) -> usize {
        let waiting = self.writer().waiting();
        waiting + self.pending().len()
    }

    /// Returns the place up to which a start finds the stream for sure; `None` while there is no file
    /// that has the data.
    pub(in crate::engine) fn durable_place(&self) -> Option<Position> {
        self.durable().place().filter(|_| self.is_on())
    }

    pub(super) fn durable(&self) -> MutexGuard<'_, Durable> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
