//! What the questions for a server's offset on one connection have told.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::late_reads::LateReads;
use crate::backend::offsets::Proof;
use crate::backend::offsets::group::Group;
use crate::backend::ticket::Question;
use crate::backend::{OffsetQuestions, Ticket};
use crate::consistency::Bound;

/// The least time between two questions to the master behind writes. The bounds of all writes meanwhile
/// come with one answer, so the master has little more to do than the writes.
const PAUSE: Duration = Duration::from_millis(2);
/// The time between two questions behind fewer than [`MANY`] writes.
const LONG_PAUSE: Duration = Duration::from_millis(5);
/// So many writes are worth a question of their own: it adds 3 % to them.
const MANY: u32 = 32;

/// The questions for the server's offset on one connection.
#[derive(Debug)]
pub(super) struct Questions {
    pub(super) shared: Rc<OffsetQuestions>,
    /// The requests since the last question to a master.
    pub(super) group: Option<Box<Group>>,
    /// Whether a request was answered since a master answered the last question.
    pub(super) has_answered: bool,
    /// Whether a replica is asked in front of the requests that are not sent.
    pub(super) is_asked: bool,
    /// What the server's last answer proves.
    pub(super) proof: Proof,
    /// The reads that wait for a greater one.
    pub(super) late: LateReads,
    /// When the master was last asked.
    asked_master: Option<Instant>,
}

impl Questions {
    pub(super) fn new(shared: Rc<OffsetQuestions>) -> Self {
        let proof = Proof::default();
        let (group, late) = (None, LateReads::default());
        Self {
            shared,
            group,
            has_answered: false,
            is_asked: false,
            proof,
            late,
            asked_master: None,
        }
    }

    /// The greatest bound that the server is known to have reached.
    pub(super) fn proven(&self) -> Bound {
        self.shared.proven(self.proof)
    }

    /// The requests since the last question.
    pub(super) fn group(&mut self) -> &mut Group {
        self.group.get_or_insert_with(|| self.shared.group())
    }

    /// The group whose question goes to the master at `now`: not before [`Self::master_due`], unless
    /// sessions wait for the answer.
    pub(super) fn take_due(
        &mut self,
        now: impl FnOnce() -> Instant,
    ) -> Option<(Box<Group>, Instant)> {
        let group = self.group.as_ref()?;
        let now = now();
        if !group.is_urgent() && self.master_due(group).is_some_and(|due| now < due) {
            return None;
        }
        self.asked_master = Some(now);
        self.group.take().map(|group| (group, now))
    }

    /// When the master is asked about `group`, if not at once.
    fn master_due(&self, group: &Group) -> Option<Instant> {
        let pause = if group.writes() < MANY { LONG_PAUSE } else { PAUSE };
        self.asked_master.map(|asked| asked + pause)
    }

    /// When the next question is due that nothing else sends.
    #[inline]
    pub(super) fn asks_at(&self) -> Option<Instant> {
        let master = self.group.as_ref().and_then(|group| self.master_due(group));
        match (self.late.due(self.shared.patience()), master) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// The connection has ended with these unanswered tickets.
    pub(super) fn fail(&mut self, tickets: &mut VecDeque<Ticket>) {
        for ticket in tickets {
            match ticket.question.take() {
                Some(Question::Behind(group)) => self.fail_group(group),
                Some(Question::InFront) => {}
                None => {
                    if let Some(group) = ticket.group.take() {
                        self.shared.drop_unanswered(group);
                    }
                    continue;
                }
            }
            ticket.question = Some(Question::InFront);
        }
        if let Some(group) = self.group.take() {
            self.fail_group(group);
        }
    }

    fn fail_group(&mut self, group: Box<Group>) {
        // Only requests of the first unanswered group can have been answered.
        if std::mem::take(&mut self.has_answered) {
            self.shared.keep_unresolved(group);
        } else {
            self.shared.drop_unanswered(group);
        }
    }
}
