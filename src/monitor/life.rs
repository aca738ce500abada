//! What the monitor shows of itself to the board of tasks.

use std::sync::Arc;
use std::time::Duration;

use crate::tasks::{Board, Kind, Record};

/// The monitor's place on a board; `default` is that of a monitor without one (`check`).
#[derive(Clone, Debug, Default)]
pub struct Life(Option<(Board, Arc<Record>)>);

impl Life {
    /// The place of the monitor that has this record.
    #[must_use]
    pub const fn new(board: Board, record: Arc<Record>) -> Self {
        Self(Some((board, record)))
    }

    /// Notes that the monitor runs. Until the next time it may take as long as servers may.
    pub(super) fn strike(&self, may_take: Duration) {
        if let Some((board, record)) = &self.0 {
            record.allow(may_take);
            record.beat(board.now_ms());
        }
    }

    /// Notes that a question to a server panicked. The next round asks that server again.
    pub(super) fn probe_panicked(&self) {
        if let Some((board, _)) = &self.0 {
            board.count_panic(Kind::Probe);
        }
        tracing::error!("a question of the monitor to a server panicked; it is asked again");
    }
}
