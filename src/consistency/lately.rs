//! Which places of the table of writes were written lately.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::SeqCst};

use super::Bound;

/// How long a period lasts at least. All but one together last about as long as the time between two
/// probes of a replica: it is known to have the writes before.
const PERIOD_MS: u64 = 30;

/// The period in which a group of writes began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(u8);

impl Period {
    /// How many periods there are at a time.
    pub const COUNT: usize = 4;

    /// Its number, below [`Self::COUNT`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// All periods, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] = [Self(0), Self(1), Self(2), Self(3)];

    /// The period that follows this one, and was the first of them before.
    const fn next(self) -> Self {
        Self((self.0 + 1) % Self::ALL.len().to_le_bytes()[0])
    }
}

/// Which places were written in the last periods. It is small, so most reads are spared a look at the
/// large table of writes.
///
/// The first period is forgotten only when each group of writes has ended that began in it: what is in
/// flight is never forgotten.
#[derive(Debug)]
pub(super) struct Lately {
    /// A bit per place and period: all of one place in the same word.
    places: Box<[AtomicU64]>,
    periods: [Groups; Period::COUNT],
    current: AtomicU8,
    /// The greatest bound of the writes before these periods.
    before: AtomicU64,
    /// When the present period is over, in milliseconds.
    over_ms: AtomicU64,
    /// Held while another one begins.
    beginning: Mutex<()>,
}

/// The groups of writes that began in one period.
#[derive(Debug, Default)]
struct Groups {
    /// How many have not ended.
    open: AtomicU32,
    /// The greatest bound of those that have ended.
    bound: AtomicU64,
}

/// How many places share a word.
const PLACES_PER_WORD: u32 = u64::BITS / BITS_PER_PLACE;
const BITS_PER_PLACE: u32 = 4;
const _: () = assert!(BITS_PER_PLACE as usize == Period::COUNT);

impl Lately {
    /// Of a table of so many places, none of which was written.
    pub(super) fn new(places: u32) -> Self {
        let words = places.div_ceil(PLACES_PER_WORD);
        Self {
            places: (0..words).map(|_| AtomicU64::new(0)).collect(),
            periods: Default::default(),
            current: AtomicU8::new(0),
            before: AtomicU64::new(0),
            over_ms: AtomicU64::new(0),
            beginning: Mutex::default(),
        }
    }

    /// A group of writes begins. [`Self::end_group`] has to follow.
    pub(super) fn begin_group(&self) -> Period {
        loop {
            let current = self.current();
            let open = &self.periods[current.index()].open;
            open.fetch_add(1, SeqCst);
            // From here on the period is not forgotten, if it was not meanwhile.
            if self.current() == current {
                return current;
            }
            open.fetch_sub(1, SeqCst);
        }
    }

    fn current(&self) -> Period {
        Period(self.current.load(SeqCst))
    }

    /// The writes of a group have this bound.
    pub(super) fn end_group(&self, period: Period, bound: Bound) {
        let groups = &self.periods[period.index()];
        groups.bound.fetch_max(bound.bits(), SeqCst);
        groups.open.fetch_sub(1, SeqCst);
    }

    /// This place is about to be written, by a group of this period that has not ended.
    pub(super) fn note(&self, place: u32, period: Period) {
        let (word, bit) = (&self.places[word_of(place)], bit_of(place, period));
        if word.load(SeqCst) & bit == 0 {
            word.fetch_or(bit, SeqCst);
        }
    }

    /// A bound up to `enough` of all writes of the place; `None` if there may be one with a greater
    /// bound, or in flight.
    #[inline]
    pub(super) fn up_to(&self, place: u32, enough: Bound) -> Option<Bound> {
        // The bits first: they are cleared after the bound of all is raised.
        let bits = self.places[word_of(place)].load(SeqCst) & bits_of(place);
        let mut bound = 0;
        if bits != 0 {
            for period in Period::ALL {
                if bits & bit_of(place, period) == 0 {
                    continue;
                }
                let groups = &self.periods[period.index()];
                // In this order: the bound of a group is there before it has ended.
                if groups.open.load(SeqCst) > 0 {
                    return None;
                }
                bound = bound.max(groups.bound.load(SeqCst));
            }
        }
        let bound = Bound::of_bits(bound.max(self.before.load(SeqCst)));
        (bound <= enough).then_some(bound)
    }

    /// Begins a period, if the last one is over, and forgets the first one, unless a group of it has
    /// not ended.
    #[inline]
    pub(super) fn begin_period(&self, now_ms: u64) {
        if now_ms >= self.over_ms.load(SeqCst)
            && let Ok(_only) = self.beginning.try_lock()
            && now_ms >= self.over_ms.load(SeqCst)
        {
            self.over_ms.store(now_ms + PERIOD_MS, SeqCst);
            self.forget_first();
        }
    }

    #[cold]
    fn forget_first(&self) {
        let next = self.current().next();
        let groups = &self.periods[next.index()];
        if groups.open.load(SeqCst) > 0 {
            return;
        }
        self.before.fetch_max(groups.bound.load(SeqCst), SeqCst);
        let its_bits = (0..PLACES_PER_WORD).fold(0, |bits, place| bits | bit_of(place, next));
        for word in &self.places {
            if word.load(SeqCst) & its_bits != 0 {
                word.fetch_and(!its_bits, SeqCst);
            }
        }
        self.current.store(next.0, SeqCst);
    }
}

/// The word of a place.
#[inline]
const fn word_of(place: u32) -> usize {
    (place / PLACES_PER_WORD) as usize
}

/// The bit of a place and a period in that word.
#[inline]
const fn bit_of(place: u32, period: Period) -> u64 {
    1 << (place % PLACES_PER_WORD * BITS_PER_PLACE + period.0 as u32)
}

/// The bits of a place and all periods in that word.
#[inline]
const fn bits_of(place: u32) -> u64 {
    ((1 << BITS_PER_PLACE) - 1) << (place % PLACES_PER_WORD * BITS_PER_PLACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset: u64) -> Bound {
        Bound::new(1, offset)
    }

    #[test]
    fn what_is_in_flight_is_not_forgotten() {
        let lately = Lately::new(100);
        let period = |turn: u64| lately.begin_period(turn * PERIOD_MS);
        let slow = lately.begin_group();
        lately.note(7, slow);
        for turn in 1..=9 {
            period(turn);
            let group = lately.begin_group();
            lately.note(9, group);
            lately.end_group(group, at(5));
        }
        assert_eq!(lately.up_to(7, Bound::ALL), None);
        assert_eq!(lately.up_to(8, Bound::ALL), Some(Bound::NONE));
        lately.note(70, slow);
        assert_eq!(lately.up_to(70, Bound::ALL), None);
        lately.end_group(slow, at(90));
        assert_eq!(lately.up_to(70, at(89)), None);
        assert_eq!(lately.up_to(70, at(90)), Some(at(90)));
        assert_eq!(lately.up_to(8, at(1)), Some(Bound::NONE), "it was not written");
        lately.begin_period(10 * PERIOD_MS - 1);
        assert_eq!(lately.up_to(8, at(1)), Some(Bound::NONE), "a period lasts");
        period(10);
        for place in [7, 8, 70] {
            assert_eq!(lately.up_to(place, at(89)), None, "the bound of the first period");
            assert_eq!(lately.up_to(place, at(90)), Some(at(90)));
        }
    }

    #[test]
    fn a_place_has_the_bounds_of_the_periods_in_which_it_was_written() {
        let lately = Lately::new(100);
        for (turn, place) in (1..=3).zip([10, 20, 30]) {
            lately.begin_period(turn * PERIOD_MS);
            let group = lately.begin_group();
            lately.note(place, group);
            lately.note(40, group);
            lately.end_group(group, at(place.into()));
        }
        for place in [10, 20, 30] {
            assert_eq!(lately.up_to(place, Bound::ALL), Some(at(place.into())));
        }
        assert_eq!(lately.up_to(40, Bound::ALL), Some(at(30)));
        let open = lately.begin_group();
        assert_eq!(lately.up_to(30, Bound::ALL), None, "perhaps written by that one");
        assert_eq!(lately.up_to(20, Bound::ALL), Some(at(20)));
        lately.end_group(open, Bound::NONE);
        assert_eq!(lately.up_to(30, Bound::ALL), Some(at(30)));
        assert_eq!(lately.up_to(30, at(29)), None);
        for turn in 4..=5 {
            lately.begin_period(turn * PERIOD_MS);
        }
        assert_eq!(lately.up_to(50, Bound::ALL), Some(at(10)), "of the forgotten period");
        assert_eq!(lately.up_to(20, Bound::ALL), Some(at(20)));
    }
}
