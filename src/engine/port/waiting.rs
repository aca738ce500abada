//! Reads that wait for data: `XREAD ... BLOCK`. The request stays where it is and comes again in a
//! moment, as it does in a pause; what it waits for is looked at only when something was applied.

use super::client::Client;
use super::held::Held;
use crate::command::Command;
use crate::registry::Unblocked;
use crate::store::{Outcome, WaitingRead};
use crate::units::ReplOffset;

/// A client that waits in a command.
#[derive(Debug)]
pub(super) struct Waiting {
    read: WaitingRead,
    /// On the engine's clock; `None` is for ever.
    until_ms: Option<u64>,
    /// The data it has seen.
    seen: Option<ReplOffset>,
}

/// What becomes of a request that may wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is none: to be run as it is.
    Run,
    /// It has waited: to be run in these words.
    RunAs(Vec<Vec<u8>>),
    /// It waits, and comes again.
    Wait,
    /// `CLIENT UNBLOCK ... ERROR`
    Freed,
}

impl Client {
    /// Whether it waits in a command.
    pub(super) fn is_blocked(&self) -> bool {
        self.waiting.is_some()
    }

    /// Has a look at a request that may wait.
    pub(super) fn turn(
        &mut self,
        held: &mut Held<'_>,
        command: &'static Command,
        args: &[&[u8]],
    ) -> Turn {
        let Some(mut waiting) = self.waiting.take().or_else(|| self.begin(held, args)) else {
            return Turn::Run;
        };
        let freed = self.entry.take_unblocked();
        if freed == Some(Unblocked::Error) {
            return Turn::Freed;
        }
        let now = self.desk.now_ms();
        let is_over = freed.is_some() || waiting.until_ms.is_some_and(|until| now > until);
        if is_over || self.is_served(held, &mut waiting) {
            return Turn::RunAs(waiting.read.words);
        }
        self.waiting = Some(waiting);
        self.last_command = command.name;
        Turn::Wait
    }

    fn begin(&self, held: &mut Held<'_>, args: &[&[u8]]) -> Option<Waiting> {
        let read = held.store().waiting_read(self.ask(), args)?;
        // Of an earlier wait.
        self.entry.take_unblocked();
        let until = |timeout| self.desk.now_ms().saturating_add(timeout);
        Some(Waiting { until_ms: read.timeout_ms.map(until), read, seen: None })
    }

    /// Whether there is something to tell by now.
    fn is_served(&self, held: &mut Held<'_>, waiting: &mut Waiting) -> bool {
        let applied = Some(self.desk.engine.applied());
        // Its own clients may write, too.
        if waiting.seen == applied && self.desk.config().replica.replica_read_only {
            return false;
        }
        waiting.seen = applied;
        let words: Vec<&[u8]> = waiting.read.words.iter().map(Vec::as_slice).collect();
        let mut reply = Vec::new();
        let outcome = held.store().read(self.ask(), &words, &mut reply);
        // A key that became something else may become a stream again.
        outcome == Outcome::Replied && reply != b"*-1\r\n" && reply != b"_\r\n"
    }
}
