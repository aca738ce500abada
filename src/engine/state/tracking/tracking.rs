//! CLIENT TRACKING: tells clients of the engine's own port which keys have changed that they may have
//! cached. Keys are changed by the thread of the port and by the link; messages go to mailboxes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::trackers::{Tracker, Trackers};
use crate::engine::state::mailbox::{Invalidated, Mailbox};
use tidegate_store::Change;

/// The tracking of the engine's port.
#[derive(Debug, Default)]
pub(in crate::engine) struct Tracking {
    inner: Mutex<Inner>,
    /// The number of clients that track. Nothing else is looked at while it is 0.
    count: AtomicUsize,
    /// Whether clients of prefixes are to be told of changes.
    has_broadcasts: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    trackers: Trackers,
    /// The mailboxes of all clients of the port: each may be the target of a redirection.
    mailboxes: HashMap<u64, Arc<Mailbox>>,
    /// The clients whose targets have gone.
    broken: Vec<u64>,
}

impl Tracking {
    /// Adds a client of the port, to which others may redirect.
    pub(in crate::engine) fn connect(&self, mailbox: &Arc<Mailbox>) {
        self.inner().mailboxes.insert(mailbox.id(), Arc::clone(mailbox));
    }

    /// Forgets a client that has gone.
    pub(in crate::engine) fn disconnect(&self, client: u64) {
        self.end(client);
        self.inner().mailboxes.remove(&client);
    }

    /// Whether there is a client with this id (`lookupClientByID`).
    pub(in crate::engine) fn knows(&self, client: u64) -> bool {
        self.inner().mailboxes.contains_key(&client)
    }

    /// A client begins to track, or tracks in another way (`enableTracking`).
    pub(in crate::engine) fn begin(&self, client: u64, tracker: Tracker) {
        let mut inner = self.inner();
        inner.trackers.enter(client, tracker);
        inner.broken.retain(|broken| *broken != client);
        self.count.store(inner.trackers.len(), Relaxed);
    }

    /// A client tracks no more (`disableTracking`).
    pub(in crate::engine) fn end(&self, client: u64) {
        if !self.is_active() {
            return;
        }
        let mut inner = self.inner();
        inner.trackers.leave(client);
        inner.broken.retain(|broken| *broken != client);
        self.count.store(inner.trackers.len(), Relaxed);
    }

    /// Whether a client tracks.
    pub(in crate::engine) fn is_active(&self) -> bool {
        self.count.load(Relaxed) > 0
    }

    /// The number of clients that track (`tracking_clients`).
    pub(in crate::engine) fn len(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// The numbers of keys, of pairs of key and client, and of prefixes, for INFO.
    pub(in crate::engine) fn figures(&self) -> (usize, usize, usize) {
        self.inner().trackers.figures()
    }

    /// Whether the target of a client's redirection has gone.
    pub(in crate::engine) fn is_broken(&self, client: u64) -> bool {
        self.inner().broken.contains(&client)
    }

    /// Notes keys that a client reads, before it reads them: what changes meanwhile counts as
    /// changed. At most `max` keys are kept; 0 is no limit.
    pub(in crate::engine) fn read<'k>(
        &self,
        client: u64,
        keys: impl Iterator<Item = &'k [u8]>,
        max: usize,
    ) {
        let mut inner = self.inner();
        keys.for_each(|key| inner.trackers.read(client, key));
        for (key, clients) in inner.trackers.limit(max, || fastrand::usize(..)) {
            inner.tell(&clients, &Invalidated::Keys(&[&key]));
        }
    }

    /// Tells of a change, which a client has made if `by` names one.
    pub(in crate::engine) fn note(&self, change: &Change<'_>, by: Option<u64>) {
        if !self.is_active() {
            return;
        }
        let mut inner = self.inner();
        match *change {
            Change::Key { key, .. } => {
                let clients = inner.trackers.change(key, by);
                inner.tell(&clients, &Invalidated::Keys(&[key]));
                self.has_broadcasts.store(inner.trackers.has_broadcasts(), Relaxed);
            }
            Change::Database(_) | Change::All => {
                let clients = inner.trackers.flush();
                for client in clients {
                    // As in servers, the null is that of the client that tracks.
                    let version = inner.mailboxes.get(&client).map(|it| it.version());
                    inner.tell(&[client], &Invalidated::All(version.unwrap_or_default()));
                }
            }
            // The keys keep their names, and servers tell of nothing.
            Change::Swap(..) => {}
        }
    }

    /// Tells the clients of prefixes what has changed since the last call.
    pub(in crate::engine) fn broadcast(&self) {
        if !self.has_broadcasts.load(Relaxed) {
            return;
        }
        let mut inner = self.inner();
        self.has_broadcasts.store(false, Relaxed);
        for (client, keys) in inner.trackers.take_broadcasts() {
            let keys: Vec<&[u8]> = keys.iter().map(|key| &**key).collect();
            inner.tell(&[client], &Invalidated::Keys(&keys));
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Tells clients, or the targets of their redirections (`sendTrackingMessage`).
    fn tell(&mut self, clients: &[u64], what: &Invalidated<'_>) {
        for client in clients {
            let redirect = self.trackers.get(*client).map_or(0, |tracker| tracker.redirect);
            let target = if redirect == 0 { *client } else { redirect };
            if let Some(mailbox) = self.mailboxes.get(&target) {
                mailbox.invalidate(what, redirect != 0);
                continue;
            }
            if !self.broken.contains(client) {
                self.broken.push(*client);
            }
            if let Some(own) = self.mailboxes.get(client) {
                own.redirection_is_broken(redirect);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_wire::resp::RespVersion;

    fn client(tracking: &Tracking, id: u64, version: RespVersion) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::new(id, 1 << 20, || {}));
        mailbox.speak(version);
        tracking.connect(&mailbox);
        mailbox
    }

    fn taken(mailbox: &Mailbox) -> String {
        let mut out = Vec::new();
        mailbox.take(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn key(key: &str) -> Change<'_> {
        Change::Key { db: 0, key: key.as_bytes() }
    }

    #[test]
    fn messages_have_the_form_of_the_client_that_gets_them() {
        let tracking = Tracking::default();
        let own = client(&tracking, 1, RespVersion::V3);
        let target = client(&tracking, 2, RespVersion::V2);
        let sender = client(&tracking, 3, RespVersion::V3);
        tracking.begin(1, Tracker::default());
        tracking.begin(3, Tracker { redirect: 2, ..Tracker::default() });
        let read = || [1, 3].map(|id| tracking.read(id, [&b"k"[..]].into_iter(), 0));
        read();
        tracking.note(&key("k"), None);
        assert_eq!(taken(&own), ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n");
        assert_eq!(taken(&target), "", "a client of RESP2 has to subscribe");
        target.subscribes(true);
        read();
        tracking.note(&key("k"), None);
        let head = "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n";
        assert_eq!(taken(&target), format!("{head}*1\r\n$1\r\nk\r\n"));
        taken(&own);
        tracking.note(&Change::All, Some(1));
        assert_eq!(taken(&own), ">2\r\n$10\r\ninvalidate\r\n_\r\n");
        assert_eq!(taken(&target), format!("{head}_\r\n"));
        // The target goes.
        tracking.disconnect(2);
        tracking.note(&Change::All, None);
        assert_eq!(taken(&sender), ">2\r\n$21\r\ntracking-redir-broken\r\n:2\r\n");
        assert!(tracking.is_broken(3) && !tracking.is_broken(1));
        tracking.end(3);
        assert!(!tracking.is_broken(3));
        assert_eq!(tracking.len(), 1);
    }

    #[test]
    fn keys_beyond_the_limit_count_as_changed() {
        let tracking = Tracking::default();
        let own = client(&tracking, 1, RespVersion::V3);
        tracking.begin(1, Tracker::default());
        for key in ["a", "b", "c"] {
            tracking.read(1, [key.as_bytes()].into_iter(), 2);
        }
        assert_eq!(taken(&own).matches("invalidate").count(), 1);
        assert_eq!(tracking.figures().0, 2);
    }
}
