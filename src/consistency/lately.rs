//! Which places of the table of writes were written lately.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::SeqCst};

use super::Bound;

/// How long a period lasts at least: the replicas are asked for their offsets as often.
const PERIOD_MS: u64 = 100;

/// The period in which a group of writes began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(u8);

impl Period {
    /// How many periods there are at a time.
    pub const COUNT: usize = 2;

    /// Its number, below [`Self::COUNT`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Both periods, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] = [Self(0), Self(1)];

    const fn other(self) -> Self {
        Self(1 - self.0)
    }
}

/// Which places were written in this period and in the one before. It is small, so most reads are
/// spared a look at the large table of writes.
///
/// A period ends only when each group of writes has ended that began in the one before it: what is in
/// flight is never forgotten.
#[derive(Debug)]
pub(super) struct Lately {
    /// A bit per place and period: both of one place in the same word.
    places: Box<[AtomicU64]>,
    periods: [Groups; Period::COUNT],
    current: AtomicU8,
    /// The greatest bound of the writes before these periods.
    before: AtomicU64,
    /// When the last period began, in milliseconds; held while another one begins.
    began_ms: Mutex<u64>,
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
const PLACES_PER_WORD: u32 = u64::BITS / 2;

impl Lately {
    /// Of a table of so many places, none of which was written.
    pub(super) fn new(places: u32) -> Self {
        let words = places.div_ceil(PLACES_PER_WORD);
        Self {
            places: (0..words).map(|_| AtomicU64::new(0)).collect(),
            periods: Default::default(),
            current: AtomicU8::new(0),
            before: AtomicU64::new(0),
            began_ms: Mutex::new(0),
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

    /// The greatest bound of the writes before these periods; `None` if the place was written since.
    #[inline]
    pub(super) fn not_since(&self, place: u32) -> Option<Bound> {
        let both = bit_of(place, Period::ALL[0]) | bit_of(place, Period::ALL[1]);
        // The bits first: they are cleared after the bound is raised.
        let is_recent = self.places[word_of(place)].load(SeqCst) & both != 0;
        (!is_recent).then(|| Bound::of_bits(self.before.load(SeqCst)))
    }

    /// Begins a period, if the last one is over, and forgets the one before that, unless a group of it
    /// has not ended.
    pub(super) fn begin_period(&self, now_ms: u64) {
        let Ok(mut began_ms) = self.began_ms.try_lock() else { return };
        if now_ms < *began_ms + PERIOD_MS {
            return;
        }
        *began_ms = now_ms;
        let next = self.current().other();
        let groups = &self.periods[next.index()];
        if groups.open.load(SeqCst) > 0 {
            return;
        }
        self.before.fetch_max(groups.bound.load(SeqCst), SeqCst);
        let its_bits = (0..PLACES_PER_WORD).fold(0, |bits, place| bits | bit_of(place, next));
        self.places.iter().for_each(|word| {
            word.fetch_and(!its_bits, SeqCst);
        });
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
    1 << (place % PLACES_PER_WORD * 2 + period.0 as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_flight_is_not_forgotten() {
        let lately = Lately::new(100);
        let slow = lately.begin_group();
        lately.note(7, slow);
        for turn in 1..=5 {
            lately.begin_period(turn * PERIOD_MS);
            let group = lately.begin_group();
            lately.note(9, group);
            lately.end_group(group, Bound::new(1, 5));
        }
        assert_eq!(lately.not_since(7), None);
        assert_eq!(lately.not_since(8), Some(Bound::NONE));
        lately.note(70, slow);
        lately.end_group(slow, Bound::new(1, 90));
        lately.begin_period(6 * PERIOD_MS - 1);
        assert_eq!(lately.not_since(70), None, "a period lasts");
        lately.begin_period(6 * PERIOD_MS);
        assert_eq!(lately.not_since(70), Some(Bound::new(1, 90)));
        assert_eq!(lately.not_since(7), Some(Bound::new(1, 90)));
        assert_eq!(lately.not_since(9), None, "it was written in the period before");
        lately.begin_period(7 * PERIOD_MS);
        assert_eq!(lately.not_since(9), Some(Bound::new(1, 90)));
    }
}
