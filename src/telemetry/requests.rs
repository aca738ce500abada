//! Requests by class, backend and reason: cells that a worker counts in, totals that a scrape
//! reads. In between lies a worker's tick.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::exposition::{Exposition, Family};
use super::{Kind, Metrics};
use crate::topology::{BackendId, Topology};

const KINDS: usize = Kind::ALL.len();
/// From here on the totals of servers that no worker deals with are dropped.
const BACKENDS_MAX: usize = 4096;

/// What one worker sent to one backend since its last tick.
#[derive(Debug, Default)]
pub struct RequestCounts([Cell<u64>; KINDS]);

impl RequestCounts {
    /// `n` requests more.
    #[inline]
    pub fn add(&self, kind: Kind, n: u64) {
        let cell = &self.0[kind as usize];
        cell.set(cell.get().wrapping_add(n));
    }

    /// Hands everything over.
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

/// What all workers sent to one backend.
#[derive(Debug, Default)]
pub struct BackendRequests([AtomicU64; KINDS]);

/// A total that only goes up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Total(Arc<AtomicU64>);

impl Total {
    /// Adds `n`.
    pub(crate) fn increment(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }
}

/// What all workers sent to whom.
#[derive(Debug, Default)]
pub struct Requests {
    local: Total,
    backends: Mutex<BTreeMap<BackendId, Arc<BackendRequests>>>,
}

impl Requests {
    /// The totals of a backend, for a worker that has just met it.
    #[must_use]
    pub fn of(&self, id: BackendId) -> Arc<BackendRequests> {
        let mut backends = self.backends();
        if backends.len() >= BACKENDS_MAX {
            // Nobody scrapes, and servers come and go.
            backends.retain(|_, totals| Arc::strong_count(totals) > 1);
        }
        Arc::clone(backends.entry(id).or_default())
    }

    /// What was answered without asking anybody.
    pub(super) fn local(&self) -> Total {
        self.local.clone()
    }

    /// Writes the family: all kinds for every backend of `topology`, of others nothing.
    pub(super) fn render(&self, page: &mut Exposition, topology: &Topology) {
        let mut backends = self.backends();
        // Whom a worker still deals with may come back.
        backends
            .retain(|id, totals| topology.backend(*id).is_some() || Arc::strong_count(totals) > 1);
        let help = "Requests by what they are, who got them and why.";
        let mut family = page.counter("tidegate_requests_total", help);
        write(&mut family, ["local", "", "proxy"], &self.local.0);
        for backend in &topology.backends {
            let addr = backend.addr.to_string();
            let totals = backends.get(&backend.id).map_or(&NOTHING, |totals| &totals.0);
            for (kind, total) in Kind::ALL.into_iter().zip(totals) {
                write(&mut family, [kind.class().as_str(), &addr, kind.reason()], total);
            }
        }
    }

    fn backends(&self) -> MutexGuard<'_, BTreeMap<BackendId, Arc<BackendRequests>>> {
        self.backends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

static NOTHING: [AtomicU64; KINDS] = [const { AtomicU64::new(0) }; KINDS];

fn write(family: &mut Family<'_>, [class, backend, reason]: [&str; 3], total: &AtomicU64) {
    let labels = [("class", class), ("backend", backend), ("reason", reason)];
    family.sample(&labels, total.load(Relaxed));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_without_end_are_forgotten_though_nobody_scrapes() {
        let requests = Requests::default();
        let stays = requests.of(BackendId(0));
        stays.0[0].store(7, Relaxed);
        for id in 1..20_000 {
            drop(requests.of(BackendId(id)));
        }
        assert!(requests.backends().len() <= BACKENDS_MAX);
        assert_eq!(requests.of(BackendId(0)).0[0].load(Relaxed), 7);
    }
}
