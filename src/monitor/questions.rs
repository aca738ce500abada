//! The questions to servers that are under way.

use std::net::IpAddr;

use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::asking::commands::{CommandList, CommandsError, ask_commands};
use super::asking::link::Dial;
use super::asking::probe::{Probed, ask_position, probe};
use super::roster::member::Member;
use crate::net::Resolver;
use crate::topology::BackendId;

/// The outcome of one question.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A whole probe.
    Probed(BackendId, Box<Probed>),
    /// The short question for the replication offset.
    Position(BackendId, Box<Probed>),
    /// The commands of the process with this run id.
    Commands(String, Result<CommandList, CommandsError>),
    /// The addresses to which a server's name leads now; `Err` has the reason in words.
    Resolved(BackendId, Result<Vec<IpAddr>, String>),
}

/// The questions to servers that are under way, each a task.
#[derive(Debug)]
pub(super) struct Questions {
    tasks: JoinSet<Outcome>,
    /// Look-ups of names, for which no round waits.
    look_ups: JoinSet<Outcome>,
    /// Where the process's clock begins.
    epoch: Instant,
    /// Resolves the servers' names.
    resolver: Resolver,
}

impl Questions {
    /// No question yet.
    pub(super) fn new(epoch: Instant) -> Self {
        let (tasks, look_ups) = (JoinSet::new(), JoinSet::new());
        Self { tasks, look_ups, epoch, resolver: Resolver::default() }
    }

    /// Resolves names with `resolver` from now on.
    pub(super) fn set_resolver(&mut self, resolver: Resolver) {
        self.resolver = resolver;
    }

    /// Looks up the name of a server that was reached, unless a look-up of it is under way.
    pub(super) fn resolve(&mut self, member: &mut Member) {
        if !member.endpoint.begin() {
            return;
        }
        let (id, host, resolver) = (member.id, member.addr.host.clone(), self.resolver.clone());
        self.look_ups.spawn(async move {
            let found = resolver.resolve(&host).await.map_err(|error| error.to_string());
            Outcome::Resolved(id, found)
        });
    }

    /// Asks a server everything, over its connection or a new one.
    pub(super) fn probe(&mut self, member: &mut Member, dial: Dial) {
        let (id, link, epoch) = (member.id, member.contact.take_link(), self.epoch);
        let resolver = self.resolver.clone();
        let task =
            async move { Outcome::Probed(id, Box::new(probe(link, dial, resolver, epoch).await)) };
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

    /// The same if the server has not answered the last question.
    pub(super) fn resolve_failed(&mut self, member: Option<&mut Member>) {
        if let Some(member) = member.filter(|member| member.answer().is_none()) {
            self.resolve(member);
        }
    }

    /// Asks the process with this run id for its commands.
    pub(super) fn ask_commands(&mut self, run_id: String, dial: Dial) {
        let resolver = self.resolver.clone();
        let task = async move { Outcome::Commands(run_id, ask_commands(dial, resolver).await) };
        self.tasks.spawn(task);
    }

    /// Waits for the next outcome; `None` if no question is under way.
    pub(super) async fn next(&mut self) -> Option<Result<Outcome, JoinError>> {
        tokio::select! {
            biased;
            Some(outcome) = self.tasks.join_next() => Some(outcome),
            Some(outcome) = self.look_ups.join_next() => Some(outcome),
            else => None,
        }
    }

    /// The next outcome, if there is one already.
    pub(super) fn try_next(&mut self) -> Option<Result<Outcome, JoinError>> {
        self.tasks.try_join_next().or_else(|| self.look_ups.try_join_next())
    }

    /// How many questions to servers are under way.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether no question to a server is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}
