//! The questions to servers that are under way.

use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::asking::commands::{CommandsError, ask_commands};
use super::asking::link::Dial;
use super::asking::probe::{Probed, ask_position, probe};
use super::roster::member::Member;
use crate::topology::BackendId;
use tidegate_wire::command::Learned;

/// The outcome of one question.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A whole probe.
    Probed(BackendId, Box<Probed>),
    /// The short question for the replication offset.
    Position(BackendId, Box<Probed>),
    /// The commands of the process with this run id.
    Commands(String, Result<Learned, CommandsError>),
}

/// The questions to servers that are under way, each a task.
#[derive(Debug)]
pub(super) struct Questions {
    tasks: JoinSet<Outcome>,
    /// Where the process's clock begins.
    epoch: Instant,
}

impl Questions {
    /// No question yet.
    pub(super) fn new(epoch: Instant) -> Self {
        Self { tasks: JoinSet::new(), epoch }
    }

    /// Asks a server everything, over its connection or a new one.
    pub(super) fn probe(&mut self, member: &mut Member, dial: Dial) {
        let (id, link, epoch) = (member.id, member.contact.take_link(), self.epoch);
        let task = async move { Outcome::Probed(id, Box::new(probe(link, dial, epoch).await)) };
        member.begin(self.tasks.spawn(task), Instant::now());
    }

    /// Asks a server for its replication offset, unless a question to it is under way.
    pub(super) fn ask_position(&mut self, member: &mut Member) {
        let (id, epoch) = (member.id, self.epoch);
        if let Some(link) = member.contact.take_idle_link() {
            let task =
                async move { Outcome::Position(id, Box::new(ask_position(link, epoch).await)) };
            member.begin(self.tasks.spawn(task), Instant::now());
        }
    }

    /// Asks the process with this run id for its commands.
    pub(super) fn ask_commands(&mut self, run_id: String, dial: Dial) {
        let task = async move { Outcome::Commands(run_id, ask_commands(dial).await) };
        self.tasks.spawn(task);
    }

    /// Waits for the next outcome; `None` if no question is under way.
    pub(super) async fn next(&mut self) -> Option<Result<Outcome, JoinError>> {
        self.tasks.join_next().await
    }

    /// The next outcome, if there is one already.
    pub(super) fn try_next(&mut self) -> Option<Result<Outcome, JoinError>> {
        self.tasks.try_join_next()
    }

    /// How many questions are under way.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether no question is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}
