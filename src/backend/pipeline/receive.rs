//! Matches the replies of a server to the requests.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::Pipeline;
use crate::backend::requests::nth_request;
use crate::backend::{Cause, Event, Failed, Raises, Recall, Refusal, Relay, Ticket, Whole, relay};
use tidegate_wire::command::{Access, lookup};
use tidegate_wire::resp::Args;
use tidegate_wire::resp::reply::ReplyError;

/// How the error of a replica for a write begins.
const READ_ONLY: &[u8] = b"-READONLY ";

/// The outcome of received bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::backend) struct Received {
    /// The bytes that were used. The rest has to be passed again, with the bytes that follow it.
    pub(in crate::backend) used: usize,
    /// The number of requests that are answered.
    pub(in crate::backend) ended: u64,
    /// The number of requests that are to be sent for the second time.
    pub(in crate::backend) again: u64,
    /// Whether requests were added that are to be sent.
    pub(in crate::backend) adds: bool,
    /// How long the last ticket that was answered took.
    pub(in crate::backend) took: Option<Duration>,
}

impl Pipeline {
    /// Matches received bytes to the tickets and passes them on.
    pub(in crate::backend) fn receive(
        &mut self,
        buf: &[u8],
        now: Instant,
    ) -> Result<Received, ReplyError> {
        let mut received = Received::default();
        self.silence.end();
        while received.used < buf.len() {
            let rest = &buf[received.used..];
            let used = if self.owner.is_some() && self.relay != Relay::Nothing {
                self.receive_relayed(rest, now, &mut received)?
            } else if self.tickets.front().is_some_and(|ticket| ticket.question.is_some()) {
                self.receive_question(rest, now, &mut received)?
            } else if self.tickets.front().is_some_and(|it| it.whole || it.behind_refused) {
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

    /// Passes on the replies in `buf` for the first ticket: all whole ones in one piece, then the part
    /// of the next one.
    fn receive_run(
        &mut self,
        buf: &[u8],
        now: Instant,
        received: &mut Received,
    ) -> Result<usize, ReplyError> {
        let Some(ticket) = self.tickets.front_mut() else {
            // No client asked for a push on a shared connection.
            return self.incoming.drop_push(buf);
        };
        let mut at = 0;
        let mut count = 0;
        // Where the last complete reply ends.
        let mut end = 0;
        let (mut refused, mut told) = (None, None);
        while at < buf.len() && count < ticket.left {
            let fresh = self.incoming.at_start();
            let is_error = fresh && buf[at] == b'-';
            let step = self.incoming.advance(&buf[at..])?;
            if is_error && step.complete {
                if ticket.tells_errors {
                    told = Some(step.consumed);
                    break;
                }
                refused = Refusal::of(&buf[at..at + step.consumed]).map(|r| (r, step.consumed));
                if refused.is_some() {
                    break;
                }
            }
            at += step.consumed;
            if !step.complete {
                break;
            }
            count += 1;
            end = at;
        }
        pass_on(ticket, &buf[..end], count, &buf[end..at]);
        advance(ticket, count);
        let raises = if count > 0 { ticket.raises } else { Raises::Nothing };
        self.note_answered(raises);
        if let Some(len) = told {
            self.tell_error(&buf[at..at + len]);
            at += len;
        }
        if let Some((refusal, len)) = refused {
            self.hand_back(refusal, &buf[at..at + len]);
            at += len;
        }
        self.finish(now, received);
        Ok(at)
    }

    /// Hands the first ticket's next request, which the server refused, back to the client that sent
    /// it.
    fn hand_back(&mut self, refusal: Refusal, line: &[u8]) {
        let Some(ticket) = self.tickets.front_mut() else { return };
        if self.owner.is_some() && !ticket.retryable {
            self.refused |= refusal == Refusal::ReadOnly;
            pass_on(ticket, line, 1, &[]);
            advance(ticket, 1);
            return;
        }
        if refusal == Refusal::ReadOnly && !ticket.behind_refused {
            self.mark_behind_refused();
        }
        self.fail_next(Cause::Refused(refusal, line.to_vec()));
    }

    /// The server has refused the first ticket's next request: marks what its client has sent behind
    /// it.
    fn mark_behind_refused(&mut self) {
        let (leased, mut tickets) = (self.owner.is_some(), self.tickets.iter_mut());
        let Some(first) = tickets.next() else { return };
        first.behind_refused = true;
        for ticket in tickets {
            ticket.behind_refused |= match (&ticket.inbox, &first.inbox) {
                _ if leased => ticket.retryable,
                (Some(inbox), Some(refused)) => Rc::ptr_eq(inbox, refused),
                _ => false,
            };
        }
    }

    /// Hands the first ticket's next request back to the client that sent it.
    fn fail_next(&mut self, cause: Cause) {
        let Some(ticket) = self.tickets.front_mut() else { return };
        if let Some(inbox) = &ticket.inbox {
            let requests = self.outgoing.get(0, ticket.bytes);
            let request = nth_request(requests, ticket.done).to_vec();
            let (seq, leased, backend) = (ticket.seq, self.owner.is_some(), self.backend);
            inbox.fail(Failed { seq, request, repeatable: true, leased, backend, cause });
        }
        advance(ticket, 1);
    }

    /// Whether this reply to the first ticket's next request lacks a write before it. The request is
    /// handed back then.
    fn hands_back_outdated(&mut self, frame: &[u8]) -> bool {
        let Some(ticket) = self.tickets.front().filter(|it| it.behind_refused) else {
            return false;
        };
        let requests = self.outgoing.get(0, ticket.bytes);
        // The client knows which other commands only read.
        let (is_outdated, cause) = match kind_of(nth_request(requests, ticket.done)) {
            Kind::Script => (!frame.starts_with(b"-"), Cause::ScriptBehindRefused),
            kind => {
                let is_no_refusal = || Refusal::of(frame) != Some(Refusal::ReadOnly);
                let is_unknown = kind == Kind::Unknown && !ticket.whole && is_no_refusal();
                (kind == Kind::Read || is_unknown, Cause::BehindRefused(frame.to_vec()))
            }
        };
        if is_outdated {
            self.fail_next(cause);
        }
        is_outdated
    }

    /// Tells the client that the first ticket's next request is answered with this error.
    fn tell_error(&mut self, line: &[u8]) {
        let Some(ticket) = self.tickets.front_mut() else { return };
        self.refused |= Refusal::of(line) == Some(Refusal::ReadOnly);
        if let Some(inbox) = &ticket.inbox {
            let (seq, frame) = (ticket.seq, line.to_vec());
            let Self { backend, scan_tag, .. } = *self;
            inbox.tell(Event::Whole(Whole { seq, frame, backend, scan_tag }));
        }
        advance(ticket, 1);
    }

    /// Collects the reply to a question of the proxy's own.
    fn receive_question(
        &mut self,
        buf: &[u8],
        now: Instant,
        received: &mut Received,
    ) -> Result<usize, ReplyError> {
        let is_first = !self.incoming.has_begun();
        let step = self.incoming.advance(buf)?;
        let bytes = &buf[..step.consumed];
        if is_first && step.complete {
            self.receive_answer(bytes, now, received);
            return Ok(step.consumed);
        }
        self.incoming.keep(bytes);
        if step.complete {
            let whole = self.incoming.take_kept();
            self.receive_answer(&whole, now, received);
            self.incoming.give_back(whole);
        }
        Ok(step.consumed)
    }

    /// Collects a reply that is needed in one piece, or that may be outdated.
    fn receive_whole(
        &mut self,
        buf: &[u8],
        now: Instant,
        received: &mut Received,
    ) -> Result<usize, ReplyError> {
        let (used, frame) = self.incoming.collect(buf)?;
        if let Some(frame) = frame {
            if self.hands_back_outdated(&frame) {
                self.finish(now, received);
                return Ok(used);
            }
            let is_recalled = self.tickets.front().is_some_and(|it| it.recall == Recall::Asked);
            let refusal = match frame.first() {
                Some(b'-') => Refusal::of(&frame),
                // The server was asked to end it, and it took nothing.
                _ if is_recalled && is_null(&frame) => Some(Refusal::Unblocked),
                _ => None,
            };
            let shared = self.owner.is_none();
            let retryable = self.tickets.front().is_some_and(|ticket| ticket.retryable);
            self.refused |= !shared && !retryable && refusal == Some(Refusal::ReadOnly);
            if let Some(refusal) = refusal.filter(|_| shared || retryable) {
                self.hand_back(refusal, &frame);
            } else if let Some(ticket) = self.tickets.front_mut() {
                if let (true, Some(inbox)) = (ticket.whole, &ticket.inbox) {
                    let Self { backend, scan_tag, .. } = *self;
                    inbox.tell(Event::Whole(Whole { seq: ticket.seq, frame, backend, scan_tag }));
                } else {
                    pass_on(ticket, &frame, 1, &[]);
                }
                advance(ticket, 1);
                let raises = ticket.raises;
                self.note_answered(raises);
            }
            self.finish(now, received);
        }
        Ok(used)
    }

    /// Collects a frame. Its kind tells whether it answers the first ticket.
    fn receive_relayed(
        &mut self,
        buf: &[u8],
        now: Instant,
        received: &mut Received,
    ) -> Result<usize, ReplyError> {
        let (used, frame) = self.incoming.collect(buf)?;
        let Some(frame) = frame else { return Ok(used) };
        if !self.tickets.is_empty() && relay::is_reply(self.relay, &frame) {
            self.refused |= frame.starts_with(READ_ONLY);
            if !self.keeps_back(&frame) {
                self.pass_relayed(frame);
            }
            self.finish(now, received);
        } else if let Some(owner) = &self.owner {
            owner.push(&frame);
        }
        Ok(used)
    }

    /// Passes a reply of a connection with messages on.
    fn pass_relayed(&mut self, frame: Vec<u8>) {
        let Some(ticket) = self.tickets.front_mut() else { return };
        // An error answers a whole request, also one that would have several replies.
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
            let is_hidden = denied && ticket.quiet;
            pass_on(ticket, if is_hidden { &[] } else { &frame }, count, &[]);
        }
        advance(ticket, count);
    }

    /// Whether the client does not get this reply, because its request renews subscriptions or is
    /// sent again to the next master.
    fn keeps_back(&mut self, frame: &[u8]) -> bool {
        let Some(ticket) = self.tickets.front_mut() else { return false };
        if ticket.renews {
            self.renew(frame);
            return true;
        }
        if ticket.retryable && frame.starts_with(READ_ONLY) {
            self.hand_back(Refusal::ReadOnly, frame);
            return true;
        }
        self.hands_back_outdated(frame)
    }

    /// Takes a reply to a request that renews subscriptions. The owner does not see it.
    fn renew(&mut self, frame: &[u8]) {
        let (Some(ticket), Some(owner)) = (self.tickets.front_mut(), &self.owner) else { return };
        let is_denied = frame[0] == b'-';
        advance(ticket, if is_denied { ticket.left } else { 1 });
        if is_denied {
            owner.tell(Event::NotRenewed(text_of(frame)));
        } else if ticket.left == 0 {
            owner.tell(Event::Renewed);
        }
    }

    /// Removes the first ticket if its last reply has arrived.
    fn finish(&mut self, now: Instant, received: &mut Received) {
        while self.tickets.front().is_some_and(|ticket| ticket.left == 0) {
            let Some(mut ticket) = self.tickets.pop_front() else { return };
            let first = ticket.seq - u64::from(ticket.done);
            self.note_finished(&mut ticket, first);
            self.outgoing.answer(ticket.bytes);
            received.ended += u64::from(ticket.done);
            if !ticket.patient {
                let took = now.saturating_duration_since(ticket.since);
                received.took = Some(took);
                ticket.observe(&self.durations, took);
            }
        }
    }
}

/// What a request may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It only reads.
    Read,
    /// It is a script or a function, which may only read.
    Script,
    /// Its command is not in the table.
    Unknown,
    /// Anything else.
    Other,
}

fn kind_of(request: &[u8]) -> Kind {
    let mut args = Args::new(request);
    let Some(row) = args.next().and_then(lookup) else { return Kind::Unknown };
    let row = args.next().and_then(|second| row.subcommand(second)).unwrap_or(row);
    match row.name {
        _ if row.access == Access::Read => Kind::Read,
        "eval" | "evalsha" | "fcall" => Kind::Script,
        _ => Kind::Other,
    }
}

/// Delivers `bytes` to the ticket's client: `count` whole replies, or the rest of them. Then `part`
/// of another one.
fn pass_on(ticket: &Ticket, bytes: &[u8], count: u32, part: &[u8]) {
    let Some(inbox) = &ticket.inbox else { return };
    if count > 0 {
        inbox.deliver(ticket.seq, count, bytes);
    }
    if !part.is_empty() {
        inbox.deliver_part(ticket.seq + u64::from(count), part);
    }
}

/// Whether a reply says that nothing came.
pub(in crate::backend) fn is_null(frame: &[u8]) -> bool {
    matches!(frame, b"*-1\r\n" | b"$-1\r\n" | b"_\r\n")
}

/// The text of an error reply, without its `-`.
fn text_of(frame: &[u8]) -> String {
    String::from_utf8_lossy(frame.trim_ascii_end().strip_prefix(b"-").unwrap_or(frame)).into_owned()
}

fn advance(ticket: &mut Ticket, count: u32) {
    ticket.seq += u64::from(count);
    ticket.left -= count;
    ticket.done += count;
}
