//! Requests by class and reason: the cells in which a worker counts between two ticks.

use std::cell::Cell;
use std::sync::atomic::Ordering::Relaxed;

use super::requests::{BackendRequests, KINDS};
use super::{Kind, Metrics};

/// The requests that one worker sent to one backend since its last tick.
#[derive(Debug, Default)]
pub struct RequestCounts([Cell<u64>; KINDS]);

impl RequestCounts {
    /// Counts `n` more requests of `kind`.
    #[inline]
    pub fn add(&self, kind: Kind, n: u64) {
        let cell = &self.0[kind as usize];
        cell.set(cell.get().wrapping_add(n));
    }

    /// Adds all counts to the totals and sets them to 0.
    pub fn flush(&self, totals: &BackendRequests, metrics: &Metrics) {
        for (kind, cell) in Kind::ALL.into_iter().zip(&self.0) {
            let n = cell.take();
            if n == 0 {
                continue;
            }
            totals.0[kind as usize].fetch_add(n, Relaxed);
            match kind {
                Kind::ReadFallback => metrics.reads_fallen_back.increment(n),
                Kind::ReadOrphaned => metrics.reads_orphaned.increment(n),
                _ => {}
            }
        }
    }
}
