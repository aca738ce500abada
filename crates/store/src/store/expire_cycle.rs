//! The active expiry of a master: it removes expired keys and fields that no command meets
//! (`activeExpireCycle`).
//!
//! The cycle walks the tables by cursor, a bounded part in each call, and keeps no index by time: a
//! key costs no memory for its expiry beyond the eight bytes of the time. Redis has a second table
//! of all keys that expire, an entry of at least 24 bytes each. The price is that keys which do not
//! expire are walked too. A database without expiries is left out.

use super::Store;
use crate::call::{Effects, ExpireCycle};
use crate::execution::{Recorder, WriteCx};

/// How many keys with an expiry are looked at before the share of expired ones is judged
/// (`ACTIVE_EXPIRE_CYCLE_KEYS_PER_LOOP`).
const SAMPLE: usize = 20;
/// The greatest share of expired keys with which a database is left, as one of so many
/// (`ACTIVE_EXPIRE_CYCLE_ACCEPTABLE_STALE`).
const ACCEPTABLE: usize = 10;
/// How many keys are walked at once.
const STRIDE: usize = 16;
/// The most fields of one hash that are removed at once.
const FIELDS: usize = 1024;

/// The keys of a sample.
#[derive(Debug, Default)]
struct Sample {
    visited: usize,
    /// How many of them expire, or have fields that do.
    volatile: usize,
    expired: Vec<Vec<u8>>,
    /// Hashes with expired fields.
    hashes: Vec<Vec<u8>>,
    is_at_end: bool,
}

impl Store {
    /// Removes expired keys and fields, as a master does from time to time. Looks at about `budget`
    /// keys at most. `each` gets the effects of every key, which stay apart in the stream; `effects`
    /// is the record that it gets, empty before and after the call.
    pub fn expire_cycle(
        &mut self,
        now_ms: i64,
        budget: usize,
        effects: &mut Effects,
        mut each: impl FnMut(&Effects),
    ) -> ExpireCycle {
        let mut done = ExpireCycle::default();
        let databases = self.databases();
        self.expire_cursor.cursors.resize(databases, 0);
        for _ in 0..databases {
            let db = self.expire_cursor.db.min(databases - 1);
            loop {
                let left = budget.saturating_sub(done.visited);
                let sample = self.sample(db, now_ms, left);
                done.visited += sample.visited;
                let found = sample.expired.len() + sample.hashes.len();
                for key in &sample.expired {
                    done.removed += self.expire_key(db, now_ms, key, effects);
                    each(effects);
                    effects.clear();
                }
                for key in &sample.hashes {
                    done.removed += self.expire_fields(db, now_ms, key, effects);
                    each(effects);
                    effects.clear();
                }
                let is_stale = found * ACCEPTABLE > sample.volatile;
                if done.visited >= budget {
                    done.is_behind = is_stale;
                    return done;
                }
                if sample.is_at_end || !is_stale {
                    break;
                }
            }
            self.expire_cursor.db = (db + 1) % databases;
        }
        done
    }

    /// Looks at the next keys of a database, until enough of them expire.
    fn sample(&mut self, db: usize, now: i64, budget: usize) -> Sample {
        let mut sample = Sample::default();
        let database = self.data.database(db);
        if database.volatile() == 0 && database.volatile_hashes() == 0 {
            return Sample { is_at_end: true, ..sample };
        }
        let Some(cursor) = self.expire_cursor.cursors.get_mut(db) else { return sample };
        while sample.volatile < SAMPLE && sample.visited < budget && !sample.is_at_end {
            *cursor = database.scan(*cursor, STRIDE, |slot| {
                sample.visited += 1;
                let has_fields = slot.has_volatile_fields();
                sample.volatile += usize::from(slot.expires().is_some() || has_fields);
                if slot.is_expired(now) {
                    sample.expired.push(slot.key().to_vec());
                } else if has_fields && slot.has_expired_fields(now) {
                    sample.hashes.push(slot.key().to_vec());
                }
            });
            sample.is_at_end = *cursor == 0;
        }
        sample
    }

    fn expire_key(&mut self, db: usize, now: i64, key: &[u8], effects: &mut Effects) -> usize {
        self.lead(db, now, effects, |cx| cx.drop_expired(key));
        self.data.dirty += 1;
        1
    }

    fn expire_fields(&mut self, db: usize, now: i64, key: &[u8], effects: &mut Effects) -> usize {
        let removed = self.lead(db, now, effects, |cx| {
            if !cx.removes_fields_in_batches() {
                cx.be_loose();
            }
            cx.expire_fields(key, FIELDS)
        });
        self.data.dirty += removed as u64;
        removed
    }

    /// Calls `run` as for a client's command at a master.
    pub(super) fn lead<R>(
        &mut self,
        db: usize,
        now: i64,
        effects: &mut Effects,
        run: impl FnOnce(&mut WriteCx<'_>) -> R,
    ) -> R {
        let recorder = Recorder::new(std::mem::take(effects), self.lazy_free);
        let mut cx = WriteCx {
            data: &mut self.data,
            db,
            now,
            from_master: false,
            recorder: Some(&recorder),
            has_emptied: false,
        };
        let outcome = run(&mut cx);
        self.data.collect(db);
        *effects = recorder.finish(db, false);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallContext, EventClasses, Wanted};
    use crate::dialect::{Dialect, Vendor};
    use tidegate_wire::resp::RespVersion;

    fn write(store: &mut Store, db: usize, request: &str) {
        let words: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
        let context = CallContext { db, now_ms: 1000, version: RespVersion::V2 };
        store.write(context, &words, &mut Vec::new());
    }

    /// Runs one call. Returns what it did, and the stream and the events of each key.
    fn cycle(store: &mut Store, now: i64, budget: usize) -> (ExpireCycle, Vec<String>) {
        let events = EventClasses::of(b"A").unwrap();
        let mut effects = Effects::new(Wanted { events, changes: true, ready: true });
        let mut told = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let done = store.expire_cycle(now, budget, &mut effects, |effects| {
            let mut line = if effects.is_transaction() { "MULTI: " } else { "" }.to_owned();
            for command in effects.commands() {
                let words: Vec<&[u8]> = command.words(&[]).collect();
                line += &format!("[{}] {}; ", command.db, text(&words.join(&b' ')));
            }
            for event in effects.events() {
                line += &format!("{} {}; ", event.name, text(event.key));
            }
            told.push(line);
        });
        assert!(effects.is_empty());
        (done, told)
    }

    #[test]
    fn expired_keys_are_removed_one_by_one() {
        let mut store = Store::new(4, Dialect::default(), 0);
        write(&mut store, 0, "SET a v PXAT 2000");
        write(&mut store, 0, "SET b v PXAT 9000");
        write(&mut store, 2, "LPUSH c v");
        write(&mut store, 2, "PEXPIREAT c 2000");
        assert_eq!(cycle(&mut store, 2000, 1000).0.removed, 0);
        let (done, told) = cycle(&mut store, 2001, 1000);
        assert_eq!((done.removed, done.is_behind), (2, false));
        assert_eq!(told, ["[0] DEL a; expired a; ", "[2] DEL c; expired c; "]);
        let left: Vec<_> = store.keyspace().iter().map(|it| (it.db, it.keys)).collect();
        assert_eq!(left, [(0, 1)]);
    }

    #[test]
    fn expired_fields_are_removed_as_each_vendor_does() {
        for (vendor, version, wanted) in [
            (
                Vendor::Redis,
                "8.2.0",
                ["[0] HDEL g a; hexpired g; del g; ", "[0] HDEL h b; [0] HDEL h a; hexpired h; "],
            ),
            (
                Vendor::Valkey,
                "9.1.0",
                [
                    "MULTI: [0] HDEL g a; [0] UNLINK g; hexpired g; del g; ",
                    "[0] HDEL h b a; hexpired h; ",
                ],
            ),
        ] {
            let mut store = Store::new(1, Dialect::new(vendor, version), 0);
            write(&mut store, 0, "HSET h a 1 b 2 c 3");
            write(&mut store, 0, "HPEXPIREAT h 2000 FIELDS 1 a");
            write(&mut store, 0, "HPEXPIREAT h 1500 FIELDS 1 b");
            write(&mut store, 0, "HPEXPIREAT h 5000 FIELDS 1 c");
            write(&mut store, 0, "HSET g a 1");
            write(&mut store, 0, "HPEXPIREAT g 2000 FIELDS 1 a");
            let (done, mut told) = cycle(&mut store, 2001, 1000);
            told.sort();
            assert_eq!((done.removed, told), (3, wanted.map(str::to_owned).to_vec()));
        }
    }

    #[test]
    fn a_call_is_bounded_and_the_next_goes_on() {
        let mut store = Store::new(1, Dialect::default(), 0);
        for key in 0..1000 {
            write(&mut store, 0, &format!("SET forever{key} v"));
            write(&mut store, 0, &format!("SET brief{key} v PXAT 2000"));
        }
        let mut removed = 0;
        for calls in 1.. {
            let (done, told) = cycle(&mut store, 3000, 100);
            assert!(done.visited <= 100 + 2 * STRIDE, "{done:?}");
            assert_eq!(done.removed, told.len());
            removed += done.removed;
            if removed == 1000 {
                assert!((15..60).contains(&calls), "{calls}");
                break;
            }
            assert!(done.is_behind);
        }
        assert_eq!(store.keyspace()[0].keys, 1000);
    }

    #[test]
    fn a_database_with_few_expired_keys_is_left_soon() {
        let mut store = Store::new(1, Dialect::default(), 0);
        for key in 0..10_000 {
            write(&mut store, 0, &format!("SET k{key} v PXAT 5000"));
        }
        let (done, _) = cycle(&mut store, 3000, 10_000);
        assert!((20..100).contains(&done.visited), "{done:?}");
        // A database without expiries costs nothing.
        let mut store = Store::new(1, Dialect::default(), 0);
        write(&mut store, 0, "SET k v");
        assert_eq!(cycle(&mut store, 3000, 10_000).0, ExpireCycle::default());
    }
}
