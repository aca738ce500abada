//! Which clients have read which keys (`TrackingTable`). Its size is bounded: beyond it, keys are
//! given up at random.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

/// A key, and the clients that have read it since it last changed.
#[derive(Debug)]
struct Entry {
    key: Arc<[u8]>,
    clients: BTreeSet<u64>,
}

/// The keys that clients have read.
#[derive(Debug, Default)]
pub(super) struct Readers {
    places: HashMap<Arc<[u8]>, usize, RandomState>,
    entries: Vec<Entry>,
    /// The number of pairs of key and client.
    items: usize,
}

impl Readers {
    /// Notes that a client has read a key.
    pub(super) fn add(&mut self, key: &[u8], client: u64) {
        let place = match self.places.get(key) {
            Some(place) => *place,
            None => {
                let key: Arc<[u8]> = key.into();
                self.places.insert(Arc::clone(&key), self.entries.len());
                self.entries.push(Entry { key, clients: BTreeSet::new() });
                self.entries.len() - 1
            }
        };
        if let Some(entry) = self.entries.get_mut(place) {
            self.items += usize::from(entry.clients.insert(client));
        }
    }

    /// Takes the clients that have read a key.
    pub(super) fn take(&mut self, key: &[u8]) -> BTreeSet<u64> {
        let Some(place) = self.places.remove(key) else { return BTreeSet::new() };
        self.remove(place).clients
    }

    /// Takes the key at `place`, a number that is divided by the number of keys.
    pub(super) fn take_at(&mut self, place: usize) -> Option<(Arc<[u8]>, BTreeSet<u64>)> {
        let place = place.checked_rem(self.entries.len())?;
        let key = Arc::clone(&self.entries.get(place)?.key);
        self.places.remove(&key);
        let entry = self.remove(place);
        Some((entry.key, entry.clients))
    }

    fn remove(&mut self, place: usize) -> Entry {
        let entry = self.entries.swap_remove(place);
        if let Some(moved) = self.entries.get(place) {
            self.places.insert(Arc::clone(&moved.key), place);
        }
        self.items -= entry.clients.len();
        entry
    }

    /// Forgets the clients that `is_there` does not know.
    pub(super) fn retain(&mut self, is_there: impl Fn(u64) -> bool) {
        for entry in &mut self.entries {
            entry.clients.retain(|client| is_there(*client));
        }
        self.entries.retain(|entry| !entry.clients.is_empty());
        self.items = self.entries.iter().map(|entry| entry.clients.len()).sum();
        let places = self.entries.iter().enumerate();
        self.places = places.map(|(place, entry)| (Arc::clone(&entry.key), place)).collect();
    }

    /// Forgets all keys.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The number of keys (`tracking_total_keys`).
    pub(super) fn keys(&self) -> usize {
        self.entries.len()
    }

    /// The number of pairs of key and client (`tracking_total_items`).
    pub(super) const fn items(&self) -> usize {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_readers_until_they_are_taken() {
        let mut readers = Readers::default();
        for (key, client) in [("a", 1), ("b", 1), ("a", 2), ("a", 2), ("c", 3)] {
            readers.add(key.as_bytes(), client);
        }
        assert_eq!((readers.keys(), readers.items()), (3, 4));
        assert_eq!(readers.take(b"a"), BTreeSet::from([1, 2]));
        assert!(readers.take(b"a").is_empty());
        assert_eq!((readers.keys(), readers.items()), (2, 2));
        assert_eq!(readers.take(b"b"), BTreeSet::from([1]));
        assert_eq!(readers.take_at(7).map(|(key, _)| key.to_vec()), Some(b"c".to_vec()));
        assert!(readers.take_at(7).is_none() && readers.items() == 0);
    }

    #[test]
    fn clients_that_have_gone_are_forgotten() {
        let mut readers = Readers::default();
        (0..10_u64).for_each(|n| readers.add(&[u8::try_from(n / 2).unwrap()], n));
        readers.retain(|client| client == 3 || client == 8);
        assert_eq!((readers.keys(), readers.items()), (2, 2));
        assert_eq!(readers.take(&[4]), BTreeSet::from([8]));
        assert_eq!(readers.take(&[1]), BTreeSet::from([3]));
    }
}
