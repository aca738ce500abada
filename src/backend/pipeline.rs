//! The requests of one connection that wait for replies. It holds no socket.

mod asked;
mod incoming;
mod late_reads;
mod outgoing;
mod questions;
mod receive;
mod silence;
#[cfg(test)]
mod tests;

pub(super) use receive::{Received, is_null};

use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use tokio::time::Instant;

use super::requests::Requests;
use super::{Cause, Event, Failed, Inbox, OffsetQuestions, Raises, Recall, Relay, Ticket};
use crate::telemetry::DurationCounts;
use crate::topology::BackendId;
use asked::Questions;
use incoming::Incoming;
use outgoing::Outgoing;
use silence::Silence;
use tidegate_wire::resp::Args;

/// The requests of one connection in the order of sending, and the replies that have arrived.
///
/// Invariant: the tickets' bytes add up to those of `outgoing`, except on a connection that relays
/// everything.
#[derive(Debug)]
pub(super) struct Pipeline {
    backend: BackendId,
    /// Whether the connection has been open.
    reached: bool,
    /// The scan tag of the server process; 0 until the connection is open, and where the server has
    /// none.
    scan_tag: u32,
    /// Which frames answer no request.
    relay: Relay,
    /// The client that leases the connection. It gets the frames that answer no request, and every
    /// error reply as the server sent it.
    owner: Option<Rc<Inbox>>,
    /// Whether the server answered the owner with `-READONLY` since [`Pipeline::take_refused`].
    refused: bool,
    outgoing: Outgoing,
    incoming: Incoming,
    tickets: VecDeque<Ticket>,
    silence: Silence,
    questions: Questions,
    /// How long requests take.
    durations: Rc<DurationCounts>,
}

impl Pipeline {
    pub(super) fn new(
        backend: BackendId,
        durations: Rc<DurationCounts>,
        questions: Rc<OffsetQuestions>,
    ) -> Self {
        Self {
            backend,
            reached: false,
            scan_tag: 0,
            relay: Relay::Nothing,
            owner: None,
            refused: false,
            outgoing: Outgoing::default(),
            incoming: Incoming::default(),
            tickets: VecDeque::new(),
            silence: Silence::default(),
            questions: Questions::new(questions),
            durations,
        }
    }

    /// The connection is open, to the server process with this scan tag.
    pub(super) fn opened(&mut self, scan_tag: u32) {
        self.reached = true;
        self.scan_tag = scan_tag;
    }

    /// The scan tag of the server process; 0 while it is unknown.
    pub(super) fn scan_tag(&self) -> u32 {
        self.scan_tag
    }

    /// Sets the client that leases the connection.
    pub(super) fn set_owner(&mut self, owner: Option<Rc<Inbox>>) {
        self.owner = owner;
    }

    /// The client that leases the connection.
    pub(super) fn owner(&self) -> Option<&Rc<Inbox>> {
        self.owner.as_ref()
    }

    /// Sets which frames answer no request, from now on.
    pub(super) fn set_relay(&mut self, relay: Relay) {
        self.relay = relay;
    }

    /// Which frames answer no request now.
    pub(super) fn relay(&self) -> Relay {
        self.relay
    }

    /// Whether the server has answered the owner with `-READONLY` since the last call.
    pub(super) fn take_refused(&mut self) -> bool {
        std::mem::take(&mut self.refused)
    }

    /// Appends requests and their ticket.
    pub(super) fn push(&mut self, requests: &[u8], mut ticket: Ticket) {
        if self.is_late(&ticket) {
            return self.add_late(requests.to_vec(), ticket);
        }
        self.before_push(requests, &mut ticket);
        self.outgoing.push(requests);
        self.tickets.push_back(ticket);
    }

    /// Appends bytes to which no reply is matched ([`Relay::Everything`]).
    pub(super) fn push_raw(&mut self, bytes: &[u8]) {
        self.outgoing.push(bytes);
    }

    /// Appends a large request; without a copy where no other request waits.
    pub(super) fn push_large(&mut self, request: Vec<u8>, mut ticket: Ticket) {
        if self.is_late(&ticket) {
            return self.add_late(request, ticket);
        }
        self.before_push(&request, &mut ticket);
        self.outgoing.push_large(request);
        self.tickets.push_back(ticket);
    }

    /// The bytes that are not sent.
    pub(super) fn unsent(&self) -> &[u8] {
        self.outgoing.unsent()
    }

    /// The next `bytes` bytes are sent.
    pub(super) fn advance_sent(&mut self, bytes: usize) {
        self.outgoing.advance_sent(bytes);
        self.silence.end();
        if self.tickets.is_empty() {
            // Requests without a ticket are not needed again.
            self.outgoing.answer_sent();
        }
    }

    /// The bytes of requests that are unsent or unanswered.
    pub(super) fn queued_bytes(&self) -> usize {
        self.outgoing.len() + self.questions.late.bytes()
    }

    /// Whether no request and no reply is under way.
    pub(super) fn is_idle(&self) -> bool {
        let nothing_waits = self.tickets.is_empty() && self.questions.late.is_empty();
        nothing_waits && self.unsent().is_empty() && self.incoming.at_start()
    }

    /// Looks whether a transfer is under way, or waits because the owner has no room
    /// (`held_back`).
    pub(super) fn look(&mut self, now: Instant, held_back: bool) {
        let in_transfer = self.incoming.has_begun() || !self.unsent().is_empty();
        self.silence.look(now, in_transfer, held_back);
    }

    /// Gives up on requests that were sent before `deadline`, and returns how many there were. Their
    /// replies are dropped if they arrive.
    pub(super) fn expire(&mut self, deadline: Instant) -> u32 {
        if self.silence.is_broken_after(deadline) {
            return 0;
        }
        let leased = self.owner.is_some();
        let mut expired = 0;
        let mut at = 0;
        for ticket in &mut self.tickets {
            let requests = self.outgoing.get(at, ticket.bytes);
            at += ticket.bytes;
            if ticket.since > deadline {
                break;
            }
            if ticket.patient {
                continue;
            }
            expired += give_up(ticket, requests, leased, self.backend, &Cause::TimedOut);
        }
        expired
    }

    /// Hands back the reads that may go to another server, and returns how many there were. Their
    /// replies are dropped if they arrive. A read whose reply has begun stays. So does one that may
    /// keep this server busy: it would keep the next server busy, too, and in the end the master.
    pub(super) fn withdraw(&mut self) -> u32 {
        let leased = self.owner.is_some();
        let begun = usize::from(self.incoming.has_begun());
        if begun > 0 {
            self.split_first();
        }
        let (mut withdrawn, mut at) = (0, 0);
        let mut moved = HashSet::new();
        for (n, ticket) in self.tickets.iter_mut().enumerate() {
            let requests = self.outgoing.get(at, ticket.bytes);
            at += ticket.bytes;
            let inbox = ticket.inbox.as_ref().map(Rc::as_ptr);
            // The replies of one client come from data that do not go back in time.
            let follows = inbox.is_some_and(|inbox| moved.contains(&inbox));
            let follows = follows && !leased && ticket.raises == Raises::Nothing;
            if n >= begun && (follows || ticket.moves && !may_keep_busy(requests)) {
                moved.extend(inbox);
                withdrawn += give_up(ticket, requests, leased, self.backend, &Cause::Withdrawn);
            }
        }
        withdrawn
    }

    /// Marks the blocking command that waits here, if it may be taken back: its null reply hands it
    /// back from now on. False if there is none.
    pub(super) fn recall(&mut self) -> bool {
        let has_begun = self.incoming.has_begun();
        let Some(ticket) = self.tickets.front_mut().filter(|_| !has_begun) else { return false };
        if ticket.recall == Recall::No || ticket.inbox.is_none() {
            return false;
        }
        (ticket.recall, ticket.whole) = (Recall::Asked, true);
        true
    }

    /// Hands back the requests whose own time is over at `now` ([`Ticket::until`]).
    pub(super) fn end_elapsed(&mut self, now: Instant) {
        let leased = self.owner.is_some();
        let begun = usize::from(self.incoming.has_begun());
        let mut at = 0;
        for (n, ticket) in self.tickets.iter_mut().enumerate() {
            let requests = self.outgoing.get(at, ticket.bytes);
            at += ticket.bytes;
            if ticket.until.is_some_and(|until| until <= now) && n >= begun {
                give_up(ticket, requests, leased, self.backend, &Cause::Elapsed);
            }
        }
    }

    /// Splits the first ticket into one for its next request and one for the others.
    fn split_first(&mut self) {
        let Some(first) = self.tickets.front_mut().filter(|first| first.left > 1) else { return };
        let requests = self.outgoing.get(0, first.bytes);
        let count = first.done as usize + 1;
        let bytes = Requests::new(requests).take(count).map(<[u8]>::len).sum();
        let (seq, left, rest) = (first.seq + 1, first.left - 1, first.bytes - bytes);
        let inbox = first.inbox.clone();
        let second = Ticket {
            inbox,
            seq,
            left,
            bytes: rest,
            done: 0,
            group: None,
            question: None,
            ..*first
        };
        (first.left, first.bytes) = (1, bytes);
        self.tickets.insert(1, second);
    }

    /// Since when the first request has waited in silence; `None` if it may take any time.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        let head = self.tickets.front().filter(|ticket| !ticket.patient)?;
        Some(self.silence.since(head.since))
    }

    /// Hands back every unanswered request, because the connection has ended. Returns how many there
    /// were.
    pub(super) fn fail_all(&mut self, reason: &str, refusal: Option<&str>) -> u64 {
        let (backend, leased) = (self.backend, self.owner.is_some());
        let mut ended = 0;
        let mut at = 0;
        self.questions.fail(&mut self.tickets);
        ended += u64::from(self.give_up_late(&Cause::Behind));
        for ticket in std::mem::take(&mut self.tickets) {
            if ticket.question.is_some() {
                at += ticket.bytes;
                continue;
            }
            let mut requests = Requests::new(self.outgoing.get(at, ticket.bytes));
            let unsent = self.outgoing.is_unsent(at);
            at += ticket.bytes;
            ended += u64::from(ticket.left + ticket.done);
            let Some(inbox) = ticket.inbox else { continue };
            for _ in 0..ticket.done {
                requests.next();
            }
            // The refusal answers a whole request, also one that would have several replies.
            let one = leased && refusal.is_some();
            let count = if one { ticket.left.min(1) } else { ticket.left };
            for seq in ticket.seq..ticket.seq + u64::from(count) {
                let request = requests.next().unwrap_or_default().to_vec();
                let repeatable = !leased || ticket.retryable;
                let cause = if unsent {
                    let refusal = refusal.map(str::to_owned);
                    let reached = self.reached;
                    Cause::Unsent { reason: reason.to_owned(), reached, refusal }
                } else {
                    Cause::Lost(reason.to_owned())
                };
                inbox.fail(Failed { seq, request, repeatable, leased, backend, cause });
            }
            if count < ticket.left {
                inbox.deliver(ticket.seq + u64::from(count), ticket.left - count, &[]);
            }
        }
        self.outgoing.clear();
        if let Some(owner) = self.owner.take() {
            owner.tell(match refusal {
                Some(refusal) => Event::LeaseRefused(refusal.to_owned()),
                None => Event::LeaseLost(reason.to_owned()),
            });
        }
        ended
    }
}

/// Whether one of the requests may keep a server busy.
fn may_keep_busy(requests: &[u8]) -> bool {
    Requests::new(requests)
        .any(|request| Args::new(request).next().is_none_or(tidegate_wire::command::may_be_costly))
}

/// Hands back the unanswered requests of a ticket, and returns how many there were.
fn give_up(
    ticket: &mut Ticket,
    requests: &[u8],
    leased: bool,
    backend: BackendId,
    cause: &Cause,
) -> u32 {
    let Some(inbox) = ticket.inbox.take() else { return 0 };
    let mut requests = Requests::new(requests).skip(ticket.done as usize);
    for seq in ticket.seq..ticket.seq + u64::from(ticket.left) {
        let request = requests.next().unwrap_or_default().to_vec();
        let cause = cause.clone();
        inbox.fail(Failed { seq, request, repeatable: false, leased, backend, cause });
    }
    ticket.left
}
