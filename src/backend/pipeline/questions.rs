//! Asks a server for its offset, in front of and behind the requests of a connection.

use std::rc::Rc;

use tokio::time::Instant;

use super::late_reads::LateRead;
use super::{Pipeline, Received, give_up, may_keep_busy};
use crate::backend::offsets::group::Group;
use crate::backend::ticket::Question;
use crate::backend::{Cause, Inbox, Raises, Ticket};
use crate::consistency::{Bound, position};
use crate::session::Written;
use crate::session::replies::Sequence;

/// Reads whose replies have more bytes are not sent before their server is known to have what they
/// must include.
const LIGHT: usize = 16 * 1024;

impl Pipeline {
    /// The greatest bound that the server is known to have reached.
    pub(in crate::backend) fn proven(&self) -> Bound {
        self.questions.proven()
    }

    /// This write is about to be sent over this shared connection.
    pub(in crate::backend) fn note_write(&mut self, written: Written<'_>) {
        let shared = Rc::clone(&self.questions.shared);
        shared.add(self.questions.group(), written);
    }

    /// Notes what requests raise, and asks what has to be known before them.
    pub(super) fn before_push(&mut self, requests: &[u8], ticket: &mut Ticket) {
        let is_asked = ticket.minimum.is_none() || self.questions.is_asked;
        if !is_asked && ticket.minimum > self.questions.proven() {
            self.questions.is_asked = true;
            self.questions.shared.to_replicas.increment();
            self.ask(Question::InFront, position::ASK_REPLICA, ticket.since);
        }
        if ticket.raises != Raises::Nothing && self.questions.shared.is_used() {
            let inbox = ticket.inbox.clone();
            if let Some(inbox) = &inbox {
                self.note(requests, ticket, inbox);
            }
        }
    }

    fn note(&mut self, requests: &[u8], ticket: &mut Ticket, inbox: &Rc<Inbox>) {
        let written = (ticket.raises == Raises::Writes).then(|| Written::of_request(requests));
        if self.owner.is_none() {
            if let Some(written) = written {
                self.note_write(written);
            }
            let reads = match ticket.raises {
                Raises::Reads => true,
                // Reads among the writes, which follow them.
                Raises::NotedWrites => ticket.left > ticket.writes,
                Raises::Nothing | Raises::Writes => false,
            };
            self.questions.group().add_session(inbox, ticket.seq, reads);
        } else if !ticket.patient {
            ticket.group = Some(self.questions.shared.group_of(inbox, ticket.seq, written));
        }
    }

    /// The unsent bytes are about to be sent: behind requests whose bound is wanted goes a question.
    pub(in crate::backend) fn before_send(&mut self, now: impl FnOnce() -> Instant) {
        self.questions.is_asked = false;
        if let Some(group) = &mut self.questions.group {
            self.questions.shared.begin(group);
        }
        if let Some((group, now)) = self.questions.take_due(now) {
            let question = self.questions.shared.to_master();
            self.ask(Question::Behind(group), question, now);
        }
    }

    /// Asks the master behind the requests of a group that has no question.
    pub(in crate::backend) fn ask_behind(&mut self, group: Box<Group>) {
        self.questions.group().ask_with(group);
    }

    /// Asks the master now for the bound of the writes since the last question.
    pub(in crate::backend) fn ask_now(&mut self) {
        if let Some(group) = &mut self.questions.group {
            group.urge();
        }
    }

    fn ask(&mut self, question: Question, request: &[u8], now: Instant) {
        self.outgoing.push(request);
        self.tickets.push_back(Ticket::question(question, request.len(), now));
    }

    /// Requests of `ticket` are answered.
    #[inline]
    pub(super) fn note_answered(&mut self, raises: Raises) {
        self.questions.has_answered |= raises != Raises::Nothing;
    }

    /// The first ticket's request has its last reply: its bound is asked for now.
    pub(super) fn note_finished(&self, ticket: &mut Ticket, first: Sequence) {
        let shared = &self.questions.shared;
        if let Some(group) = ticket.group.take() {
            shared.keep_unresolved(group);
        } else if ticket.patient
            && ticket.raises != Raises::Nothing
            && shared.is_used()
            && let Some(inbox) = &ticket.inbox
        {
            let written = Written::of_request(self.outgoing.get(0, ticket.bytes));
            shared.keep_unresolved(shared.group_of(inbox, first, Some(written)));
        }
    }

    /// Takes the reply to the proxy's own question, which is the first ticket.
    pub(super) fn receive_answer(&mut self, reply: &[u8], now: Instant, received: &mut Received) {
        let Some(ticket) = self.tickets.pop_front() else { return };
        self.outgoing.answer(ticket.bytes);
        match ticket.question {
            Some(Question::Behind(group)) => {
                self.questions.has_answered = false;
                self.questions.shared.hear_master(group, reply);
            }
            Some(Question::InFront) | None => {
                self.questions.proof = self.questions.shared.hear_replica(reply);
                let reached = self.questions.proof.bound;
                received.again += self.refuse_behind(reached, now);
                received.ended += self.send_late(reached, now);
                self.questions.late.ask_soon(now);
                received.adds |= !self.unsent().is_empty();
            }
        }
    }

    /// Takes the reads behind an answer that need more than the server has reached, and all reads of
    /// the same clients behind them: these would be older than those before them. They wait for the
    /// server, or go to another one. Returns how many wait.
    fn refuse_behind(&mut self, reached: Bound, now: Instant) -> u64 {
        let Self { questions, outgoing, tickets, owner, backend, .. } = self;
        let (leased, patience) = (owner.is_some(), questions.shared.patience());
        let (mut at, mut is_over, mut is_in_vain) = (0, false, false);
        let mut refused = Vec::new();
        let (mut waiting, mut late) = (Vec::new(), Vec::new());
        for ticket in tickets {
            // The answer to the next question decides about what follows that.
            is_over |= matches!(ticket.question, Some(Question::InFront));
            let requests = outgoing.get(at, ticket.bytes);
            at += ticket.bytes;
            let Some(inbox) = ticket.inbox.as_ref().map(Rc::as_ptr) else { continue };
            let lacks = !is_over && ticket.minimum > reached;
            let is_read = ticket.raises == Raises::Nothing;
            let is_behind = |others: &[*const Inbox]| is_read && others.contains(&inbox);
            let may_wait = || !leased && questions.late.takes(ticket.since, patience, now);
            if is_behind(&refused) || lacks && !is_behind(&waiting) && !may_wait() {
                refused.push(inbox);
                is_in_vain |= ticket.has_waited && now >= ticket.since + patience;
                give_up(ticket, requests, leased, *backend, &Cause::Behind);
            } else if lacks || is_behind(&waiting) {
                waiting.push(inbox);
                late.push(LateRead { request: requests.to_vec(), ticket: ticket.take() });
            }
            if is_over && refused.is_empty() && waiting.is_empty() {
                break;
            }
        }
        if is_in_vain {
            questions.late.rest(patience, now);
        }
        let count = |read: &LateRead| u64::from(read.ticket.left);
        let is_first = |read: &&LateRead| !read.ticket.has_waited;
        questions.shared.late.add(late.iter().filter(is_first).map(count).sum());
        let again = late.iter().map(count).sum();
        questions.late.add_sent(late);
        again
    }

    /// Whether a read has to wait because of those that do.
    #[inline]
    pub(super) fn is_late(&self, ticket: &Ticket) -> bool {
        let late = &self.questions.late;
        !late.is_empty() && late.holds_up(ticket)
    }

    /// A read waits that was not sent.
    #[cold]
    pub(super) fn add_late(&mut self, request: Vec<u8>, ticket: Ticket) {
        self.questions.shared.late.add(u64::from(ticket.left));
        self.questions.late.add(request, ticket);
    }

    /// When the next question to the server is due.
    pub(in crate::backend) fn asks_at(&self) -> Option<Instant> {
        self.questions.asks_at()
    }

    /// Does what is due at `now`: hands back reads that have waited for too long, or asks. A question
    /// behind requests goes with the bytes that are sent next. Returns how many reads are handed back.
    pub(in crate::backend) fn ask_due(&mut self, now: Instant) -> u64 {
        if self.questions.late.has_expired(self.questions.shared.patience(), now) {
            return self.send_late(self.questions.proven(), now);
        }
        if self.questions.late.asks_at().is_some_and(|at| at <= now) {
            self.questions.late.asked();
            self.questions.is_asked = true;
            self.questions.shared.to_replicas.increment();
            self.ask(Question::InFront, position::ASK_REPLICA, now);
            self.send_light();
        }
        0
    }

    /// Sends the reads that wait behind a question, except for costly ones: if its answer shows what
    /// they must include, their replies come with it, else they wait on.
    fn send_light(&mut self) {
        let is_light = |read: &LateRead| {
            let size = read.ticket.inbox.as_ref().map_or(0, |it| it.replies().usual_size());
            size.saturating_mul(read.ticket.left as usize) <= LIGHT && !may_keep_busy(&read.request)
        };
        for LateRead { request, ticket } in self.questions.late.take_light(is_light) {
            self.outgoing.push(&request);
            self.tickets.push_back(ticket);
        }
    }

    /// Sends the reads that waited and can be answered now, and hands back those that have waited for
    /// too long. Returns how many these are.
    fn send_late(&mut self, reached: Bound, now: Instant) -> u64 {
        if self.questions.late.is_empty() {
            return 0;
        }
        let patience = self.questions.shared.patience();
        let (ready, expired) = self.questions.late.look(reached, patience, now);
        for LateRead { request, mut ticket } in ready {
            ticket.minimum = Bound::NONE;
            self.outgoing.push(&request);
            self.tickets.push_back(ticket);
        }
        let mut count = 0;
        for LateRead { request, mut ticket } in expired {
            count += give_up(&mut ticket, &request, false, self.backend, &Cause::Behind);
        }
        u64::from(count)
    }

    /// Hands back the reads that wait, and returns how many there were.
    pub(in crate::backend) fn give_up_late(&mut self, cause: &Cause) -> u32 {
        let mut count = 0;
        for LateRead { request, mut ticket } in self.questions.late.take() {
            count += give_up(&mut ticket, &request, false, self.backend, cause);
        }
        count
    }
}
