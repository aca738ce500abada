//! Who is connected to a port, for `CLIENT LIST`, `KILL`, `PAUSE`: the proxy's clients, those of
//! the engine's own port, and its master. Never serves anybody.

mod ask;
mod closings;
mod entry;
mod evict;
mod kill_filter;
mod logins;
mod pause;
mod redirection;

pub use ask::Killed;
pub use closings::{Closing, Closings};
pub use entry::{ClientInfo, Entry, Unblocked};
pub use evict::evict_clients;
use kill_filter::{Filter, parse_kill, parse_list};
pub use logins::Logins;
pub use pause::Pause;
pub use redirection::{Redirected, Redirection, TargetState};

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidegate_wire::units::millis;

type Entries = BTreeMap<u64, Arc<Entry>>;

/// The clients by id. Locked when one comes or goes and for `CLIENT LIST` and its like, never for
/// a request.
#[derive(Debug, Default)]
pub struct Registry {
    entries: Mutex<Entries>,
    last_id: AtomicU64,
    /// Failed logins.
    pub logins: Logins,
    /// Clients that the proxy closed.
    pub closings: Closings,
}

impl Registry {
    /// A new client, unless there are `max` already.
    pub fn admit(
        &self,
        addr: SocketAddr,
        laddr: SocketAddr,
        max: usize,
        now_ms: u64,
    ) -> Option<Arc<Entry>> {
        let mut entries = self.entries();
        if entries.len() >= max {
            return None;
        }
        let id = self.last_id.fetch_add(1, Relaxed) + 1;
        let entry = Arc::new(Entry::new(id, addr, laddr, now_ms));
        entries.insert(id, Arc::clone(&entry));
        Some(entry)
    }

    /// It is gone.
    pub fn remove(&self, id: u64) {
        self.entries().remove(&id);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The client with this id.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<Arc<Entry>> {
        self.entries().get(&id).cloned()
    }

    /// All, in the order of their ids.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Entry>> {
        self.entries().values().cloned().collect()
    }

    /// Ends clients that have said nothing for `timeout`, unless they wait for something.
    pub fn kill_idle(&self, timeout: Duration, now_ms: u64) {
        let timeout = millis(timeout);
        for entry in self.all() {
            let facts = entry.info();
            let waits = facts.master || facts.blocked || facts.is_pubsub() || facts.monitor;
            let idle = now_ms.saturating_sub(entry.last_ms()) > timeout;
            drop(facts);
            if idle && !waits {
                // What else it may wait for, it knows best.
                entry.kill_if_idle();
            }
        }
    }

    /// Makes everybody look around.
    pub fn wake_all(&self) {
        for entry in self.all() {
            entry.wake();
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
