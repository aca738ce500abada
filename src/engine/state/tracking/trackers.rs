//! The clients that track keys, and what each is to be told of a change (`tracking.c`). It knows no
//! connection: the caller sends what it returns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::readers::Readers;

/// The least number of departed clients at which their keys are looked for.
const SWEEP_MIN: usize = 64;

/// How a client tracks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Tracker {
    /// The client that gets the invalidations; 0 is the client itself.
    pub(in crate::engine) redirect: u64,
    /// Whether it is told of every key with one of its prefixes (`BCAST`), read or not.
    pub(in crate::engine) is_broadcast: bool,
    /// Whether it is not told of its own changes (`NOLOOP`).
    pub(in crate::engine) is_silent: bool,
    /// The prefixes.
    pub(in crate::engine) prefixes: BTreeSet<Box<[u8]>>,
}

/// The keys that have changed, each with the client that changed it last.
type Changed = BTreeMap<Box<[u8]>, Option<u64>>;

/// The clients of a prefix, and what they are still to be told.
#[derive(Debug, Default)]
struct Prefix {
    clients: BTreeSet<u64>,
    changed: Changed,
}

/// The clients that track, by their ids.
#[derive(Debug, Default)]
pub(super) struct Trackers {
    clients: BTreeMap<u64, Tracker>,
    readers: Readers,
    prefixes: BTreeMap<Box<[u8]>, Prefix>,
    /// How many clients have gone whose keys may be in `readers`.
    departed: usize,
}

impl Trackers {
    /// A client begins to track, or tracks in another way. Prefixes that it has stay.
    pub(super) fn enter(&mut self, client: u64, mut tracker: Tracker) {
        if let Some(before) = self.clients.remove(&client) {
            tracker.prefixes.extend(before.prefixes);
        }
        for prefix in &tracker.prefixes {
            self.prefixes.entry(prefix.clone()).or_default().clients.insert(client);
        }
        self.clients.insert(client, tracker);
    }

    /// A client tracks no more.
    pub(super) fn leave(&mut self, client: u64) {
        let Some(tracker) = self.clients.remove(&client) else { return };
        for prefix in &tracker.prefixes {
            if let Some(found) = self.prefixes.get_mut(prefix) {
                found.clients.remove(&client);
                if found.clients.is_empty() {
                    self.prefixes.remove(prefix);
                }
            }
        }
        self.departed += 1;
        if self.departed > self.clients.len().max(SWEEP_MIN) {
            let clients = &self.clients;
            self.readers.retain(|client| clients.contains_key(&client));
            self.departed = 0;
        }
    }

    /// How a client tracks.
    pub(super) fn get(&self, client: u64) -> Option<&Tracker> {
        self.clients.get(&client)
    }

    /// The number of clients that track.
    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }

    /// The numbers of keys, of pairs of key and client, and of prefixes.
    pub(super) fn figures(&self) -> (usize, usize, usize) {
        (self.readers.keys(), self.readers.items(), self.prefixes.len())
    }

    /// Notes that a client reads a key (`trackingRememberKeys`).
    pub(super) fn read(&mut self, client: u64, key: &[u8]) {
        if self.clients.get(&client).is_some_and(|tracker| !tracker.is_broadcast) {
            self.readers.add(key, client);
        }
    }

    /// Notes that a key has changed. Returns the clients that are told at once; those of prefixes are
    /// told at the next [`Self::take_broadcasts`] (`trackingInvalidateKey`).
    pub(super) fn change(&mut self, key: &[u8], by: Option<u64>) -> Vec<u64> {
        for (prefix, found) in &mut self.prefixes {
            if key.starts_with(prefix) {
                found.changed.insert(key.into(), by);
            }
        }
        let clients = &self.clients;
        let is_told = |client: &u64| {
            let tracker = clients.get(client).filter(|it| !it.is_broadcast);
            tracker.is_some_and(|it| !it.is_silent || by != Some(*client))
        };
        self.readers.take(key).into_iter().filter(is_told).collect()
    }

    /// Whether clients of prefixes are still to be told of changes.
    pub(super) fn has_broadcasts(&self) -> bool {
        self.prefixes.values().any(|it| !it.changed.is_empty())
    }

    /// Takes what the clients of prefixes are told: each prefix with its keys is a message of its own
    /// (`trackingBroadcastInvalidationMessages`).
    pub(super) fn take_broadcasts(&mut self) -> Vec<(u64, Vec<Box<[u8]>>)> {
        let mut told = Vec::new();
        for prefix in self.prefixes.values_mut().filter(|it| !it.changed.is_empty()) {
            let changed = std::mem::take(&mut prefix.changed);
            for client in &prefix.clients {
                let is_silent = self.clients.get(client).is_some_and(|it| it.is_silent);
                let is_shown = |by: &Option<u64>| !is_silent || *by != Some(*client);
                let keys = changed.iter().filter(|(_, by)| is_shown(by));
                let keys: Vec<_> = keys.map(|(key, _)| key.clone()).collect();
                if !keys.is_empty() {
                    told.push((*client, keys));
                }
            }
        }
        told
    }

    /// Notes that all keys may have changed. Returns the clients that are told
    /// (`trackingInvalidateKeysOnFlush`).
    pub(super) fn flush(&mut self) -> Vec<u64> {
        self.readers.clear();
        self.clients.keys().copied().collect()
    }

    /// Gives keys up until there are at most `max`; 0 is no limit. `random` chooses them. Returns each
    /// with the clients that are told (`trackingLimitUsedSlots`).
    pub(super) fn limit(
        &mut self,
        max: usize,
        mut random: impl FnMut() -> usize,
    ) -> Vec<(Arc<[u8]>, Vec<u64>)> {
        let mut given_up = Vec::new();
        while max > 0 && self.readers.keys() > max {
            let Some((key, clients)) = self.readers.take_at(random()) else { break };
            let is_told = |id: &u64| self.clients.get(id).is_some_and(|it| !it.is_broadcast);
            given_up.push((key, clients.into_iter().filter(is_told).collect()));
        }
        given_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broadcast(prefixes: &[&str], is_silent: bool) -> Tracker {
        let prefixes = prefixes.iter().map(|it| it.as_bytes().into()).collect();
        Tracker { is_broadcast: true, is_silent, prefixes, ..Tracker::default() }
    }

    #[test]
    fn a_reader_is_told_once() {
        let mut trackers = Trackers::default();
        trackers.enter(1, Tracker::default());
        trackers.enter(2, Tracker { is_silent: true, ..Tracker::default() });
        for client in [1, 2, 3] {
            trackers.read(client, b"k");
        }
        assert_eq!(trackers.figures(), (1, 2, 0));
        assert!(trackers.change(b"other", None).is_empty());
        assert_eq!(trackers.change(b"k", Some(2)), [1]);
        assert!(trackers.change(b"k", Some(1)).is_empty());
        trackers.read(2, b"k");
        assert_eq!(trackers.change(b"k", Some(1)), [2]);
        trackers.read(1, b"k");
        trackers.leave(1);
        assert!(trackers.change(b"k", None).is_empty());
        assert_eq!(trackers.flush(), [2]);
    }

    #[test]
    fn clients_of_prefixes_are_told_of_all_changes_together() {
        let mut trackers = Trackers::default();
        trackers.enter(1, broadcast(&["a:"], false));
        trackers.enter(2, broadcast(&["a:", "b:"], true));
        trackers.read(1, b"a:1");
        for (key, by) in [("a:2", Some(2)), ("a:1", Some(1)), ("c:1", Some(1)), ("b:1", None)] {
            assert!(trackers.change(key.as_bytes(), by).is_empty());
        }
        assert!(trackers.has_broadcasts());
        let told: Vec<_> = trackers.take_broadcasts();
        let told: Vec<_> = told
            .iter()
            .map(|(client, keys)| (*client, keys.iter().map(|it| &**it).collect::<Vec<_>>()))
            .collect();
        let wanted: [(u64, Vec<&[u8]>); 3] =
            [(1, vec![b"a:1", b"a:2"]), (2, vec![b"a:1"]), (2, vec![b"b:1"])];
        assert_eq!(told, wanted);
        assert!(!trackers.has_broadcasts());
        trackers.leave(2);
        assert_eq!(trackers.figures(), (0, 0, 1));
    }

    #[test]
    fn keys_beyond_the_limit_are_given_up() {
        let mut trackers = Trackers::default();
        trackers.enter(1, Tracker::default());
        (0..10_u8).for_each(|n| trackers.read(1, &[n]));
        assert!(trackers.limit(0, || 0).is_empty() && trackers.limit(10, || 0).is_empty());
        let given_up = trackers.limit(4, || 3);
        assert_eq!((given_up.len(), trackers.figures().0), (6, 4));
        assert!(given_up.iter().all(|(_, clients)| *clients == [1]));
    }

    #[test]
    fn departed_clients_leave_nothing_behind() {
        let mut trackers = Trackers::default();
        for client in 0..1000 {
            trackers.enter(client, Tracker::default());
            trackers.read(client, b"hot");
            trackers.leave(client);
        }
        assert!(trackers.figures().1 <= SWEEP_MIN + 1);
    }
}
