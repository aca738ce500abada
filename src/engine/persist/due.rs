//! Whether the rules of `save` ask for a save.

use std::time::Duration;

use crate::config::Replica;
use crate::engine::Engine;
use crate::engine::state::{Changes, unix_ms};

/// How soon a failed save is tried again (`CONFIG_BGSAVE_RETRY_DELAY`).
const RETRY: Duration = Duration::from_secs(5);

impl Engine {
    /// Returns the number of changes of the data.
    pub(in crate::engine) fn changes(&self) -> Changes {
        let store = self.store();
        Changes { epoch: self.data_epoch(), count: store.dirty() }
    }

    /// Returns the number of changes since the last save (`rdb_changes_since_last_save`).
    pub(in crate::engine) fn unsaved_changes(&self) -> u64 {
        self.schedule.unsaved(self.changes())
    }

    /// Whether a rule of `save` asks for a save.
    pub(in crate::engine) fn save_is_due(&self, config: &Replica) -> bool {
        if config.save.0.is_empty() || self.saves.go_on() {
            return false;
        }
        let now = unix_ms() / 1000;
        let since = |then: i64| Duration::from_secs(u64::try_from(now - then).unwrap_or(0));
        let last = self.saves.last().unwrap_or_else(|| self.saves.started());
        let may_retry = !self.saves.last_failed() || since(self.saves.last_try()) > RETRY;
        may_retry && config.save.ask(since(last), self.unsaved_changes())
    }
}
