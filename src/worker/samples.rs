//! A sample of the keys that were read at other servers than the master.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::topology::Topology;
use tidegate_wire::command::resolve;
use tidegate_wire::resp::Args;

/// Samples that are kept; a later one takes the place of the oldest.
const SLOTS: usize = 128;
/// Bytes of a key that is kept; longer ones are passed over.
const KEY_MAX: usize = 512;
/// Samples wanted from one tick to the next.
const WANTED: u32 = 96;
/// Keys whose last turn is remembered.
const HISTORY_MAX: usize = 4096;
/// Commands whose keys servers look up without touching them.
const UNTOUCHING: [&str; 6] = ["exists", "ttl", "pttl", "type", "expiretime", "pexpiretime"];

/// A sample of the keys that were read at other servers than the master. A sampled read costs a
/// copy of its key, any other read the count of a number.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    is_on: Cell<bool>,
    /// Reads until the next sample.
    left: Cell<u32>,
    /// From one sample to the next, on average.
    stride: Cell<u32>,
    /// Samples since the last tick.
    taken: Cell<u32>,
    slots: RefCell<Slots>,
    history: RefCell<History>,
}

/// When keys were handed out last: those that wait longest come first, so that each of them comes
/// regularly.
#[derive(Debug, Default)]
struct History {
    turn: u64,
    turns: HashMap<u64, u64, FixedState>,
}

impl History {
    /// The turn in which the key was handed out; 0 if that is not known.
    fn last(&self, key: &(u32, &[u8])) -> u64 {
        self.turns.get(&self.turns.hasher().hash_one(key)).copied().unwrap_or(0)
    }

    fn add(&mut self, keys: &[(u32, &[u8])]) {
        if self.turns.len() + keys.len() > HISTORY_MAX {
            self.turns.clear();
        }
        self.turn += 1;
        for key in keys {
            self.turns.insert(self.turns.hasher().hash_one(key), self.turn);
        }
    }
}

#[derive(Debug, Default)]
struct Slots {
    /// [`SLOTS`] times [`KEY_MAX`] bytes, once samples were wanted.
    bytes: Box<[u8]>,
    /// Database and length of each key.
    keys: Vec<(u32, usize)>,
    /// The slot that is written next.
    next: usize,
}

impl Samples {
    /// Counts a read; whether it is to be sampled.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.wrapping_sub(1));
        left == 0
    }

    /// Samples the key of a request, a random one where it has several.
    pub(crate) fn sample(&self, topology: &Topology, db: u32, frame: &[u8]) {
        if !self.is_on.get() {
            return;
        }
        self.left.set(fastrand::u32(0..self.stride.get().max(1) * 2));
        self.taken.set(self.taken.get().saturating_add(1));
        if let Some(key) = key_of(topology, frame).filter(|key| key.len() <= KEY_MAX) {
            self.slots.borrow_mut().put(db, key);
        }
    }

    /// Drops all samples; `wanted` decides whether new ones are taken.
    pub(crate) fn turn(&self, is_on: bool) {
        if self.is_on.replace(is_on) == is_on {
            return;
        }
        let mut slots = self.slots.borrow_mut();
        slots.keys.clear();
        slots.next = 0;
        if is_on && slots.bytes.is_empty() {
            slots.bytes = vec![0; SLOTS * KEY_MAX].into();
            slots.keys.reserve_exact(SLOTS);
        }
        self.stride.set(1);
        self.left.set(0);
    }

    /// Fits the number of samples to the number of reads; once per tick.
    pub(crate) fn adapt(&self) {
        let reads = u64::from(self.taken.take()) * u64::from(self.stride.get());
        let stride = (reads / u64::from(WANTED)).clamp(1, 1 << 20);
        self.stride.set(u32::try_from(stride).unwrap_or(1));
        // Where reads have become few, the next one is not far off.
        self.left.set(self.left.get().min(self.stride.get() * 2));
    }

    /// How many samples there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.borrow().keys.len()
    }

    /// Hands at most `most` samples, each key once, to `each`, with its database; those of one
    /// database follow one another. Then there are none.
    pub(crate) fn drain(&self, most: usize, mut each: impl FnMut(u32, &[u8])) {
        let slots = &mut *self.slots.borrow_mut();
        let mut picked: Vec<(u32, &[u8])> = (0..slots.keys.len()).map(|at| slots.at(at)).collect();
        picked.sort_unstable();
        picked.dedup();
        fastrand::shuffle(&mut picked);
        let mut history = self.history.borrow_mut();
        picked.sort_by_key(|key| history.last(key));
        picked.truncate(most);
        history.add(&picked);
        picked.sort_unstable();
        picked.into_iter().for_each(|(db, key)| each(db, key));
        slots.keys.clear();
        slots.next = 0;
    }
}

impl Slots {
    fn put(&mut self, db: u32, key: &[u8]) {
        let at = self.next;
        self.next = (at + 1) % SLOTS;
        let Some(slot) = self.bytes.get_mut(at * KEY_MAX..at * KEY_MAX + key.len()) else { return };
        slot.copy_from_slice(key);
        match self.keys.get_mut(at) {
            Some(old) => *old = (db, key.len()),
            None => self.keys.push((db, key.len())),
        }
    }

    fn at(&self, at: usize) -> (u32, &[u8]) {
        let (db, len) = self.keys[at];
        (db, &self.bytes[at * KEY_MAX..at * KEY_MAX + len])
    }
}

/// A key that the server which ran this request has touched.
fn key_of<'f>(topology: &Topology, frame: &'f [u8]) -> Option<&'f [u8]> {
    let args = Args::new(frame);
    let command = resolve(&topology.learned, args.at(0)?, args.at(1))?;
    if UNTOUCHING.contains(&command.name) || command.name.starts_with("object") {
        return None;
    }
    let mut positions = command.keys.positions(args.left(), |at| args.at(at).unwrap_or_default());
    let at = positions.nth(fastrand::usize(..positions.len().max(1)))?;
    args.at(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_wire::resp::encode;

    fn read(samples: &Samples, db: u32, words: &[&[u8]]) {
        if samples.is_due() {
            samples.sample(&Topology::default(), db, &encode::request_of(words));
        }
    }

    fn drained(samples: &Samples, most: usize) -> Vec<(u32, Vec<u8>)> {
        let mut keys = Vec::new();
        samples.drain(most, |db, key| keys.push((db, key.to_vec())));
        keys
    }

    #[test]
    fn keys_are_kept_once_and_database_by_database() {
        let samples = Samples::default();
        samples.turn(true);
        for _ in 0..50 {
            for db in [3, 0] {
                read(&samples, db, &[b"GET", b"a"]);
                read(&samples, db, &[b"HGET", b"b", b"x"]);
                read(&samples, db, &[b"TTL", b"c"]);
                read(&samples, db, &[b"EXISTS", b"c"]);
                read(&samples, db, &[b"OBJECT", b"ENCODING", b"c"]);
                read(&samples, db, &[b"MGET", b"a", b"b"]);
                read(&samples, db, &[b"GET", &[b'x'; KEY_MAX + 1]]);
                read(&samples, db, &[b"DBSIZE"]);
            }
        }
        let all = [(0, b"a".to_vec()), (0, b"b".to_vec()), (3, b"a".to_vec()), (3, b"b".to_vec())];
        assert_eq!(drained(&samples, 100), all);
        assert_eq!(samples.len(), 0);
    }

    #[test]
    fn each_key_has_its_turn() {
        let samples = Samples::default();
        samples.turn(true);
        let mut counts = HashMap::new();
        for _ in 0..50 {
            samples.left.set(0);
            for n in b'0'..=b'9' {
                let request = encode::request_of(&[b"GET", &[n]]);
                samples.sample(&Topology::default(), 0, &request);
            }
            for (_, key) in drained(&samples, 2) {
                *counts.entry(key).or_insert(0) += 1;
            }
        }
        assert_eq!(counts.values().collect::<Vec<_>>(), [&10; 10]);
    }

    #[test]
    fn few_are_taken_of_many_reads_and_never_more_than_there_are_slots() {
        let samples = Samples::default();
        samples.turn(true);
        for tick in 0..20 {
            for n in 0..100_000_u32 {
                read(&samples, 0, &[b"GET", n.to_string().as_bytes()]);
            }
            assert!(samples.len() <= SLOTS);
            let taken = samples.taken.get();
            assert!(tick == 0 || (20..500).contains(&taken), "tick {tick}: {taken} samples");
            samples.adapt();
            assert!(drained(&samples, 10).len() == 10);
        }
        samples.turn(false);
        (0..10).for_each(|_| read(&samples, 0, &[b"GET", b"k"]));
        assert_eq!(samples.len(), 0);
    }
}
