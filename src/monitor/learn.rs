//! Asks a master for the commands that the built-in table lacks.

use std::sync::Arc;
use std::time::Duration;

use redis_protocol::resp2::types::BytesFrame;
use tokio::time::Instant;

use super::answer::brief;
use super::link::{Dial, Link, LinkError};
use crate::topology::Executed;
use tidegate_wire::command::Learned;

/// Longest reply to `COMMAND`, in bytes; that of Redis 8 with its modules has 400 kB.
const REPLY_MAX: usize = 8 * 1024 * 1024;
/// The least time that it gets.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause before it is asked again.
const RETRY: Duration = Duration::from_secs(10);

/// Why nothing was learnt.
#[derive(Debug, thiserror::Error)]
pub(super) enum LearnError {
    /// No answer; worth another try.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// An error reply.
    #[error("COMMAND was refused: {0}")]
    Refused(String),
}

impl LearnError {
    /// Whether the server would say the same next time.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Link(LinkError::TooLong(_) | LinkError::Protocol))
    }
}

/// Asks over a connection of its own: the reply is long, and a slow one must not look as if the
/// master were gone.
pub(super) async fn learn(dial: Dial) -> Result<Learned, LearnError> {
    let mut link = Link::open(&dial.patient(PATIENCE)).await?;
    let replies = link.ask(&[&[b"COMMAND"]], REPLY_MAX).await?;
    match replies.first() {
        Some(BytesFrame::Error(error)) => Err(LearnError::Refused(brief(error))),
        Some(reply) => Ok(Learned::from_command_reply(reply)),
        None => Err(LinkError::Protocol.into()),
    }
}

/// What was learnt last, and from whom.
#[derive(Debug, Default)]
pub(super) struct Lesson {
    learned: Arc<Learned>,
    /// The commands that the master has executed.
    pub(super) executed: Executed,
    /// The run id of the process that was asked, and gave its last word.
    taught_by: Option<String>,
    /// The one that is being asked.
    asking: Option<String>,
    retry_at: Option<Instant>,
}

impl Lesson {
    /// Before anybody was asked.
    pub(super) fn new(learned: Arc<Learned>) -> Self {
        Self { learned, ..Self::default() }
    }

    /// The commands learnt.
    pub(super) fn learned(&self) -> Arc<Learned> {
        Arc::clone(&self.learned)
    }

    /// Whether the master of this run id is to be asked now; if so, it counts as asked.
    pub(super) fn begin(&mut self, run_id: &str, now: Instant) -> bool {
        let is_due = self.taught_by.as_deref() != Some(run_id)
            && self.asking.is_none()
            && self.retry_at.is_none_or(|at| at <= now);
        if is_due {
            self.asking = Some(run_id.to_owned());
        }
        is_due
    }

    /// Takes the outcome. Where the master refuses, nothing is known: what an earlier master had
    /// may mean something else to this one.
    pub(super) fn end(
        &mut self,
        run_id: String,
        outcome: Result<Learned, LearnError>,
        now: Instant,
    ) {
        self.asking = None;
        self.retry_at = None;
        match outcome {
            Ok(learned) => {
                // No news where there are none before and after: most servers have no modules.
                if !(learned.is_empty() && self.learned.is_empty() && self.learned.is_told()) {
                    self.learned = Arc::new(learned);
                }
                self.taught_by = Some(run_id);
            }
            Err(error) => {
                tracing::warn!("the master's commands are not known: {error}");
                self.learned = Arc::default();
                if error.is_final() {
                    self.taught_by = Some(run_id);
                } else {
                    self.retry_at = Some(now + RETRY);
                }
            }
        }
    }
}
