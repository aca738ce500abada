//! Long reads and the link take turns.
//!
//! A lock that the link waits for keeps new readers out. So the link does not wait for the lock
//! while a long read holds it, but for the read's end: short reads go on meanwhile. A link that had
//! to wait is given as much time as the read took before the next long read begins.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest time that a long read waits for the link.
const TURN_MAX: Duration = Duration::from_secs(1);

/// Who is at work.
#[derive(Debug, Default)]
pub(in crate::engine) struct Turns {
    /// Long reads under way.
    long: AtomicU32,
    /// A writer has waited for one, and the link has not come to an end of its stream since.
    is_behind: AtomicBool,
    /// Until when the link has its turn, if it is behind.
    until: Mutex<Option<Instant>>,
    /// Told when any of it changes.
    changed: Condvar,
}

/// A long read, until it is dropped.
#[derive(Debug)]
pub(in crate::engine) struct LongRead<'t> {
    turns: &'t Turns,
    began: Instant,
}

impl Turns {
    /// A long read begins once the link has had its turn. The caller holds no lock of the store.
    pub(in crate::engine) fn begin(&self) -> LongRead<'_> {
        let mut until = self.until();
        while self.is_behind.load(Relaxed)
            && let Some(left) = until.and_then(|it| it.checked_duration_since(Instant::now()))
        {
            let waited = self.changed.wait_timeout(until, left);
            until = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(until);
        self.enter()
    }

    /// A long read begins at once: the caller holds the store's lock already.
    pub(in crate::engine) fn enter(&self) -> LongRead<'_> {
        self.long.fetch_add(1, Relaxed);
        LongRead { turns: self, began: Instant::now() }
    }

    /// A writer waits until no long read is under way, for no longer than `patience`; whether that
    /// is so.
    pub(super) fn wait(&self, patience: Duration) -> bool {
        let is_busy = || self.long.load(Relaxed) > 0;
        if !is_busy() {
            return true;
        }
        self.is_behind.store(true, Relaxed);
        let waited = self.changed.wait_timeout_while(self.until(), patience, |_| is_busy());
        drop(waited);
        !is_busy()
    }

    /// The link has applied all that came.
    pub(in crate::engine) fn link_is_through(&self) {
        if self.is_behind.load(Relaxed) {
            let until = self.until();
            self.is_behind.store(false, Relaxed);
            drop(until);
            self.changed.notify_all();
        }
    }

    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LongRead<'_> {
    fn drop(&mut self) {
        let mut until = self.turns.until();
        self.turns.long.fetch_sub(1, Relaxed);
        *until = Some(Instant::now() + self.began.elapsed().min(TURN_MAX));
        drop(until);
        self.turns.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_link_waits_for_a_long_read_and_then_the_next_one_for_the_link() {
        let turns = Arc::new(Turns::default());
        assert!(turns.wait(Duration::ZERO));
        let read = turns.begin();
        assert!(!turns.wait(Duration::ZERO));
        drop(read);
        assert!(turns.wait(LONG));
        // The link is behind: the next one waits until it is through.
        let (turns_of_next, began) = (Arc::clone(&turns), Instant::now());
        *turns.until() = Some(began + LONG);
        let (begun, told) = mpsc::channel();
        let next = thread::spawn(move || {
            let read = turns_of_next.begin();
            begun.send(()).unwrap();
            drop(read);
        });
        assert!(told.recv_timeout(Duration::from_millis(20)).is_err());
        turns.link_is_through();
        told.recv_timeout(LONG / 2).unwrap();
        next.join().unwrap();
    }

    #[test]
    fn a_link_that_never_waited_delays_no_read() {
        let turns = Turns::default();
        *turns.until() = Some(Instant::now() + LONG);
        drop(turns.begin());
        *turns.until() = Some(Instant::now() + LONG);
        drop(turns.begin());
    }
}
