//! The board of all long-running tasks of the process.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{Kind, Record};
use tidegate_wire::units::millis;

/// The tasks of one process. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    epoch: Instant,
    records: Mutex<Vec<Arc<Record>>>,
    panics: [AtomicU64; Kind::ALL.len()],
}

impl Default for Inner {
    fn default() -> Self {
        Self { epoch: Instant::now(), records: Mutex::default(), panics: Default::default() }
    }
}

/// The health of all tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Tasks that are down or hang.
    pub faults: Vec<String>,
    /// Failures of tasks that run again.
    pub notes: Vec<String>,
}

impl Board {
    /// A board without tasks; `epoch` is the zero of the process's clock.
    #[must_use]
    pub fn new(epoch: Instant) -> Self {
        Self(Arc::new(Inner { epoch, ..Inner::default() }))
    }

    /// The present time in milliseconds since the epoch.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        millis(self.0.epoch.elapsed())
    }

    /// The record of the task called `name`: a new one, or the one from before its restart.
    #[must_use]
    pub fn record(&self, kind: Kind, name: &str) -> Arc<Record> {
        let mut records = self.records();
        if let Some(known) = records.iter().find(|it| it.kind() == kind && it.name() == name) {
            return Arc::clone(known);
        }
        let new = Arc::new(Record::new(kind, name.to_owned()));
        records.push(Arc::clone(&new));
        records.sort_by(|a, b| a.name().cmp(b.name()));
        new
    }

    /// Every task, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Record>> {
        self.records().clone()
    }

    /// The tasks of one kind, by name.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Vec<Arc<Record>> {
        self.records().iter().filter(|it| it.kind() == kind).cloned().collect()
    }

    /// Whether every task of one kind has beaten since `since_ms`.
    #[must_use]
    pub fn have_beaten(&self, kind: Kind, since_ms: u64) -> bool {
        let now_ms = self.now_ms();
        let beaten_ms = |task: &Arc<Record>| now_ms.saturating_sub(task.age_ms(now_ms));
        self.of(kind).iter().all(|task| beaten_ms(task) > since_ms)
    }

    /// Counts a panic in a task of this kind.
    pub fn count_panic(&self, kind: Kind) {
        if let Some(count) = self.0.panics.get(kind as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// The number of panics in tasks of this kind.
    #[must_use]
    pub fn panics(&self, kind: Kind) -> u64 {
        self.0.panics.get(kind as usize).map_or(0, |count| count.load(Relaxed))
    }

    /// Whether a test wants a task of this kind to panic now; see [`Record::injected_panic`].
    #[must_use]
    pub fn is_panic_injected(&self, kind: Kind) -> bool {
        #[cfg(debug_assertions)]
        return self.panics(kind) < super::record::panics_wanted(kind);
        #[cfg(not(debug_assertions))]
        return {
            let _ = kind;
            false
        };
    }

    /// The faults of all tasks, and failures of tasks that run again. A fault of the engine's link
    /// is only a note, because reads go to other servers.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health_at(self.now_ms())
    }

    fn health_at(&self, now_ms: u64) -> Health {
        let mut health = Health::default();
        for record in self.all() {
            match record.fault(now_ms) {
                Some(fault) if record.kind() != Kind::ReplicaLink => health.faults.push(fault),
                Some(fault) => health.notes.push(fault),
                None => health.notes.extend(record.history(now_ms)),
            }
        }
        health
    }

    fn records(&self) -> MutexGuard<'_, Vec<Arc<Record>>> {
        self.0.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_task_that_hangs_or_is_down_is_named() {
        let board = Board::default();
        let worker = board.record(Kind::Worker, "worker-7");
        let monitor = board.record(Kind::Monitor, "monitor");
        let _ = board.record(Kind::Acceptor, "acceptor-0");
        worker.beat(1_000);
        monitor.beat(1_000);
        monitor.allow(Duration::from_secs(2));
        assert_eq!(board.health_at(6_000), Health::default());
        let faults = board.health_at(6_001).faults;
        assert_eq!(faults, ["worker-7 has not reported for 5001 ms"], "the monitor may");
        worker.beat(6_001);
        assert_eq!(board.health_at(8_000), Health::default());
        assert!(board.health_at(8_001).faults[0].starts_with("monitor "));

        monitor.failed(9_000, "panicked: x");
        assert_eq!(board.health_at(9_000).faults, ["monitor is down: panicked: x"]);
        // The monitor is restarted and has not beaten yet.
        board.record(Kind::Monitor, "monitor").begin();
        let health = board.health_at(9_100);
        assert!(health.faults.is_empty() && health.notes[0].contains("panicked: x"), "{health:?}");
    }

    #[test]
    fn panics_count_by_kind() {
        let board = Board::default();
        board.count_panic(Kind::Client);
        board.count_panic(Kind::Client);
        assert_eq!((board.panics(Kind::Client), board.panics(Kind::Worker)), (2, 0));
    }
}
