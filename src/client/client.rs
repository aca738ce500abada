//! One client's logic, without its socket: requests in, requests to servers and replies out.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Waker;

use super::batch::{Batch, Obstacle, Side};
use super::dispatch::{Next, Request};
use super::entry::Entry;
use super::recover::Recovery;
use super::streams::Subscribing;
use super::transform::Transform;
use super::worker::Worker;
use crate::backend::{Connection, Event, Inbox, Relay};
use crate::command::{Access, Effect, lookup};
use crate::config::Config;
use crate::resp::request::{ProtocolError, Request as Scanned};
use crate::resp::{Limits, RequestScanner, RequestStep, encode, inline};
use crate::session::replies::Sequence;
use crate::session::{ReplyMode, Session};

/// Requests of at least this many bytes get a connection of their own: on a shared one they would
/// keep everybody else waiting.
pub(super) const LARGE: usize = 256 * 1024;

/// How a client's connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// When everything it asked is answered.
    AfterReplies,
    /// At once.
    Now,
}

/// See the module.
pub(super) struct Client {
    pub(super) worker: Rc<Worker>,
    pub(super) entry: Arc<Entry>,
    pub(super) session: Session,
    pub(super) inbox: Rc<Inbox>,
    pub(super) config: Arc<Config>,
    scanner: RequestScanner,
    /// Bytes from the start of the request in progress that are needed to go on with it.
    wanted: usize,
    /// The connection that only this client uses.
    pub(super) lease: Option<Rc<Connection>>,
    /// Replies that have to be changed before they are passed on.
    pub(super) transforms: VecDeque<(Sequence, Transform)>,
    /// Subscriptions that the server has not confirmed yet.
    pub(super) subscribing: Vec<Subscribing>,
    /// Requests that failed and are being asked again.
    pub(super) recovery: Recovery,
    /// Something that may have been a write was sent.
    pub(super) wrote: bool,
    /// Why the reply to the `WAIT` under way can't be believed.
    pub(super) unmarked: Option<String>,
    /// Bytes at the front of the ready replies that the client has been given.
    pub(super) written: usize,
    /// Nothing more is dealt with until every reply has come.
    pub(super) hold: bool,
    /// The request that holds may take as long as it likes.
    pub(super) blocked: bool,
    /// The next request waits, for whatever reason.
    waiting: bool,
    ending: Option<Ending>,
    /// The last command, for `CLIENT LIST`.
    pub(super) last_command: Cow<'static, str>,
    /// Something happened since the last turn.
    active: bool,
    /// Something about the session may have changed since the others were told.
    pub(super) changed: bool,
    /// The bytes of requests and replies waiting that the others were told of.
    told: (usize, usize),
}

impl Client {
    pub(super) fn new(worker: Rc<Worker>, entry: Arc<Entry>) -> Self {
        let config = worker.config();
        let session = Session::new(entry.id, config.proxy.requirepass.is_empty());
        Self {
            worker,
            entry,
            session,
            inbox: Rc::new(Inbox::default()),
            config,
            scanner: RequestScanner::default(),
            wanted: 0,
            lease: None,
            transforms: VecDeque::new(),
            subscribing: Vec::new(),
            recovery: Recovery::default(),
            wrote: false,
            unmarked: None,
            written: 0,
            hold: false,
            blocked: false,
            waiting: false,
            ending: None,
            last_command: Cow::Borrowed(""),
            active: false,
            changed: false,
            told: (0, 0),
        }
    }

    pub(super) fn set_waker(&self, waker: &Waker) {
        self.inbox.set_waker(waker);
        self.entry.set_waker(waker);
    }

    pub(super) fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Ends the connection; the hastier way wins.
    pub(super) fn end(&mut self, ending: Ending) {
        if self.ending != Some(Ending::Now) {
            self.ending = Some(ending);
        }
    }

    /// Whether it waits for something that may never come.
    pub(super) fn waits_endlessly(&self) -> bool {
        self.blocked || self.session.subscriptions.any() || self.session.monitor
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// It waits in a command that may take for ever.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub(super) fn wanted(&self) -> usize {
        self.wanted
    }

    pub(super) fn output_bytes(&self) -> usize {
        self.inbox.replies().bytes() - self.written
    }

    pub(super) fn query_buffer_limit(&self) -> usize {
        self.config.proxy.query_buffer_limit.as_usize()
    }

    /// Every reply is on its way to the client.
    pub(super) fn is_answered(&self) -> bool {
        let mut replies = self.inbox.replies();
        replies.is_settled() && replies.ready().is_empty()
    }

    /// Nothing is left to do for a client that says no more. What may take for ever, a blocking
    /// command, ends with it.
    pub(super) fn is_through(&self) -> bool {
        self.blocked || !self.waiting && self.is_answered()
    }

    /// Acts on what came from the servers and from other clients since the last turn.
    pub(super) fn look(&mut self) {
        self.inbox.looked();
        for event in self.inbox.take_events() {
            self.active = true;
            self.changed = true;
            match event {
                Event::Whole(whole) => self.transform(whole),
                Event::Failed(failed) => self.failed(failed),
                Event::Denied(seq) => self.subscription_denied(seq),
                Event::Demoted => self.demoted(),
                Event::LeaseLost(reason) => self.lease_lost(&reason),
            }
        }
        self.ask_again();
        if self.inbox.is_broken() {
            tracing::error!(client = %self.entry.addr, "closed: its replies got out of step");
            self.end(Ending::Now);
        }
        if self.entry.is_killed() {
            self.end(Ending::Now);
        }
        if self.worker.shared.draining.load(Relaxed) {
            // Who waits for something that may never come would hold the process up.
            let endless = self.waits_endlessly();
            self.end(if endless { Ending::Now } else { Ending::AfterReplies });
        }
        let limit = self.config.proxy.client_output_buffer_limit;
        if limit.is_some_and(|limit| self.output_bytes() > limit.as_usize()) {
            self.worker.counts.output_limit_kills.increment();
            tracing::warn!(client = %self.entry.addr, "closed at client-output-buffer-limit");
            self.end(Ending::Now);
        }
        self.settle();
    }

    /// True when every request so far is answered; a connection that is no longer needed then
    /// goes back to the pool.
    pub(super) fn settle(&mut self) -> bool {
        if !self.inbox.replies().is_settled() || !self.recovery.is_empty() {
            return false;
        }
        self.hold = false;
        self.blocked = false;
        self.subscribing.clear();
        if !self.session.is_pinned() {
            self.release();
        } else if let Some(lease) = self.lease.as_ref().filter(|_| !self.session.is_streaming()) {
            lease.set_relay(Relay::Nothing);
        }
        true
    }

    /// As [`Client::consume`], and a large request that fills `query` is not copied.
    pub(super) fn consume_owned(&mut self, query: &mut Vec<u8>) -> usize {
        self.waiting = false;
        if query.len() >= LARGE
            && let Some(used) = self.consume_large(query)
        {
            return used;
        }
        self.consume(query)
    }

    /// Deals with the complete requests at the front of `buf`; how many bytes they had.
    pub(super) fn consume(&mut self, buf: &[u8]) -> usize {
        self.waiting = false;
        let mut batch = Batch::new(&self.worker, buf);
        self.config = Arc::clone(&batch.config);
        let mut at = 0;
        while at < buf.len() && self.ending.is_none() {
            if !self.may_go_on() {
                self.waiting = true;
                break;
            }
            match self.find_end(&buf[at..]) {
                Ok(RequestStep::NeedMore { .. }) => break,
                Ok(RequestStep::Complete(scanned)) => {
                    let end = at + scanned.len;
                    if self.one(&mut batch, at, end, &scanned) == Next::Wait {
                        self.waiting = true;
                        break;
                    }
                    at = end;
                }
                Err(error) => {
                    batch.flush(&self.inbox);
                    self.protocol_error(error);
                }
            }
        }
        batch.flush(&self.inbox);
        self.active |= at > 0;
        at
    }

    /// Whether the next request may be dealt with.
    pub(super) fn may_go_on(&mut self) -> bool {
        self.ending.is_none() && (!self.hold || self.settle()) && self.recovery.is_empty()
    }

    /// Looks for the end of the request at the front of `buf`, from where it looked last.
    #[inline]
    pub(super) fn find_end(&mut self, buf: &[u8]) -> Result<RequestStep, ProtocolError> {
        let limits = self.limits();
        let step = self.scanner.scan(buf, &limits)?;
        self.wanted = match step {
            RequestStep::NeedMore { at_least } => at_least,
            RequestStep::Complete(_) => 0,
        };
        Ok(step)
    }

    pub(super) fn limits(&self) -> Limits {
        let bulk_max = i64::try_from(self.config.proxy.proto_max_bulk_len.bytes());
        Limits {
            bulk_max: bulk_max.unwrap_or(i64::MAX / 2),
            authenticated: self.session.authenticated,
        }
    }

    /// One complete request: the plain ones take the short way.
    #[inline]
    fn one(&mut self, batch: &mut Batch<'_>, at: usize, end: usize, scanned: &Scanned) -> Next {
        if scanned.argc == 0 {
            return Next::Done;
        }
        let frame = batch.bytes(at, end);
        if scanned.inline {
            return self.inline_request(batch, frame);
        }
        let name = scanned.name.of(frame);
        let second = (scanned.argc > 1).then(|| scanned.second.of(frame));
        if self.is_plain(scanned.len)
            && let Some(row) = lookup(name)
            && let command = second.and_then(|name| row.subcommand(name)).unwrap_or(row)
            && command.effect == Effect::None
        {
            let side = match command.access {
                Access::Read => Some(Side::Reader),
                Access::Write | Access::Master => Some(Side::Master),
                Access::Admin | Access::Refused | Access::Local => None,
            };
            if let Some(side) = side {
                self.note(command.name);
                return self.add(batch, side, at, end);
            }
        }
        let argc = scanned.argc;
        self.dispatch(batch, &Request { frame, range: Some((at, end)), name, second, argc })
    }

    /// Remembers the command for `CLIENT LIST`.
    fn note(&mut self, name: &'static str) {
        // Comparing the addresses is enough: a difference only means one publication more.
        if !std::ptr::eq(self.last_command.as_ptr(), name.as_ptr()) {
            self.last_command = Cow::Borrowed(name);
            self.changed = true;
        }
    }

    /// Whether nothing about the session or the moment asks for a closer look.
    pub(super) fn is_plain(&self, len: usize) -> bool {
        self.lease.is_none()
            && self.session.authenticated
            && self.session.reply == ReplyMode::On
            && len < LARGE
            && !self.session.is_pinned()
            && !self.worker.shared.pause.is_set()
    }

    /// Puts the request at `at..end` of the batch's buffer on its way, with its neighbours.
    #[inline]
    fn add(&mut self, batch: &mut Batch<'_>, side: Side, at: usize, end: usize) -> Next {
        if !batch.extend(side, at, end, true, &self.inbox) {
            match batch.open(side, &self.worker, &self.session, &self.inbox) {
                Ok(_) => {
                    batch.extend(side, at, end, true, &self.inbox);
                }
                Err(obstacle) => return self.obstructed(batch, &obstacle, true),
            }
        }
        match side {
            Side::Master => {
                self.wrote = true;
                self.worker.counts.master_requests.increment();
            }
            Side::Reader => self.worker.counts.read_requests.increment(),
        }
        Next::Done
    }

    /// The way is blocked: an error for the client, or it waits.
    pub(super) fn obstructed(
        &self,
        batch: &mut Batch<'_>,
        obstacle: &Obstacle,
        shown: bool,
    ) -> Next {
        batch.flush(&self.inbox);
        match obstacle {
            Obstacle::Congested => Next::Wait,
            Obstacle::NoRoute(error) => {
                let text = super::outcome::no_route(*error);
                self.inbox.replies().local(shown, |out| encode::error(out, &text));
                self.worker.shared.suspect.notify_one();
                Next::Done
            }
        }
    }

    fn inline_request(&mut self, batch: &mut Batch<'_>, line: &[u8]) -> Next {
        let words = match inline::split(line) {
            Ok(words) if words.is_empty() => return Next::Done,
            Ok(words) => words,
            Err(error) => {
                batch.flush(&self.inbox);
                self.protocol_error(error);
                return Next::Done;
            }
        };
        let mut frame = Vec::new();
        encode::request(&mut frame, words.iter());
        let name = words[0].as_slice();
        let second = words.get(1).map(Vec::as_slice);
        let request = Request { frame: &frame, range: None, name, second, argc: words.len() };
        self.dispatch(batch, &request)
    }

    fn protocol_error(&mut self, error: ProtocolError) {
        self.worker.counts.protocol_errors.increment();
        self.inbox.replies().local(true, |out| error.reply(out));
        self.end(Ending::AfterReplies);
    }

    /// It gave a sign of life.
    pub(super) fn touch(&mut self) {
        self.active = true;
    }

    /// The request in progress was dealt with elsewhere.
    pub(super) fn forget_scan(&mut self) {
        self.scanner = RequestScanner::default();
        self.wanted = 0;
        self.active = true;
    }

    /// Tells the others what this client does, if it did anything.
    pub(super) fn publish(&mut self, query_bytes: usize) {
        if std::mem::take(&mut self.active) {
            self.entry.touch(self.worker.now_ms());
        }
        let waiting = (query_bytes, self.output_bytes());
        let changed = std::mem::take(&mut self.changed) || self.lease.is_some();
        if changed || waiting != self.told {
            self.told = waiting;
            self.publish_facts(waiting);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.inbox.close();
        self.release();
        self.worker.shared.registry.remove(self.entry.id);
    }
}
