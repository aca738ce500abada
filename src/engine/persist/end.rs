//! The end of the process: what is written before.

use std::thread;
use std::time::{Duration, Instant};

use super::snapshot::SaveError;
use crate::engine::Engine;
use crate::engine::state::{AofState, Farewell};

/// How long the save at the end of the process waits for the end of another save.
const SAVE_WAIT: Duration = Duration::from_secs(10);
/// How often it looks.
const SAVE_LOOK: Duration = Duration::from_millis(10);

impl Engine {
    /// Ends the process for `SHUTDOWN`.
    pub(in crate::engine) fn end_process(&self, farewell: Farewell) {
        self.ending.begin(farewell);
        self.stop.notify_one();
    }

    /// Ends the process: what clients are promised under `appendfsync always` cannot be kept.
    pub(in crate::engine) fn end_for_lost_disk(&self) {
        if self.ending.begin(Farewell::NoSave) {
            let why = "the append-only file cannot be written and appendfsync is always";
            tracing::error!("{why}: the process ends");
            self.stop.notify_one();
        }
    }

    /// Saves the data before the process ends, if it is to save them. Returns whether it has.
    ///
    /// # Errors
    /// [`SaveError`]: then the process goes on, unless it is forced to end.
    pub(in crate::engine) fn save_before_end(&self, farewell: Farewell) -> Result<bool, SaveError> {
        let saves = self.saves_snapshot(farewell);
        if saves {
            self.save()?;
        }
        Ok(saves)
    }

    /// Whether the end of the process saves a snapshot. Where the append-only file has the data and
    /// `save` has no rules, there is no need.
    fn saves_snapshot(&self, farewell: Farewell) -> bool {
        let has_log = self.aof.state() == AofState::On;
        match farewell {
            Farewell::NoSave => false,
            Farewell::Save => true,
            Farewell::AsConfigured => !has_log || !self.config.load().replica.save.0.is_empty(),
        }
    }

    /// Saves the data at the end of the process: the append-only file, and a snapshot, unless a
    /// client has sent `SHUTDOWN NOSAVE`.
    pub fn save_at_end(&self) {
        // A snapshot for replicas gives way.
        self.feeding.end();
        if self.aof.is_on() {
            self.aof.flush();
            self.aof.sync();
        }
        if self.saves_snapshot(self.ending.farewell()) {
            let began = Instant::now();
            while self.saves.go_on() && began.elapsed() < SAVE_WAIT {
                thread::park_timeout(SAVE_LOOK);
            }
            // `save` logs its own failure.
            drop(self.save());
        }
    }
}
