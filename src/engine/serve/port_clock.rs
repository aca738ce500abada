//! The clock of the port: its requests share looks at the time.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// How many uses share a look at the clock. A look costs as much as a part of a short request.
const USES: u32 = 32;

/// The time at a look at the clock, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// The time of day since 1970, with which expiries are compared.
    pub(super) unix: i64,
    /// The engine's time, for all else.
    pub(super) engine: u64,
}

/// Whether the thread has slept since the last look at the clock. The runtime of the thread notes it.
#[derive(Clone, Debug, Default)]
pub(super) struct Slept(Arc<AtomicBool>);

impl Slept {
    /// The thread has slept.
    pub(super) fn note(&self) {
        self.0.store(true, Relaxed);
    }

    fn take(&self) -> bool {
        self.0.load(Relaxed) && self.0.swap(false, Relaxed)
    }
}

/// The clock of the port. Requests that the thread handles one after the other without a pause share a
/// look at the time (`server.mstime`, `updateCachedTime`).
#[derive(Debug, Default)]
pub(super) struct PortClock {
    last: Cell<Look>,
    /// How many further uses the last look has.
    left: Cell<u32>,
    slept: Slept,
}

impl PortClock {
    /// A clock that looks at the time anew when the thread has slept.
    pub(super) fn new(slept: Slept) -> Self {
        Self { slept, ..Self::default() }
    }

    /// Returns the time; `look` looks at it if that is due.
    #[inline]
    pub(super) fn now(&self, look: impl FnOnce() -> Look) -> Look {
        if self.left.get() == 0 || self.slept.take() {
            self.last.set(look());
            self.left.set(USES);
        }
        self.left.set(self.left.get() - 1);
        self.last.get()
    }

    /// The next use looks at the time anew, because what the thread did may have taken long.
    pub(super) fn expire(&self) {
        self.left.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u32) -> Look {
        Look { unix: i64::from(ms) + 1_000, engine: ms.into() }
    }

    #[test]
    fn uses_share_a_look_until_it_is_over() {
        let slept = Slept::default();
        let clock = PortClock::new(slept.clone());
        assert_eq!(clock.now(|| at(5)), at(5));
        assert!((1..USES).all(|_| clock.now(|| at(6)) == at(5)));
        assert_eq!((clock.now(|| at(7)), clock.now(|| at(8))), (at(7), at(7)));
        clock.expire();
        assert_eq!(clock.now(|| at(9)), at(9));
        slept.note();
        assert_eq!((clock.now(|| at(10)), clock.now(|| at(11))), (at(10), at(10)));
    }
}
