//! One connection's line of requests: what was sent, what is owed. Holds no socket.

use std::collections::VecDeque;
use std::rc::Rc;

use tokio::time::Instant;

use super::requests::Requests;
use super::{Cause, Event, Failed, Relay, Ticket};
use crate::telemetry::DurationCounts;
use crate::topology::BackendId;
use tidegate_wire::resp::{Args, ReplyScanner};

/// Bytes at the front of the buffer that may be dead before the rest is moved down.
const COMPACT_ABOVE: usize = 64 * 1024;

/// Requests in order of sending, and how far their replies have come.
///
/// A request's bytes are kept until its reply has come, so that it can be handed back if the
/// server refuses it or the connection ends. Invariant: `base <= sent <= buffer.len()`, and the
/// tickets' bytes add up to `buffer.len() - base`.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) backend: BackendId,
    /// Whether the connection has been open.
    pub(super) reached: bool,
    /// The scan tag of the server process at the other end; 0 until the connection is open, and
    /// where the server has none.
    pub(super) scan_tag: u32,
    /// How frames that answer nothing are told from replies.
    pub(super) relay: Relay,
    /// A leased connection's only user: gets what answers nothing, and every reply as it came.
    pub(super) owner: Option<Rc<super::Inbox>>,
    /// An owner's connection said `-READONLY`: somebody ought to look at the topology.
    pub(super) refused: bool,
    pub(super) buffer: Vec<u8>,
    pub(super) base: usize,
    sent: usize,
    pub(super) tickets: VecDeque<Ticket>,
    pub(super) scanner: ReplyScanner,
    /// Bytes were sent or received since the last look.
    pub(super) moved: bool,
    /// When a request or a reply was last seen under way, of which some had passed and some had
    /// not.
    progress: Option<Instant>,
    /// A reply that is being collected in one piece.
    pub(super) whole: Vec<u8>,
    /// How long requests take.
    pub(super) durations: Rc<DurationCounts>,
}

impl Pipeline {
    pub(super) fn new(backend: BackendId, durations: Rc<DurationCounts>) -> Self {
        Self {
            backend,
            reached: false,
            scan_tag: 0,
            relay: Relay::Nothing,
            owner: None,
            refused: false,
            buffer: Vec::new(),
            base: 0,
            sent: 0,
            tickets: VecDeque::new(),
            scanner: ReplyScanner::default(),
            moved: false,
            progress: None,
            whole: Vec::new(),
            durations,
        }
    }

    /// Appends requests and their ticket.
    pub(super) fn push(&mut self, requests: &[u8], ticket: Ticket) {
        self.make_room();
        self.buffer.extend_from_slice(requests);
        self.tickets.push_back(ticket);
    }

    /// Appends bytes that no reply is matched to (a raw relay's).
    pub(super) fn push_raw(&mut self, bytes: &[u8]) {
        self.make_room();
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes a large request without copying it, where nothing else waits to leave.
    pub(super) fn push_large(&mut self, request: Vec<u8>, ticket: Ticket) {
        if self.buffer.is_empty() {
            self.buffer = request;
            self.tickets.push_back(ticket);
        } else {
            self.push(&request, ticket);
        }
    }

    pub(super) fn unsent(&self) -> &[u8] {
        &self.buffer[self.sent..]
    }

    pub(super) fn advance_sent(&mut self, bytes: usize) {
        self.sent += bytes;
        self.moved = true;
        if self.tickets.is_empty() {
            // A raw relay's requests are not needed again.
            self.base = self.sent;
            self.reset_if_empty();
        }
    }

    pub(super) fn queued_bytes(&self) -> usize {
        self.buffer.len() - self.base
    }

    pub(super) fn is_idle(&self) -> bool {
        self.tickets.is_empty() && self.unsent().is_empty() && self.scanner.at_start()
    }

    fn make_room(&mut self) {
        if self.base > COMPACT_ABOVE && self.base > self.buffer.len() / 2 {
            self.buffer.drain(..self.base);
            self.sent -= self.base;
            self.base = 0;
        }
    }

    pub(super) fn reset_if_empty(&mut self) {
        if self.base == self.buffer.len() {
            self.base = 0;
            self.sent = 0;
            if self.buffer.capacity() > 1024 * 1024 {
                self.buffer = Vec::new();
            } else {
                self.buffer.clear();
            }
        }
    }

    /// Looks whether bytes have passed since the last look, or have to wait because the owner has no
    /// room (`held_back`): a transfer is no silence, however long it takes.
    pub(super) fn look(&mut self, now: Instant, held_back: bool) {
        let moved = std::mem::take(&mut self.moved);
        let in_transfer =
            !self.scanner.at_start() || !self.whole.is_empty() || !self.unsent().is_empty();
        if held_back || moved && in_transfer {
            self.progress = Some(now);
        }
    }

    /// Gives up on requests that left before `deadline`; how many. Their late replies are
    /// dropped when they come.
    pub(super) fn expire(&mut self, deadline: Instant) -> u32 {
        if self.progress.is_some_and(|progress| progress > deadline) {
            return 0;
        }
        let leased = self.owner.is_some();
        let mut expired = 0;
        let mut at = self.base;
        for ticket in &mut self.tickets {
            let requests = &self.buffer[at..at + ticket.bytes];
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

    /// Hands back the reads that another server may be asked; how many. Their replies are dropped
    /// when they come all the same. The one whose reply has begun stays, and so does one that may be
    /// what keeps this server busy: it would keep the next one busy, too, at last the master.
    pub(super) fn withdraw(&mut self) -> u32 {
        let leased = self.owner.is_some();
        let begun = usize::from(self.has_begun());
        if begun > 0 {
            self.split_first();
        }
        let (mut withdrawn, mut at) = (0, self.base);
        for (n, ticket) in self.tickets.iter_mut().enumerate() {
            let requests = &self.buffer[at..at + ticket.bytes];
            at += ticket.bytes;
            if ticket.moves && n >= begun && !may_keep_busy(requests) {
                withdrawn += give_up(ticket, requests, leased, self.backend, &Cause::Withdrawn);
            }
        }
        withdrawn
    }

    /// Hands back what is over at `now` by its own words.
    pub(super) fn end_elapsed(&mut self, now: Instant) {
        let leased = self.owner.is_some();
        let begun = usize::from(self.has_begun());
        let mut at = self.base;
        for (n, ticket) in self.tickets.iter_mut().enumerate() {
            let requests = &self.buffer[at..at + ticket.bytes];
            at += ticket.bytes;
            if ticket.until.is_some_and(|until| until <= now) && n >= begun {
                give_up(ticket, requests, leased, self.backend, &Cause::Elapsed);
            }
        }
    }

    /// Whether a part of the first reply has come.
    fn has_begun(&self) -> bool {
        !self.scanner.at_start() || !self.whole.is_empty()
    }

    /// Gives the first request a ticket of its own.
    fn split_first(&mut self) {
        let Some(first) = self.tickets.front_mut().filter(|first| first.left > 1) else { return };
        let requests = &self.buffer[self.base..self.base + first.bytes];
        let count = first.done as usize + 1;
        let bytes = Requests::new(requests).take(count).map(<[u8]>::len).sum();
        let (seq, left, rest) = (first.seq + 1, first.left - 1, first.bytes - bytes);
        let inbox = first.inbox.clone();
        let second = Ticket { inbox, seq, left, bytes: rest, done: 0, ..*first };
        (first.left, first.bytes) = (1, bytes);
        self.tickets.insert(1, second);
    }

    /// Since when the reply to the request at the head of the line is waited for in silence.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        let head = self.tickets.front().filter(|ticket| !ticket.patient)?;
        Some(self.progress.map_or(head.since, |progress| progress.max(head.since)))
    }

    /// The connection has ended: every request that is still unanswered is handed back. How many
    /// there were.
    pub(super) fn fail_all(&mut self, reason: &str, refusal: Option<&str>) -> u64 {
        let (backend, leased) = (self.backend, self.owner.is_some());
        let mut ended = 0;
        let mut at = self.base;
        for ticket in std::mem::take(&mut self.tickets) {
            let mut requests = Requests::new(&self.buffer[at..at + ticket.bytes]);
            let unsent = at >= self.sent;
            at += ticket.bytes;
            ended += u64::from(ticket.left + ticket.done);
            let Some(inbox) = ticket.inbox else { continue };
            for _ in 0..ticket.done {
                requests.next();
            }
            // One error answers the whole request, however many replies it would have.
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
        self.base = self.buffer.len();
        self.sent = self.buffer.len();
        self.reset_if_empty();
        if let Some(owner) = self.owner.take() {
            owner.tell(match refusal {
                Some(refusal) => Event::LeaseRefused(refusal.to_owned()),
                None => Event::LeaseLost(reason.to_owned()),
            });
        }
        ended
    }
}

/// Whether one of the requests may take a server long.
fn may_keep_busy(requests: &[u8]) -> bool {
    Requests::new(requests)
        .any(|request| Args::new(request).next().is_none_or(tidegate_wire::command::may_be_costly))
}

/// Hands back the requests of a ticket that are unanswered; how many.
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
