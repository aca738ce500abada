//! The times that clients of all workers were without their subscriptions.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// How long no gap may have ended until the log gets its line, in milliseconds.
const QUIET_MS: u64 = 500;
/// The time after which the log gets a line in any case, in milliseconds.
const LINE_MS: u64 = 10_000;

/// The times that clients were without their subscriptions. Times are milliseconds of the process's
/// clock.
#[derive(Debug, Default)]
pub struct Gaps {
    open: AtomicUsize,
    renewed: AtomicU64,
    closed: AtomicU64,
    total_ms: AtomicU64,
    /// Whether gaps have ended since the last line in the log.
    has_news: AtomicBool,
    news: Mutex<Summary>,
}

/// The gaps that ended since the last line in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Summary {
    /// Clients that got their subscriptions back.
    renewed: u64,
    /// Clients that were closed, or went away.
    closed: u64,
    /// The longest gap, in milliseconds.
    longest_ms: u64,
    first_ms: u64,
    last_ms: u64,
}

impl Gaps {
    /// The clients that are without their subscriptions now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// The gaps that ended with renewed subscriptions.
    #[must_use]
    pub fn renewed(&self) -> u64 {
        self.renewed.load(Relaxed)
    }

    /// The gaps that ended with the client.
    #[must_use]
    pub fn closed(&self) -> u64 {
        self.closed.load(Relaxed)
    }

    /// How long all gaps that have ended were, in milliseconds.
    #[must_use]
    pub fn total_ms(&self) -> u64 {
        self.total_ms.load(Relaxed)
    }

    /// A client has lost the connection of its subscriptions.
    pub(crate) fn begin(&self) {
        self.open.fetch_add(1, Relaxed);
    }

    /// A gap of `gap_ms` has ended at `now_ms`; `is_renewed` if the client has its subscriptions.
    pub(crate) fn end(&self, gap_ms: u64, is_renewed: bool, now_ms: u64) {
        self.open.fetch_sub(1, Relaxed);
        let count = if is_renewed { &self.renewed } else { &self.closed };
        count.fetch_add(1, Relaxed);
        self.total_ms.fetch_add(gap_ms, Relaxed);
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        if *news == Summary::default() {
            news.first_ms = now_ms;
        }
        news.renewed += u64::from(is_renewed);
        news.closed += u64::from(!is_renewed);
        news.longest_ms = news.longest_ms.max(gap_ms);
        news.last_ms = now_ms;
        self.has_news.store(true, Relaxed);
    }

    /// Logs the gaps that have ended: one line for a failover.
    pub(crate) fn log_summary(&self, now_ms: u64) {
        if let Some(Summary { renewed, closed, longest_ms, .. }) = self.summary(now_ms) {
            tracing::info!(
                renewed,
                closed,
                longest_ms,
                "clients were without their subscriptions: their server was lost or is no longer master"
            );
        }
    }

    /// The gaps since the last line in the log, if it is time for one: all have ended, or the first
    /// one ended long ago.
    fn summary(&self, now_ms: u64) -> Option<Summary> {
        if !self.has_news.load(Relaxed) {
            return None;
        }
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = self.open() == 0 && now_ms >= news.last_ms + QUIET_MS;
        let is_due = is_over || now_ms >= news.first_ms + LINE_MS;
        // Another worker may have written the line.
        if !is_due || *news == Summary::default() {
            return None;
        }
        self.has_news.store(false, Relaxed);
        Some(std::mem::take(&mut *news))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failover_gets_one_line() {
        let gaps = Gaps::default();
        for _ in 0..3 {
            gaps.begin();
        }
        gaps.end(40, true, 1_000);
        assert_eq!(gaps.summary(1_000 + QUIET_MS), None, "two are open");
        gaps.end(60, true, 1_100);
        gaps.end(50, false, 1_200);
        assert_eq!(gaps.summary(1_100 + QUIET_MS), None, "more may come");
        let summary = gaps.summary(1_200 + QUIET_MS).expect("all have ended");
        assert_eq!((summary.renewed, summary.closed, summary.longest_ms), (2, 1, 60));
        assert_eq!(gaps.summary(u64::MAX), None);
        assert_eq!((gaps.open(), gaps.renewed(), gaps.closed(), gaps.total_ms()), (0, 2, 1, 150));
    }

    #[test]
    fn a_gap_that_does_not_end_holds_no_line_back_for_long() {
        let gaps = Gaps::default();
        gaps.begin();
        gaps.begin();
        gaps.end(40, true, 0);
        assert_eq!(gaps.summary(LINE_MS - 1), None);
        assert_eq!(gaps.summary(LINE_MS).map(|summary| summary.renewed), Some(1));
        assert_eq!(gaps.summary(3 * LINE_MS), None);
    }
}
