//! Making room when the memory is full (`performEvictions`). How much memory is used is the caller's
//! to know.

use super::Store;
use crate::call::{CallContext, Effects, Evicted, Eviction, EvictionPolicy};
use crate::keyspace::{Access, Database, Slot};
use tidegate_wire::command;

/// The most keys that one call evicts.
const TENACITY: usize = 64;
/// The most keys that are walked for one sample, where only keys that expire count.
const WALK: usize = 2000;
/// The commands that do not count as a use of their keys (`LOOKUP_NOTOUCH`).
const NO_USE: [&str; 10] = [
    "object",
    "type",
    "ttl",
    "pttl",
    "expiretime",
    "pexpiretime",
    "exists",
    "debug",
    "memory",
    "dump",
];
impl Store {
    /// Sets how keys are evicted. With a policy of LRU or LFU [`Store::execute`] records when keys
    /// are used, in three bytes of each small key and eight of a large one; otherwise it records
    /// nothing, and `OBJECT IDLETIME` is 0.
    pub fn set_eviction(&mut self, eviction: Eviction) {
        if self.data.eviction.policy != eviction.policy {
            self.pool.clear();
        }
        self.data.eviction = eviction;
    }

    /// Evicts keys until about `bytes` are free, or some keys were evicted, which is enough for one
    /// call. Each key is one DEL or UNLINK in the effects that `each` gets; `effects` is the record
    /// that it gets, empty before and after the call.
    ///
    /// A value that takes a while to be freed is in [`Self::take_former`].
    pub fn evict(
        &mut self,
        now_ms: i64,
        bytes: usize,
        effects: &mut Effects,
        mut each: impl FnMut(&Effects),
    ) -> Evicted {
        let mut done = Evicted::default();
        while done.bytes < bytes && done.keys < TENACITY {
            let Some((db, key)) = self.victim(now_ms) else {
                done.is_exhausted = true;
                break;
            };
            let size = self
                .data
                .database(db)
                .get(&key)
                .map_or(0, |slot| size_of::<Slot>() + size_of::<u32>() + slot.heap_bytes());
            self.lead(db, now_ms, effects, |cx| cx.evict(&key));
            self.data.dirty += 1;
            done.bytes += size;
            done.keys += 1;
            each(effects);
            effects.clear();
        }
        done
    }

    /// Returns a key to evict.
    fn victim(&mut self, now: i64) -> Option<(usize, Box<[u8]>)> {
        let policy = self.data.eviction.policy;
        if policy == EvictionPolicy::NoEviction {
            return None;
        }
        if policy.is_random() {
            let databases = self.databases();
            for _ in 0..databases {
                self.next_evicted_db = (self.next_evicted_db + 1) % databases;
                let db = self.next_evicted_db;
                let mut sample = Vec::new();
                sampled(self.data.database(db), policy.is_volatile(), 1, |slot| {
                    sample.push(slot.key().into());
                });
                if let Some(key) = sample.into_iter().next() {
                    return Some((db, key));
                }
            }
            return None;
        }
        self.fill_pool(now);
        while let Some((db, key)) = self.pool.take() {
            // The key may have changed since it was sampled.
            let found = self.data.database(db).get(&key);
            if found.is_some_and(|slot| !policy.is_volatile() || slot.expires().is_some()) {
                return Some((db, key));
            }
            self.fill_pool(now);
        }
        None
    }

    /// Offers a sample of each database to the pool.
    fn fill_pool(&mut self, now: i64) {
        let rules = self.data.eviction;
        let Self { data, pool, .. } = self;
        for (db, database) in data.databases.iter().enumerate() {
            sampled(database, rules.policy.is_volatile(), rules.samples.max(1), |slot| {
                pool.offer(score(slot, now, &rules), db, slot.key());
            });
        }
    }

    /// Records that the keys of a request were used.
    pub(super) fn note_use(&mut self, context: CallContext, args: &[&[u8]]) {
        let Some(row) = args.first().and_then(|name| command::lookup(name)) else { return };
        if NO_USE.contains(&row.name) {
            return;
        }
        let row = args.get(1).and_then(|second| row.subcommand(second)).unwrap_or(row);
        let arg = |at: usize| args.get(at).copied().unwrap_or_default();
        let rules = self.data.eviction;
        for at in row.keys.positions(args.len(), arg) {
            let next = |before| Access::now(before, context.now_ms, &rules);
            self.data.database_mut(context.db).note_use(arg(at), next);
        }
    }
}

/// Calls `each` for up to `count` keys near a random place, which are random keys, because the table
/// is ordered by hash.
fn sampled(database: &Database, volatile: bool, count: usize, mut each: impl FnMut(&Slot)) {
    let candidates = if volatile { database.volatile() } else { database.len() };
    if candidates == 0 {
        return;
    }
    let (mut left, mut walked) = (count, 0);
    let mut cursor = u64::from(fastrand::u32(..));
    let most = if candidates < WALK { database.len().max(count) } else { WALK };
    // From the end of the table the walk goes on at its beginning.
    while left > 0 && walked < most {
        cursor = database.scan(cursor, 1, |slot| {
            walked += 1;
            if left > 0 && (!volatile || slot.expires().is_some()) {
                left -= 1;
                each(slot);
            }
        });
    }
}

/// Returns how good it is to evict a key: the higher, the better (`evictionPoolPopulate`).
fn score(slot: &Slot, now: i64, rules: &Eviction) -> u64 {
    let access = slot.access();
    if rules.policy == EvictionPolicy::VolatileTtl {
        let at = slot.expires().unwrap_or(i64::MAX);
        u64::MAX - u64::try_from(at).unwrap_or(0)
    } else if rules.policy.is_lfu() {
        // A key whose uses are not known has not been used since they count.
        access.map_or(u64::MAX, |access| 255 - u64::from(access.frequency(now, rules)))
    } else {
        access.map_or(u64::MAX, |access| access.idle(now).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{EventClasses, Wanted};
    use crate::dialect::Dialect;
    use tidegate_wire::resp::RespVersion;

    const START: i64 = 1_800_000_000_000;

    fn store(policy: EvictionPolicy) -> Store {
        let mut store = Store::new(2, Dialect::default(), 0);
        store.set_eviction(Eviction { policy, samples: 10, ..Eviction::default() });
        store
    }

    /// Runs a request so many seconds after the start. Returns the reply.
    fn run(store: &mut Store, seconds: i64, request: &str) -> String {
        let words: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
        let now_ms = START + seconds * 1000;
        let context = CallContext { db: 0, now_ms, version: RespVersion::V2 };
        let mut out = Vec::new();
        store.execute(context, &words, &mut out, &mut Effects::default());
        String::from_utf8(out).unwrap()
    }

    /// Evicts one key. Returns its name.
    fn evict(store: &mut Store, seconds: i64) -> Option<String> {
        let events = EventClasses::of(b"e").unwrap();
        let mut effects = Effects::new(Wanted { events, ..Wanted::default() });
        let mut evicted = None;
        let now = START + seconds * 1000;
        let done = store.evict(now, 1, &mut effects, |effects| {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let command = effects.commands().next().unwrap();
            let words: Vec<String> = command.words(&[]).map(text).collect();
            let event = effects.events().next().unwrap();
            assert_eq!((&*words[0], event.name), ("DEL", "evicted"));
            assert_eq!(words[1], text(event.key));
            evicted = Some(words[1].clone());
        });
        assert_eq!(done.keys, usize::from(evicted.is_some()));
        assert_eq!(done.is_exhausted, evicted.is_none());
        evicted
    }

    #[test]
    fn the_key_that_was_not_used_for_longest_goes_first() {
        let mut store = store(EvictionPolicy::AllKeysLru);
        let long = "x".repeat(2000);
        run(&mut store, 0, &format!("MSET a v b {long} c v d v"));
        run(&mut store, 10, "GET a");
        run(&mut store, 20, "APPEND b v");
        // These do not use the key.
        run(&mut store, 30, "TTL c");
        run(&mut store, 30, "EXISTS d");
        run(&mut store, 40, "SET c w");
        assert_eq!(run(&mut store, 60, "OBJECT IDLETIME a"), ":50\r\n");
        assert_eq!(run(&mut store, 60, "OBJECT IDLETIME b"), ":40\r\n");
        assert_eq!(run(&mut store, 60, "OBJECT IDLETIME d"), ":60\r\n");
        assert!(run(&mut store, 60, "OBJECT FREQ a").starts_with("-ERR An LFU maxmemory policy"));
        let evicted: Vec<_> = (0..5).filter_map(|_| evict(&mut store, 60)).collect();
        assert_eq!(evicted, ["d", "a", "b", "c"]);
    }

    #[test]
    fn the_key_that_is_used_least_goes_first() {
        let mut store = store(EvictionPolicy::VolatileLfu);
        for key in ["a", "b", "c"] {
            run(&mut store, 0, &format!("SET {key} v EX 1000"));
        }
        run(&mut store, 0, "SET forever v");
        for _ in 0..200 {
            run(&mut store, 0, "GET a");
        }
        for _ in 0..20 {
            run(&mut store, 0, "GET c");
        }
        // The counter outlives a new value.
        run(&mut store, 0, "SET a wxyz KEEPTTL");
        let count = run(&mut store, 0, "OBJECT FREQ a");
        let count: u8 = count.trim_start_matches(':').trim_end().parse().unwrap();
        assert!(count > 6, "{count}");
        assert!(run(&mut store, 0, "OBJECT IDLETIME a").starts_with("-ERR An LFU maxmemory"));
        let evicted: Vec<_> = (0..4).filter_map(|_| evict(&mut store, 0)).collect();
        assert_eq!(evicted, ["b", "c", "a"]);
        assert_eq!(run(&mut store, 0, "DBSIZE"), ":1\r\n");
    }

    #[test]
    fn the_key_that_expires_soonest_goes_first() {
        let mut store = store(EvictionPolicy::VolatileTtl);
        run(&mut store, 0, "SET forever v");
        for (key, ttl) in [("a", 300), ("b", 100), ("c", 200)] {
            run(&mut store, 0, &format!("SET {key} v EX {ttl}"));
        }
        let evicted: Vec<_> = (0..4).filter_map(|_| evict(&mut store, 0)).collect();
        assert_eq!(evicted, ["b", "c", "a"]);
    }

    #[test]
    fn random_keys_go_or_none() {
        let mut any = store(EvictionPolicy::AllKeysRandom);
        let mut volatile = store(EvictionPolicy::VolatileRandom);
        let mut none = store(EvictionPolicy::NoEviction);
        for store in [&mut any, &mut volatile, &mut none] {
            for key in 0..100 {
                run(store, 0, &format!("SET forever{key} v"));
            }
            run(store, 0, "SET brief v EX 100");
        }
        assert!((0..101).all(|_| evict(&mut any, 0).is_some()));
        assert_eq!(evict(&mut any, 0), None);
        assert_eq!(evict(&mut volatile, 0).as_deref(), Some("brief"));
        assert_eq!(evict(&mut volatile, 0), None);
        assert_eq!(evict(&mut none, 0), None);
    }

    #[test]
    fn a_call_evicts_no_more_than_is_wanted() {
        let mut store = store(EvictionPolicy::AllKeysLru);
        for key in 0..1000 {
            run(&mut store, 0, &format!("SET key{key} {}", "x".repeat(100)));
        }
        let mut effects = Effects::default();
        let done = store.evict(START, 1000, &mut effects, |_| {});
        assert!((5..10).contains(&done.keys) && done.bytes >= 1000, "{done:?}");
        let done = store.evict(START, usize::MAX, &mut effects, |_| {});
        assert_eq!(done.keys, TENACITY);
    }

    #[test]
    fn keys_are_no_larger_without_lru_and_lfu() {
        let size = |policy| {
            let mut store = store(policy);
            run(&mut store, 0, "SET key value");
            run(&mut store, 1, "GET key");
            store.data.database(0).get(b"key").unwrap().heap_bytes()
        };
        let plain = size(EvictionPolicy::NoEviction);
        assert_eq!(plain, 1 + 1 + 3 + 5);
        assert_eq!(size(EvictionPolicy::VolatileTtl), plain);
        assert_eq!(size(EvictionPolicy::AllKeysLru), plain + 3);
    }
}
