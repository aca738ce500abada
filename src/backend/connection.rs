//! One connection to a server: clients append requests to it, and its driver sends them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use super::pipeline::{Pipeline, Received, is_null};
use super::{ConnectionKey, Event, Inbox, Load, OffsetQuestions, Relay, Ticket, Waiters};
use crate::net::Stream;
use crate::topology::{BackendId, Pass};
use tidegate_wire::resp::reply::ReplyError;

/// The bytes that may wait for a server. While more wait, clients add no requests.
const QUEUE_HIGH: usize = 32 * 1024 * 1024;

/// How long a deposed master may take to end a blocking command.
const RECALL_MAX: Duration = Duration::from_secs(1);
const DEPOSED: &str = "its server is no longer the master";

/// A connection's socket: the driver reads and writes it, and [`Connection::close`] shuts it down.
pub(super) type Socket = RefCell<Stream>;

/// The phase of a connection's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It connects and is set up: requests wait.
    Opening,
    /// It takes requests and replies.
    Open,
    /// It has ended.
    Closed,
}

/// One connection to one server, on one worker.
#[derive(Debug)]
pub struct Connection {
    /// The server.
    pub backend: BackendId,
    /// What it is set up with.
    pub key: ConnectionKey,
    /// Whether its server has accepted a MULTI on it: its login may begin transactions.
    pub has_begun_transactions: Cell<bool>,
    /// Void once the server is deposed as master: it gets no request, and no reply is believed.
    pub(super) pass: Pass,
    pub(super) pipeline: RefCell<Pipeline>,
    phase: Cell<Phase>,
    pub(super) load: Rc<Load>,
    /// Whether there was a shared connection with this key before.
    again: bool,
    /// The server's id of this connection (`CLIENT ID`); 0 while it is not known.
    server_id: Cell<i64>,
    /// Whether it has a state that its key does not show, so that it cannot serve another session.
    tainted: Cell<bool>,
    /// Whether no session has its login any more. It answers what is under way, and is closed.
    retired: Cell<bool>,
    /// When a lease of it last ended.
    idle_since: Cell<Option<Instant>>,
    driver: RefCell<Option<Waker>>,
    /// The socket, once it is open.
    socket: RefCell<Option<Rc<Socket>>>,
    /// Whether no reply is read from the server until the owner has taken some.
    held_back: Cell<bool>,
    /// Since when its server is known to be deposed.
    fenced_since: Cell<Option<Instant>>,
    /// Whether replies have added requests that are not sent.
    pub(super) has_addition: Cell<bool>,
    /// Clients that wait for the queue to shrink.
    waiters: RefCell<Waiters>,
}

impl Connection {
    pub(super) fn new(
        backend: BackendId,
        key: ConnectionKey,
        pass: Pass,
        load: Rc<Load>,
        again: bool,
        questions: Rc<OffsetQuestions>,
    ) -> Rc<Self> {
        Rc::new(Self {
            backend,
            key,
            pass,
            pipeline: RefCell::new(Pipeline::new(backend, load.durations(), questions)),
            phase: Cell::new(Phase::Opening),
            load,
            again,
            server_id: Cell::new(0),
            tainted: Cell::new(false),
            has_begun_transactions: Cell::new(false),
            retired: Cell::new(false),
            idle_since: Cell::new(None),
            driver: RefCell::new(None),
            socket: RefCell::new(None),
            held_back: Cell::new(false),
            fenced_since: Cell::new(None),
            has_addition: Cell::new(false),
            waiters: RefCell::default(),
        })
    }

    /// Appends whole requests. They are sent together with all that is appended before the driver
    /// runs. On a connection that has closed they fail at once, as unsent.
    pub fn send(&self, requests: &[u8], ticket: Ticket) {
        self.load.sent(&ticket);
        self.pipeline.borrow_mut().push(requests, ticket);
        self.after_push();
    }

    /// Appends one large request without copying it.
    pub fn send_large(&self, request: Vec<u8>, ticket: Ticket) {
        self.load.sent(&ticket);
        self.pipeline.borrow_mut().push_large(request, ticket);
        self.after_push();
    }

    /// Appends bytes without a ticket (see [`Relay::Everything`]).
    pub fn send_raw(&self, bytes: &[u8]) {
        self.load.count_raw();
        self.pipeline.borrow_mut().push_raw(bytes);
        self.after_push();
    }

    pub(super) fn after_push(&self) {
        if self.phase.get() == Phase::Closed {
            self.fail("the connection was closed", None);
        } else {
            self.wake_driver();
        }
    }

    /// Makes `owner` the only client of this connection, until [`Connection::disown`].
    pub fn own(&self, owner: &Rc<Inbox>) {
        self.pipeline.borrow_mut().set_owner(Some(Rc::clone(owner)));
    }

    /// Whether no more replies are read until the owner has taken some of those that are ready.
    /// Messages that no request asked for are always read: the server would have to keep them.
    pub(super) fn is_held_back(&self) -> bool {
        let pipeline = self.pipeline.borrow();
        let is_asked = pipeline.relay() == Relay::Nothing;
        let is_full = is_asked && pipeline.owner().is_some_and(|owner| owner.is_full());
        self.held_back.set(is_full);
        is_full
    }

    /// Reads from the server again, because the owner has taken replies.
    pub fn go_on(&self) {
        if self.held_back.replace(false) {
            self.wake_driver();
        }
    }

    /// Ends a lease. True if the connection may serve another session.
    pub fn disown(&self, now: Instant) -> bool {
        self.go_on();
        let mut pipeline = self.pipeline.borrow_mut();
        pipeline.set_owner(None);
        let plain = pipeline.relay() == Relay::Nothing;
        self.idle_since.set(Some(now));
        let is_clean = plain && pipeline.is_idle() && !self.tainted.get();
        is_clean && !self.retired.get() && self.phase.get() == Phase::Open
    }

    /// Sets which frames answer no request, from now on.
    pub fn set_relay(&self, relay: Relay) {
        self.pipeline.borrow_mut().set_relay(relay);
    }

    /// Which frames answer no request now.
    pub fn relay(&self) -> Relay {
        self.pipeline.borrow().relay()
    }

    /// Notes a state that its key does not show: the connection can serve no other session.
    pub fn taint(&self) {
        self.tainted.set(true);
    }

    /// Notes that no session has its login any more.
    pub(super) fn retire(&self) {
        self.retired.set(true);
    }

    /// Whether another session may begin to use it: it is not closed, and sessions have its login.
    pub fn takes_more(&self) -> bool {
        !self.is_closed() && !self.retired.get()
    }

    /// The server's id of this connection; `None` while it is not known.
    pub fn server_id(&self) -> Option<i64> {
        Some(self.server_id.get()).filter(|id| *id != 0)
    }

    /// The scan tag of the server process; 0 while it is not known.
    pub fn scan_tag(&self) -> u32 {
        self.pipeline.borrow().scan_tag()
    }

    /// Whether no more bytes may be added for the server; `inbox` is woken when they may again.
    pub fn is_congested(&self, inbox: &Rc<Inbox>) -> bool {
        if self.pipeline.borrow().queued_bytes() < QUEUE_HIGH {
            return false;
        }
        self.waiters.borrow_mut().add(inbox, u64::MAX);
        true
    }

    /// Ends the connection. Unanswered requests are handed back as lost.
    pub fn close(&self, reason: &str) {
        self.close_with(reason, None);
    }

    /// Ends the connection. `refusal`: the error with which the server refused to set it up.
    pub(super) fn close_with(&self, reason: &str, refusal: Option<&str>) {
        if self.phase.replace(Phase::Closed) != Phase::Closed {
            self.hang_up();
            self.fail(reason, refusal);
            self.wake_driver();
        }
    }

    /// Ends the connection if its server was deposed after it was opened. What is under way counts as
    /// lost, whatever the server answers. True if so.
    pub(super) fn close_if_fenced(&self) -> bool {
        if !self.is_fenced() || self.waits_for_recall() {
            return false;
        }
        self.close(DEPOSED);
        true
    }

    /// Whether its server was deposed after it was opened.
    fn is_fenced(&self) -> bool {
        self.pass.is_void()
    }

    /// Whether a blocking command waits here that the server is asked to end. One reply is believed
    /// of a deposed master: that the command took nothing.
    fn waits_for_recall(&self) -> bool {
        let now = Instant::now();
        let since = self.fenced_since.get().unwrap_or(now);
        self.fenced_since.set(Some(since));
        now.saturating_duration_since(since) < RECALL_MAX && self.pipeline.borrow_mut().recall()
    }

    /// Ends the connection at the server, too: it may be about to give an element of a list to a client
    /// that has gone.
    fn hang_up(&self) {
        if let Some(socket) = self.socket.take()
            && let Ok(stream) = socket.try_borrow()
        {
            stream.hang_up();
        }
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.phase.get() == Phase::Closed
    }

    /// Whether no request and no reply is under way.
    pub fn is_idle(&self) -> bool {
        self.pipeline.borrow().is_idle()
    }

    /// Since when no session leases it.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.idle_since.get()
    }

    /// Gives up on requests that have waited for `timeout` in silence, and returns how many there
    /// were. A connection that has been silent for twice as long is closed.
    pub(super) fn expire(&self, now: Instant, timeout: Duration) -> u32 {
        let Some(deadline) = now.checked_sub(timeout) else { return 0 };
        let mut pipeline = self.pipeline.borrow_mut();
        pipeline.look(now, self.held_back.get());
        let (expired, since) = (pipeline.expire(deadline), pipeline.waiting_since());
        drop(pipeline);
        if since.is_some_and(|since| now.saturating_duration_since(since) > timeout * 2) {
            self.close("the server does not answer");
        }
        expired
    }

    /// Takes back the blocking command that waits here, if its server is deposed or it `is_wanted`:
    /// returns the server's id of the connection, by which the server is to be asked to end it. No
    /// other session gets the connection then: the server may end its next command instead.
    pub(super) fn recall(&self, is_wanted: bool) -> Option<i64> {
        if !is_wanted && !self.is_fenced() {
            return None;
        }
        let id = self.server_id().filter(|_| !self.is_closed())?;
        self.pipeline.borrow_mut().recall().then(|| {
            self.taint();
            id
        })
    }

    /// Hands back the requests whose own time is over at `now`.
    pub(super) fn end_elapsed(&self, now: Instant) {
        self.pipeline.borrow_mut().end_elapsed(now);
    }

    pub(super) fn set_driver(&self, waker: &Waker) {
        let mut driver = self.driver.borrow_mut();
        if !driver.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *driver = Some(waker.clone());
        }
    }

    fn wake_driver(&self) {
        if let Some(driver) = self.driver.borrow_mut().take() {
            driver.wake();
        }
    }

    /// Sets the socket.
    pub(super) fn set_socket(&self, socket: &Rc<Socket>) {
        *self.socket.borrow_mut() = Some(Rc::clone(socket));
    }

    pub(super) fn opened(&self, server_id: i64, scan_tag: u32) {
        if self.is_closed() {
            // The client that it was for has gone meanwhile.
            return;
        }
        self.server_id.set(server_id);
        let mut pipeline = self.pipeline.borrow_mut();
        pipeline.opened(scan_tag);
        self.phase.set(Phase::Open);
        if self.again {
            self.load.reconnected();
        }
        if let Some(owner) = pipeline.owner() {
            // The client may wait for the id.
            owner.wake();
        }
    }

    /// Passes the unsent bytes to `write`, which returns how many it has sent; `None`: the socket takes
    /// no more now.
    pub(super) fn send_with<E>(
        &self,
        mut write: impl FnMut(&[u8]) -> Result<Option<usize>, E>,
    ) -> Result<(), E> {
        let mut pipeline = self.pipeline.borrow_mut();
        pipeline.before_send(Instant::now);
        while !pipeline.unsent().is_empty() {
            match write(pipeline.unsent())? {
                Some(bytes) => pipeline.advance_sent(bytes),
                None => break,
            }
        }
        Ok(())
    }

    pub(super) fn receive(&self, bytes: &[u8], now: Instant) -> Result<Received, ReplyError> {
        if self.is_fenced() && !is_null(bytes) {
            self.close(DEPOSED);
            return Ok(Received { used: bytes.len(), ..Received::default() });
        }
        let mut pipeline = self.pipeline.borrow_mut();
        let received = pipeline.receive(bytes, now)?;
        self.load.ended(received.ended);
        self.load.again(received.again);
        self.has_addition.set(self.has_addition.get() || received.adds);
        if pipeline.queued_bytes() < QUEUE_HIGH / 2 {
            drop(pipeline);
            self.waiters.borrow_mut().wake_all();
        }
        Ok(received)
    }

    /// Whether the server has answered the owner with `-READONLY` since the last call. Tells the owner
    /// that the server is no master.
    pub(super) fn take_refused(&self) -> bool {
        let refused = self.pipeline.borrow_mut().take_refused();
        if refused {
            self.tell_demoted();
        }
        refused
    }

    /// Tells the owner that the server is no longer a master.
    pub(super) fn tell_demoted(&self) {
        if let Some(owner) = self.pipeline.borrow().owner() {
            owner.tell(Event::Demoted);
        }
    }

    fn fail(&self, reason: &str, refusal: Option<&str>) {
        let ended = self.pipeline.borrow_mut().fail_all(reason, refusal);
        self.load.ended(ended);
        self.waiters.borrow_mut().wake_all();
    }
}
