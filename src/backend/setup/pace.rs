//! The pace at which a worker sets up leased connections to one server.
//!
//! After a failover thousands of sessions want a connection to the new master at once. If all of
//! them were begun together, each would take longer than `connect-timeout`. So only a few are in
//! set-up at a time; the others have not begun, and their time does not run yet.

use std::cell::Cell;

use tokio::sync::{Semaphore, SemaphorePermit};

/// How many leased connections of a worker to one server are in set-up at a time.
pub(in crate::backend) const AT_ONCE: usize = 64;

/// The turns of one worker's leased connections to one server.
#[derive(Debug)]
pub(in crate::backend) struct SetupPace {
    turns: Semaphore,
    /// How many set-ups have failed in a row.
    failures: Cell<usize>,
}

impl Default for SetupPace {
    fn default() -> Self {
        Self { turns: Semaphore::new(AT_ONCE), failures: Cell::new(0) }
    }
}

impl SetupPace {
    /// Waits until a set-up may begin. `None` if it has waited while so many others failed, one
    /// after the other, that it need not begin: the server cannot be reached.
    pub(in crate::backend) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(turn) = self.turns.try_acquire() {
            return Some(turn);
        }
        // It is never closed.
        let turn = self.turns.acquire().await.ok()?;
        (self.failures.get() < AT_ONCE).then_some(turn)
    }

    /// Notes whether the server could be reached.
    pub(in crate::backend) fn note(&self, is_reached: bool) {
        let failures = if is_reached { 0 } else { self.failures.get().saturating_add(1) };
        self.failures.set(failures);
    }
}
