//! Requests by class, backend and reason: the totals of all workers, which a scrape reads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Kind;
use super::exposition::{Exposition, Family};
use crate::topology::{BackendId, Topology};

pub(super) const KINDS: usize = Kind::ALL.len();
/// The number of backends from which on the totals of backends that no worker uses are dropped.
const BACKENDS_MAX: usize = 4096;

/// The requests that all workers sent to one backend.
#[derive(Debug, Default)]
pub struct BackendRequests(pub(super) [AtomicU64; KINDS]);

/// A total that only goes up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Total(Arc<AtomicU64>);

impl Total {
    /// Adds `n` to the total.
    pub(crate) fn increment(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }
}

/// The requests that all workers sent, by backend, and those that the proxy answered.
#[derive(Debug, Default)]
pub struct Requests {
    local: Total,
    backends: Mutex<BTreeMap<BackendId, Arc<BackendRequests>>>,
}

impl Requests {
    /// The totals of a backend, for a worker that counts its first request to it.
    #[must_use]
    pub fn of(&self, id: BackendId) -> Arc<BackendRequests> {
        let mut backends = self.backends();
        if backends.len() >= BACKENDS_MAX {
            // Nothing scrapes, and servers come and go.
            backends.retain(|_, totals| Arc::strong_count(totals) > 1);
        }
        Arc::clone(backends.entry(id).or_default())
    }

    /// The requests that a backend got so far, in the order of [`Kind::ALL`].
    #[must_use]
    pub fn sent_to(&self, id: BackendId) -> [u64; KINDS] {
        let backends = self.backends();
        let totals = backends.get(&id).map_or(&NOTHING, |totals| &totals.0);
        std::array::from_fn(|kind| totals[kind].load(Relaxed))
    }

    /// How many requests the proxy answered itself so far.
    #[must_use]
    pub fn answered_locally(&self) -> u64 {
        self.local.0.load(Relaxed)
    }

    /// The requests that the proxy answered itself.
    pub(super) fn local(&self) -> Total {
        self.local.clone()
    }

    /// Writes the family: all kinds for every backend of `topology`, and none for other backends.
    pub(super) fn render(&self, page: &mut Exposition, topology: &Topology) {
        let mut backends = self.backends();
        // A backend that a worker still uses may come back.
        backends
            .retain(|id, totals| topology.backend(*id).is_some() || Arc::strong_count(totals) > 1);
        let help =
            "Requests by class, by the backend that got them, and by the reason for that backend.";
        let mut family = page.counter("tidegate_requests_total", help);
        write(&mut family, ["local", "", "proxy"], &self.local.0);
        for backend in topology.backends() {
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

/// The totals of a backend that got no requests.
static NOTHING: [AtomicU64; KINDS] = [const { AtomicU64::new(0) }; KINDS];

fn write(family: &mut Family<'_>, [class, backend, reason]: [&str; 3], total: &AtomicU64) {
    let labels = [("class", class), ("backend", backend), ("reason", reason)];
    family.sample(&labels, total.load(Relaxed));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_of_unused_servers_are_dropped_without_a_scrape() {
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
