//! The last acknowledged writes of all clients, by key.

use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::Bound;
use super::lately::{Lately, Period};

/// The number of places for keys: 2 MiB in all.
const PLACES: u32 = 1 << 17;
/// How many of them share a place in the table of what was written lately: it fits the processor's
/// cache, as most reads look there only.
const PLACES_PER_RECENT: u32 = 2;

/// The place of a key in the table; keys share places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u32);

/// A write of a key that is about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    place: Place,
    /// A part of the key's hash.
    tag: u32,
}

impl Mark {
    /// Where it is noted.
    #[must_use]
    pub const fn place(self) -> Place {
        self.place
    }
}

/// So many places are looked at together before they are changed: the processor waits for their memory
/// once, and not for each.
const AT_ONCE: usize = 16;

impl Place {
    /// The place that stands for every key: writes of which the keys are not known are noted there.
    pub const EVERYTHING: Self = Self(u32::MAX);

    /// Its place in the table of what was written lately.
    const fn recent(self) -> u32 {
        self.0 / PLACES_PER_RECENT
    }
}

/// What a read has to respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastWrite {
    /// A write is under way, or its bound is not known yet: only the master surely has it.
    InFlight,
    /// The last write has this bound.
    At(Bound),
}

impl LastWrite {
    /// The last write of two places.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::At(one), Self::At(other)) => Self::At(one.max(other)),
            _ => Self::InFlight,
        }
    }
}

/// The last writes of all clients of the process, by a hash of the key.
///
/// A key that shares its place with others has the greatest of their bounds: its reads ask for more
/// than they need to, never for less. The database does not count, because MOVE, COPY and SWAPDB
/// write to others than the selected one.
#[derive(Debug)]
pub struct WriteTable {
    /// Whether writes are noted: since a client asked for a level that needs it.
    is_used: AtomicBool,
    /// Whether they were noted from the start of the process on.
    is_from_start: AtomicBool,
    places: OnceLock<Box<[Entry]>>,
    /// Which places were written lately.
    lately: Lately,
    everything: Entry,
    /// The writes of all places together.
    all: Entry,
    hasher: foldhash::fast::FixedState,
    collisions: AtomicU64,
}

#[derive(Debug, Default)]
struct Entry {
    bound: AtomicU64,
    in_flight: AtomicU32,
    /// A part of the hash of the key that was written last, by which collisions are counted.
    tag: AtomicU32,
}

impl Entry {
    fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
    }

    /// The bound is there before the write is no longer in flight. It was `former` or a greater one
    /// before.
    fn end(&self, former: u64, bound: Bound) {
        if former < bound.bits() {
            self.bound.fetch_max(bound.bits(), Ordering::SeqCst);
        }
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
    }

    fn look(&self) -> LastWrite {
        if self.in_flight.load(Ordering::SeqCst) > 0 {
            return LastWrite::InFlight;
        }
        LastWrite::At(Bound::of_bits(self.bound.load(Ordering::SeqCst)))
    }
}

impl Default for WriteTable {
    fn default() -> Self {
        Self {
            is_used: AtomicBool::new(false),
            is_from_start: AtomicBool::new(false),
            places: OnceLock::new(),
            lately: Lately::new(PLACES / PLACES_PER_RECENT),
            everything: Entry::default(),
            all: Entry::default(),
            hasher: foldhash::fast::FixedState::with_seed(fastrand::u64(..)),
            collisions: AtomicU64::new(0),
        }
    }
}

impl WriteTable {
    /// Whether writes are noted.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.is_used.load(Ordering::Relaxed)
    }

    /// Notes writes from now on. True if they were not noted before: then nothing is known of the
    /// writes so far. They count as one of everything in flight, which the caller has to end.
    pub fn begin_use(&self) -> bool {
        self.places();
        self.everything.begin();
        let is_first = !self.is_used.swap(true, Ordering::SeqCst);
        if !is_first {
            self.everything.end(0, Bound::NONE);
        }
        is_first
    }

    /// Notes writes from the start of the process on, before which no client was told of any.
    pub fn use_from_start(&self) {
        self.is_from_start.store(true, Ordering::SeqCst);
        if self.begin_use() {
            self.everything.end(0, Bound::NONE);
        }
    }

    /// Whether writes were noted from the start of the process on.
    #[must_use]
    pub fn is_from_start(&self) -> bool {
        self.is_from_start.load(Ordering::Relaxed)
    }

    fn places(&self) -> &[Entry] {
        self.places.get_or_init(|| (0..PLACES).map(|_| Entry::default()).collect())
    }

    fn entry(&self, place: Place) -> &Entry {
        // Every place but that of everything is below their number.
        self.places().get(place.0 as usize).unwrap_or(&self.everything)
    }

    /// A write of `key`, for [`Self::begin`].
    #[must_use]
    #[inline]
    pub fn mark(&self, key: &[u8]) -> Mark {
        let [a, b, c, d, tag @ ..] = self.hasher.hash_one(key).to_le_bytes();
        let place = u32::from_le_bytes([a, b, c, d]) % PLACES;
        Mark { place: Place(place), tag: u32::from_le_bytes(tag).max(1) }
    }

    /// These writes are about to be sent, with a group of this period. [`Self::end`] has to follow for
    /// their places.
    pub fn begin(&self, marks: &[Mark], period: Period) {
        for marks in marks.chunks(AT_ONCE) {
            let mut formers = [0; AT_ONCE];
            for (former, mark) in formers.iter_mut().zip(marks) {
                *former = self.entry(mark.place).tag.load(Ordering::Relaxed);
            }
            for (former, Mark { place, tag }) in formers.into_iter().zip(marks) {
                self.lately.note(place.recent(), period);
                let entry = self.entry(*place);
                entry.begin();
                if former != *tag {
                    entry.tag.store(*tag, Ordering::Relaxed);
                    self.collisions.fetch_add(u64::from(former != 0), Ordering::Relaxed);
                }
            }
        }
    }

    /// A write that may change any key is about to be sent; see [`Self::begin`].
    pub fn begin_everything(&self) -> Place {
        self.everything.begin();
        Place::EVERYTHING
    }

    /// Writes are about to be sent that share one bound. [`Self::end_group`] has to follow with the
    /// period that this returns.
    pub fn begin_group(&self) -> Period {
        self.all.begin();
        self.lately.begin_group()
    }

    /// The writes of a group have this bound; [`Bound::NONE`] if none was acknowledged. Each write of
    /// it has ended.
    pub fn end_group(&self, period: Period, bound: Bound) {
        self.lately.end_group(period, bound);
        self.all.end(0, bound);
    }

    /// Forgets at times which keys were written a while ago; to be called many times a second.
    #[inline]
    pub fn begin_period(&self, now_ms: u64) {
        self.lately.begin_period(now_ms);
    }

    /// The writes at these places have this bound; [`Bound::NONE`] if they were not acknowledged.
    pub fn end(&self, places: &[Place], bound: Bound) {
        for places in places.chunks(AT_ONCE) {
            let mut formers = [0; AT_ONCE];
            for (former, place) in formers.iter_mut().zip(places) {
                *former = self.entry(*place).bound.load(Ordering::Relaxed);
            }
            for (former, place) in formers.into_iter().zip(places) {
                self.entry(*place).end(former, bound);
            }
        }
    }

    /// The last write of `key`, except for those that may have changed any key. A bound up to `enough`
    /// may be greater than that of the write.
    #[must_use]
    #[inline]
    pub fn of_key(&self, key: &[u8], enough: Bound) -> LastWrite {
        let place = self.mark(key).place;
        match self.lately.up_to(place.recent(), enough) {
            Some(bound) => LastWrite::At(bound),
            None => self.entry(place).look(),
        }
    }

    /// The last write that may have changed any key.
    #[must_use]
    pub fn of_everything(&self) -> LastWrite {
        self.everything.look()
    }

    /// The last write of all.
    #[must_use]
    pub fn of_all(&self) -> LastWrite {
        self.all.look()
    }

    /// How often a write found the place in use by another key, since the last call.
    pub fn take_collisions(&self) -> u64 {
        self.collisions.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A write of `key` begins.
    fn begin(table: &WriteTable, key: &[u8], period: Period) -> Place {
        let mark = table.mark(key);
        table.begin(&[mark], period);
        mark.place()
    }

    #[test]
    fn a_key_is_in_flight_until_its_bound_is_known() {
        let table = WriteTable::default();
        table.use_from_start();
        assert!(table.is_used() && !table.begin_use());
        assert_eq!(table.of_everything(), LastWrite::At(Bound::NONE));
        assert_eq!(table.of_key(b"k", Bound::NONE), LastWrite::At(Bound::NONE));
        let period = table.begin_group();
        let first = begin(&table, b"k", period);
        let second = begin(&table, b"k", period);
        table.end(&[second], Bound::new(1, 20));
        assert_eq!(
            table.of_key(b"k", Bound::NONE),
            LastWrite::InFlight,
            "the first one is not known"
        );
        table.end(&[first], Bound::new(1, 10));
        assert_eq!(
            table.of_key(b"k", Bound::NONE),
            LastWrite::At(Bound::new(1, 20)),
            "the greatest counts"
        );
        assert_eq!(table.of_everything(), LastWrite::At(Bound::NONE));
        let lost = begin(&table, b"k", period);
        table.end(&[lost], Bound::NONE);
        assert_eq!(table.of_key(b"k", Bound::NONE), LastWrite::At(Bound::new(1, 20)));
    }

    #[test]
    fn nothing_is_known_of_the_writes_before_they_were_noted() {
        let table = WriteTable::default();
        assert!(table.begin_use() && !table.begin_use());
        assert_eq!(table.of_everything(), LastWrite::InFlight);
        table.end(&[Place::EVERYTHING], Bound::new(1, 3));
        assert_eq!(table.of_everything(), LastWrite::At(Bound::new(1, 3)));
    }

    #[test]
    fn a_write_of_unknown_keys_has_a_place_of_its_own() {
        let table = WriteTable::default();
        let place = table.begin_everything();
        assert_eq!(table.of_everything(), LastWrite::InFlight);
        assert_eq!(table.of_key(b"k", Bound::NONE), LastWrite::At(Bound::NONE));
        table.end(&[place], Bound::new(1, 7));
        assert_eq!(table.of_everything(), LastWrite::At(Bound::new(1, 7)));
        let period = table.begin_group();
        assert_eq!(table.of_all(), LastWrite::InFlight);
        table.end_group(period, Bound::new(1, 9));
        assert_eq!(table.of_all(), LastWrite::At(Bound::new(1, 9)));
    }

    #[test]
    fn keys_that_share_a_place_have_the_greatest_bound() {
        let table = WriteTable::default();
        let period = table.begin_group();
        for number in 0..u64::from(PLACES) {
            let place = begin(&table, &number.to_le_bytes(), period);
            table.end(&[place], Bound::new(1, number));
        }
        assert!(table.take_collisions() > 0);
        for number in 0..u64::from(PLACES) {
            let LastWrite::At(bound) = table.of_key(&number.to_le_bytes(), Bound::NONE) else {
                panic!()
            };
            assert!(bound >= Bound::new(1, number));
        }
    }

    #[test]
    fn a_key_that_was_not_written_lately_has_the_bound_of_all_earlier_writes() {
        let table = WriteTable::default();
        let write = |key: &[u8], offset| {
            let period = table.begin_group();
            let place = begin(&table, key, period);
            table.end(&[place], Bound::new(1, offset));
            table.end_group(period, Bound::new(1, offset));
        };
        let mut now_ms = 0;
        let mut begin_period = || {
            now_ms += 1_000;
            table.begin_period(now_ms);
        };
        begin_period();
        write(b"a", 10);
        write(b"b", 20);
        let at = |offset| LastWrite::At(Bound::new(1, offset));
        assert_eq!(table.of_key(b"a", Bound::ALL), at(20), "of all writes of the period");
        assert_eq!(table.of_key(b"a", Bound::new(1, 19)), at(10), "too much");
        assert_eq!(table.of_key(b"none", Bound::ALL), LastWrite::At(Bound::NONE));
        begin_period();
        write(b"b", 30);
        assert_eq!(table.of_key(b"a", Bound::ALL), at(20));
        (0..Period::COUNT).for_each(|_| begin_period());
        for key in [&b"a"[..], b"b", b"none"] {
            assert_eq!(table.of_key(key, Bound::ALL), at(30), "of all writes before");
        }
        assert_eq!(table.of_key(b"a", Bound::new(1, 29)), at(10), "too much");
        assert_eq!(table.of_key(b"none", Bound::new(1, 29)), LastWrite::At(Bound::NONE));
    }
}
