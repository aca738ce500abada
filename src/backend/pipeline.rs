//! One connection's line of requests and the matching of replies to them. Holds no socket.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::requests::{Requests, nth_request};
use super::{Cause, Event, Failed, Refusal, Relay, Ticket, Whole, relay};
use crate::resp::ReplyScanner;
use crate::resp::reply::ReplyError;
use crate::topology::BackendId;

/// Bytes at the front of the buffer that may be dead before the rest is moved down.
const COMPACT_ABOVE: usize = 64 * 1024;

/// Requests in order of sending, and how far their replies have come.
///
/// A request's bytes are kept until its reply has come, so that it can be handed back if the
/// server refuses it or the connection ends. Invariant: `base <= sent <= buffer.len()`, and the
/// tickets' bytes add up to `buffer.len() - base`.
#[derive(Debug)]
pub(super) struct Pipeline {
    backend: BackendId,
    /// The scan tag of the server process at the other end.
    pub(super) scan_tag: u32,
    /// How frames that answer nothing are told from replies.
    pub(super) relay: Relay,
    /// A leased connection's only user: gets what answers nothing, and every reply as it came.
    pub(super) owner: Option<std::rc::Rc<super::Inbox>>,
    /// An owner's connection said `-READONLY`: somebody ought to look at the topology.
    pub(super) refused: bool,
    buffer: Vec<u8>,
    base: usize,
    sent: usize,
    tickets: VecDeque<Ticket>,
    scanner: ReplyScanner,
    /// A reply that is being collected in one piece.
    whole: Vec<u8>,
}

/// What a batch of received bytes came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Received {
    /// Bytes that were used; the rest has to come again with what follows it.
    pub(super) used: usize,
    /// Requests that are over and done with.
    pub(super) ended: u64,
    /// How long the last finished ticket took.
    pub(super) took: Option<Duration>,
}

impl Pipeline {
    pub(super) fn new(backend: BackendId) -> Self {
        Self {
            backend,
            scan_tag: 0,
            relay: Relay::Nothing,
            owner: None,
            refused: false,
            buffer: Vec::new(),
            base: 0,
            sent: 0,
            tickets: VecDeque::new(),
            scanner: ReplyScanner::default(),
            whole: Vec::new(),
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

    fn reset_if_empty(&mut self) {
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

    /// Matches received bytes to the tickets and passes them on.
    pub(super) fn receive(&mut self, buf: &[u8], now: Instant) -> Result<Received, ReplyError> {
        let mut received = Received::default();
        while received.used < buf.len() {
            let rest = &buf[received.used..];
            let used = if self.owner.is_some() && self.relay != Relay::Nothing {
                self.receive_relayed(rest, now, &mut received)?
            } else if self.tickets.front().is_some_and(|ticket| ticket.whole) {
                self.receive_whole(rest, now, &mut received)?
            } else {
                self.receive_run(rest, now, &mut received)?
            };
            if used == 0 {
                break;
            }
            received.used += used;
        }
        Ok(received)
    }

    /// As many whole replies as lie in `buf` for the first ticket go on in one piece, and so does
    /// the part of one that is not complete.
    fn receive_run(
        &mut self,
        buf: &[u8],
        now: Instant,
        received: &mut Received,
    ) -> Result<usize, ReplyError> {
        let Some(ticket) = self.tickets.front_mut() else {
            // Nobody asked: a push on a shared connection is nobody's.
            return drop_push(&mut self.scanner, buf);
        };
        let mut at = 0;
        let mut count = 0;
        let mut complete = true;
        let mut refused = None;
        while at < buf.len() && count < ticket.left {
            let fresh = self.scanner.at_start();
            let is_error = fresh && buf[at] == b'-';
            let step = self.scanner.advance(&buf[at..])?;
            if is_error && step.complete {
                refused = Refusal::of(&buf[at..at + step.consumed]).map(|r| (r, step.consumed));
                if refused.is_some() {
                    break;
                }
            }
            at += step.consumed;
            if !step.complete {
                // The start of a line waits for its end: nothing of that reply is passed on.
                complete = step.consumed == 0;
                break;
            }
            count += 1;
        }
        pass_on(ticket, &buf[..at], count, complete);
        advance(ticket, count);
        if let Some((refusal, len)) = refused {
            self.hand_back(refusal, &buf[at..at + len]);
            at += len;
        }
        self.finish(now, received);
        Ok(at)
    }

    /// A server refused the first ticket's next request: its sender decides what to do.
    fn hand_back(&mut self, refusal: Refusal, line: &[u8]) {
        let Some(ticket) = self.tickets.front_mut() else { return };
        let leased = self.owner.is_some();
        if leased && !ticket.once {
            self.refused |= refusal == Refusal::ReadOnly;
            pass_on(ticket, line, 1, true);
        } else if let Some(inbox) = &ticket.inbox {
            let requests = &self.buffer[self.base..self.base + ticket.bytes];
            let request = nth_request(requests, ticket.done).to_vec();
            let cause = Cause::Refused(refusal, line.to_vec());
            let Self { backend, .. } = *self;
            inbox.fail(Failed { seq: ticket.seq, request, leased, backend, cause });
        }
        advance(ticket, 1);
    }

    /// Collects a reply that is wanted in one piece.
    fn receive_whole(
        &mut self,
        buf: &[u8],
        now: Instant,
        received: &mut Received,
    ) -> Result<usize, ReplyError> {
        let step = self.scanner.advance(buf)?;
        self.whole.extend_from_slice(&buf[..step.consumed]);
        if step.complete {
            let frame = std::mem::take(&mut self.whole);
            let refusal = if frame.first() == Some(&b'-') { Refusal::of(&frame) } else { None };
            let shared = self.owner.is_none();
            if let Some(refusal) = refusal.filter(|_| shared) {
                self.hand_back(refusal, &frame);
            } else if let Some(ticket) = self.tickets.front_mut() {
                if let Some(inbox) = &ticket.inbox {
                    let Self { backend, scan_tag, .. } = *self;
                    inbox.tell(Event::Whole(Whole { seq: ticket.seq, frame, backend, scan_tag }));
                }
                advance(ticket, 1);
            }
            self.finish(now, received);
        }
        Ok(step.consumed)
    }

    /// Collects a frame, then tells by its kind whether it answers the first ticket.
    fn receive_relayed(
        &mut self,
        buf: &[u8],
        now: Instant,
        received: &mut Received,
    ) -> Result<usize, ReplyError> {
        let step = self.scanner.advance(buf)?;
        self.whole.extend_from_slice(&buf[..step.consumed]);
        if step.complete {
            let frame = std::mem::take(&mut self.whole);
            match self.tickets.front_mut() {
                Some(ticket) if relay::is_reply(self.relay, &frame) => {
                    self.refused |= frame.starts_with(b"-READONLY ");
                    // An error answers the whole request, however many replies it would have.
                    let denied = frame[0] == b'-';
                    let count = if denied { ticket.left } else { 1 };
                    if let (true, Some(inbox)) = (denied, &ticket.inbox) {
                        inbox.tell(Event::Denied(ticket.seq));
                    }
                    if let (true, Some(inbox)) = (ticket.whole, &ticket.inbox) {
                        let Self { backend, scan_tag, .. } = *self;
                        let seq = ticket.seq;
                        inbox.tell(Event::Whole(Whole { seq, frame, backend, scan_tag }));
                    } else {
                        pass_on(ticket, &frame, count, true);
                    }
                    advance(ticket, count);
                    self.finish(now, received);
                }
                _ => {
                    if let Some(owner) = &self.owner {
                        owner.push(&frame);
                    }
                }
            }
        }
        Ok(step.consumed)
    }

    /// Retires the first ticket if its last reply has come.
    fn finish(&mut self, now: Instant, received: &mut Received) {
        while let Some(ticket) = self.tickets.front().filter(|ticket| ticket.left == 0) {
            self.base += ticket.bytes;
            received.ended += u64::from(ticket.done);
            received.took = Some(now.saturating_duration_since(ticket.since));
            self.tickets.pop_front();
            self.reset_if_empty();
        }
    }

    /// Gives up on requests that left before `deadline`; how many. Their late replies are
    /// dropped when they come.
    pub(super) fn expire(&mut self, deadline: Instant) -> u32 {
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
            let Some(inbox) = ticket.inbox.take() else { continue };
            let mut requests = Requests::new(requests).skip(ticket.done as usize);
            for seq in ticket.seq..ticket.seq + u64::from(ticket.left) {
                let request = requests.next().unwrap_or_default().to_vec();
                let (backend, cause) = (self.backend, Cause::TimedOut);
                inbox.fail(Failed { seq, request, leased, backend, cause });
                expired += 1;
            }
        }
        expired
    }

    /// When the request at the head of the line was handed over, if its reply is still due.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        self.tickets.front().filter(|ticket| !ticket.patient).map(|ticket| ticket.since)
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
            for seq in ticket.seq..ticket.seq + u64::from(ticket.left) {
                let request = requests.next().filter(|_| !leased || ticket.once);
                let request = request.unwrap_or_default().to_vec();
                let cause = if unsent {
                    let refusal = refusal.map(str::to_owned);
                    Cause::Unsent { reason: reason.to_owned(), refusal }
                } else {
                    Cause::Lost(reason.to_owned())
                };
                inbox.fail(Failed { seq, request, leased, backend, cause });
            }
        }
        self.base = self.buffer.len();
        self.sent = self.buffer.len();
        self.reset_if_empty();
        if let Some(owner) = self.owner.take() {
            owner.tell(Event::LeaseLost(reason.to_owned()));
        }
        ended
    }
}

/// Hands `bytes`, which end with `count` whole replies (and part of another one if not
/// `complete`), to whoever holds the ticket.
fn pass_on(ticket: &Ticket, bytes: &[u8], count: u32, complete: bool) {
    let Some(inbox) = &ticket.inbox else { return };
    if count > 0 || complete {
        if count == 0 {
            return;
        }
        inbox.deliver(ticket.seq, count, if complete { bytes } else { &[] });
        if !complete {
            inbox.deliver_part(ticket.seq + u64::from(count), bytes);
        }
    } else if !bytes.is_empty() {
        inbox.deliver_part(ticket.seq, bytes);
    }
}

fn advance(ticket: &mut Ticket, count: u32) {
    ticket.seq += u64::from(count);
    ticket.left -= count;
    ticket.done += count;
}

fn drop_push(scanner: &mut ReplyScanner, buf: &[u8]) -> Result<usize, ReplyError> {
    if scanner.at_start() && buf[0] != b'>' {
        return Err(ReplyError::Type(buf[0]));
    }
    Ok(scanner.advance(buf)?.consumed)
}
