//! Long reads and the link take turns.
//!
//! A lock that the link waits for keeps new readers out. So while a long read holds the lock, the
//! link waits for the end of that read and not for the lock: short reads go on meanwhile. Then the
//! link gets as much time as the read took, before the next long read begins.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest time that a long read waits for the link.
const TURN_MAX: Duration = Duration::from_secs(1);

/// The turns of long reads and of the link.
#[derive(Debug, Default)]
pub(in crate::engine) struct Turns {
    /// The number of long reads under way.
    long: AtomicU32,
    /// Whether a writer has waited for a long read, and the link has not reached the end of its
    /// stream since.
    is_behind: AtomicBool,
    /// The end of the link's turn, if the link is behind.
    until: Mutex<Option<Instant>>,
    /// Notified when any of these change.
    changed: Condvar,
}

/// A long read. It ends when this value is dropped.
#[derive(Debug)]
pub(in crate::engine) struct LongRead<'t> {
    turns: &'t Turns,
    began: Instant,
}

impl Turns {
    /// Begins a long read after the link has had its turn. The caller holds no lock of the store.
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

    /// Begins a long read at once. The caller holds the lock of the store already.
    pub(in crate::engine) fn enter(&self) -> LongRead<'_> {
        self.long.fetch_add(1, Relaxed);
        LongRead { turns: self, began: Instant::now() }
    }

    /// Waits until no long read is under way, for no longer than `patience`. Returns whether none
    /// is.
    pub(in crate::engine::state) fn wait(&self, patience: Duration) -> bool {
        let is_busy = || self.long.load(Relaxed) > 0;
        if !is_busy() {
            return true;
        }
        self.is_behind.store(true, Relaxed);
        let waited = self.changed.wait_timeout_while(self.until(), patience, |_| is_busy());
        drop(waited);
        !is_busy()
    }

    /// Notes that the link has applied all that has arrived.
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
        // The link is behind: the next long read waits until the link is through.
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
