//! The pace at which a worker's clients renew their subscriptions after a failover.
//!
//! A server that has just become master would get all subscribers at once. So only a few clients of
//! a worker renew at a time, and the next one begins when one of them is done. After a failure all of
//! them wait, for a time that doubles. Times are milliseconds of the process's clock.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Inbox, Waiters};
use crate::topology::BackendId;

/// How many clients of a worker renew their subscriptions at a time.
const AT_ONCE: usize = 32;
/// The time after the first failure, at most.
const REST_MS: u64 = 100;
/// The time after many failures, at most.
const REST_MAX_MS: u64 = 2_000;

/// The renewals of one worker.
#[derive(Debug, Default)]
pub(crate) struct Renewals {
    pace: RefCell<Pace>,
    /// Clients that wait for their turn.
    waiting: RefCell<Waiters>,
}

/// A client's turn to renew its subscriptions. The turn ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Rc<Renewals>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.pace.borrow_mut().end();
        self.0.wake_next();
    }
}

impl Renewals {
    /// A turn to renew subscriptions at `backend`; `None` while no client may begin.
    pub(crate) fn begin(self: &Rc<Self>, backend: BackendId, now_ms: u64) -> Option<Turn> {
        self.pace.borrow_mut().begin(backend, now_ms).then(|| Turn(Rc::clone(self)))
    }

    /// Wakes the owner of `inbox` when it may begin perhaps, at `until_ms` at the latest.
    pub(crate) fn wait(&self, inbox: &Rc<Inbox>, until_ms: u64) {
        self.waiting.borrow_mut().add(inbox, until_ms);
    }

    /// A renewal at `backend` failed; `jitter` is from 0 to 1.
    pub(crate) fn failed(&self, backend: BackendId, now_ms: u64, jitter: f64) {
        self.pace.borrow_mut().failed(backend, now_ms, jitter);
    }

    /// A renewal at `backend` succeeded.
    pub(crate) fn succeeded(&self, backend: BackendId) {
        self.pace.borrow_mut().succeeded(backend);
    }

    /// Wakes the clients that may begin, because there is news of the servers.
    pub(crate) fn wake(&self) {
        let room = self.pace.borrow().room();
        self.waiting.borrow_mut().wake_some(room);
    }

    /// Wakes the clients that may begin, and those whose time is up.
    pub(crate) fn tick(&self, now_ms: u64) {
        if self.waiting.borrow().is_empty() {
            return;
        }
        self.waiting.borrow_mut().wake_due(now_ms);
        if !self.pace.borrow().rests(now_ms) {
            self.wake();
        }
    }

    fn wake_next(&self) {
        let room = self.pace.borrow().room();
        self.waiting.borrow_mut().wake_some(room.min(1));
    }
}

/// How many renew now, and whether the last ones failed.
#[derive(Debug, Default)]
struct Pace {
    under_way: usize,
    failures: Option<Failures>,
}

/// Renewals that failed at a server, one after the other.
#[derive(Clone, Copy, Debug)]
struct Failures {
    backend: BackendId,
    count: u32,
    /// Until when no client tries again.
    until_ms: u64,
}

impl Pace {
    fn begin(&mut self, backend: BackendId, now_ms: u64) -> bool {
        let rests = self.failures.is_some_and(|it| it.backend == backend && now_ms < it.until_ms);
        let may = self.room() > 0 && !rests;
        self.under_way += usize::from(may);
        may
    }

    const fn end(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    const fn room(&self) -> usize {
        AT_ONCE.saturating_sub(self.under_way)
    }

    fn rests(&self, now_ms: u64) -> bool {
        self.failures.is_some_and(|failures| now_ms < failures.until_ms)
    }

    fn failed(&mut self, backend: BackendId, now_ms: u64, jitter: f64) {
        let before = self.failures.filter(|it| it.backend == backend);
        if before.is_some_and(|it| now_ms < it.until_ms) {
            // It began before the rest, as the one that began the rest did.
            return;
        }
        let count = before.map_or(0, |it| it.count);
        let most = REST_MS.saturating_mul(1 << count.min(16)).min(REST_MAX_MS);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a few seconds"
        )]
        let rest_ms = (most as f64 * (0.5 + jitter.clamp(0.0, 1.0) / 2.0)) as u64;
        let until_ms = now_ms + rest_ms;
        self.failures = Some(Failures { backend, count: count + 1, until_ms });
    }

    fn succeeded(&mut self, backend: BackendId) {
        self.failures.take_if(|failures| failures.backend == backend);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: BackendId = BackendId(1);
    const B: BackendId = BackendId(2);

    #[test]
    fn a_few_renew_at_a_time() {
        let renewals = Rc::new(Renewals::default());
        let mut turns: Vec<Turn> = Vec::new();
        while let Some(turn) = renewals.begin(A, 0) {
            turns.push(turn);
        }
        assert_eq!(turns.len(), AT_ONCE);
        let inboxes: Vec<_> = (0..AT_ONCE + 2).map(|_| Rc::new(Inbox::default())).collect();
        inboxes.iter().for_each(|inbox| renewals.wait(inbox, u64::MAX));
        renewals.tick(1);
        assert_eq!(renewals.waiting.borrow().len(), AT_ONCE + 2, "none may begin");
        turns.pop();
        assert_eq!(renewals.waiting.borrow().len(), AT_ONCE + 1, "one may");
        assert!(renewals.begin(A, 1).is_some());
        drop(turns);
        assert!(renewals.waiting.borrow().len() <= 1);
    }

    #[test]
    fn all_wait_after_a_failure_ever_longer() {
        let mut pace = Pace::default();
        let mut rests = Vec::new();
        let mut now_ms = 1_000;
        for _ in 0..7 {
            assert!(pace.begin(A, now_ms));
            pace.failed(A, now_ms, 1.0);
            pace.failed(A, now_ms + 1, 1.0);
            assert!(pace.rests(now_ms) && !pace.begin(A, now_ms));
            assert!(pace.begin(B, now_ms), "another server has not failed");
            pace.end();
            pace.end();
            let rest_ms = pace.failures.expect("it failed").until_ms - now_ms;
            rests.push(rest_ms);
            now_ms += rest_ms;
        }
        assert_eq!(rests, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
        pace.succeeded(B);
        assert!(pace.failures.is_some());
        pace.succeeded(A);
        assert!(pace.begin(A, now_ms));
        pace.failed(A, now_ms, 0.0);
        assert!(pace.begin(A, now_ms + 50) && !pace.begin(A, now_ms + 49));
    }

    #[test]
    fn a_client_whose_time_is_up_is_woken_whatever_the_pace() {
        let renewals = Rc::new(Renewals::default());
        let turns: Vec<_> = std::iter::from_fn(|| renewals.begin(A, 0)).collect();
        let (early, late) = (Rc::new(Inbox::default()), Rc::new(Inbox::default()));
        renewals.wait(&early, 5);
        renewals.wait(&late, 6);
        renewals.tick(5);
        assert_eq!((renewals.waiting.borrow().len(), turns.len()), (1, AT_ONCE));
    }
}
