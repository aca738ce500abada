//! The commands of the master, and when to ask for them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::monitor::asking::commands::{CommandList, CommandsError};
use crate::topology::Topology;
use tidegate_acl::Catalog;
use tidegate_wire::command::Learned;

/// The pause before the master is asked again.
const RETRY: Duration = Duration::from_secs(10);

/// The commands of the master that the built-in table lacks, and when to ask for them. Times are
/// given by the caller.
#[derive(Debug, Default)]
pub(in crate::monitor) struct MasterCommands {
    learned: Arc<Learned>,
    catalog: Option<Arc<Catalog>>,
    /// The run id of the process whose answer these are.
    answered_by: Option<String>,
    /// The run id of the process that has been asked and has not answered yet.
    asking: Option<String>,
    retry_at: Option<Instant>,
}

impl MasterCommands {
    /// The commands that are known from before; the master has to be asked.
    pub(in crate::monitor) fn new(known: &Topology) -> Self {
        let (learned, catalog) = (Arc::clone(&known.learned), known.catalog.clone());
        Self { learned, catalog, ..Self::default() }
    }

    /// The commands that are known, and those that rules of users may name.
    pub(in crate::monitor) fn known(&self) -> (Arc<Learned>, Option<Arc<Catalog>>) {
        (Arc::clone(&self.learned), self.catalog.clone())
    }

    /// Whether the master with this run id has to be asked now; if so, it counts as asked.
    pub(in crate::monitor) fn begin(&mut self, run_id: &str, now: Instant) -> bool {
        let is_due = self.answered_by.as_deref() != Some(run_id)
            && self.asking.is_none()
            && self.retry_at.is_none_or(|at| at <= now);
        if is_due {
            self.asking = Some(run_id.to_owned());
        }
        is_due
    }

    /// Takes the outcome. If the master refuses, no command is known: a command of an earlier
    /// master may mean something else to this one.
    pub(in crate::monitor) fn end(
        &mut self,
        run_id: String,
        outcome: Result<CommandList, CommandsError>,
        now: Instant,
    ) {
        self.asking = None;
        self.retry_at = None;
        match outcome {
            Ok(CommandList { learned, catalog }) => {
                // Most servers have no modules: no commands before and none now are no change.
                if !(learned.is_empty() && self.learned.is_empty() && self.learned.is_told()) {
                    self.learned = Arc::new(learned);
                    self.catalog = Some(Arc::new(catalog));
                }
                self.answered_by = Some(run_id);
            }
            Err(error) => {
                tracing::warn!("the master's commands are not known: {error}");
                self.learned = Arc::default();
                if error.is_final() {
                    self.answered_by = Some(run_id);
                } else {
                    self.retry_at = Some(now + RETRY);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::asking::link::LinkError;

    #[test]
    fn each_process_is_asked_once() {
        let (mut commands, now) = (MasterCommands::default(), Instant::now());
        assert!(commands.begin("a", now) && !commands.begin("a", now));
        commands.end("a".to_owned(), Ok(CommandList::default()), now);
        assert!(!commands.begin("a", now) && commands.begin("b", now));
        let refused = CommandsError::Refused("NOPERM".to_owned());
        commands.end("b".to_owned(), Err(refused), now);
        assert!(!commands.begin("b", now + RETRY), "it would refuse again");
    }

    #[test]
    fn a_question_that_failed_is_repeated_after_a_pause() {
        let (mut commands, now) = (MasterCommands::default(), Instant::now());
        assert!(commands.begin("a", now));
        let error = CommandsError::Link(LinkError::Timeout(RETRY));
        commands.end("a".to_owned(), Err(error), now);
        assert!(!commands.begin("a", now + RETRY / 2) && commands.begin("a", now + RETRY));
    }
}
