//! The clients of one port.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Closings, Entry, Logins, Refusals};
use crate::session::Identity;
use tidegate_wire::units::{PeerAddr, millis};

type Entries = BTreeMap<u64, Arc<Entry>>;

/// The clients of one port by id. The lock is taken when a client comes or goes and for commands
/// like `CLIENT LIST`, and for no other request.
#[derive(Debug, Default)]
pub struct Registry {
    entries: Mutex<Entries>,
    last_id: AtomicU64,
    /// Logins that failed.
    pub logins: Logins,
    /// The requests and logins that were refused.
    pub refusals: Refusals,
    /// Clients that the proxy closed.
    pub closings: Closings,
}

impl Registry {
    /// Adds a client; `None` if there are `max` clients already.
    pub fn admit(
        &self,
        addr: impl Into<PeerAddr>,
        laddr: impl Into<PeerAddr>,
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

    /// Replaces the entry of a client whose connection another task has taken over. The new entry
    /// tells the new task what others want of it.
    #[must_use]
    pub fn hand_over(&self, entry: &Entry) -> Arc<Entry> {
        let new = Arc::new(entry.renewed());
        self.entries().insert(new.id, Arc::clone(&new));
        // An order that came before this is for the new task.
        if entry.is_killed() {
            new.kill();
        }
        new
    }

    /// How many other clients than `own` are logged in as `user`.
    #[must_use]
    pub fn count_others(&self, user: Identity, own: u64) -> usize {
        let is_one = |entry: &&Arc<Entry>| {
            let info = entry.info();
            entry.id != own && info.is_logged_in && info.user == user
        };
        self.entries().values().filter(is_one).count()
    }

    /// Ends the clients whose user is none any more, as `is_user` says. A client that waits for messages
    /// sends no request at which it would be noticed.
    pub fn end_without_user(&self, is_user: impl Fn(Identity) -> bool) {
        for entry in self.entries().values() {
            let user = entry.info().user;
            if !is_user(user) {
                entry.kill();
            }
        }
    }

    /// Removes a client that has gone.
    pub fn remove(&self, id: u64) {
        self.entries().remove(&id);
    }

    /// The number of clients.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there is no client.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The client with this id.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<Arc<Entry>> {
        self.entries().get(&id).cloned()
    }

    /// All clients, in the order of their ids.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Entry>> {
        self.entries().values().cloned().collect()
    }

    /// Ends clients that have sent nothing for `timeout`, unless they wait for something.
    pub fn kill_idle(&self, timeout: Duration, now_ms: u64) {
        let timeout = millis(timeout);
        for entry in self.all() {
            let info = entry.info();
            let waits =
                info.master || info.replica || info.blocked || info.is_pubsub() || info.monitor;
            let idle = now_ms.saturating_sub(entry.last_ms()) > timeout;
            drop(info);
            if idle && !waits {
                // Only the client's task knows whether it waits for something else.
                entry.kill_if_idle();
            }
        }
    }

    /// Wakes the tasks of all clients.
    pub fn wake_all(&self) {
        for entry in self.all() {
            entry.wake();
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_clients_are_asked_to_end_unless_they_wait() {
        let registry = Registry::default();
        let addr = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        let [idle, active, blocked, monitor] =
            [(); 4].map(|()| registry.admit(addr, addr, 9, 0).expect("room"));
        active.touch(5_000);
        blocked.info().blocked = true;
        monitor.info().monitor = true;
        registry.kill_idle(Duration::from_secs(3), 6_000);
        assert!(idle.take_kill_if_idle() && !idle.take_kill_if_idle(), "asked once");
        assert!(![active, blocked, monitor].iter().any(|entry| entry.take_kill_if_idle()));
    }

    #[test]
    fn a_full_registry_admits_no_client_until_one_has_gone() {
        let registry = Registry::default();
        let addr = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        let ids: Vec<_> =
            (0..3).map(|_| registry.admit(addr, addr, 2, 0).map(|it| it.id)).collect();
        assert_eq!(ids, [Some(1), Some(2), None]);
        registry.remove(1);
        assert_eq!(registry.admit(addr, addr, 2, 0).map(|it| it.id), Some(3), "ids ascend");
        assert!(registry.find(1).is_none() && registry.find(3).is_some());
    }
}
