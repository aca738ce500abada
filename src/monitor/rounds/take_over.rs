//! A monitor in the place of one that panicked.

use tokio::time::{Instant, timeout_at};

use super::{GRACE, Monitor};

impl Monitor {
    /// Asks the servers of the topology that it found, and waits for their answers. What is
    /// published stays meanwhile, so that requests go on.
    pub(super) async fn take_over(&mut self) {
        let config = self.config.load_full();
        self.update(&config, Instant::now());
        self.ask(|roster| roster.unasked().map(|member| member.id).collect());
        let mut until = Instant::now() + self.whole_time();
        let mut awaits_master = self.master.is_some();
        while let Ok(Some(report)) = timeout_at(until, self.tasks.join_next()).await {
            self.hear(Some(report));
            if awaits_master && self.has_master_answered() {
                awaits_master = false;
                until = until.min(Instant::now() + GRACE);
            }
        }
    }

    fn has_master_answered(&self) -> bool {
        let master = self.master.and_then(|id| self.roster.get(id));
        master.is_none_or(|master| master.said.is_some())
    }
}
