//! The monitor's record on the board of tasks.

use std::sync::Arc;
use std::time::Duration;

use crate::tasks::{Board, Kind, Record};

/// The monitor's record on the board of tasks. The `default` is that of a monitor without a record
/// (`tidegate check`).
#[derive(Clone, Debug, Default)]
pub struct Liveness(Option<(Board, Arc<Record>)>);

impl Liveness {
    /// The liveness of the monitor that has this record.
    #[must_use]
    pub const fn new(board: Board, record: Arc<Record>) -> Self {
        Self(Some((board, record)))
    }

    /// Notes that the monitor runs. The next time may come `may_take` later.
    pub(in crate::monitor) fn note(&self, may_take: Duration) {
        if let Some((board, record)) = &self.0 {
            record.allow(may_take);
            record.beat(board.now_ms());
        }
    }

    /// Whether every worker has reported its requests under way since `since_ms`.
    pub(in crate::monitor) fn workers_have_reported(&self, since_ms: u64) -> bool {
        self.0.as_ref().is_some_and(|(board, _)| board.have_beaten(Kind::Worker, since_ms))
    }

    /// Notes that a question to a server panicked. The next round asks that server again.
    pub(in crate::monitor) fn probe_panicked(&self) {
        if let Some((board, _)) = &self.0 {
            board.count_panic(Kind::Probe);
        }
        tracing::error!("a question of the monitor to a server panicked; it is asked again");
    }
}
